"""Who may do what, and the one condition that decides which tickets an actor sees.

The contract, section 3: admins see all; staff what they raised, what is assigned to them and the types of their
roles; a customer's users that customer's; bots none. Every ticket query joins `visible_to(actor)`.
"""

from dataclasses import dataclass, field
from typing import Final

from keesa.accounts.actors import Actor
from keesa.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL that is true or false for a row, and the parameters that it names."""

    sql: str
    params: dict[str, object] = field(default_factory=dict)


_STAFF: Final = """(tickets.raised_by_id = :actor_id OR tickets.assigned_to_id = :actor_id OR tickets.ticket_type IN (
    SELECT role_ticket_types.ticket_type FROM role_ticket_types
    JOIN user_roles ON user_roles.role_id = role_ticket_types.role_id WHERE user_roles.user_id = :actor_id
))"""


def visible_to(actor: Actor) -> Condition:
    """The condition on `tickets` that holds for those that the actor sees."""
    match actor.user_type:
        case "admin":
            return Condition("1 = 1")
        case "staff":
            return Condition(_STAFF, {"actor_id": actor.id})
        case "customer":
            return Condition("tickets.customer_id = :actor_customer_id", {"actor_customer_id": actor.customer_id})
        case "bot":
            return Condition("1 = 0")


def require(actor: Actor, resource: str, action: str) -> None:
    """Raise `Forbidden` unless a role of the actor gives the permission."""
    if not actor.may(resource, action):
        raise Forbidden(f"You need the permission to {action} {resource}")


def require_desk(actor: Actor) -> None:
    """Raise `Forbidden` unless the actor is of the desk (admin or staff)."""
    if not actor.works_tickets:
        raise Forbidden("Only staff may do this")


def require_bot(actor: Actor) -> None:
    """Raise `Forbidden` unless the actor is a bot or an admin."""
    if actor.user_type not in ("bot", "admin"):
        raise Forbidden("Only bots may do this")
