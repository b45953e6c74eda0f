"""What a row shows of a ticket: ids in place of names, and no texts but the title."""

from dataclasses import dataclass
from typing import Any, Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.tickets.statuses import Status


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


SHOWN: Final = """
    tickets.id, tickets.title, tickets.status, tickets.priority, tickets.ticket_type, tickets.category,
    tickets.customer_id, tickets.product_id, tickets.raised_at, tickets.raised_by_id, tickets.assigned_to_id,
    tickets.changed_at, tickets.public_changed_at, tickets.held_until, tickets.answered_at, tickets.notes_count,
    tickets.internal_notes, note.created_at, note.author_id, internal.created_at, internal.author_id
"""


def row_of(values: tuple[Any, ...], actor: Actor) -> TicketRow:
    """From a row of `SHOWN`."""
    of_ticket, changes, of_notes = values[:11], values[11:17], values[17:]
    changed_at, public_changed_at, held_until, answered_at, notes, internal_notes = changes
    last, internal = of_notes[:2], of_notes[2:]
    answered = None
    if sees_internal(actor):
        public_changed_at, answered, notes = changed_at, answered_at is not None, notes + internal_notes
        if internal[0] is not None and (last[0] is None or internal[0] > last[0]):
            last = internal
    return TicketRow(*(*of_ticket, public_changed_at, held_until, answered, notes, *last))


_LAST: Final = """
    (SELECT id FROM {table} WHERE ticket_id = {ticket} AND withdrawn_at IS NULL
        ORDER BY created_at DESC, id DESC LIMIT 1)
"""
_WITH_DUPLICATES: Final = f"""
    (SELECT id FROM ticket_notes WHERE id IN (
        SELECT {_LAST.format(table="ticket_notes", ticket="shown.id")} FROM (
            SELECT tickets.id AS id
            UNION ALL SELECT merged.id FROM tickets merged WHERE merged.duplicate_of_id = tickets.id
        ) shown
    ) ORDER BY created_at DESC, id DESC LIMIT 1)
"""
_NOTE: Final = f"""
    LEFT JOIN ticket_notes note ON note.id = CASE tickets.duplicates
        WHEN 0 THEN {_LAST.format(table="ticket_notes", ticket="tickets.id")} ELSE {_WITH_DUPLICATES} END
"""


def joins_for(actor: Actor) -> str:
    """What `SHOWN` needs beside the ticket's own row: of internal notes nothing, for whom they are not."""
    internal = _LAST.format(table="internal_notes", ticket="tickets.id") if sees_internal(actor) else "NULL"
    return f"{_NOTE} LEFT JOIN internal_notes internal ON internal.id = {internal}"
