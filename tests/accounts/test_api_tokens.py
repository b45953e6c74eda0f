"""API tokens, made, changed, renewed, ended and met with what their users may do, below the API."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest

import cast
from acting import actor_of, rows
from by_keesa import create_role, grant_permission, revoke_permission
from cast import A_YEAR, ADMIN, BOT, CUSTOMER, ENGINEER, STRANGER, TOKEN, Person
from keesa.accounts import api_token_changes
from keesa.accounts.actors import SYSTEM
from keesa.accounts.api_token_cache import api_token_actor
from keesa.accounts.api_token_changes import (
    LONGEST_LIFE,
    MOST,
    ApiTokenChanges,
    IssuedApiToken,
    NewApiToken,
    change_token,
    create_token,
    end_token,
    end_tokens,
    renew_token,
)
from keesa.accounts.api_token_form import hash_of
from keesa.accounts.api_tokens import find_token, list_tokens
from keesa.accounts.audit.recording import Requester
from keesa.accounts.roles import NewRole
from keesa.clock import now
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound

A_DAY: Final = 24 * 3600 * 1000


def by(tx: Tx, person: Person) -> Requester:
    return Requester(actor=actor_of(tx, person), at=now(), via="session")


def make(tx: Tx, maker: Person, **said: Any) -> IssuedApiToken:  # noqa: ANN401 - the fields of a new token
    given: dict[str, Any] = {"name": "Alarms", "expires_at": now() + A_DAY} | said
    return create_token(tx, by(tx, maker), NewApiToken(**given))


def give_role(tx: Tx, person: Person, name: str, permissions: dict[str, list[str]]) -> None:
    role_id = create_role(tx, NewRole(name, permissions, ()))
    tx.run(
        "INSERT INTO user_roles (user_id, role_id, position) VALUES (:user_id, :role_id, 7)",
        user_id=person.id,
        role_id=role_id,
    )


def acts_of(tx: Tx) -> list[dict[str, Any]]:
    """The trail's rows of tokens, without that of the cast's own."""
    found = rows(tx, "SELECT * FROM audit WHERE thing = 'token' AND thing_id <> :own ORDER BY id", own=str(TOKEN))
    return [row | {"changes": msgspec.json.decode(row["changes"])} for row in found]


def faults_of(work: Callable[[], object]) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        work()
    return {field: list(sentences) for field, sentences in refused.value.faults.items()}


@pytest.mark.parametrize("person", cast.CAST, ids=lambda person: person.nick_name)
def test_a_token_acts_as_its_user(tx: Tx, person: Person) -> None:
    """Of whatever type: with all that they may do, unless it was made for less; and it says that it is one."""
    issued = make(tx, person)
    user = actor_of(tx, person)
    assert api_token_actor(tx, issued.secret) == replace(user, token_id=issued.token.id)
    assert issued.token.words == [
        f"{resource}:{action}" for resource in user.permissions for action in user.permissions[resource]
    ]
    narrow = make(tx, person, permissions=["tickets:write"])
    assert api_token_actor(tx, narrow.secret) == replace(
        user, permissions={"tickets": ["write"]}, token_id=narrow.token.id
    )


def test_the_secret_is_kept_as_its_hash_alone(tx: Tx) -> None:
    """No column of any row that was made has it, the trail's among them."""
    issued = make(tx, ENGINEER)
    assert issued.secret not in repr(issued)
    kept = (
        rows(tx, "SELECT * FROM api_tokens") + rows(tx, "SELECT * FROM audit") + rows(tx, "SELECT * FROM audit_people")
    )
    assert issued.secret[6:] not in repr(kept)
    assert str(hash_of(issued.secret)) in repr(kept)


def test_a_role_taken_away_counts_at_once(tx: Tx) -> None:
    """And one that is given counts for no token that was made before."""
    secret = make(tx, ENGINEER).secret
    revoke_permission(tx, ENGINEER.role, "tickets", "write")
    grant_permission(tx, ENGINEER.role, "customers", "read")
    actor = api_token_actor(tx, secret)
    assert actor is not None
    assert actor.permissions == {"tickets": ["read"]}
    grant_permission(tx, ENGINEER.role, "tickets", "write")
    back = api_token_actor(tx, secret)
    assert back is not None
    assert sorted(back.permissions["tickets"]) == ["read", "write"]


