"""Who may do what, and the one rule that decides which tickets an actor sees.

The contract, section 3: admins see all; staff what they raised, what is assigned to them and the types of their
roles; a customer's users that customer's; bots none. Every ticket query asks `visible_to(actor)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from keesa.accounts.actors import Actor, UserType
from keesa.errors import Forbidden

Match = tuple[tuple[str, object], ...]
"""Columns of `tickets`, each with the value that it has in the rows that are meant; an empty one means every row."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL that is true or false for a row, and the parameters that it names."""

    sql: str
    params: dict[str, object] = field(default_factory=dict)


def visible_to(actor: Actor) -> tuple[Match, ...]:
    """What the actor sees: the tickets that any of these matches means."""
    match actor.user_type:
        case "admin":
            return ((),)
        case "staff":
            own: tuple[Match, ...] = ((("raised_by_id", actor.id),), (("assigned_to_id", actor.id),))
            return own + tuple((("ticket_type", ticket_type),) for ticket_type in actor.ticket_types)
        case "customer":
            return ((("customer_id", actor.customer_id),),)
        case "bot":
            return ()


def any_of(matches: Sequence[Match]) -> Condition:
    """The condition on `tickets` that holds where any of the matches does."""
    params: dict[str, object] = {}
    parts = []
    for match in matches:
        terms = []
        for column, value in match:
            params[f"seen_{len(params)}"] = value
            terms.append(f"tickets.{column} = :seen_{len(params) - 1}")
        parts.append(" AND ".join(terms) or "1 = 1")
    return Condition(f"({' OR '.join(parts) or '1 = 0'})", params)


class Permission(NamedTuple):
    """An action on a resource, which roles give. The words may be other systems'."""

    resource: str
    action: str

    def __str__(self) -> str:
        return f"{self.resource}:{self.action}"


TICKETS_READ: Final = Permission("tickets", "read")
TICKETS_WRITE: Final = Permission("tickets", "write")
ENFORCED: Final = (TICKETS_READ, TICKETS_WRITE)
"""All that Keesa itself asks for."""


def require(actor: Actor, permission: Permission) -> None:
    """Raise `Forbidden` unless a role of the actor gives the permission."""
    if not actor.may(*permission):
        raise lacking(permission)


def lacking(permission: Permission) -> Forbidden:
    return Forbidden(f"You need the permission to {permission.action} {permission.resource}")


@dataclass(frozen=True, slots=True)
class OnlyFor:
    """A check that raises `Forbidden`, with its sentence, for an actor of any other type."""

    user_types: tuple[UserType, ...]
    sentence: str

    def __call__(self, actor: Actor) -> None:
        if actor.user_type not in self.user_types:
            raise Forbidden(self.sentence)


require_desk: Final = OnlyFor(("admin", "staff"), "Only staff may do this")
require_bot: Final = OnlyFor(("admin", "bot"), "Only bots may do this")
