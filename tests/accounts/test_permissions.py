"""Who may do what, and which tickets an actor sees."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

import cast
from account_rows import actor_of, join, rows
from by_keesa import create_role
from keesa.accounts.actors import SYSTEM, USER_TYPES, Actor, UserType
from keesa.accounts.filters import any_of
from keesa.accounts.permissions import (
    ENFORCED,
    TICKETS_READ,
    TICKETS_WRITE,
    Permission,
    require,
    require_bot,
    require_desk,
    require_desk_in_session,
    require_session,
    visible_to,
)
from keesa.accounts.roles import NewRole
from keesa.db import Database
from keesa.errors import Forbidden


def of_type(user_type: UserType) -> Actor:
    return Actor(1, "a@b", "A", "A", user_type, None, (), {"tickets": ["read"]})


def seen_by(database: Database, actor: Actor) -> set[int]:
    condition = any_of(visible_to(actor))
    found = rows(database, f"SELECT id FROM tickets WHERE {condition.sql}", **condition.params)
    return {row["id"] for row in found}


@pytest.mark.parametrize("person", cast.CAST, ids=lambda person: person.nick_name)
def test_each_of_the_cast_sees_their_tickets(shared_database: Database, person: cast.Person) -> None:
    """Admins all, staff by raising, assignment and type, customers their customer's, bots none."""
    assert seen_by(shared_database, actor_of(shared_database, person.id)) == cast.SEEN_BY[person]


def test_staff_see_the_types_of_all_their_roles(database: Database) -> None:
    """One role's types and another's, each ticket once."""
    database.write(lambda tx: create_role(tx, NewRole("both", {}, ("eco_support", "routine_maintenance"))))
    worker = join(database, cast.Person(40, "both@keesa.example", "Both", "Both", "staff", "both"))
    assert seen_by(database, worker) == {cast.TYPED, cast.STRANGERS}


def test_staff_without_a_type_see_only_their_own(database: Database) -> None:
    """A role that names no ticket type shows none."""
    worker = join(database, cast.Person(41, "reader@keesa.example", "Reader", "Reader", "staff", "reader"))
    assert seen_by(database, worker) == set()


@pytest.mark.parametrize("user_type", ["customer", "bot"])
def test_a_role_s_types_show_nothing_to_who_is_not_staff(database: Database, user_type: UserType) -> None:
    """The admin's role works on all types; who has it is still no engineer."""
    customer = cast.LONE if user_type == "customer" else None
    odd = join(database, cast.Person(42, "odd@keesa.example", "Odd", "Odd", user_type, "admin", customer))
    assert seen_by(database, odd) == set()


def test_require_wants_the_permission() -> None:
    """And says which one is missing."""
    require(of_type("staff"), TICKETS_READ)
    with pytest.raises(Forbidden, match=r"^You need the permission to write tickets$"):
        require(of_type("admin"), TICKETS_WRITE)


def test_a_permission_is_written_with_a_colon() -> None:
    """As the OpenAPI documents and the command line write it."""
    assert str(TICKETS_READ) == "tickets:read"
    assert str(Permission("ރިޕޯޓް", "a:b")) == "ރިޕޯޓް:a:b"


def test_keesa_itself_may_do_all_that_is_enforced() -> None:
    """It has no roles to take it from."""
    for permission in ENFORCED:
        require(SYSTEM, permission)


CHECKS: Final[dict[Callable[[Actor], None], set[UserType]]] = {
    require_desk: {"admin", "staff"},
    require_bot: {"admin", "bot"},
}


@pytest.mark.parametrize("user_type", ["admin", "staff", "customer", "bot"])
@pytest.mark.parametrize("check", CHECKS)
def test_some_work_is_for_some_types(check: Callable[[Actor], None], user_type: UserType) -> None:
    """The desk's for admins and staff, the bots' for admins and bots."""
    if user_type in CHECKS[check]:
        check(of_type(user_type))
    else:
        with pytest.raises(Forbidden):
            check(of_type(user_type))


@pytest.mark.parametrize("user_type", USER_TYPES)
def test_some_work_is_for_sessions_alone(user_type: UserType) -> None:
    """An API token does not do it, whoever's it is; what else is asked of who acts is asked beside."""
    require_session(of_type(user_type))
    for check in (require_session, require_desk_in_session):
        with pytest.raises(Forbidden, match=r"^An API token may not do this: log in"):
            check(replace(of_type(user_type), token_id=1))
    if user_type in ("admin", "staff"):
        require_desk_in_session(of_type(user_type))
    else:
        with pytest.raises(Forbidden, match=r"^Only staff may do this$"):
            require_desk_in_session(of_type(user_type))
