"""Who may do what, and the one rule that decides which tickets an actor sees.

The contract, section 3: admins see all; staff what they raised, what is assigned to them and the types of their
roles; a customer's users that customer's; bots none. Every ticket query asks `visible_to(actor)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from keesa.accounts.actors import USER_TYPES, Actor, UserType
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


def sees_internal(actor: Actor) -> bool:
    """Whether internal notes and events are the actor's too; to others nothing tells that there are any."""
    return actor.user_type in ("admin", "staff")


class Permission(NamedTuple):
    """An action on a resource, which roles give. The words may be other systems'."""

    resource: str
    action: str

    def __str__(self) -> str:
        return f"{self.resource}:{self.action}"


TICKETS_READ: Final = Permission("tickets", "read")
TICKETS_WRITE: Final = Permission("tickets", "write")
TICKETS_TRANSFER: Final = Permission("tickets", "transfer")
CUSTOMERS_READ: Final = Permission("customers", "read")
CUSTOMERS_WRITE: Final = Permission("customers", "write")
ECOS_READ: Final = Permission("ecos", "read")
ECOS_WRITE: Final = Permission("ecos", "write")
REFERENCE_WRITE: Final = Permission("reference", "write")
USERS_READ: Final = Permission("users", "read")
USERS_WRITE: Final = Permission("users", "write")
ROLES_READ: Final = Permission("roles", "read")
ROLES_WRITE: Final = Permission("roles", "write")
SESSIONS_READ: Final = Permission("sessions", "read")
SESSIONS_WRITE: Final = Permission("sessions", "write")
TOKENS_READ: Final = Permission("tokens", "read")
TOKENS_WRITE: Final = Permission("tokens", "write")
AUDIT_READ: Final = Permission("audit", "read")
METRICS_READ: Final = Permission("metrics", "read")
TAGS_WRITE: Final = Permission("tags", "write")
CANNED_ANSWERS_WRITE: Final = Permission("canned_answers", "write")
REPORTS_READ: Final = Permission("reports", "read")

MEANINGS: Final[Mapping[Permission, str]] = {
    TICKETS_READ: "See the tickets that are in one's sight, with their notes",
    TICKETS_WRITE: "Raise tickets and add notes; on the desk, change tickets too, and work on them together",
    TICKETS_TRANSFER: "Give a ticket to another customer",
    CUSTOMERS_READ: "Look customers up; a customer's users their own alone",
    CUSTOMERS_WRITE: "Make, change and retire customers",
    ECOS_READ: "Look equipment up; a customer's users their own alone",
    ECOS_WRITE: "Make, change, move and retire equipment",
    REFERENCE_WRITE: "Change the lists of products, ticket types and categories",
    USERS_READ: "Look users up",
    USERS_WRITE: "Make, change, disable and enable users, and hand out links to set a password",
    ROLES_READ: "Look roles up",
    ROLES_WRITE: "Make, change and retire roles",
    SESSIONS_READ: "See who is logged in",
    SESSIONS_WRITE: "End the sessions of others",
    TOKENS_READ: "See the API tokens of others",
    TOKENS_WRITE: "Make and end API tokens of others",
    AUDIT_READ: "Read the audit trail",
    METRICS_READ: "Read the metrics of the server",
    TAGS_WRITE: "Make, rename and retire tags",
    CANNED_ANSWERS_WRITE: "Make, change and retire canned answers",
    REPORTS_READ: "Have tickets counted: those of one's ticket types; a customer's users their own customer's",
}
"""All that Keesa itself asks for, and what each is for."""
ENFORCED: Final = tuple(MEANINGS)


def require(actor: Actor, *permissions: Permission) -> None:
    """Raise `Forbidden` unless a role of the actor gives one of the permissions."""
    for permission in permissions:
        if actor.may(*permission):
            return
    raise lacking(*permissions)


def lacking(*permissions: Permission) -> Forbidden:
    """Of which one is needed."""
    named = ", or to ".join(f"{action} {resource}" for resource, action in permissions)
    return Forbidden(f"You need the permission to {named}")


@dataclass(frozen=True, slots=True)
class OnlyFor:
    """A check that raises `Forbidden`, with its sentence, for an actor of any other type."""

    user_types: tuple[UserType, ...]
    sentence: str

    def __call__(self, actor: Actor) -> None:
        if actor.user_type not in self.user_types:
            raise Forbidden(self.sentence)


@dataclass(frozen=True, slots=True)
class InSession:
    """A check that raises `Forbidden` for who acts with an API token, then for whom the other one refuses."""

    also: OnlyFor = OnlyFor(USER_TYPES, "")
    sentence: str = "An API token may not do this: log in, and use the token of your session"

    @property
    def user_types(self) -> tuple[UserType, ...]:
        return self.also.user_types

    def __call__(self, actor: Actor) -> None:
        if actor.token_id is not None:
            raise Forbidden(self.sentence)
        self.also(actor)


require_desk: Final = OnlyFor(("admin", "staff"), "Only staff may do this")
require_bot: Final = OnlyFor(("admin", "bot"), "Only bots may do this")
require_session: Final = InSession()
require_desk_in_session: Final = InSession(require_desk)
