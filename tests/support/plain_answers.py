"""What a GET must answer, worked out a second time: rows by plain statements, and the contract's rules in Python.

Of the server only its clock is used, for the texts of times, so that whatever it remembers is not believed here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from acting import CLOCK, rows
from cast import Person
from jwts import payload_of
from keesa.accounts.sessions import Version
from keesa.db import Tx

Row = dict[str, Any]
Answer = tuple[int, Any]
"""Status, and the body as JSON reads it: the order of its keys counts."""

ENDED: Final[Answer] = (401, {"error": "Your session has ended, please log in again"})
OFFLINE: Final[Answer] = (503, {"error": "We're temporarily offline for maintenance. Please try again later."})
ONLY_BOTS: Final[Answer] = (403, {"error": "Only bots may do this"})
ONLY_STAFF: Final[Answer] = (403, {"error": "Only staff may do this"})
UNCONCERNED: Final[Answer] = (403, {"error": "You have nothing to do with this customer"})
NOT_FOUND: Final[Answer] = (404, {"error": "Ticket not found"})
NO_CUSTOMER: Final[Answer] = (404, {"error": "Customer not found"})


@dataclass(frozen=True)
class Question:
    """A GET; `path` is that of the route, below `/api/v1`."""

    person: Person
    version: Version
    path: str
    ticket: int = 0
    query: Mapping[str, Any] = field(default_factory=dict)

    @property
    def target(self) -> str:
        path = self.path.replace("{ticket}", str(self.ticket))
        return f"/api/v1{path}?{urlencode(self.query)}"

    def __str__(self) -> str:
        return f"{self.person.email} asks {self.version} for {self.target}"


_PERMISSIONS: Final = "SELECT role_id, resource, action FROM role_permissions"
_GIVEN: Final = """
    SELECT user_roles.user_id, roles.name, role_permissions.resource, role_permissions.action FROM user_roles
    JOIN roles ON roles.id = user_roles.role_id LEFT JOIN role_permissions ON role_permissions.role_id = roles.id
    ORDER BY user_roles.position, roles.id, role_permissions.position
"""
"""Each user's roles in their order, with what each gives in its own."""


class World:
    """What the database holds now, read in one transaction."""

    def __init__(self, tx: Tx) -> None:
        self.offline = bool(rows(tx, "SELECT value FROM settings WHERE name = 'maintenance'"))
        self.sessions = {row["access_uid"]: row["user_id"] for row in rows(tx, "SELECT * FROM sessions")}
        self.users = _by_id(rows(tx, "SELECT * FROM users"))
        self.customers = _by_id(rows(tx, "SELECT * FROM customers"))
        self.roles = _by_id(rows(tx, "SELECT * FROM roles"))
        self.user_roles = {(row["user_id"], row["role_id"]) for row in rows(tx, "SELECT * FROM user_roles")}
        self.permissions = {tuple(row.values()) for row in rows(tx, _PERMISSIONS)}
        self.given = rows(tx, _GIVEN)
        self.role_types = {(row["role_id"], row["ticket_type"]) for row in rows(tx, "SELECT * FROM role_ticket_types")}
        self.tickets = _by_id(rows(tx, "SELECT * FROM tickets ORDER BY raised_at, id"))
        self.notes = rows(tx, "SELECT * FROM ticket_notes ORDER BY created_at, id")
        self.attachments = rows(tx, "SELECT * FROM attachments ORDER BY id")
        self.statuses = rows(tx, "SELECT * FROM ticket_statuses ORDER BY id")
        self.assignments = rows(tx, "SELECT * FROM ticket_events WHERE kind = 'assigned' ORDER BY ticket_id, number")

    def holder(self, token: str) -> Row | None:
        """Who acts with the access token; None where its session has ended, or they are disabled."""
        user = self.users.get(self.sessions.get(payload_of(token)["uid"], 0))
        return user if user and user["disabled_at"] is None else None

    def roles_of(self, user_id: int) -> list[int]:
        return [role_id for role_id in self.roles if (user_id, role_id) in self.user_roles]

    def may(self, user: Row, action: str) -> bool:
        return any((role_id, "tickets", action) in self.permissions for role_id in self.roles_of(user["id"]))

    def sees(self, user: Row, ticket: Row) -> bool:
        """The rule of the contract's section 3."""
        if user["user_type"] == "staff":
            of_role = any((role_id, ticket["ticket_type"]) in self.role_types for role_id in self.roles_of(user["id"]))
            return user["id"] in (ticket["raised_by_id"], ticket["assigned_to_id"]) or of_role
        if user["user_type"] == "customer":
            return bool(ticket["customer_id"] == user["customer_id"])
        return bool(user["user_type"] == "admin")

    def seen_by(self, user: Row) -> list[Row]:
        """The tickets that the user sees, oldest first."""
        return [ticket for ticket in self.tickets.values() if self.sees(user, ticket)]

    def name_of(self, user_id: int | None) -> str | None:
        return None if user_id is None else str(self.users[user_id]["full_name"])


