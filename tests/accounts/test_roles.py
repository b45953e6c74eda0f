"""Roles: what they give, and the ticket types that their members work on."""

import pytest

import cast
from account_rows import rows
from by_keesa import create_role
from keesa.accounts import roles
from keesa.accounts.actors import SYSTEM
from keesa.accounts.changing_roles import RoleChanges, change_role
from keesa.accounts.roles import NewRole, list_roles
from keesa.db import Database
from keesa.errors import Invalid


def test_a_role_comes_back_as_it_was_made(database: Database) -> None:
    """Permissions in their order; ticket types in the alphabet's."""
    role = NewRole("divers", {"tickets": ["write", "read"], "boats": ["sail"]}, ("customer_support", "eco_support"))
    database.write(lambda tx: create_role(tx, role))
    made = database.read(list_roles)[-1]
    assert (made.name, made.permissions, made.ticket_types) == (role.name, role.permissions, role.ticket_types)
    assert list(made.permissions) == ["tickets", "boats"]
    assert (made.retired, made.members) == (False, 0)


def test_a_ticket_type_that_is_named_twice_is_worked_on_once(database: Database) -> None:
    """It is no error."""
    database.write(lambda tx: create_role(tx, NewRole("divers", {}, ("eco_support", "eco_support"))))
    assert database.read(list_roles)[-1].ticket_types == ("eco_support",)


def test_the_usual_roles_are_there(shared_database: Database) -> None:
    """Made with the schema; admin and control room work on every type."""
    roles = {role.name: role for role in shared_database.read(list_roles)}
    types = [row["key"] for row in rows(shared_database, "SELECT key FROM ticket_types ORDER BY key")]
    assert {"admin", "control_room", "engineer", "customer", "bot"} <= roles.keys()
    both = ["read", "write"]
    assert roles["admin"].permissions == {"projects": both, **SYSTEM.permissions}
    for name in ("admin", "control_room"):
        assert list(roles[name].ticket_types) == types
    for name in ("engineer", "customer", "bot"):
        assert roles[name].ticket_types == ()


@pytest.mark.parametrize(
    ("role", "field", "sentence"),
    [
        (NewRole(" ", {}, ()), "name", "must have something to read"),
        (NewRole("a\tb", {}, ()), "name", "must not contain U+0009"),
        (NewRole("harbour_crew", {}, ()), "name", "is taken by another role"),
        (
            NewRole("divers", {}, ("eco_support", "diving", "Eco Support")),
            "ticket_types",
            "diving, Eco Support: no",
        ),
    ],
)
def test_a_bad_role_is_refused_with_a_sentence(
    shared_database: Database, role: NewRole, field: str, sentence: str
) -> None:
    """And nothing of it is kept."""
    before = shared_database.read(list_roles)
    with pytest.raises(Invalid) as refused:
        shared_database.write(lambda tx: create_role(tx, role))
    assert refused.value.faults[field][0].startswith(sentence)
    assert shared_database.read(list_roles) == before


def test_every_fault_of_a_role_is_named_at_once(shared_database: Database) -> None:
    """The name's and the types'; the types that there are stand in it."""
    with pytest.raises(Invalid) as refused:
        shared_database.write(lambda tx: create_role(tx, NewRole("", {}, ("diving",))))
    assert set(refused.value.faults) == {"name", "ticket_types"}
    assert "routine_maintenance" in refused.value.faults["ticket_types"][0]


def test_so_many_roles_are_in_use_and_no_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a new one nor one that had retired; a retired one takes no place."""
    monkeypatch.setattr(roles, "MOST_IN_USE", len(database.read(list_roles)) + 1)
    first = database.write(lambda tx: create_role(tx, NewRole("divers", {}, ())))
    with pytest.raises(Invalid) as caught:
        database.write(lambda tx: create_role(tx, NewRole("sailors", {}, ())))
    assert caught.value.faults == {"name": [f"would be one too many: at most {roles.MOST_IN_USE} roles are in use"]}
    database.write(lambda tx: change_role(tx, cast.BY, first, RoleChanges(retired=True)))
    database.write(lambda tx: create_role(tx, NewRole("sailors", {}, ())))
    with pytest.raises(Invalid) as caught:
        database.write(lambda tx: change_role(tx, cast.BY, first, RoleChanges(retired=False)))
    assert list(caught.value.faults) == ["retired"]


def test_a_role_gives_so_many_permissions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all resources together."""
    monkeypatch.setattr(roles, "MOST_PERMISSIONS", 3)
    with pytest.raises(Invalid) as caught:
        database.write(lambda tx: create_role(tx, NewRole("divers", {"a": ["b", "c"], "d": ["b", "c"]}, ())))
    assert caught.value.faults == {"permissions": ["must be at most 3"]}
    database.write(lambda tx: create_role(tx, NewRole("divers", {"a": ["b", "c"], "d": ["b"]}, ())))
