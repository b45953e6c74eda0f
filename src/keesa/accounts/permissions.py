"""Who may do what, and the one rule that decides which tickets an actor sees.

The contract, section 3: admins see all; staff what they raised, what is assigned to them and the types of their
roles; a customer's users that customer's; bots none. Every ticket query asks `visible_to(actor)`.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from keesa.accounts.actors import Actor, UserType
from keesa.accounts.filters import Equals, Filter
from keesa.errors import Forbidden


def visible_to(actor: Actor) -> tuple[Filter, ...]:
    """What the actor sees: the tickets that meet any of these filters."""
    match actor.user_type:
        case "admin":
            return ((),)
        case "staff":
            own: tuple[Filter, ...] = ((Equals("raised_by_id", actor.id),), (Equals("assigned_to_id", actor.id),))
            return own + tuple((Equals("ticket_type", ticket_type),) for ticket_type in actor.ticket_types)
        case "customer":
            return ((Equals("customer_id", actor.customer_id),),) if actor.customer_id is not None else ()
        case "bot":
            return ()


class Permission(NamedTuple):
    """An action on a resource, which roles give. The words may be other systems'."""

    resource: str
    action: str

    def __str__(self) -> str:
        return f"{self.resource}:{self.action}"


TICKETS_READ: Final = Permission("tickets", "read")
TICKETS_WRITE: Final = Permission("tickets", "write")
CUSTOMERS_READ: Final = Permission("customers", "read")
CUSTOMERS_WRITE: Final = Permission("customers", "write")
ENFORCED: Final = (TICKETS_READ, TICKETS_WRITE, CUSTOMERS_READ, CUSTOMERS_WRITE)
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