def _by_id(found: list[Row]) -> dict[int, Row]:
    return {row["id"]: row for row in found}


def refusal(world: World, token: str, action: str) -> Answer | None:
    """What everything is answered with that needs the permission; None where there is no such obstacle."""
    if world.offline:
        return OFFLINE
    user = world.holder(token)
    if user is None:
        return ENDED
    if not world.may(user, action):
        return 403, {"error": f"You need the permission to {action} tickets"}
    return None


def answer(world: World, token: str, question: Question) -> Answer:
    """What the holder of the token must be answered."""
    user = world.holder(token)
    if question.path == "/me" and user is not None and not world.offline:
        return me(world, user, question)
    if (refused := refusal(world, token, "read")) or user is None:
        return refused or ENDED
    return ANSWERS[question.path](world, user, question)


# Tickets as they are shown: each shape is its keys, in their order.

# fmt: off
LAST_2024: Final = ("group", "reference", "updated_at")
LAST_OF_DETAIL: Final = ("customer_id", "product_id", "eco_id", "held_until")
DETAIL_2024: Final = (
    "id", "ticket_number", "title", "customer", "description", "status", "priority", "contact_number", "contact_name",
    "raised_on", "raised_by", "assigned_to", "ticket_type", "category", "image_urls", "closed_date",
    "ticket_statuses", "ticket_notes", "ticket_assignments", "contact_phone", *LAST_2024, *LAST_OF_DETAIL,
)
OF_CATEGORY: Final = (
    "id", "ticket_number", "title", "customer", "description", "status", "priority", "raised_on", "raised_by",
    "assigned_to", "ticket_type", "category", "closed_date", *LAST_2024,
)
OF_CUSTOMER: Final = (
    "id", "ticket_number", "title", "status", "priority", "raised_on", "assigned_to", "ticket_type", "category",
    *LAST_2024,
)
FOR_BOT: Final = ("id", "ticket_number", "title", "customer_id", "status", "description")
# fmt: on
LISTED_2024: Final = tuple(
    key for key in DETAIL_2024 if key not in ("ticket_statuses", "ticket_assignments", *LAST_OF_DETAIL)
)
TYPED_2021: Final = tuple(key for key in LISTED_2024 if key not in ("ticket_number", "contact_phone", *LAST_2024))
SHOWN_2021: Final = tuple(key for key in TYPED_2021 if key != "priority")


