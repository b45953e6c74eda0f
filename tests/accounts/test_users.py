"""Users: made with every fault named, disabled, given another password."""

from dataclasses import replace
from typing import Final

import pytest

import cast
from account_rows import actor_of, rows
from by_keesa import change_password, create_user, disable_user, enable_user
from keesa.accounts import passwords
from keesa.accounts.actors import SYSTEM
from keesa.accounts.passwords import new_password, verify_password
from keesa.accounts.users import NewUser, list_users
from keesa.db import Database
from keesa.errors import Invalid, NotFound

NEW: Final = NewUser(
    email="new@keesa.example",
    full_name="Nasreen Ali",
    nick_name="Nas",
    user_type="staff",
    password=cast.hashed(),
    roles=["harbour_crew", "reader"],
)


def create(database: Database, new: NewUser) -> int:
    return database.write(lambda tx: create_user(tx, new, 1000))


def faults_of(database: Database, new: NewUser) -> dict[str, list[str]]:
    """What is wrong with the user, who is not made."""
    before = rows(database, "SELECT count(*) AS users FROM users")
    with pytest.raises(Invalid) as refused:
        create(database, new)
    assert rows(database, "SELECT count(*) AS users FROM users") == before
    return {field: list(sentences) for field, sentences in refused.value.faults.items()}


def test_a_new_user_has_what_was_given(database: Database) -> None:
    """With the next id, and roles in order."""
    user_id = create(database, NEW)
    assert user_id == len(cast.CAST) + 1
    actor = actor_of(database, user_id)
    assert (actor.email, actor.full_name, actor.nick_name) == ("new@keesa.example", "Nasreen Ali", "Nas")
    assert (actor.user_type, actor.roles, actor.customer_id) == ("staff", ("harbour_crew", "reader"), None)


def test_the_password_is_kept_as_a_hash_alone(database: Database) -> None:
    """Nowhere in the user's row does it stand itself, nor in what is shown of a new one."""
    user_id = create(database, NEW)
    [row] = rows(database, "SELECT * FROM users WHERE id = :id", id=user_id)
    assert verify_password(row["password_hash"], "Password123")
    assert "Password123" not in str(row)
    assert row["password_hash"] not in repr(NEW)


@pytest.mark.parametrize(
    "name",
    [
        "ශ්\u200dරී ලංකා",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "Jean\u00a0Dupont",
        "\u05d0\u200f (1)",
        "O\u2019Neil",
    ],
)
def test_names_are_kept_to_the_letter(database: Database, name: str) -> None:
    """With the joiners of their spelling, and with blanks of any kind in them."""
    user_id = create(database, replace(NEW, full_name=name, nick_name=name))
    [row] = rows(database, "SELECT full_name, nick_name FROM users WHERE id = :id", id=user_id)
    assert row == {"full_name": name, "nick_name": name}


def test_an_address_is_kept_in_one_form(database: Database) -> None:
    """In small letters, each of them one character: so it is found however it is typed."""
    user_id = create(database, replace(NEW, email="Zoe\u0308@Ke\u0301esa.Example"))
    [row] = rows(database, "SELECT email FROM users WHERE id = :id", id=user_id)
    assert row == {"email": "zo\u00eb@k\u00e9esa.example"}
    for written in ("zoe\u0308@ke\u0301esa.example", " ZO\u00cb@k\u00c9esa.example "):
        database.write(lambda tx, written=written: disable_user(tx, written, 1000))  # type: ignore[misc]  # a default in a lambda


def test_a_role_that_is_named_twice_is_held_once(database: Database) -> None:
    """In the place where it was first."""
    user_id = create(database, replace(NEW, roles=["reader", "harbour_crew", "reader"]))
    assert actor_of(database, user_id).roles == ("reader", "harbour_crew")


def test_a_customer_s_user_belongs_to_the_customer(database: Database) -> None:
    """Which is known."""
    user_id = create(database, replace(NEW, user_type="customer", customer_id=cast.SCHOOL, roles=["customer"]))
    assert actor_of(database, user_id).customer_id == cast.SCHOOL


@pytest.mark.parametrize(
    ("wrong", "faults"),
    [
        ({"email": "ENGINEER@keesa.example"}, {"email": ["is taken by another user"]}),
        ({"email": "nobody"}, {"email": ["must be an email address: it has no @"]}),
        ({"full_name": " "}, {"full_name": ["must have something to read, in 1 to 255 characters"]}),
        ({"full_name": " Nasreen Ali"}, {"full_name": ["must not begin or end with a blank"]}),
        ({"nick_name": "a\nb"}, {"nick_name": ["must not contain U+000A (a control character)"]}),
        ({"full_name": "n" * 256}, {"full_name": ["must have at most 255 characters"]}),
        ({"user_type": "boss"}, {"user_type": ["must be one of admin, staff, customer, bot"]}),
        ({"password": new_password("short")}, {"password": ["must have 8 to 256 characters"]}),
        (
            {"user_type": "customer"},
            {"customer_id": ["is missing: a user of the type customer belongs to one"]},
        ),
        ({"user_type": "customer", "customer_id": 999}, {"customer_id": ["there is no customer 999"]}),
        ({"customer_id": 1}, {"customer_id": ["is for users of the type customer only"]}),
    ],
)
def test_what_is_wrong_with_a_new_user_is_named(
    shared_database: Database, wrong: dict[str, object], faults: dict[str, list[str]]
) -> None:
    """And the user is not made."""
    assert faults_of(shared_database, replace(NEW, **wrong)) == faults  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_role_names_the_known_ones(shared_database: Database) -> None:
    """The operator reads on the spot what to write."""
    [sentence] = faults_of(shared_database, replace(NEW, roles=["reader", "captain", "mate"]))["roles"]
    assert sentence.startswith("captain, mate: no such role, must be of ")
    assert "harbour_crew" in sentence


