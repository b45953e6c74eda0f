"""Nobody gives what they lack, administrators alone touch administrators, and one of them is left who can log in."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final

import pytest

from account_rows import join, rows
from by_keesa import create_role
from cast import ADMIN, BOT, ENGINEER, PASSWORD, READER_ROLE, STRANGER, Person
from guards import guard
from keesa.accounts.actors import SYSTEM, Actor
from keesa.accounts.administering import LAST_ADMINISTRATOR
from keesa.accounts.audit.recording import Requester
from keesa.accounts.changing_roles import RoleChanges, change_role, grant_permissions, retire_role, revoke_permissions
from keesa.accounts.changing_users import UserChanges, change_user, disable_user, enable_user
from keesa.accounts.own_account import OwnNames, OwnPassword, change_own_names, change_own_password
from keesa.accounts.password_links import make_link
from keesa.accounts.permissions import ENFORCED, Permission
from keesa.accounts.powers import ADMINS_ALONE, BOTS, MAKING_ADMINS
from keesa.accounts.roles import NewRole, find_role
from keesa.accounts.roles import create_role as create_role_by
from keesa.accounts.sessions import Session
from keesa.accounts.users import NewUser, create_user, find_user
from keesa.db import Database, Tx
from keesa.errors import Conflict, Forbidden, KeesaError
from unchanged import unchanged

DEPUTY: Final = Person(6, "deputy@keesa.example", "Ali Deputy", "Ali", "staff", "deputies")
"""Who looks after users and roles without being an administrator."""
SECOND: Final = Person(7, "second@keesa.example", "Second Admin", "Second", "admin", "admin")
DEPUTIES: Final = {"tickets": ["read", "write"], "users": ["read", "write"], "roles": ["read", "write"]}
NEW: Final = NewUser(
    email="new@keesa.example", full_name="Nasreen", nick_name="Nas", user_type="staff", roles=["reader"]
)


@pytest.fixture
def deputy(database: Database) -> Database:
    """The cast with the two who join it here."""
    database.write(lambda tx: create_role(tx, NewRole("deputies", DEPUTIES, ("eco_support",))))
    join(database, DEPUTY)
    join(database, SECOND)
    database.migrating(lambda tx: tx.follow_given_ids("users"))
    return database


def by(tx: Tx, person: Person) -> Requester:
    return Requester(actor=find_user(tx, person.id).actor, at=1000, via="session")


def refused(database: Database, error: type[KeesaError], act: Callable[[Tx], object]) -> str:
    """The sentence of an act that changes nothing."""
    with unchanged(database), pytest.raises(error) as told:
        database.write(act)
    return str(told.value)


def test_who_looks_after_users_makes_those_who_are_no_more_than_they(deputy: Database) -> None:
    """With what they have themselves, of either type that is no administrator's alone."""
    for number, (kind, role, customer) in enumerate(
        (("staff", "deputies", None), ("staff", "harbour_crew", None), ("customer", "reader", 1))
    ):
        new = replace(NEW, email=f"n{number}@keesa.example", user_type=kind, roles=[role], customer_id=customer)  # type: ignore[arg-type]  # one of the four types
        deputy.write(lambda tx, new=new: create_user(tx, by(tx, DEPUTY), new))  # type: ignore[misc]  # a default in a lambda


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"user_type": "admin"}, ADMINS_ALONE),
        ({"user_type": "bot"}, BOTS),
        ({"roles": ["admin"]}, "You cannot give more than you have, as you lack audit:read"),
        ({"roles": ["school_crew"]}, "You cannot give more than you have, as you lack routine_maintenance"),
    ],
)
def test_nobody_is_made_to_be_more(deputy: Database, wrong: dict[str, Any], sentence: str) -> None:
    """Neither an administrator, nor by a permission or a ticket type that who makes them lacks."""
    told = refused(deputy, Forbidden, lambda tx: create_user(tx, by(tx, DEPUTY), replace(NEW, **wrong)))
    assert told.startswith(sentence)


