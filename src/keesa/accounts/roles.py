"""Roles: permissions, and the ticket types that their members work on."""

from dataclasses import dataclass
from itertools import chain
from typing import Final

from keesa.accounts.actors import Permissions, in_order
from keesa.accounts.permissions import Permission
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault

_UNKNOWN: Final = "There is no role {}"


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    permissions: Permissions
    ticket_types: tuple[str, ...]

    @property
    def given(self) -> list[Permission]:
        """The permissions one by one, in their order."""
        return [Permission(resource, action) for resource, actions in self.permissions.items() for action in actions]


def create_role(tx: Tx, role: Role) -> int:
    """The new role's id; raises `Invalid` for a name that is taken, for words that no permission may have, and for
    unknown ticket types. A resource without actions is not kept.
    """
    hold(tx, Rule.ROLES)
    faults = _faults(tx, role)
    if faults:
        raise Invalid(faults)
    role_id: int = tx.value("INSERT INTO roles (name) VALUES (:name) RETURNING id AS value", name=role.name)
    for position, permission in enumerate(dict.fromkeys(role.given), 1):
        _give(tx, role_id, permission, position)
    for ticket_type in dict.fromkeys(role.ticket_types):
        tx.run(
            "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:role_id, :ticket_type)",
            role_id=role_id,
            ticket_type=ticket_type,
        )
    return role_id


def grant_permission(tx: Tx, role_name: str, resource: str, action: str) -> None:
    """The role gives the permission from the next request on, behind what it gave already; one that it gives stays in
    its place. The words are of any vocabulary and script. Raises `NotFound`, and `Invalid` where one is no name.
    """
    role_id, given = _permissions_of(tx, role_name)
    permission = Permission(resource, action)
    words = permission._asdict().items()
    if faults := {word: [fault] for word, text in words if (fault := name_fault(text))}:
        raise Invalid(faults)
    if permission not in given:
        _give(tx, role_id, permission, max(given.values(), default=0) + 1)


def revoke_permission(tx: Tx, role_name: str, resource: str, action: str) -> None:
    """The role gives the permission no longer, from the next request on; one that it did not give is no error, whatever
    its words are. Raises `NotFound`.
    """
    role_id, given = _permissions_of(tx, role_name)
    if (resource, action) in given:
        tx.run(
            "DELETE FROM role_permissions WHERE role_id = :role_id AND resource = :resource AND action = :action",
            role_id=role_id,
            resource=resource,
            action=action,
        )


def find_role(tx: Tx, name: str) -> Role:
    """Raises `NotFound`."""
    if found := next((role for role in list_roles(tx) if role.name == name), None):
        return found
    raise NotFound(_UNKNOWN.format(name))


def list_roles(tx: Tx) -> list[Role]:
    types: dict[int, list[str]] = {}
    for row in tx.all("SELECT role_id, ticket_type FROM role_ticket_types ORDER BY role_id, ticket_type"):
        types.setdefault(row["role_id"], []).append(row["ticket_type"])
    given: dict[int, list[tuple[str, str]]] = {}
    for row in tx.all("SELECT role_id, resource, action FROM role_permissions ORDER BY role_id, position"):
        given.setdefault(row["role_id"], []).append((row["resource"], row["action"]))
    return [
        Role(row["name"], in_order(given.get(row["id"], ())), tuple(types.get(row["id"], ())))
        for row in tx.all("SELECT id, name FROM roles ORDER BY id")
    ]


def _give(tx: Tx, role_id: int, permission: Permission, position: int) -> None:
    tx.run(
        "INSERT INTO role_permissions (role_id, resource, action, position)"
        " VALUES (:role_id, :resource, :action, :position)",
        role_id=role_id,
        resource=permission.resource,
        action=permission.action,
        position=position,
    )


def _permissions_of(tx: Tx, role_name: str) -> tuple[int, dict[tuple[str, str], int]]:
    """The role's id, and its permissions with their positions; nobody else changes them before the transaction ends."""
    role = tx.one("SELECT id FROM roles WHERE name = :name $for_update", name=role_name)
    if role is None:
        raise NotFound(_UNKNOWN.format(role_name))
    rows = tx.all("SELECT resource, action, position FROM role_permissions WHERE role_id = :id", id=role["id"])
    return role["id"], {(row["resource"], row["action"]): row["position"] for row in rows}


def _faults(tx: Tx, role: Role) -> dict[str, list[str]]:
    faults = {}
    if fault := name_fault(role.name):
        faults["name"] = [fault]
    elif tx.one("SELECT id FROM roles WHERE name = :name", name=role.name):
        faults["name"] = ["is taken by another role"]
    words = chain(role.permissions, *role.permissions.values())
    if fault := next(filter(None, map(name_fault, words)), None):
        faults["permissions"] = [f"hold a word that {fault}"]
    known = [row["key"] for row in tx.all("SELECT key FROM ticket_types ORDER BY position")]
    if unknown := [key for key in role.ticket_types if key not in known]:
        faults["ticket_types"] = [f"{', '.join(unknown)}: no such ticket type, must be of {', '.join(known)}"]
    return faults
