"""The plain SQL of the bare function, as a competent developer writes it on Keesa's schema: a statement a read."""

import re
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from bench.limits.given import GIVEN
from keesa.api.v2024.tickets.formats import Ticket, TicketDetail
from keesa.tickets.views import COLUMNS, JOINS

_PARAMETER: Final = re.compile(r":([a-z_]+)")

_NOTES: Final = """
    (SELECT CAST($list($row(n.body, n.created_at, n.author)) AS TEXT) FROM (
        SELECT body, ticket_notes.created_at, full_name || ' (' || nick_name || ')' AS author
        FROM ticket_notes JOIN users ON users.id = author_id
        WHERE ticket_id = tickets.id ORDER BY ticket_notes.created_at, ticket_notes.id
    ) n)
"""
_STATUSES: Final = """
    (SELECT CAST($list($row(h.id, h.status, h.created_at)) AS TEXT) FROM (
        SELECT id, status, created_at FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id
    ) h)
"""
_ASSIGNMENTS: Final = """
    (SELECT CAST($list($row(h.assigned_to, h.assigned_by, h.created_at)) AS TEXT) FROM (
        SELECT given.full_name AS assigned_to, giving.full_name AS assigned_by, ticket_events.at AS created_at
        FROM ticket_events JOIN users giving ON giving.id = actor_id
        LEFT JOIN users given ON given.id = ticket_events.assigned_to_id
        WHERE ticket_id = tickets.id AND kind = 'assigned' ORDER BY number
    ) h)
"""
_MADE: Final = {
    "ticket_number": "tickets.id",
    "raised_on": "tickets.raised_at",
    "image_urls": "''",
    "closed_date": "tickets.closed_on",
    "contact_phone": "coalesce(tickets.contact_phone, CAST(tickets.contact_number AS TEXT))",
    "group": "tickets.status",
    "updated_at": "tickets.changed_at",
    "ticket_notes": _NOTES,
    "ticket_statuses": _STATUSES,
    "ticket_assignments": _ASSIGNMENTS,
}
"""What of an answer is no column as it stands, and what it is made of; shapes.py makes the rest."""
_PAGE: Final = """
    SELECT * FROM (
        SELECT {place} AS place, id FROM tickets WHERE status IN ({statuses}) AND {visible}
        ORDER BY raised_at DESC, id DESC LIMIT :limit
    ) page{place}
"""
_LIST: Final = """
    SELECT {columns} FROM ({pages}) pages JOIN tickets ON tickets.id = pages.id {joins}
    ORDER BY pages.place, tickets.raised_at DESC, tickets.id DESC
"""
_GROUPS: Final = ("'open'", "'in_progress', 'on_hold'", "'closed'")
COUNTED: Final = (
    "INSERT INTO ticket_counters (prefix, last) VALUES (:prefix, 1)"
    " ON CONFLICT (prefix) DO UPDATE SET last = ticket_counters.last + 1 RETURNING last"
)
DRAWN: Final = """
    WITH made AS (
        INSERT INTO ticket_number_bases (prefix, base) SELECT :prefix, last_value FROM ticket_numbers
        WHERE NOT EXISTS (SELECT 1 FROM ticket_number_bases WHERE prefix = :prefix) RETURNING base
    ), found AS (SELECT base FROM ticket_number_bases WHERE prefix = :prefix UNION ALL SELECT base FROM made)
    SELECT nextval('ticket_numbers') - base AS last FROM found
"""
"""The next running number of this year."""
_VISIBLE: Final = {
    "admin": "1 = 1",
    "engineer": """(raised_by_id = :asker OR assigned_to_id = :asker OR ticket_type IN (
        SELECT ticket_type FROM role_ticket_types JOIN user_roles ON user_roles.role_id = role_ticket_types.role_id
        WHERE user_roles.user_id = :asker))""",
    "customer": "customer_id = :asker",
}


_CHANGED: Final = (
    "events = events + 1, public_events = public_events + 1, history_size = history_size + :told, changed_at = :at,"
    " public_changed_at = :at, revision = $new_revision, public_revision = NULL"
)
"""What every change sets."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements in one engine's words, parameters by name."""

    lists: dict[str, str]
    """By who asks; `:asker` is a user, for `customer` the customer."""
    one: str
    notes: str
    next_number: str
    raise_ticket: str
    lock: str
    add_note: str
    count_note: str
    change_status: str
    record_status: str
    record_event: str
    """After the change itself."""


