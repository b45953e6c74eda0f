"""Roles: permissions, and the ticket types that their members work on."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from keesa.accounts.actors import Permissions
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.names import name_fault


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    permissions: Permissions
    ticket_types: tuple[str, ...]


def create_role(tx: Tx, role: Role) -> int:
    """The new role's id; raises `Invalid` for a name that is taken and for unknown ticket types."""
    faults = _faults(tx, role.name, role.ticket_types)
    if faults:
        raise Invalid(faults)
    role_id: int = tx.value(
        "INSERT INTO roles (name, permissions) VALUES (:name, :permissions) RETURNING id AS value",
        name=role.name,
        permissions=msgspec.json.encode(role.permissions).decode(),
    )
    for ticket_type in dict.fromkeys(role.ticket_types):
        tx.run(
            "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:role_id, :ticket_type)",
            role_id=role_id,
            ticket_type=ticket_type,
        )
    return role_id


def list_roles(tx: Tx) -> list[Role]:
    types: dict[int, list[str]] = {}
    for row in tx.all("SELECT role_id, ticket_type FROM role_ticket_types ORDER BY role_id, ticket_type"):
        types.setdefault(row["role_id"], []).append(row["ticket_type"])
    return [
        Role(row["name"], msgspec.json.decode(row["permissions"]), tuple(types.get(row["id"], ())))
        for row in tx.all("SELECT id, name, permissions FROM roles ORDER BY id")
    ]


def _faults(tx: Tx, name: str, ticket_types: Sequence[str]) -> dict[str, list[str]]:
    faults = {}
    if fault := name_fault(name):
        faults["name"] = [fault]
    elif tx.one("SELECT id FROM roles WHERE name = :name", name=name):
        faults["name"] = ["is taken by another role"]
    known = [row["key"] for row in tx.all("SELECT key FROM ticket_types ORDER BY position")]
    if unknown := [key for key in ticket_types if key not in known]:
        faults["ticket_types"] = [f"{', '.join(unknown)}: no such ticket type, must be of {', '.join(known)}"]
    return faults