@pytest.mark.parametrize(
    ("person", "changes", "sentence"),
    [
        (ADMIN, UserChanges(full_name="Another"), ADMINS_ALONE),
        (ADMIN, UserChanges(disabled=True), ADMINS_ALONE),
        (ENGINEER, UserChanges(user_type="admin"), MAKING_ADMINS),
        (DEPUTY, UserChanges(roles=["deputies", "admin"]), "You cannot give more"),
        (ENGINEER, UserChanges(roles=["harbour_crew", "school_crew"]), "You cannot give more"),
        (STRANGER, UserChanges(email="mine@keesa.example"), "You cannot give more"),
        (BOT, UserChanges(user_type="staff"), BOTS),
        (ENGINEER, UserChanges(user_type="bot"), BOTS),
    ],
)
def test_nobody_is_changed_to_be_more(deputy: Database, person: Person, changes: UserChanges, sentence: str) -> None:
    """Themselves neither; and an address is who somebody is, so who sets it must be as much."""
    told = refused(deputy, Forbidden, lambda tx: change_user(tx, by(tx, DEPUTY), person.id, changes))
    assert told.startswith(sentence)


def test_what_takes_and_gives_nothing_is_done(deputy: Database) -> None:
    """Also of who has more: they are renamed and disabled; to enable them again is to give them what they had."""
    deputy.write(lambda tx: change_user(tx, by(tx, DEPUTY), STRANGER.id, UserChanges(full_name="Another")))
    deputy.write(lambda tx: disable_user(tx, by(tx, DEPUTY), STRANGER.id))
    told = refused(deputy, Forbidden, lambda tx: enable_user(tx, by(tx, DEPUTY), STRANGER.id))
    assert "routine_maintenance" in told


def test_who_is_disabled_is_changed_to_be_no_more_either(deputy: Database) -> None:
    """An administrator who enables them is not to find out by the damage what they have become."""
    deputy.write(lambda tx: disable_user(tx, by(tx, ADMIN), STRANGER.id))
    for changes in (UserChanges(user_type="admin"), UserChanges(roles=["admin"])):
        refused(deputy, Forbidden, lambda tx, it=changes: change_user(tx, by(tx, DEPUTY), STRANGER.id, it))  # type: ignore[misc]


def test_a_role_gives_no_more_than_who_writes_it_has(deputy: Database) -> None:
    """Neither a new one nor one that is changed, whoever has it; words of other systems are no exception."""
    for permissions in ({"audit": ["read"]}, {"boats": ["sail"]}):
        new = NewRole("crew", permissions)
        refused(deputy, Forbidden, lambda tx, new=new: create_role_by(tx, by(tx, DEPUTY), new))  # type: ignore[misc]
        changes = RoleChanges(permissions=permissions)
        refused(deputy, Forbidden, lambda tx, it=changes: change_role(tx, by(tx, DEPUTY), READER_ROLE, it))  # type: ignore[misc]
    types = RoleChanges(ticket_types=["routine_maintenance"])
    refused(deputy, Forbidden, lambda tx: change_role(tx, by(tx, DEPUTY), READER_ROLE, types))
    good = RoleChanges(permissions={"tickets": ["write"]}, ticket_types=["eco_support"])
    deputy.write(lambda tx: change_role(tx, by(tx, DEPUTY), READER_ROLE, good))


def test_a_role_that_an_administrator_has_is_theirs_to_change(deputy: Database) -> None:
    """To take from it is to touch them."""
    told = refused(deputy, Forbidden, lambda tx: change_role(tx, by(tx, DEPUTY), 1, RoleChanges(name="bosses")))
    assert told == ADMINS_ALONE


def test_an_administrator_gives_what_they_have_of_keesa_s_words_and_others_freely(deputy: Database) -> None:
    """The admin lacks what a role of their own does not give, whatever type they are."""
    by_itself = Requester(actor=SYSTEM, at=1, via="command")
    deputy.write(lambda tx: revoke_permissions(tx, by_itself, "admin", [Permission("audit", "read")]))
    deputy.write(
        lambda tx: create_role_by(tx, by(tx, ADMIN), NewRole("sailors", {"boats": ["sail"]}, ("roc_support",)))
    )
    told = refused(deputy, Forbidden, lambda tx: create_role_by(tx, by(tx, ADMIN), NewRole("x", {"audit": ["read"]})))
    assert told.endswith("as you lack audit:read")


def test_an_api_token_gives_no_more_than_it_may(deputy: Database) -> None:
    """However much its owner may."""

    def with_token(tx: Tx) -> Requester:
        actor = replace(by(tx, ADMIN).actor, token_id=1, permissions={"users": ["write"], "tickets": ["read"]})
        return Requester(actor=actor, at=1000, via="token")

    deputy.write(lambda tx: create_user(tx, with_token(tx), NEW))
    told = refused(
        deputy, Forbidden, lambda tx: change_user(tx, with_token(tx), ENGINEER.id, UserChanges(roles=["engineer"]))
    )
    assert "customers:read" in told


