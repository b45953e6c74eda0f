"""What every engine is loaded with: rows by table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]
"""Rows by table, in the order in which foreign keys want them."""


class Ticket(NamedTuple):
    """The columns that a ticket is loaded with; others have the schema's own default."""

    id: int
    title: str
    description: str
    status: str
    priority: int
    reference: str | None
    ticket_type: str
    category: str
    customer_id: int
    product_id: int
    contact_name: str
    contact_number: int
    raised_by_id: int
    raised_at: int
    assigned_to_id: int | None
    closed_on: str | None
    closed_at: int | None
    first_answer_at: int | None
    revision: int
    description_size: int
    notes_count: int
    notes_size: int
    events: int
    public_events: int
    changed_at: int
    public_changed_at: int


class Event(NamedTuple):
    """The columns that an event is loaded with."""

    ticket_id: int
    number: int
    public_number: int
    kind: str
    actor_id: int
    thing_id: int | None
    changes: str
    raised_by_id: int
    customer_id: int
    assigned_to_id: int | None
    ticket_type: str
    had_customer_id: int | None
    had_assigned_to_id: int | None
    had_ticket_type: str | None
    at: int


COLUMNS: Final = {
    "customers": "id, name, contact_name, contact_number",
    "users": "id, email, full_name, nick_name, user_type, customer_id, password_hash, created_at",
    "user_roles": "user_id, role_id, position",
    "tickets": ", ".join(Ticket._fields),
    "ticket_statuses": "ticket_id, status, changed_by_id, created_at",
    "ticket_notes": "ticket_id, author_id, body, created_at",
    "ticket_events": ", ".join(Event._fields),
    "ticket_counters": "prefix, last",
}

Write = Callable[[str, Sequence[Row]], None]
"""Adds rows to a table."""
Tell = Callable[[str], None]
"""Says what is being done now."""
