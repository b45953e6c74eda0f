"""Administrators on two nodes at once: one is left, and nobody acts with what has just been taken from them."""

from collections.abc import Callable

import pytest

from account_rows import rows
from by_keesa import create_user
from cast import ADMIN, ENGINEER, STRANGER, hashed
from keesa.accounts.administering import LAST_ADMINISTRATOR
from keesa.accounts.attempts import Limits
from keesa.accounts.audit.recording import Requester, keesa_itself
from keesa.accounts.changing_roles import RoleChanges, change_role, retire_role
from keesa.accounts.changing_users import UserChanges, change_user, disable_user
from keesa.accounts.password_links import UsedLink, make_link, use_link
from keesa.accounts.users import NewUser, find_user
from keesa.clock import now
from keesa.db import Database, Tx, Work
from keesa.errors import Conflict, Forbidden, Invalid, Unauthorized
from meeting import Nodes

SECOND_ID = 6


@pytest.fixture
def two(nodes: Nodes) -> Nodes:
    """With a second administrator."""
    new = NewUser(
        email="second@keesa.example",
        full_name="Second",
        nick_name="Second",
        user_type="admin",
        password=hashed(),
        roles=["admin"],
    )
    nodes.one.write(lambda tx: create_user(tx, new, now()))
    return nodes


def by(database: Database, user_id: int) -> Requester:
    """As the request found them, before either change."""
    return Requester(actor=database.read(lambda tx: find_user(tx, user_id)).actor, at=now(), via="session")


AGAINST: dict[str, Callable[[Tx, Requester, int], object]] = {
    "disabled": disable_user,
    "demoted": lambda tx, by, user_id: change_user(tx, by, user_id, UserChanges(user_type="staff")),
    "without roles": lambda tx, by, user_id: change_user(tx, by, user_id, UserChanges(roles=[])),
}


def acting(database: Database, act: str, of: int, against: int) -> Work[object]:
    requester = by(database, of)
    return lambda tx: AGAINST[act](tx, requester, against)


@pytest.mark.parametrize("act", AGAINST)
def test_of_two_administrators_who_put_each_other_out_one_is_left(two: Nodes, act: str) -> None:
    """The second one finds what the first has made of them."""
    first, second = acting(two.one, act, ADMIN.id, SECOND_ID), acting(two.one, act, SECOND_ID, ADMIN.id)
    met = two.meet(first, "INSERT INTO audit ", lambda other: other.write(second))
    assert met.waited
    assert [type(error) for error in met.errors] == [Forbidden]
    left = rows(two.one, "SELECT id FROM users WHERE user_type = 'admin' AND disabled_at IS NULL AND id <> 0")
    assert {"id": ADMIN.id} in left


@pytest.mark.parametrize("act", AGAINST)
def test_of_two_who_go_at_once_one_stays(two: Nodes, act: str) -> None:
    """Each of them would leave the other one, as long as nobody looks beside them."""
    first, second = acting(two.one, act, ADMIN.id, ADMIN.id), acting(two.one, act, SECOND_ID, SECOND_ID)
    met = two.meet(first, "INSERT INTO audit ", lambda other: other.write(second))
    assert [(type(error), str(error)) for error in met.errors] == [(Conflict, LAST_ADMINISTRATOR)]


def test_the_role_of_one_is_emptied_while_the_other_one_goes(two: Nodes) -> None:
    """What takes them away need not be one kind of change."""
    requester = by(two.one, ADMIN.id)

    def empty(tx: Tx) -> object:
        return change_role(tx, requester, 1, RoleChanges(permissions={"roles": ["write"]}))

    two.one.write(lambda tx: change_user(tx, keesa_itself(now()), SECOND_ID, UserChanges(roles=["bot", "admin"])))
    met = two.meet(
        acting(two.one, "disabled", ADMIN.id, SECOND_ID), "INSERT INTO audit ", lambda other: other.write(empty)
    )
    assert [type(error) for error in met.errors] == [Conflict]


def test_a_role_does_not_retire_under_who_is_being_given_it(nodes: Nodes) -> None:
    """It waits, and finds somebody who has it."""
    requester = by(nodes.one, ADMIN.id)

    def give(tx: Tx) -> object:
        return change_user(tx, requester, STRANGER.id, UserChanges(roles=["reader"]))

    met = nodes.meet(
        give, "INSERT INTO user_roles", lambda other: other.write(lambda tx: retire_role(tx, requester, 8))
    )
    assert [type(error) for error in met.errors] == [Conflict]


def test_a_link_is_used_once_by_two_at_once(nodes: Nodes) -> None:
    """The second one is told that it was used."""
    link = nodes.one.write(lambda tx: make_link(tx, keesa_itself(now()), ENGINEER.id))

    def using(password: str) -> Callable[[Database], object]:
        used = UsedLink(link.token, password, "192.0.2.1")
        return lambda database: use_link(database, used, Limits(10, 100, 300), now())

    def use_beside(tx: Tx) -> None:
        tx.one("SELECT id FROM users WHERE id = :id $for_update", id=ENGINEER.id)
        tx.all("SELECT 1 AS lingering")

    met = nodes.meet(use_beside, "lingering", using("a long password"))
    assert met.errors == []
    with pytest.raises(Unauthorized):
        using("another long password")(nodes.other)


def test_names_given_twice_at_once_are_given_once(two: Nodes) -> None:
    """An address by two changes of users, and a name by two changes of roles."""
    requester = by(two.one, ADMIN.id)
    changes = UserChanges(email="same@keesa.example")
    met = two.meet(
        lambda tx: change_user(tx, requester, ENGINEER.id, changes),
        "UPDATE users",
        lambda other: other.write(lambda tx: change_user(tx, requester, STRANGER.id, changes)),
    )
    assert [type(error) for error in met.errors] == [Invalid]
    name = RoleChanges(name="same")
    met = two.meet(
        lambda tx: change_role(tx, requester, 6, name),
        "UPDATE roles",
        lambda other: other.write(lambda tx: change_role(tx, requester, 7, name)),
    )
    assert [type(error) for error in met.errors] == [Invalid]