def test_the_tokens_of_a_disabled_user_rest(tx: Tx) -> None:
    """They are good again when the user is enabled, and none can be made meanwhile."""
    secret = make(tx, ENGINEER).secret
    tx.run("UPDATE users SET disabled_at = 1 WHERE id = :id", id=ENGINEER.id)
    assert api_token_actor(tx, secret) is None
    assert "user_id" in faults_of(lambda: make(tx, ADMIN, user_id=ENGINEER.id))
    tx.run("UPDATE users SET disabled_at = NULL WHERE id = :id", id=ENGINEER.id)
    assert api_token_actor(tx, secret) is not None


@pytest.mark.parametrize("maker", [ENGINEER, CUSTOMER, BOT], ids=lambda person: person.nick_name)
def test_only_admins_make_tokens_for_others(tx: Tx, maker: Person) -> None:
    """With the permission alone nobody acts as another."""
    give_role(tx, maker, "token clerk", {"tokens": ["read", "write"]})
    with pytest.raises(Forbidden):
        make(tx, maker, user_id=STRANGER.id)
    assert make(tx, ADMIN, user_id=STRANGER.id).token.user_id == STRANGER.id


def test_nobody_gives_what_they_lack(tx: Tx) -> None:
    """An admin without it neither names it, nor hands it out unnamed, nor learns of a secret by renewing; words of
    other systems are free.
    """
    give_role(tx, STRANGER, "metrics reader", {"metrics": ["read"], "boats": ["sail"]})
    theirs = make(tx, STRANGER).token
    revoke_permission(tx, "admin", "metrics", "read")
    with pytest.raises(Forbidden, match=r"read metrics"):
        make(tx, ADMIN, user_id=STRANGER.id, permissions=["metrics:read"])
    with pytest.raises(Forbidden, match=r"read metrics"):
        renew_token(tx, by(tx, ADMIN), theirs.id)
    assert sorted(make(tx, ADMIN, user_id=STRANGER.id).token.words) == ["boats:sail", "tickets:read", "tickets:write"]
    assert make(tx, ADMIN, user_id=STRANGER.id, permissions=["boats:sail"]).token.words == ["boats:sail"]


def test_every_fault_is_told(tx: Tx) -> None:
    """Of a new token, and of a change; nothing is made then."""
    before = rows(tx, "SELECT * FROM api_tokens")
    wrong: dict[str, Any] = {"name": " ", "expires_at": now(), "permissions": ["customers:read", "tickets:read"]}
    faults = faults_of(lambda: make(tx, ENGINEER, **wrong))
    assert faults.keys() == {"name", "expires_at", "permissions"}
    assert faults["permissions"] == ["customers:read: the user has no such permission"]
    assert rows(tx, "SELECT * FROM api_tokens") == before
    token_id = make(tx, ENGINEER, permissions=["tickets:read"]).token.id
    wrong["permissions"] = ["tickets:write"]
    assert faults_of(lambda: change_token(tx, by(tx, ENGINEER), token_id, ApiTokenChanges(**wrong))).keys() == {
        "name",
        "expires_at",
        "permissions",
    }


def test_none_lives_longer_than_two_years(tx: Tx) -> None:
    """To the millisecond, from when it is made or changed."""
    requester = by(tx, ENGINEER)
    last = NewApiToken(name="Long", expires_at=requester.at + LONGEST_LIFE)
    create_token(tx, requester, last)
    assert "expires_at" in faults_of(lambda: create_token(tx, requester, replace(last, expires_at=last.expires_at + 1)))


def test_a_change_takes_permissions_away(tx: Tx) -> None:
    """A field that is left out stays; what stays as it is leaves no trace."""
    token = make(tx, ENGINEER).token
    acts = len(acts_of(tx))
    assert change_token(tx, by(tx, ENGINEER), token.id, ApiTokenChanges(name=token.name)) == token
    assert len(acts_of(tx)) == acts
    later = token.expires_at + A_DAY
    changed = change_token(
        tx, by(tx, ENGINEER), token.id, ApiTokenChanges(permissions=["tickets:read"], expires_at=later)
    )
    assert changed == replace(token, permissions=(("tickets", "read"),), expires_at=later)  # type: ignore[arg-type]
    assert changed.words == ["tickets:read"]
    assert find_token(tx, actor_of(tx, ENGINEER), token.id) == changed