def test_an_api_token_does_nothing_about_passwords_and_oneself(shared_database: Database) -> None:
    """Whatever it may: for that somebody logs in."""
    actor = shared_database.read(lambda tx: replace(find_user(tx, ADMIN.id).actor, token_id=1))
    token, session = Requester(actor=actor, at=1000, via="token"), Session("", "", "2024", "", 0)
    given = OwnPassword(PASSWORD, "a long password")
    with unchanged(shared_database):
        for act in (
            lambda: shared_database.write(lambda tx: make_link(tx, token, ENGINEER.id)),
            lambda: shared_database.write(lambda tx: change_own_names(tx, token, OwnNames(nick_name="x"))),
            lambda: change_own_password(shared_database, token, given, session, guard(9, 9, 9)),
        ):
            with pytest.raises(Forbidden, match="An API token may not do this"):
                act()


def test_who_has_lost_it_meanwhile_may_do_it_no_longer(deputy: Database) -> None:
    """What they may do counts at the moment of the change, not at that of the request."""
    stale = deputy.read(lambda tx: by(tx, SECOND))
    deputy.write(lambda tx: change_user(tx, by(tx, ADMIN), SECOND.id, UserChanges(user_type="staff")))
    assert refused(deputy, Forbidden, lambda tx: disable_user(tx, stale, ADMIN.id)) == ADMINS_ALONE
    deputy.write(lambda tx: disable_user(tx, by(tx, ADMIN), SECOND.id))
    refused(deputy, Forbidden, lambda tx: disable_user(tx, stale, ENGINEER.id))


LOCKING_OUT: Final[dict[str, Callable[[Tx, Requester], object]]] = {
    "disabled": lambda tx, by: disable_user(tx, by, ADMIN.id),
    "another type": lambda tx, by: change_user(tx, by, ADMIN.id, UserChanges(user_type="staff")),
    "another role": lambda tx, by: change_user(tx, by, ADMIN.id, UserChanges(roles=["engineer"])),
    "no role": lambda tx, by: change_user(tx, by, ADMIN.id, UserChanges(roles=[])),
    "taken from the role": lambda tx, by: revoke_permissions(tx, by, "admin", [Permission("users", "write")]),
    "the role changed": lambda tx, by: change_role(tx, by, 1, RoleChanges(permissions={"roles": ["write"]})),
}


@pytest.mark.parametrize("act", LOCKING_OUT)
@pytest.mark.parametrize("who", ["themselves", "the operator"])
def test_the_last_administrator_stays(shared_database: Database, act: str, who: str) -> None:
    """Whoever it is that would take them away, and however."""

    def work(tx: Tx) -> None:
        LOCKING_OUT[act](tx, by(tx, ADMIN) if who == "themselves" else Requester(actor=SYSTEM, at=1, via="command"))

    assert refused(shared_database, Conflict, work) == LAST_ADMINISTRATOR


def test_one_without_a_password_is_none(database: Database) -> None:
    """Who has yet to set one cannot log in, so that the last one stays until they have."""
    new = replace(NEW, user_type="admin", roles=["admin"])
    database.write(lambda tx: create_user(tx, by(tx, ADMIN), new))
    assert refused(database, Conflict, lambda tx: disable_user(tx, by(tx, ADMIN), ADMIN.id)) == LAST_ADMINISTRATOR


def test_a_desk_that_has_none_is_changed_all_the_same(database: Database) -> None:
    """By the operator, who sets it up."""
    database.write(lambda tx: tx.run("UPDATE users SET disabled_at = 1 WHERE user_type = 'admin'"))
    operator = Requester(actor=SYSTEM, at=1, via="command")
    database.write(lambda tx: disable_user(tx, operator, ENGINEER.id))
    database.write(lambda tx: enable_user(tx, operator, ADMIN.id))


