"""Who acts: a user with what their roles give them, merged."""

from dataclasses import replace
from typing import Final

import pytest

import cast
from account_rows import actor_of
from by_keesa import create_role, create_user
from keesa.accounts.actors import SYSTEM, Actor, Permissions
from keesa.accounts.roles import NewRole
from keesa.accounts.users import NewUser
from keesa.db import Database

NOBODY: Final = Actor(1, "a@b", "A", "A", "staff", None, (), {})


def hire(database: Database, *roles: str) -> Actor:
    """A new engineer with these roles."""
    new = NewUser(
        email="new@keesa.example",
        full_name="New",
        nick_name="New",
        user_type="staff",
        password=cast.hashed(),
        roles=roles,
    )
    database.write(lambda tx: create_user(tx, new, 0, user_id=20))
    return actor_of(database, 20)


def add_role(database: Database, name: str, permissions: Permissions) -> None:
    database.write(lambda tx: create_role(tx, NewRole(name, permissions, ())))


def test_an_actor_is_the_user(shared_database: Database) -> None:
    """With every column that a token or an answer tells of."""
    assert actor_of(shared_database, cast.CUSTOMER.id) == Actor(
        id=cast.CUSTOMER.id,
        email="customer@keesa.example",
        full_name="Mariyam Zahir",
        nick_name="Maree",
        user_type="customer",
        customer_id=cast.HARBOUR,
        roles=("customer",),
        permissions={"tickets": ["read", "write"], "customers": ["read"], "ecos": ["read"], "reports": ["read"]},
        sign_in_count=0,
    )


@pytest.mark.parametrize("roles", [("harbour_crew", "admin", "bot"), ("bot", "harbour_crew", "admin")])
def test_roles_keep_the_order_in_which_they_were_given(database: Database, roles: tuple[str, ...]) -> None:
    """The first is the `role` of a 2021 token."""
    assert hire(database, *roles).roles == roles


def test_the_permissions_of_all_roles_are_merged(database: Database) -> None:
    """Resource by resource, each action once, in the order of the roles."""
    add_role(database, "first", {"tickets": ["read"], "projects": ["read", "burn"]})
    add_role(database, "second", {"boats": ["sail"], "tickets": ["write", "read"], "projects": ["archive"]})
    permissions = hire(database, "first", "second").permissions
    assert permissions == {
        "tickets": ["read", "write"],
        "projects": ["read", "burn", "archive"],
        "boats": ["sail"],
    }
    assert list(permissions) == ["tickets", "projects", "boats"]


def test_other_systems_words_are_kept(database: Database) -> None:
    """The vocabulary is open: Keesa passes on what it does not know. A resource without an action is no permission."""
    add_role(database, "other", {"ރިޕޯޓް": ["އެހެން", "*"], "boats": []})
    assert hire(database, "other").permissions == {"ރިޕޯޓް": ["އެހެން", "*"]}


def test_a_role_without_permissions_is_a_role(database: Database) -> None:
    """It may be the first, which 2021 tokens name."""
    add_role(database, "guest", {})
    actor = hire(database, "guest", "reader")
    assert (actor.roles, actor.permissions) == (("guest", "reader"), {"tickets": ["read"]})


def test_roles_in_one_place_are_told_in_the_order_they_were_made(database: Database) -> None:
    """Where somebody has given them by hand: each is named once, and never in another order."""
    hire(database)
    give = "INSERT INTO user_roles (user_id, role_id, position) SELECT 20, id, 0 FROM roles WHERE name = :name"
    for name in ("reader", "admin"):
        database.write(lambda tx, name=name: tx.run(give, name=name))  # type: ignore[misc]  # a default in a lambda
    actor = actor_of(database, 20)
    assert actor.roles == ("admin", "reader")
    both = ["read", "write"]
    assert list(actor.permissions.items()) == [("projects", both), *SYSTEM.permissions.items()]


def test_who_has_no_role_may_do_nothing(database: Database) -> None:
    """An admin neither: the type says what is seen, the roles what is done."""
    actor = hire(database)
    assert (actor.roles, actor.permissions) == ((), {})
    assert not actor.may("tickets", "read")


def test_may_asks_for_the_action_on_the_resource() -> None:
    """Neither another resource's action nor another action of the resource."""
    actor = replace(NOBODY, permissions={"tickets": ["read"], "projects": ["write"]})
    assert actor.may("tickets", "read")
    assert not actor.may("tickets", "write")
    assert not actor.may("boats", "read")


def test_a_permission_is_no_pattern_and_no_part_of_a_word() -> None:
    """`*` and `readwrite` are other systems' words."""
    assert not replace(NOBODY, permissions={"tickets": ["*", "readwrite"], "*": ["read"]}).may("tickets", "read")
