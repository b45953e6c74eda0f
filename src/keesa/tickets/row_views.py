"""What a row shows of a ticket: ids in place of names, and no texts but the title."""

from dataclasses import dataclass
from typing import Any, Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.tickets.statuses import Status
from keesa.tickets.views import RAISED_ELSEWHERE


@dataclass(frozen=True, slots=True)
class TicketRow:
    """Times in milliseconds since 1970."""

    id: int
    title: str
    status: Status
    priority: int
    ticket_type: str | None
    category: str | None
    customer_id: int
    product_id: int
    raised_at: int
    raised_by_id: int
    assigned_to_id: int | None
    updated_at: int
    """When it was last changed, as far as who asks may know."""
    held_until: str | None
    answered: bool | None
    """Whether a note of the customer's waits; None for whom that is no matter."""
    notes_count: int
    """Those that who asks may read."""
    last_note_at: int | None
    last_note_by_id: int | None


_OWN: Final = """
    tickets.id, tickets.title, tickets.status, tickets.priority, tickets.ticket_type, tickets.category,
    tickets.customer_id, tickets.product_id, tickets.raised_at, {raised_by}, tickets.assigned_to_id,
    tickets.changed_at, tickets.public_changed_at, tickets.held_until, tickets.answered_at, tickets.notes_count,
    tickets.internal_notes
"""
_RAISED_FOR_CUSTOMERS: Final = f"""
    CASE WHEN {RAISED_ELSEWHERE} THEN (
        SELECT actor_id FROM ticket_events WHERE ticket_id = tickets.id AND number = tickets.public_since
    ) ELSE tickets.raised_by_id END
"""
"""Where another customer's user raised it: who gave it to them, as the ticket itself shows it."""
_LAST: Final = """
    (SELECT {column} FROM {table} WHERE ticket_id = {ticket} AND withdrawn_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT 1)
"""
_TIME_AND_AUTHOR: Final = "created_at || ' ' || author_id"
"""In one value, since each is a search of its own."""
_OF_DUPLICATES: Final = f"""
    (SELECT last.created_at || ' ' || last.author_id FROM (
        SELECT {_LAST.format(column="created_at", table="ticket_notes", ticket="shown.id")} AS created_at,
            {_LAST.format(column="author_id", table="ticket_notes", ticket="shown.id")} AS author_id
        FROM (
            SELECT tickets.id AS id
            UNION ALL SELECT merged.id FROM tickets merged WHERE merged.duplicate_of_id = tickets.id
        ) shown
    ) last WHERE last.created_at IS NOT NULL ORDER BY last.created_at DESC LIMIT 1)
"""
"""Of a ticket that shows the notes of its duplicates."""


def shown_to(actor: Actor) -> str:
    """The columns that a row is made of; of internal notes nothing is read, for whom they are not."""
    own = _OWN.format(raised_by="tickets.raised_by_id" if sees_internal(actor) else _RAISED_FOR_CUSTOMERS)
    return f"{own}, {_LAST_NOTE}, {_LAST_INTERNAL if sees_internal(actor) else 'NULL'}"


def _last_in(table: str) -> str:
    return _LAST.format(column=_TIME_AND_AUTHOR, table=table, ticket="tickets.id")


_LAST_NOTE: Final = f"CASE tickets.duplicates WHEN 0 THEN {_last_in('ticket_notes')} ELSE {_OF_DUPLICATES} END"
_LAST_INTERNAL: Final = f"CASE tickets.internal_notes WHEN 0 THEN NULL ELSE {_last_in('internal_notes')} END"


def row_of(values: tuple[Any, ...], actor: Actor) -> TicketRow:
    """From the columns of `shown_to`."""
    of_ticket, changes, of_notes = values[:11], values[11:17], values[17:]
    last, internal = map(_time_and_author, of_notes)
    changed_at, public_changed_at, held_until, answered_at, notes, internal_notes = changes
    answered = None
    if sees_internal(actor):
        public_changed_at, answered, notes = changed_at, answered_at is not None, notes + internal_notes
        last = max(last, internal, key=lambda note: note[0] or 0)
    return TicketRow(*(*of_ticket, public_changed_at, held_until, answered, notes, *last))


def _time_and_author(told: str | None) -> tuple[int | None, int | None]:
    """Of the last note, where there is one."""
    if told is None:
        return None, None
    at, _, author_id = told.partition(" ")
    return int(at), int(author_id)