def test_each_act_stands_in_the_trail_once(deputy: Database) -> None:
    """With what it has changed; one that changes nothing stands not in it."""
    deputy.write(lambda tx: change_user(tx, by(tx, ADMIN), ENGINEER.id, UserChanges(nick_name="Has", disabled=True)))
    for _ in range(2):
        grants = [Permission("boats", "sail"), Permission("boats", "moor")]
        deputy.write(lambda tx, it=grants: grant_permissions(tx, by(tx, ADMIN), "reader", it))  # type: ignore[misc]
        deputy.write(lambda tx: disable_user(tx, by(tx, ADMIN), ENGINEER.id))
    sql = (
        "SELECT action, via, actor_id, thing_id, audit.changes AS kept, audit_people.changes AS named FROM audit"
        " LEFT JOIN audit_people ON audit_id = id WHERE actor_id = :id ORDER BY id"
    )
    assert [tuple(row.values()) for row in rows(deputy, sql, id=ADMIN.id)] == [
        ("user.disable", "session", 1, "2", '{"disabled":[false,true]}', '{"nick_name":["Hassan","Has"]}'),
        (
            "role.change",
            "session",
            1,
            str(READER_ROLE),
            '{"permissions":[["tickets:read"],["tickets:read","boats:sail","boats:moor"]]}',
            None,
        ),
    ]


def test_a_role_retires_when_nobody_has_it(database: Database) -> None:
    """Until then it cannot; afterwards nobody is given it, until it is in use again."""
    crew = database.read(lambda tx: find_role(tx, "school_crew")).id
    told = refused(database, Conflict, lambda tx: retire_role(tx, by(tx, ADMIN), crew))
    assert told == "The role school_crew is had by 1: take it from them first"
    database.write(lambda tx: change_user(tx, by(tx, ADMIN), STRANGER.id, UserChanges(roles=["reader"])))
    database.write(lambda tx: retire_role(tx, by(tx, ADMIN), crew))
    back = UserChanges(roles=["school_crew"])
    refused(database, KeesaError, lambda tx: change_user(tx, by(tx, ADMIN), STRANGER.id, back))
    database.write(lambda tx: change_role(tx, by(tx, ADMIN), crew, RoleChanges(retired=False)))
    database.write(lambda tx: change_user(tx, by(tx, ADMIN), STRANGER.id, back))


# Acts by chance, against a plain reading of the tables.

Held = dict[int, set[str]]
WORDS: Final = [*map(str, ENFORCED), "boats:sail", "boats:moor"]
TYPES: Final = ("eco_support", "routine_maintenance", "roc_support")


class Reading:
    """Everybody's powers, and what administrators are, by the rows alone."""

    def __init__(self, tx: Tx) -> None:
        def read(sql: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in tx.each(sql)]

        self.users = {
            row[0]: row
            for row in read("SELECT id, user_type, disabled_at, password_hash, email FROM users ORDER BY id")
        }
        self.roles = read("SELECT user_id, role_id FROM user_roles ORDER BY 1, 2")
        given = read("SELECT role_id, resource, action FROM role_permissions ORDER BY 1, 2, 3")
        self.types = read("SELECT role_id, ticket_type FROM role_ticket_types ORDER BY 1, 2")
        self.given: dict[int, set[str]] = {}
        for role_id, resource, action in given:
            self.given.setdefault(role_id, set()).add(f"{resource}:{action}")

    def held(self) -> Held:
        found: Held = {user_id: set() for user_id in self.users}
        for user_id, role_id in self.roles:
            _, kind, disabled_at, *_ = self.users[user_id]
            if disabled_at is None:
                found[user_id] |= self.given.get(role_id, set())
                if kind == "staff":
                    found[user_id] |= {key for of, key in self.types if of == role_id}
        for user_id, kind, disabled_at, *_ in self.users.values():
            if kind == "admin" and disabled_at is None:
                found[user_id].add("admin")
        return found

    def has_administrator(self) -> bool:
        return any(
            {"admin", "users:write", "roles:write"} <= held and self.users[user_id][3] != "!"
            for user_id, held in self.held().items()
        )

    def of_admins(self) -> list[object]:
        """What only administrators change."""
        admins = {row[0] for row in self.users.values() if row[1] == "admin" and row[0] != SYSTEM.id}
        roles = {role_id for user_id, role_id in self.roles if user_id in admins}
        return [
            [self.users[user_id] for user_id in sorted(admins)],
            [pair for pair in self.roles if pair[0] in admins],
            {role_id: self.given.get(role_id) for role_id in roles},
        ]


