"""Duplicates: a ticket that tells of the same as another one, its main ticket, which shows its notes, pictures and
files in place.
"""

from typing import Final

from keesa.accounts.actors import Actor
from keesa.clock import Clock
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.notes.notes import LARGEST_NOTES, MOST_NOTES, counted
from keesa.tickets import attached
from keesa.tickets.changing import change
from keesa.tickets.days import Days
from keesa.tickets.finding import Known, LockedTicket, in_any_state
from keesa.tickets.relations import lock_related, lock_to_relate, related, unrelated
from keesa.tickets.status import move

MOST_DUPLICATES: Final = 100
"""Of a ticket: each is looked into for notes whenever it is shown."""


def merge(
    tx: Tx,
    actor: Actor,
    number: int | None,
    main_number: int | None,
    at: int,
    clock: Clock,
    known: Known = in_any_state,
) -> None:
    """The ticket is a duplicate of the other one, and closed today, by whom it is assigned to, or else the actor; where
    it is so already, nothing changes. Raises `Forbidden`, `NotFound` and `Invalid`.
    """
    ticket, main = lock_to_relate(tx, actor, number, main_number, known)
    if ticket.duplicate_of_id == main.id:
        return
    if fault := _fault(ticket, main):
        raise Invalid({"ticket_number": [fault]})
    if ticket.status != "closed":
        ticket = _closed(tx, actor, ticket, at, clock)
    change(tx, actor, ticket, at, related(main, "duplicate_of", internal=False), duplicate_of_id=main.id)
    change(
        tx,
        actor,
        main,
        at,
        related(ticket, "duplicates", internal=False),
        duplicates=main.duplicates + 1,
        **counted(main, ticket.notes_count, ticket.notes_size),
        **counted(main, ticket.internal_notes, ticket.internal_notes_size, internal=True),
        **attached.counted(main, ticket.attachments, internal=False),
        **attached.counted(main, ticket.internal_attachments, internal=True),
    )


def unmerge(
    tx: Tx, actor: Actor, number: int | None, main_number: int | None, at: int, known: Known = in_any_state
) -> None:
    """The ticket is no duplicate of the other one any more, and stays closed; where it is none, nothing changes. Raises
    `Forbidden` and `NotFound`.
    """
    ticket, main = lock_related(tx, actor, number, main_number, known)
    if ticket.duplicate_of_id != main.id:
        return
    change(tx, actor, ticket, at, unrelated(main, "duplicate_of", internal=False), duplicate_of_id=None)
    change(
        tx,
        actor,
        main,
        at,
        unrelated(ticket, "duplicates", internal=False),
        duplicates=main.duplicates - 1,
        **counted(main, -ticket.notes_count, -ticket.notes_size),
        **counted(main, -ticket.internal_notes, -ticket.internal_notes_size, internal=True),
        **attached.counted(main, -ticket.attachments, internal=False),
        **attached.counted(main, -ticket.internal_attachments, internal=True),
    )


def _fault(ticket: LockedTicket, main: LockedTicket) -> str | None:
    """Why the one cannot be a duplicate of the other."""
    if ticket.duplicate_of_id is not None:
        return "is not possible: the ticket is a duplicate of another one already"
    if ticket.duplicates:
        return "is not possible: the ticket has duplicates itself"
    if main.duplicate_of_id is not None:
        return "is a duplicate itself: name the ticket that it is a duplicate of"
    if main.customer_id != ticket.customer_id:
        return "is another customer's ticket"
    return _too_much(ticket, main)


def _too_much(ticket: LockedTicket, main: LockedTicket) -> str | None:
    if main.duplicates >= MOST_DUPLICATES:
        return f"has as many duplicates as a ticket may have: {MOST_DUPLICATES}"
    public = main.notes_count + ticket.notes_count, main.notes_size + ticket.notes_size
    internal = main.internal_notes + ticket.internal_notes, main.internal_notes_size + ticket.internal_notes_size
    if any(notes > MOST_NOTES or size > LARGEST_NOTES for notes, size in (public, internal)):
        return f"would show more notes than a ticket may have: {MOST_NOTES}, and {LARGEST_NOTES} bytes of them"
    pictures = main.attachments + ticket.attachments, main.internal_attachments + ticket.internal_attachments
    if max(pictures) > attached.MOST:
        return f"would show more pictures and files than a ticket may have: {attached.MOST}"
    return None


def _closed(tx: Tx, actor: Actor, ticket: LockedTicket, at: int, clock: Clock) -> LockedTicket:
    """As it is once it is closed; by the actor, where nobody else has it."""
    if ticket.assigned_to_id is None:
        taken = Event("assigned", {"assigned_to_id": (None, actor.id)})
        ticket = change(tx, actor, ticket, at, taken, assigned_to_id=actor.id)
    today = clock.local(max(at, ticket.raised_at)).date()
    return move(tx, actor, ticket, at, "closed", Days(closed_on=today.isoformat()))
