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
_OF_DUPLICATES: Final = f"""
    (SELECT last.{{column}} FROM (
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
    return ", ".join((own, *map(_last_note, _OF_NOTES), *(_last_internal(column, actor) for column in _OF_NOTES)))


_OF_NOTES: Final = ("created_at", "author_id")


def _last_note(column: str) -> str:
    own = _LAST.format(column=column, table="ticket_notes", ticket="tickets.id")
    return f"CASE tickets.duplicates WHEN 0 THEN {own} ELSE {_OF_DUPLICATES.format(column=column)} END"


def _last_internal(column: str, actor: Actor) -> str:
    if not sees_internal(actor):
        return "NULL"
    last = _LAST.format(column=column, table="internal_notes", ticket="tickets.id")
    return f"CASE tickets.internal_notes WHEN 0 THEN NULL ELSE {last} END"


def row_of(values: tuple[Any, ...], actor: Actor) -> TicketRow:
    """From the columns of `shown_to`."""
    of_ticket, changes, of_notes = values[:11], values[11:17], values[17:]
    changed_at, public_changed_at, held_until, answered_at, notes, internal_notes = changes
    last, internal = of_notes[:2], of_notes[2:]
    answered = None
    if sees_internal(actor):
        public_changed_at, answered, notes = changed_at, answered_at is not None, notes + internal_notes
        if internal[0] is not None and (last[0] is None or internal[0] > last[0]):
            last = internal
    return TicketRow(*(*of_ticket, public_changed_at, held_until, answered, notes, *last))
