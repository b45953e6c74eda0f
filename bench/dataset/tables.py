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
    revision: int
    description_size: int
    notes_count: int
    notes_size: int


COLUMNS: Final = {
    "customers": "id, name, contact_name, contact_number",
    "users": "id, email, full_name, nick_name, user_type, customer_id, password_hash, created_at",
    "user_roles": "user_id, role_id, position",
    "tickets": ", ".join(Ticket._fields),
    "ticket_statuses": "ticket_id, status, changed_by_id, created_at",
    "ticket_assignments": "ticket_id, assigned_to_id, assigned_by_id, created_at",
    "ticket_notes": "ticket_id, author_id, body, created_at",
    "ticket_counters": "prefix, last",
}

Write = Callable[[str, Sequence[Row]], None]
"""Adds rows to a table."""
Tell = Callable[[str], None]
"""Says what is being done now."""
