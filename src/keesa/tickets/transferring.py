"""Giving a ticket to another customer, who sees it as if it had begun then (docs/decisions/0046)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.directory.customers import Customer
from keesa.events.recording import Changes, Event
from keesa.tickets import attached
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket
from keesa.words.index import hand_over
from keesa.words.pieces import Head, Piece

ANEW: Final = "must be given too: it is the first that the new customer reads"
MERGED: Final = "cannot be another one while the ticket is a duplicate, or has duplicates"
MOST_NOTES: Final = 10_000
"""Internal ones that a ticket may have after the public ones have become internal."""
LARGEST_NOTES: Final = 2_097_152
"""Bytes of them."""
MOST_ATTACHMENTS: Final = 2 * attached.MOST
"""Pictures and files that customers do not see, likewise."""
TOO_MANY_ATTACHMENTS: Final = (
    "cannot be another one, as the ticket has too many pictures and files: raise another ticket"
)
TOO_MANY_NOTES: Final = "cannot be another one, as the ticket has too many notes: raise another ticket"

_MOVED: Final = "id, ticket_id, author_id, body, created_at, edited_at, withdrawn_at"


def transfer_faults(ticket: LockedTicket, given: Mapping[str, Any], customer: Customer | None) -> dict[str, list[str]]:
    """What keeps the ticket from being given to the customer (None: there is no such one), with what else is given."""
    faults = {field: [ANEW] for field in ("title", "description") if field not in given}
    if customer is None or customer.retired:
        faults["customer_id"] = ["is unknown" if customer is None else "is retired"]
    elif ticket.duplicate_of_id is not None or ticket.duplicates:
        faults["customer_id"] = [MERGED]
    elif (
        ticket.notes_count + ticket.internal_notes > MOST_NOTES
        or ticket.notes_size + ticket.internal_notes_size > LARGEST_NOTES
    ):
        faults["customer_id"] = [TOO_MANY_NOTES]
    elif ticket.attachments + ticket.internal_attachments > MOST_ATTACHMENTS:
        faults["customer_id"] = [TOO_MANY_ATTACHMENTS]
    return faults


def transfer(
    tx: Tx,
    actor: Actor,
    ticket: LockedTicket,
    at: int,
    told: Changes,
    columns: Mapping[str, Any],
    now: dict[str, Any],
    words: Sequence[Piece],
) -> LockedTicket:
    """Set the columns, of which the desk alone is `told` what they were. To the new customer another event tells what
    the ticket is `now`, with a description of these `words`: it begins the history that they see. The notes of before
    become internal, and are no answer to them; so do the pictures and files, as their events are of before it
    (`keesa.attachments.sight`).
    """
    [status] = tx.all("SELECT max(id) AS id FROM ticket_statuses WHERE ticket_id = :ticket_id", ticket_id=ticket.id)
    tx.run(
        f"INSERT INTO internal_notes ({_MOVED}) SELECT {_MOVED} FROM ticket_notes WHERE ticket_id = :ticket_id",
        ticket_id=ticket.id,
    )
    tx.run("DELETE FROM ticket_notes WHERE ticket_id = :ticket_id", ticket_id=ticket.id)
    begins = {field: getattr(ticket, field) for field in ("status", "closed_on", "held_until", "assigned_to_id")} | now
    given = change(
        tx,
        actor,
        replace(ticket, public_events=0),
        at,
        Event("edited", told, internal=True),
        Event(
            "transferred",
            {field: (None, value) for field, value in begins.items() if value is not None},
            thing_id=status["id"],
        ),
        **columns,
        public_since=ticket.events + 2,
        notes_count=0,
        notes_size=0,
        internal_notes=ticket.internal_notes + ticket.notes_count,
        internal_notes_size=ticket.internal_notes_size + ticket.notes_size,
        attachments=0,
        internal_attachments=ticket.internal_attachments + ticket.attachments,
        answered_at=None,
        first_answer_at=None,
    )
    hand_over(tx, head_from(ticket.id, now), words)
    return given


def head_from(ticket_id: int, said: Mapping[str, Any]) -> Head:
    """What a ticket is found by, from what editing knows of it."""
    return Head(ticket_id, *(said[field] for field in Head._fields if field != "id"))