def test_each_act_is_recorded_once(tx: Tx) -> None:
    """With who did it, whose token it is, and what changed."""
    issued = make(tx, ADMIN, user_id=ENGINEER.id)
    requester, token_id = by(tx, ADMIN), issued.token.id
    change_token(tx, requester, token_id, ApiTokenChanges(name="Router alarms"))
    renew_token(tx, requester, token_id)
    for _ in range(2):
        end_token(tx, requester, token_id)
    acts = acts_of(tx)
    assert [act["action"] for act in acts] == ["token.create", "token.change", "token.renew", "token.end"]
    assert {(act["actor_id"], act["thing_id"]) for act in acts} == {(ADMIN.id, str(token_id))}
    assert acts[0]["changes"]["permissions"] == [None, ["tickets:read", "tickets:write"]]
    assert acts[1]["changes"] == {"name": ["Alarms", "Router alarms"]}
    people = rows(tx, "SELECT person_id FROM audit_people WHERE audit_id = :id", id=acts[0]["id"])
    assert people == [{"person_id": ENGINEER.id}]


def test_a_renewed_token_has_one_secret(tx: Tx) -> None:
    """The new one; all else stays."""
    first = make(tx, ENGINEER)
    second = renew_token(tx, by(tx, ENGINEER), first.token.id)
    assert second.token == first.token
    assert api_token_actor(tx, first.secret) is None
    assert api_token_actor(tx, second.secret) is not None


@pytest.mark.parametrize("how", ["ended", "expired"])
def test_what_is_over_stays_so(tx: Tx, how: str) -> None:
    """It is neither renewed nor given another expiry; to end it once more is no error."""
    issued = make(tx, ENGINEER)
    requester = by(tx, ENGINEER)
    if how == "ended":
        end_token(tx, requester, issued.token.id)
    else:
        tx.run("UPDATE api_tokens SET expires_at = :at WHERE id = :id", at=requester.at, id=issued.token.id)
    assert api_token_actor(tx, issued.secret) is None
    changes = ApiTokenChanges(expires_at=now() + A_YEAR)
    assert faults_of(lambda: change_token(tx, requester, issued.token.id, changes)).keys() == {"token"}
    assert faults_of(lambda: renew_token(tx, requester, issued.token.id)).keys() == {"token"}
    end_token(tx, requester, issued.token.id)


def test_a_token_does_nothing_to_tokens(tx: Tx) -> None:
    """Neither to itself nor to others, whoever's it is."""
    issued = make(tx, ADMIN)
    actor = api_token_actor(tx, issued.secret)
    assert actor is not None
    requester = Requester(actor=actor, at=now(), via="token")
    works: list[Callable[[], object]] = [
        lambda: create_token(tx, requester, NewApiToken(name="More", expires_at=now() + A_DAY)),
        lambda: change_token(tx, requester, issued.token.id, ApiTokenChanges(name="Other")),
        lambda: renew_token(tx, requester, issued.token.id),
        lambda: end_token(tx, requester, issued.token.id),
    ]
    for work in works:
        with pytest.raises(Forbidden, match=r"^An API token may not"):
            work()


def test_staff_with_the_permission_end_tokens_of_all_but_admins(tx: Tx) -> None:
    """And do no more to them; without it they find none of them."""
    admins, bots = TOKEN, make(tx, ADMIN, user_id=BOT.id).token.id
    for token_id in (admins, bots):
        with pytest.raises(NotFound):
            end_token(tx, by(tx, ENGINEER), token_id)
    give_role(tx, ENGINEER, "token clerk", {"tokens": ["read", "write"]})
    clerk = by(tx, ENGINEER)
    for token_id in (admins, bots):
        for refused in (renew_token, lambda tx, by, id_: change_token(tx, by, id_, ApiTokenChanges(name="Other"))):
            with pytest.raises(Forbidden):
                refused(tx, clerk, token_id)
    with pytest.raises(Forbidden, match=r"of admins$"):
        end_token(tx, clerk, admins)
    end_token(tx, clerk, bots)
    assert find_token(tx, clerk.actor, bots).ended_at == clerk.at