def act(random: Random, reading: Reading) -> Callable[[Tx, Requester], object]:
    """Something that an administrator may do, to anybody."""
    user_id = random.choice([user_id for user_id in reading.users if user_id != SYSTEM.id])
    role_id = random.randrange(1, 11)
    words = [Permission(*word.split(":")) for word in random.sample(WORDS, random.randrange(6))]
    permissions: dict[str, list[str]] = {}
    for word in words:
        permissions.setdefault(word.resource, []).append(word.action)
    names = random.sample(("admin", "engineer", "reader", "deputies", "harbour_crew", "bot"), random.randrange(3))
    types, number = random.sample(TYPES, random.randrange(3)), random.randrange(10**9)
    new = NewUser(
        email=f"u{number}@keesa.example",
        full_name="One More",
        nick_name="More",
        user_type=random.choice(("admin", "staff", "bot")),
        roles=names,
    )
    acts: list[Callable[[Tx, Requester], object]] = [
        lambda tx, by: create_user(tx, by, new),
        lambda tx, by: change_user(tx, by, user_id, UserChanges(roles=names)),
        lambda tx, by: change_user(tx, by, user_id, UserChanges(user_type=new.user_type, customer_id=None)),
        lambda tx, by: change_user(tx, by, user_id, UserChanges(email=new.email)),
        lambda tx, by: disable_user(tx, by, user_id),
        lambda tx, by: enable_user(tx, by, user_id),
        lambda tx, by: enable_user(tx, by, user_id),
        lambda tx, by: create_role_by(tx, by, NewRole(f"role {number}", permissions, types)),
        lambda tx, by: change_role(tx, by, role_id, RoleChanges(permissions=permissions)),
        lambda tx, by: change_role(tx, by, role_id, RoleChanges(ticket_types=types)),
        lambda tx, by: grant_permissions(tx, by, "deputies", words),
        lambda tx, by: grant_permissions(tx, by, "admin", words),
        lambda tx, by: revoke_permissions(tx, by, "admin", words),
        lambda tx, by: retire_role(tx, by, role_id),
    ]
    return random.choice(acts)


def let_the_deputy_back(tx: Tx) -> None:
    """What has happened to them, the operator undoes."""
    operator = Requester(actor=SYSTEM, at=1, via="command")
    role = find_role(tx, "deputies")
    change_role(tx, operator, role.id, RoleChanges(permissions=DEPUTIES, ticket_types=TYPES[:1], retired=False))
    back = UserChanges(user_type="staff", customer_id=None, roles=["deputies"], disabled=False)
    change_user(tx, operator, DEPUTY.id, back)


@pytest.mark.parametrize("seed", [1, 2])
def test_by_chance_nobody_gets_more_than_who_gives_it(deputy: Database, seed: int) -> None:
    """Whoever acts, in whatever order, also with what they were a while ago: what anybody has then and had not before,
    who acted had; administrators are as they were, unless one of them acted; and one is left who can log in.
    """
    random, done, by_deputies = Random(seed), 0, 0  # noqa: S311 - the same story at each run, not a secret
    remembered: list[Actor] = [SYSTEM]
    for number in range(250):
        if number % 10 == 0:
            deputy.write(let_the_deputy_back)
        before = deputy.read(Reading)
        if random.random() < 0.7:
            chosen = random.choice([ADMIN, SECOND, DEPUTY, DEPUTY, DEPUTY, ENGINEER]).id
            remembered.append(deputy.read(lambda tx, it=chosen: find_user(tx, it).actor))  # type: ignore[misc]
        actor = random.choice(remembered[-3:])
        work = act(random, before)
        try:
            deputy.write(lambda tx, work=work, actor=actor: work(tx, Requester(actor=actor, at=1, via="session")))  # type: ignore[misc]
        except KeesaError:
            continue
        done += 1
        after = deputy.read(Reading)
        assert after.has_administrator()
        if actor.id == SYSTEM.id:
            continue
        held, gained = before.held(), after.held()
        own = held[actor.id]
        for user_id, powers in gained.items():
            more = powers - held.get(user_id, set())
            if "admin" in own:
                more &= {str(word) for word in ENFORCED}
            assert more <= own, (actor.email, user_id, more - own)
        if "admin" not in own:
            by_deputies += before.held() != gained
            assert after.of_admins() == before.of_admins()
    assert done > 40
    assert by_deputies > 2


def test_an_operator_s_command_may_grant_whatever_it_likes(database: Database) -> None:
    """Who runs it has the database anyway."""
    grant_permission_to_all = [Permission("boats", "sail"), *ENFORCED]
    operator = Requester(actor=SYSTEM, at=1, via="command")
    role = database.write(lambda tx: grant_permissions(tx, operator, "reader", grant_permission_to_all))
    assert set(role.given) == set(grant_permission_to_all)