def shown(world: World, user: Row, version: Version, keys: Iterable[str], ticket: Row) -> Row:
    """The ticket's own columns, and what is made of other rows."""
    everything = ticket | {
        "ticket_number": str(ticket["id"]),
        "customer": world.customers[ticket["customer_id"]]["name"],
        "raised_on": CLOCK.iso(ticket["raised_at"]),
        "raised_by": world.name_of(ticket["raised_by_id"]),
        "assigned_to": world.name_of(ticket["assigned_to_id"]),
        "image_urls": _images(world, user, ticket),
        "contact_phone": ticket["contact_phone"] or str(ticket["contact_number"]),
        "group": {"open": "open", "closed": "closed"}.get(ticket["status"], "active"),
        "updated_at": CLOCK.iso(ticket["changed_at" if _of_desk(user) else "public_changed_at"]),
        "closed_date": None if version == "2024" else "not closed",
        "ticket_statuses": [
            {"id": row["id"], "status": row["status"], "created_at": CLOCK.iso(row["created_at"])}
            for row in _of(ticket, world.statuses)
        ],
        "ticket_notes": [_note(world.users[row["author_id"]], row) for row in _of(ticket, world.notes)],
        "ticket_assignments": [
            {
                "assigned_to": world.name_of(row["assigned_to_id"]),
                "assigned_by": world.name_of(row["actor_id"]),
                "created_at": CLOCK.iso(row["at"]),
            }
            for row in _of(ticket, world.assignments)
        ],
    }
    if ticket["status"] == "closed":
        everything["closed_date"] = CLOCK.midnight(ticket["closed_on"])
    return {key: everything[key] for key in keys}


def _of_desk(user: Row) -> bool:
    return user["user_type"] in ("admin", "staff")


def _images(world: World, user: Row, ticket: Row) -> list[str]:
    """Those of the ticket and its duplicates; to customers nothing internal, and nothing of before it was theirs."""
    found = []
    for row in world.attachments:
        owner = world.tickets[row["ticket_id"]]
        public = not row["internal"] and row["number"] > owner["public_since"]
        if row["kind"] == "image" and ticket["id"] in (owner["id"], owner["duplicate_of_id"]):
            if _of_desk(user):
                found.append(said(row["id"], None))
            elif public:
                found.append(said(row["id"], ticket["customer_id"]))
    return found


def said(attachment_id: int, customer_id: int | None) -> str:
    """What an address says, in place of it."""
    return f"attachment {attachment_id} for {'the desk' if customer_id is None else f'customer {customer_id}'}"


def _note(author: Row, note: Row) -> Row:
    return {
        "comment": note["body"],
        "added_on": CLOCK.iso(note["created_at"]),
        "commented_by": f"{author['full_name']} ({author['nick_name']})",
    }


def _of(ticket: Row, found: list[Row]) -> list[Row]:
    return [row for row in found if row["ticket_id"] == ticket["id"]]


# Each path: what it answers to a user who may read tickets.


def tickets(world: World, user: Row, question: Question) -> Answer:
    seen = world.seen_by(user)
    if question.version == "2021":
        own = [ticket for ticket in seen if user["id"] in (ticket["raised_by_id"], ticket["assigned_to_id"])]
        unclosed = [ticket for ticket in own if ticket["status"] != "closed"]
        found = [shown(world, user, "2021", SHOWN_2021, ticket) for ticket in page(question, unclosed, None)]
        return 200, {"data": {"tickets": found}}
    found = []
    for name, statuses in (("open", ["open"]), ("active", ["in_progress", "on_hold"]), ("closed", ["closed"])):
        group = [ticket for ticket in seen if ticket["status"] in statuses]
        cut = page(question, group, 20, question.query.get(f"{name}_page"))
        found += [shown(world, user, "2024", LISTED_2024, ticket) for ticket in cut]
    return 200, {"data": {"tickets": found}}


def by_type(world: World, user: Row, question: Question) -> Answer:
    wanted = (question.query["type"], question.query["status"])
    seen = [ticket for ticket in world.seen_by(user) if (ticket["ticket_type"], ticket["status"]) == wanted]
    limit, keys = (20, LISTED_2024) if question.version == "2024" else (10, TYPED_2021)
    found = [shown(world, user, question.version, keys, ticket) for ticket in page(question, seen, limit)]
    return 200, {"data": {"count": len(found), "tickets": found}}


def by_category(world: World, user: Row, question: Question) -> Answer:
    seen = [ticket for ticket in world.seen_by(user) if ticket["category"] == question.query["category"]]
    found = [shown(world, user, "2024", OF_CATEGORY, ticket) for ticket in page(question, seen, 20)]
    return 200, {"data": {"tickets": found}}