def test_who_only_sees_changes_nothing(tx: Tx) -> None:
    """The permission to read is none to write; a customer's user with either sees no other's."""
    give_role(tx, ENGINEER, "token reader", {"tokens": ["read"]})
    give_role(tx, CUSTOMER, "token clerk", {"tokens": ["read", "write"]})
    assert find_token(tx, actor_of(tx, ENGINEER), TOKEN).user_id == ADMIN.id
    with pytest.raises(Forbidden, match=r"write tokens"):
        end_token(tx, by(tx, ENGINEER), TOKEN)
    with pytest.raises(NotFound):
        end_token(tx, by(tx, CUSTOMER), TOKEN)
    with pytest.raises(Forbidden):
        list_tokens(tx, actor_of(tx, CUSTOMER), user_id=ADMIN.id)


def test_a_user_has_so_many_and_no_more(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are over do not count, and the oldest of them are forgotten; no id is given twice."""
    monkeypatch.setattr(api_token_changes, "MOST", 3)
    monkeypatch.setattr(api_token_changes, "_PAST_KEPT", 2)
    made = [make(tx, ENGINEER).token.id for _ in range(3)]
    assert faults_of(lambda: make(tx, ENGINEER)).keys() == {"token"}
    make(tx, STRANGER)
    requester = by(tx, ENGINEER)
    for _ in range(6):
        end_token(tx, requester, made[-1])
        made.append(make(tx, ENGINEER).token.id)
    assert made == sorted(set(made))
    left = list_tokens(tx, requester.actor, with_ended=True).tokens
    assert [token.id for token in left if token.ended_at is None] == [made[0], made[1], made[-1]]
    assert [token.id for token in left if token.ended_at is not None] == made[-3:-1]
    assert MOST == 50


def test_lists_go_on_behind_the_last_one(tx: Tx) -> None:
    """By id, in pages; one's own, of one user, or of all; the ended where they are asked for."""
    own = [make(tx, ENGINEER).token.id for _ in range(5)]
    others = make(tx, STRANGER).token.id
    end_token(tx, by(tx, ENGINEER), own[1])
    live = [own[0], *own[2:]]
    engineer, admin = actor_of(tx, ENGINEER), actor_of(tx, ADMIN)
    first = list_tokens(tx, engineer, 3)
    assert ([token.id for token in first.tokens], first.next_after) == (live[:3], live[2])
    second = list_tokens(tx, engineer, 3, first.next_after)
    assert ([token.id for token in second.tokens], second.next_after) == (live[3:], None)
    assert [token.id for token in list_tokens(tx, engineer, with_ended=True).tokens] == own
    assert {*live, others, TOKEN} <= {token.id for token in list_tokens(tx, admin).tokens}
    assert [token.id for token in list_tokens(tx, admin, user_id=STRANGER.id).tokens] == [others]
    assert [token.user_id for token in list_tokens(tx, admin, user_id=ADMIN.id).tokens] == [ADMIN.id]


def test_all_end_together(tx: Tx) -> None:
    """A user's, or everybody's: one act each, and none where there was nothing to end."""
    requester = Requester(actor=SYSTEM, at=now(), via="command", operator="root")
    secrets = [make(tx, person).secret for person in (ENGINEER, ENGINEER, STRANGER)]
    acts = len(acts_of(tx))
    assert end_tokens(tx, requester, ENGINEER.id) == 2
    assert [api_token_actor(tx, secret) is None for secret in secrets] == [True, True, False]
    assert end_tokens(tx, requester) == 2  # with the cast's own
    assert end_tokens(tx, requester) == 0
    assert api_token_actor(tx, secrets[2]) is None
    ends = rows(tx, "SELECT action, via, thing_id FROM audit WHERE action = 'token.end'")
    assert ends == [{"action": "token.end", "via": "command", "thing_id": None}] * 2
    assert len(acts_of(tx)) == acts