def test_every_fault_is_named_at_once(shared_database: Database) -> None:
    """Not one after the other."""
    new = replace(
        NEW, email="", full_name="", nick_name="", password=new_password(""), roles=["captain"], customer_id=1
    )
    assert set(faults_of(shared_database, new)) == {
        "email",
        "full_name",
        "nick_name",
        "password",
        "roles",
        "customer_id",
    }


def test_the_list_of_users_tells_who_is_disabled(database: Database) -> None:
    """By id; what a disabled user wrote stays, and so do they."""
    database.write(lambda tx: disable_user(tx, cast.STRANGER.email, 1000))
    listed = database.read(list_users)
    assert [(user.actor.id, user.disabled) for user in listed] == [
        (person.id, person is cast.STRANGER) for person in cast.CAST
    ]


def test_disabling_again_keeps_the_first_time(database: Database) -> None:
    """It is no error either."""
    for at in (1000, 2000):
        database.write(lambda tx, at=at: disable_user(tx, " Stranger@KEESA.example", at))  # type: ignore[misc]
    [row] = rows(database, "SELECT disabled_at FROM users WHERE id = :id", id=cast.STRANGER.id)
    assert row["disabled_at"] == 1000


def test_a_changed_password_replaces_the_old_one(database: Database) -> None:
    """For this user alone."""
    another = new_password("another password")
    assert database.write(lambda tx: change_password(tx, cast.ENGINEER.email, another)) is True
    for row in rows(database, "SELECT id, password_hash FROM users WHERE id <> :system", system=SYSTEM.id):
        good = "another password" if row["id"] == cast.ENGINEER.id else cast.PASSWORD
        assert verify_password(row["password_hash"], good)


def test_no_password_is_hashed_in_a_transaction(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its 20 ms of CPU would hold every other write: the hash is made before."""
    another = new_password("another password")
    monkeypatch.setattr(passwords, "_hasher", None)
    create(database, NEW)
    assert database.write(lambda tx: change_password(tx, cast.ENGINEER.email, another))


def test_a_disabled_user_s_new_password_leaves_them_disabled(database: Database) -> None:
    """And that is said."""
    database.write(lambda tx: disable_user(tx, cast.ENGINEER.email, 1000))
    assert database.write(lambda tx: change_password(tx, cast.ENGINEER.email, cast.hashed())) is False
    [row] = rows(database, "SELECT disabled_at FROM users WHERE id = :id", id=cast.ENGINEER.id)
    assert row["disabled_at"] == 1000


def test_an_enabled_user_is_as_they_were(database: Database) -> None:
    """With their password and their roles; who was never disabled is enabled without an error."""
    before = rows(database, "SELECT * FROM users ORDER BY id")
    database.write(lambda tx: disable_user(tx, cast.ENGINEER.email, 1000))
    for _ in range(2):
        database.write(lambda tx: enable_user(tx, " Engineer@KEESA.example"))
        assert rows(database, "SELECT * FROM users ORDER BY id") == before


def test_a_password_that_is_none_changes_nothing(shared_database: Database) -> None:
    """The old one stays."""
    with pytest.raises(Invalid):
        shared_database.write(lambda tx: change_password(tx, cast.ENGINEER.email, new_password("short")))
    [row] = rows(shared_database, "SELECT password_hash FROM users WHERE id = :id", id=cast.ENGINEER.id)
    assert verify_password(row["password_hash"], cast.PASSWORD)


def test_an_unknown_user_can_be_neither_disabled_nor_given_a_password(shared_database: Database) -> None:
    """And the sentence says who."""
    with pytest.raises(NotFound, match=r"^There is no user nobody@keesa\.example$"):
        shared_database.write(lambda tx: disable_user(tx, "nobody@keesa.example", 1000))
    with pytest.raises(NotFound, match=r"^There is no user nobody@keesa\.example$"):
        shared_database.write(lambda tx: enable_user(tx, "nobody@keesa.example"))
    with pytest.raises(NotFound, match=r"^There is no user nobody@keesa\.example$"):
        shared_database.write(lambda tx: change_password(tx, "nobody@keesa.example", cast.hashed()))
