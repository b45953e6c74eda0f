"""Who acts: a user with what their roles give them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from keesa.db import Row

UserType = Literal["admin", "staff", "customer", "bot"]
Permissions = dict[str, list[str]]
"""Resource to actions, such as `{"tickets": ["read", "write"]}`. Other systems' words may stand in it."""

USER_TYPES: Final[tuple[UserType, ...]] = ("admin", "staff", "customer", "bot")

_ROLES_OF_USER: Final = """
    (SELECT $json_list($json_row(held.name, held.resource, held.action)) FROM (
        SELECT roles.name, role_permissions.resource, role_permissions.action FROM user_roles
        JOIN roles ON roles.id = user_roles.role_id
        LEFT JOIN role_permissions ON role_permissions.role_id = roles.id
        WHERE user_roles.user_id = users.id
        ORDER BY user_roles.position, roles.id, role_permissions.position
    ) held)
"""
"""The roles in order, a row for each permission of a role, or one without any; null without a role on PostgreSQL."""

_TYPES_OF_USER: Final = """
    (SELECT $json_list(ticket_type) FROM (
        SELECT DISTINCT role_ticket_types.ticket_type FROM role_ticket_types
        JOIN user_roles ON user_roles.role_id = role_ticket_types.role_id
        WHERE user_roles.user_id = users.id ORDER BY role_ticket_types.ticket_type
    ) worked_on)
"""


@dataclass(frozen=True, slots=True)
class Actor:
    id: int
    email: str
    full_name: str
    nick_name: str
    user_type: UserType
    customer_id: int | None
    """The customer whose user this is; None for any other type."""
    roles: tuple[str, ...]
    permissions: Permissions
    sign_in_count: int = 0
    ticket_types: tuple[str, ...] = ()
    """Those that their roles' members work on."""
    token_id: int | None = None
    """The API token that they act with, which narrows the permissions; None for a session."""

    def may(self, resource: str, action: str) -> bool:
        return action in self.permissions.get(resource, ())


SYSTEM: Final = Actor(
    id=0,
    email="(Keesa itself)",
    full_name="Keesa",
    nick_name="Keesa",
    user_type="admin",
    customer_id=None,
    roles=(),
    permissions={
        "tickets": ["read", "write", "transfer"],
        "customers": ["read", "write"],
        "ecos": ["read", "write"],
        "reference": ["write"],
        "users": ["read", "write"],
        "roles": ["read", "write"],
        "sessions": ["read", "write"],
        "tokens": ["read", "write"],
        "audit": ["read"],
        "metrics": ["read"],
        "tags": ["write"],
        "canned_answers": ["write"],
        "reports": ["read"],
    },
)
"""Keesa itself, for what nobody asked for. Its row in `users` is there for the foreign keys of history, and is no
person's: it is disabled, and `canonical_email` makes no such address, so that no login and no command finds it.
"""

ACTOR_COLUMNS: Final = f"""
    users.id AS user_id, users.email, users.full_name, users.nick_name, users.user_type, users.customer_id,
    users.sign_in_count, CAST({_ROLES_OF_USER} AS TEXT) AS roles, CAST({_TYPES_OF_USER} AS TEXT) AS ticket_types
"""


def actor_of(row: Row) -> Actor:
    """An actor from a row that has `ACTOR_COLUMNS`."""
    roles = _roles.decode(row["roles"] or "[]")
    return Actor(
        id=row["user_id"],
        email=row["email"],
        full_name=row["full_name"],
        nick_name=row["nick_name"],
        user_type=row["user_type"],
        customer_id=row["customer_id"],
        roles=tuple(dict.fromkeys(name for name, _, _ in roles)),
        permissions=in_order((resource, action) for _, resource, action in roles),
        sign_in_count=row["sign_in_count"],
        ticket_types=_ticket_types.decode(row["ticket_types"] or "[]"),
    )


def in_order(pairs: Iterable[tuple[str | None, str | None]]) -> Permissions:
    """Resources and their actions as they come, each once; what has none is passed over."""
    merged: dict[str, dict[str, None]] = {}
    for resource, action in pairs:
        if resource is not None and action is not None:
            merged.setdefault(resource, {})[action] = None
    return {resource: list(actions) for resource, actions in merged.items()}


_ticket_types = msgspec.json.Decoder(tuple[str, ...])
_roles = msgspec.json.Decoder(list[tuple[str, str | None, str | None]])
