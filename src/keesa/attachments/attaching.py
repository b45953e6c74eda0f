"""Attaching what is ready to a ticket, or to one of its notes, in the transaction of the change."""

from typing import Final

from keesa.accounts.actors import Actor
from keesa.attachments.checking import note_for, require_free, uploads_told
from keesa.attachments.made import Limits, Ready, ReadyFile
from keesa.attachments.serving import Kind
from keesa.attachments.storing import store
from keesa.db import Tx
from keesa.events.recording import Event, EventKind
from keesa.notes.reading import TicketNote
from keesa.tickets.attached import count_of, counted
from keesa.tickets.changing import change, follow
from keesa.tickets.finding import Known, LockedTicket, in_any_state, lock_main, lock_ticket
from keesa.tickets.status import reopen
from keesa.tickets.waiting import Reopening, after_note, reopens
from keesa.uploads.uploads import use_up

ADDED: Final[dict[Kind, EventKind]] = {"image": "image_added", "file": "file_added"}


def attach(
    tx: Tx,
    actor: Actor,
    number: int | None,
    ready: Ready,
    limits: Limits,
    at: int,
    reopening: Reopening = "off",
    known: Known = in_any_state,
) -> list[int]:
    """The ids of the new attachments, in the order of what is ready. A customer's on a ticket that is held or closed
    waits for the desk as a note of theirs does, unless it hangs on an internal note. Raises `NotFound`, `Invalid`, and
    `Conflict` where what was stored before is there no more.
    """
    ticket = lock_ticket(tx, actor, number, known)
    main = lock_main(tx, ticket)
    note = note_for(tx, actor, ticket.id, ready.note_id)
    internal = note is not None and note.internal
    shown = [ticket] if main is None else [ticket, main]
    require_free(ready.kind, len(ready.files), [count_of(each, internal=internal) for each in shown], limits)
    ids = [
        _insert(tx, actor, ticket, note, each, ready.kind, ticket.events + place, max(at, ticket.raised_at))
        for place, each in enumerate(ready.files, 1)
    ]
    events = [
        Event(ADDED[ready.kind], {"name": (None, each.name)}, attachment_id, internal)
        for attachment_id, each in zip(ids, ready.files, strict=True)
    ]
    answered = ticket = change(
        tx, actor, ticket, at, *events, **_columns(actor, ticket, len(ready.files), at, internal)
    )
    if main is not None:
        answered = follow(tx, actor, main, ticket, **_columns(actor, main, len(ready.files), at, internal))
    if not internal and reopens(actor, answered, reopening):
        reopen(tx, answered, at)
    return ids


def _columns(actor: Actor, ticket: LockedTicket, more: int, at: int, internal: bool) -> dict[str, int | None]:  # noqa: FBT001 - two calls
    """What they change of a ticket that shows them."""
    waiting = {} if internal else after_note(actor, ticket, at)
    return counted(ticket, more, internal=internal) | waiting


def _insert(
    tx: Tx,
    actor: Actor,
    ticket: LockedTicket,
    note: TicketNote | None,
    ready: ReadyFile,
    kind: Kind,
    number: int,
    at: int,
) -> int:
    """The attachment's id; `number` is that of the event that will tell of it."""
    if ready.upload is not None:
        with uploads_told():
            use_up(tx, actor, ready.upload, at)
    added: int = tx.value(
        "INSERT INTO attachments (ticket_id, note_id, file_id, kind, internal, number, name, added_by_id, added_at)"
        " VALUES (:ticket_id, :note_id, :file_id, :kind, :internal, :number, :name, :added_by_id, :added_at)"
        " RETURNING id AS value",
        ticket_id=ticket.id,
        note_id=None if note is None else note.id,
        file_id=store(tx, ticket.customer_id, ready, kind, at),
        kind=kind,
        internal=int(note is not None and note.internal),
        number=number,
        name=ready.name,
        added_by_id=actor.id,
        added_at=at,
    )
    return added
