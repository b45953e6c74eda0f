"""What every engine is loaded with: rows by table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Row = tuple[Any, ...]
Rows = Mapping[str, Sequence[Row]]
"""Rows by table, in the order in which foreign keys want them."""

COLUMNS: Final = {
    "customers": "id, name, contact_name, contact_number",
    "users": "id, email, full_name, nick_name, user_type, customer_id, password_hash, created_at",
    "user_roles": "user_id, role_id, position",
    "tickets": "id, title, description, status, priority, reference, ticket_type, category, customer_id, product_id,"
    " contact_name, contact_number, raised_by_id, raised_at, assigned_to_id, closed_on, revision,"
    " description_size, notes_count, notes_size",
    "ticket_statuses": "ticket_id, status, changed_by_id, created_at",
    "ticket_assignments": "ticket_id, assigned_to_id, assigned_by_id, created_at",
    "ticket_notes": "ticket_id, author_id, body, created_at",
    "ticket_counters": "prefix, last",
}

Write = Callable[[str, Sequence[Row]], None]
"""Adds rows to a table."""
Tell = Callable[[str], None]
"""Says what is being done now."""