def of_customer(world: World, user: Row, question: Question) -> Answer:
    customer_id, status = question.query["customer_id"], question.query.get("status")
    seen = [ticket for ticket in world.seen_by(user) if ticket["customer_id"] == customer_id]
    if user["user_type"] == "admin" and customer_id not in world.customers:
        return NO_CUSTOMER
    if user["user_type"] != "admin" and user["customer_id"] != customer_id and not seen:
        return UNCONCERNED
    wanted = [ticket for ticket in seen if status in (None, ticket["status"])]
    found = [shown(world, user, "2024", OF_CUSTOMER, ticket) for ticket in page(question, wanted, 20)]
    return 200, {"data": {"tickets": found}}


def one_ticket(world: World, user: Row, question: Question) -> Answer:
    ticket = world.tickets.get(question.ticket)
    if ticket is None or not world.sees(user, ticket):
        return NOT_FOUND
    keys = DETAIL_2024 if question.version == "2024" else SHOWN_2021
    return 200, {"data": {"ticket": shown(world, user, question.version, keys, ticket)}}


def notes(world: World, user: Row, question: Question) -> Answer:
    ticket = world.tickets.get(question.query["ticket_number"])
    if ticket is None or not world.sees(user, ticket):
        return NOT_FOUND
    found = []
    for row in _of(ticket, world.notes):
        author, minute = world.users[row["author_id"]], CLOCK.minute(row["created_at"])
        names = {"user_name": author["full_name"], "user_nick": author["nick_name"]}
        found.append({"id": row["id"], "note": row["body"], **names, "commented_on": minute})
    return 200, {"data": {"count": len(found), "notes": found}}


def for_bot(world: World, user: Row, question: Question) -> Answer:
    if user["user_type"] not in ("bot", "admin"):
        return ONLY_BOTS
    ticket = world.tickets.get(question.ticket)
    if ticket is None or ticket["customer_id"] != question.query["customer_id"]:
        return NOT_FOUND
    return 200, {"data": {"ticket": shown(world, user, "2024", FOR_BOT, ticket)}}


def me(world: World, user: Row, _question: Question) -> Answer:
    """Whoever has logged in may ask."""
    given = [row for row in world.given if row["user_id"] == user["id"]]
    permissions: dict[str, list[str]] = {}
    for row in given:
        if row["resource"] is not None and row["action"] not in permissions.setdefault(row["resource"], []):
            permissions[row["resource"]].append(row["action"])
    types = {key for role_id, key in world.role_types if (user["id"], role_id) in world.user_roles}
    own = {key: user[key] for key in ("id", "email", "full_name", "nick_name", "user_type", "customer_id")}
    customer = user["customer_id"] and world.customers[user["customer_id"]]["name"]
    roles = list(dict.fromkeys(row["name"] for row in given))
    shown = {**own, "roles": roles, "customer": customer, "permissions": permissions, "ticket_types": sorted(types)}
    return 200, {"data": {"user": shown | {"via": "session"}}}


def page(
    question: Question, oldest_first: list[Row], default_limit: int | None, number: int | None = None
) -> list[Row]:
    """The page that the question asks for, or page `number`; without any limit the first page is all there is."""
    ordered = oldest_first if question.query.get("order") == "asc" else oldest_first[::-1]
    limit = question.query.get("limit", default_limit) or len(ordered)
    start = ((number or question.query.get("page", 1)) - 1) * limit
    return ordered[start : start + limit]


ANSWERS: Final[Mapping[str, Callable[[World, Row, Question], Answer]]] = {
    "/me": me,
    "/tickets": tickets,
    "/tickets/tickets_by_type": by_type,
    "/tickets/tickets_by_category": by_category,
    "/tickets/tickets_of_customer": of_customer,
    "/tickets/get_ticket_notes": notes,
    "/tickets/{ticket}": one_ticket,
    "/tickets/{ticket}/get_specific_ticket_for_bot": for_bot,
}
