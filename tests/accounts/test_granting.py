"""Permissions granted to a role and revoked, one at a time."""

import pytest

import cast
from account_rows import actor_of, rows
from by_keesa import create_role, grant_permission, revoke_permission
from keesa.accounts.permissions import Permission
from keesa.accounts.roles import NewRole, find_role, list_roles
from keesa.db import Database
from keesa.errors import Invalid, NotFound
from unchanged import unchanged

CREW = cast.ENGINEER.role


def grant(database: Database, resource: str, action: str, role: str = CREW) -> None:
    database.write(lambda tx: grant_permission(tx, role, resource, action))


def revoke(database: Database, resource: str, action: str, role: str = CREW) -> None:
    database.write(lambda tx: revoke_permission(tx, role, resource, action))


def given(database: Database) -> list[str]:
    """What the engineer may do, in the order of their tokens; the role says the same."""
    actor = actor_of(database, cast.ENGINEER.id)
    role = database.read(lambda tx: find_role(tx, CREW))
    assert list(role.permissions.items()) == list(actor.permissions.items())
    return [str(permission) for permission in role.given]


def test_what_is_granted_comes_last(database: Database) -> None:
    """A new resource behind the others, an action behind those of its resource; no other role has it."""
    others = actor_of(database, cast.STRANGER.id)
    for permission in ("projects:write", "tickets:assign", "projects:read"):
        grant(database, *permission.split(":"))
    assert given(database) == ["tickets:read", "tickets:write", "tickets:assign", "projects:write", "projects:read"]
    assert actor_of(database, cast.STRANGER.id) == others


def test_granting_again_changes_nothing(database: Database) -> None:
    """Not even its place."""
    with unchanged(database):
        grant(database, "tickets", "read")


def test_what_is_revoked_is_gone(database: Database) -> None:
    """With the last action its resource; granted again it comes last."""
    revoke(database, "tickets", "read")
    assert given(database) == ["tickets:write"]
    revoke(database, "tickets", "write")
    assert given(database) == []
    grant(database, "boats", "sail")
    grant(database, "tickets", "read")
    assert given(database) == ["boats:sail", "tickets:read"]


@pytest.mark.parametrize("permission", [("tickets", "assign"), ("boats", "read"), ("Tickets", "read"), ("", "\0")])
def test_revoking_what_is_not_given_changes_nothing(database: Database, permission: tuple[str, str]) -> None:
    """It is no error, whatever the words are."""
    with unchanged(database):
        revoke(database, *permission)


def test_a_word_that_could_not_be_granted_can_be_revoked(database: Database) -> None:
    """As older versions may have kept it."""
    sql = "INSERT INTO role_permissions (role_id, resource, action, position) SELECT id, ' ', '', 3 FROM roles"
    database.write(lambda tx: tx.run(sql))
    revoke(database, " ", "")
    assert given(database) == ["tickets:read", "tickets:write"]


@pytest.mark.parametrize("word", ["ރިޕޯޓް", "urn:desk:tickets", "*", "read-write", "Ā.b/c@d", "two words", "w" * 255])
def test_the_words_are_anybody_s(database: Database, word: str) -> None:
    """Other systems' vocabulary, in any script, kept to the letter."""
    grant(database, word, word)
    assert given(database)[-1] == str(Permission(word, word))


WRONG = {
    "": "must have something to read",
    " ": "must have something to read",
    " tickets": "must not begin or end with a blank",
    "tic\tkets": "must not contain U+0009",
    "tic\0kets": "must not contain U+0000",
    "tickets\u202e": "must not contain U+202E",
    "\ud83d": "must not contain U+D83D (half a character)",
    "w" * 256: "must have at most 255 characters",
}


@pytest.mark.parametrize("word", WRONG)
def test_a_word_that_is_none_is_not_granted(shared_database: Database, word: str) -> None:
    """As a resource and as an action: the sentence stands at the one that is wrong."""
    with unchanged(shared_database):
        for wrong, permission in (("resource", (word, "read")), ("action", ("tickets", word))):
            with pytest.raises(Invalid) as refused:
                grant(shared_database, *permission)
            [(field, [sentence])] = refused.value.faults.items()
            assert field == wrong
            assert sentence.startswith(WRONG[word])


@pytest.mark.parametrize("word", WRONG)
def test_no_role_is_made_with_it_either(shared_database: Database, word: str) -> None:
    """Also where the resource has no action."""
    with unchanged(shared_database):
        for permissions in ({word: ["read"]}, {"tickets": ["read", word]}, {word: list[str]()}):
            with pytest.raises(Invalid) as refused:
                shared_database.write(lambda tx, it=permissions: create_role(tx, NewRole("divers", it, ())))  # type: ignore[misc]  # a default in a lambda
            [sentence] = refused.value.faults["permissions"]
            assert sentence.startswith(f"hold a word that {WRONG[word]}")


def test_an_action_that_is_named_twice_is_given_once(database: Database) -> None:
    """In its first place."""
    database.write(lambda tx: create_role(tx, NewRole("divers", {"boats": ["sail", "moor", "sail"]}, ())))
    assert database.read(lambda tx: find_role(tx, "divers")).permissions == {"boats": ["sail", "moor"]}


def test_an_unknown_role_is_told(shared_database: Database) -> None:
    """In one sentence, by each of the verbs."""
    with unchanged(shared_database):
        for change in (grant, revoke):
            with pytest.raises(NotFound, match=r"^There is no role divers$"):
                change(shared_database, "tickets", "read", "divers")
    with pytest.raises(NotFound, match=r"^There is no role divers$"):
        shared_database.read(lambda tx: find_role(tx, "divers"))


def test_the_usual_roles_give_what_they_gave(shared_database: Database) -> None:
    """To the letter, in this order, and what came with later versions behind it."""
    roles = shared_database.read(list_roles)
    found = {role.name: list(role.permissions.items()) for role in roles[:5]}
    read, write, both = ["read"], ["write"], ["read", "write"]
    administration = [("ecos", both), ("reference", write), ("users", both), ("roles", both), ("sessions", both)]
    administration += [("tokens", both), ("audit", read), ("metrics", read)]
    texts = [("tags", write), ("canned_answers", write)]
    reports = [("reports", read)]
    all_of_tickets = ("tickets", ["read", "write", "transfer"])
    assert found == {
        "admin": [("projects", both), all_of_tickets, ("customers", both), *administration, *texts, *reports],
        "control_room": [("projects", read), ("tickets", both), ("customers", read), ("ecos", read), *texts, *reports],
        "engineer": [("projects", read), ("tickets", both), ("customers", read), ("ecos", read), *reports],
        "customer": [("tickets", both), ("customers", read), ("ecos", read), *reports],
        "bot": [("tickets", both)],
    }
    assert rows(shared_database, "SELECT count(*) AS value FROM role_permissions WHERE role_id <= 5") == [{"value": 44}]
