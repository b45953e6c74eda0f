"""Roles: permissions, and the ticket types that their members work on; made, found and listed. What is changed of them
stands in `changing_roles.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from msgspec import UNSET, UnsetType

from keesa.accounts.actors import Permissions, in_order
from keesa.accounts.administering import administering
from keesa.accounts.audit.recording import Requester, record
from keesa.accounts.permissions import ENFORCED, MEANINGS, ROLES_WRITE, Permission
from keesa.accounts.powers import Powers, given_by, one_by_one
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.errors import Invalid, NotFound
from keesa.names import name_fault

NOT_FOUND: Final = "Role not found"
LONGEST_PAGE: Final = 500
MOST_PERMISSIONS: Final = 2_000
"""Of one role."""
MOST_IN_USE: Final = 1_000
"""Roles that have not been retired: which permissions there are is looked up in all of them."""


@dataclass(frozen=True, slots=True)
class NewRole:
    name: str
    permissions: Permissions
    ticket_types: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    id: int
    name: str
    permissions: Permissions
    ticket_types: tuple[str, ...]
    retired: bool
    """Nobody has it, and nobody is given it."""
    members: int
    """Users who have it, those that are disabled too."""

    @property
    def given(self) -> list[Permission]:
        """The permissions one by one, in their order."""
        return list(one_by_one(self.permissions))

    @property
    def state(self) -> Mapping[str, Any]:
        """What administrators may change, for the audit trail."""
        return {
            "name": self.name,
            "permissions": list(map(str, self.given)),
            "ticket_types": list(self.ticket_types),
            "retired": self.retired,
        }

    @property
    def powers(self) -> Powers:
        """What it gives to a member of the staff."""
        return Powers(None, given_by(self.permissions), frozenset(self.ticket_types))


@dataclass(frozen=True, slots=True)
class KnownPermission:
    permission: Permission
    meaning: str | None
    """What it is for; None for a word of other systems, which Keesa itself never asks for."""


def create_role(tx: Tx, by: Requester, new: NewRole) -> int:
    """The new role's id; raises `Invalid` for a name that is taken, for words that no permission may have, and for
    unknown ticket types, and `Forbidden` where it gives more than who makes it has. A resource without actions is not
    kept.
    """
    with administering(tx, by, ROLES_WRITE, Rule.ROLES) as giver:
        faults = faults_of(tx, new.name, new.permissions, new.ticket_types)
        if faults := faults or full_faults(tx, "name"):
            raise Invalid(faults)
        role_id: int = tx.value("INSERT INTO roles (name) VALUES (:name) RETURNING id AS value", name=new.name)
        give_permissions(tx, role_id, one_by_one(new.permissions))
        give_ticket_types(tx, role_id, new.ticket_types)
        role = role_by_id(tx, role_id)
        giver.require_giving(role.powers)
        record(tx, by, "role.create", role_id, after=role.state)
    return role_id


def role_by_id(tx: Tx, role_id: int | None) -> Role:
    """Raises `NotFound`."""
    if found := _roles(tx, "roles.id = :id", id=role_id):
        return found[0]
    raise NotFound(NOT_FOUND)


def lock_role(tx: Tx, role_id: int | None) -> Role:
    """The same, for changing it: nobody else does before the transaction ends."""
    hold(tx, Rule.ROLES)
    hold(tx, Rule.ADMINISTRATORS)
    tx.one("SELECT id FROM roles WHERE id = :id $for_update", id=role_id)
    return role_by_id(tx, role_id)


def find_role(tx: Tx, name: str) -> Role:
    """Raises `NotFound`."""
    if found := _roles(tx, "roles.name = :name", name=name):
        return found[0]
    raise NotFound(f"There is no role {name}")


def list_roles(tx: Tx) -> list[Role]:
    """All of them, by id."""
    return _roles(tx, "1 = 1")


@dataclass(frozen=True, slots=True)
class RolePage:
    roles: Sequence[Role]
    next_after: int | None
    """Of the next page; None where nothing follows."""


def page_of_roles(tx: Tx, limit: int, after: int | None, *, with_retired: bool) -> RolePage:
    """Those behind the id `after`, by id."""
    condition = "roles.id > :after" + ("" if with_retired else " AND roles.retired_at IS NULL")
    found = _roles(tx, condition, f"ORDER BY id LIMIT {limit + 1}", after=0 if after is None else after)
    return RolePage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def known_permissions(tx: Tx) -> list[KnownPermission]:
    """Those that Keesa enforces in their order, then those of other systems that a role gives."""
    rows = tx.all("SELECT DISTINCT resource, action FROM role_permissions")
    others = sorted({Permission(row["resource"], row["action"]) for row in rows} - set(ENFORCED))
    return [KnownPermission(permission, MEANINGS.get(permission)) for permission in (*ENFORCED, *others)]


def give_permissions(tx: Tx, role_id: int, permissions: Iterable[Permission], behind: int = 0) -> None:
    """Each once, in this order, in the places behind the one that is given."""
    for position, permission in enumerate(dict.fromkeys(permissions), behind + 1):
        tx.run(
            "INSERT INTO role_permissions (role_id, resource, action, position)"
            " VALUES (:role_id, :resource, :action, :position)",
            role_id=role_id,
            resource=permission.resource,
            action=permission.action,
            position=position,
        )


def give_ticket_types(tx: Tx, role_id: int, ticket_types: Iterable[str]) -> None:
    for ticket_type in dict.fromkeys(ticket_types):
        tx.run(
            "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:role_id, :ticket_type)",
            role_id=role_id,
            ticket_type=ticket_type,
        )


def faults_of(
    tx: Tx,
    name: str | UnsetType,
    permissions: Permissions | UnsetType,
    ticket_types: Sequence[str] | UnsetType,
    own_id: int = 0,
) -> dict[str, list[str]]:
    """By field; UNSET is not judged. `own_id` is that of the role, where it is no new one."""
    found = {
        "name": UNSET if isinstance(name, UnsetType) else _name_fault(tx, name, own_id),
        "permissions": UNSET if isinstance(permissions, UnsetType) else permissions_fault(permissions),
        "ticket_types": UNSET if isinstance(ticket_types, UnsetType) else _types_fault(tx, ticket_types),
    }
    return {field: [fault] for field, fault in found.items() if fault}


def full_faults(tx: Tx, field: str) -> dict[str, list[str]]:
    """Why no further one can be in use."""
    in_use = tx.value("SELECT count(*) AS value FROM roles WHERE retired_at IS NULL")
    fault = f"would be one too many: at most {MOST_IN_USE} roles are in use"
    return {field: [fault]} if in_use >= MOST_IN_USE else {}


def permissions_fault(permissions: Permissions) -> str | None:
    words = chain(permissions, *permissions.values())
    if fault := next(filter(None, map(name_fault, words)), None):
        return f"hold a word that {fault}"
    many = sum(map(len, permissions.values())) > MOST_PERMISSIONS
    return f"must be at most {MOST_PERMISSIONS}" if many else None


def _name_fault(tx: Tx, name: str, own_id: int) -> str | None:
    if fault := name_fault(name):
        return fault
    taken = tx.one("SELECT id FROM roles WHERE name = :name AND id <> :own_id", name=name, own_id=own_id)
    return "is taken by another role" if taken else None


def _types_fault(tx: Tx, ticket_types: Sequence[str]) -> str | None:
    known = [row["key"] for row in tx.all("SELECT key FROM ticket_types ORDER BY position")]
    unknown = [key for key in ticket_types if key not in known]
    return f"{', '.join(unknown)}: no such ticket type, must be of {', '.join(known)}" if unknown else None


def _roles(tx: Tx, condition: str, order: str = "ORDER BY id", **params: object) -> list[Role]:
    chosen = f"(SELECT id, name, retired_at FROM roles WHERE {condition} {order}) roles"
    types: dict[int, list[str]] = {}
    sql = f"SELECT role_id, ticket_type FROM role_ticket_types JOIN {chosen} ON roles.id = role_id ORDER BY 1, 2"
    for row in tx.all(sql, **params):
        types.setdefault(row["role_id"], []).append(row["ticket_type"])
    given: dict[int, list[tuple[str, str]]] = {}
    sql = f"SELECT role_id, resource, action FROM role_permissions JOIN {chosen} ON roles.id = role_id"
    for row in tx.all(f"{sql} ORDER BY role_id, role_permissions.position", **params):
        given.setdefault(row["role_id"], []).append((row["resource"], row["action"]))
    members = "(SELECT count(*) FROM user_roles WHERE user_roles.role_id = roles.id) AS members"
    return [
        Role(
            id=row["id"],
            name=row["name"],
            permissions=in_order(given.get(row["id"], ())),
            ticket_types=tuple(types.get(row["id"], ())),
            retired=row["retired_at"] is not None,
            members=row["members"],
        )
        for row in tx.all(f"SELECT id, name, retired_at, {members} FROM {chosen} ORDER BY id", **params)
    ]