def statements(
    json_list: str,
    json_row: str,
    new_revision: str,
    for_update: str = "",
    parameter: str = r":\1",
    next_number: str = COUNTED,
) -> Statements:
    """`parameter` is how the driver names one: an expansion of the match of `_PARAMETER`."""

    def worded(sql: str) -> str:
        filled = sql.replace("$list", json_list).replace("$row", json_row).replace("$for_update", for_update)
        filled = filled.replace("$new_revision", new_revision)
        return _PARAMETER.sub(parameter, filled)

    return Statements(
        lists={kind: worded(_list(visible)) for kind, visible in _VISIBLE.items()},
        one=worded(f"SELECT {_columns(TicketDetail)} FROM tickets {JOINS} WHERE tickets.id = :id"),
        notes=worded(
            "SELECT ticket_notes.id, body, full_name, nick_name, ticket_notes.created_at FROM ticket_notes"
            " JOIN users ON users.id = author_id WHERE ticket_id = :id"
            " ORDER BY ticket_notes.created_at, ticket_notes.id"
        ),
        next_number=worded(next_number),
        raise_ticket=worded(
            f"INSERT INTO tickets ({', '.join(GIVEN)}, id, status, customer_id, eco_id, contact_name, contact_number,"
            " contact_phone, raised_by_id, raised_at, description_size, events, public_events, changed_at,"
            " public_changed_at, revision)"
            f" SELECT {', '.join(f':{name}' for name in GIVEN)}, :id, 'open', id, :eco_id, contact_name,"
            " contact_number, contact_phone, :user_id, :at, :size, 1, 1, :at, :at, $new_revision"
            " FROM customers WHERE id = :customer_id"
            " RETURNING (SELECT full_name FROM users WHERE id = raised_by_id)"
        ),
        lock=worded("SELECT status, closed_on FROM tickets WHERE id = :id $for_update"),
        add_note=worded(
            "INSERT INTO ticket_notes (ticket_id, author_id, body, created_at) VALUES (:id, :user_id, :body, :at)"
        ),
        count_note=worded(
            f"UPDATE tickets SET notes_count = notes_count + 1, notes_size = notes_size + :size, {_CHANGED}"
            " WHERE id = :id"
        ),
        change_status=worded(f"UPDATE tickets SET status = :status, closed_on = :closed_on, {_CHANGED} WHERE id = :id"),
        record_status=worded(
            "INSERT INTO ticket_statuses (ticket_id, status, changed_by_id, created_at)"
            " VALUES (:id, :status, :user_id, :at)"
        ),
        record_event=worded(
            "INSERT INTO ticket_events (ticket_id, number, public_number, at, kind, actor_id, thing_id, changes,"
            " raised_by_id, customer_id, assigned_to_id, ticket_type) SELECT id, events, public_events, :at, :kind,"
            " :user_id, CASE :kind WHEN 'note_added' THEN (SELECT max(id) FROM ticket_notes WHERE ticket_id = :id) END,"
            " :changes, raised_by_id, customer_id, assigned_to_id, ticket_type"
            " FROM tickets WHERE id = :id"
        ),
    )


def _list(visible: str) -> str:
    pages = " UNION ALL ".join(
        _PAGE.format(place=place, statuses=statuses, visible=visible) for place, statuses in enumerate(_GROUPS)
    )
    return _LIST.format(columns=_columns(Ticket), pages=pages, joins=JOINS)


def _columns(answer: type[Struct]) -> str:
    """Those that the fields of the answer want, in their order."""
    columns = _named(COLUMNS) | _MADE
    return ", ".join(columns[name] for name in answer.__struct_fields__)


def _named(columns: str) -> dict[str, str]:
    """Keesa's own columns by the names that they have in a row."""
    found = {}
    for column in columns.split(","):
        expression, _, name = column.strip().partition(" AS ")
        found[name or expression.rpartition(".")[2]] = expression
    return found
