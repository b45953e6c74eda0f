"""Editing and withdrawing a note: by who wrote it within a while, by administrators at any time."""

from dataclasses import dataclass, replace
from typing import Final

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid
from keesa.events.recording import Event
from keesa.notes.mentions import Names, mention, names_for
from keesa.notes.notes import counted, table_of, too_much
from keesa.notes.reading import TicketNote, read_note
from keesa.rich_text.html import RichText
from keesa.tickets import attached
from keesa.tickets.changing import change, follow
from keesa.tickets.finding import LockedTicket, lock_main, lock_ticket
from keesa.words import index

EDITABLE_FOR: Final = 15 * 60 * 1000
"""Milliseconds after a note was written."""
NOT_YOURS: Final = (
    f"Only who wrote a note may change it, within {EDITABLE_FOR // 60_000} minutes; administrators may at any time"
)
WITHDRAWN: Final = "was withdrawn, and stays so: write another one"


@dataclass(frozen=True, slots=True)
class LockedNote:
    """A note with the rows that a change of it holds."""

    note: TicketNote
    ticket: LockedTicket
    main: LockedTicket | None
    """The ticket that shows it too."""
    names: Names
    """Of those whom its new text may mention."""


def lock_note(
    tx: Tx, actor: Actor, number: int | None, note_id: int | None, at: int, text: RichText | None = None
) -> LockedNote:
    """The note of just this ticket, for changing it, maybe to the text. Raises `NotFound`, and `Forbidden` for who may
    not change it then.
    """
    names = names_for(tx, actor, text)
    ticket = lock_ticket(tx, actor, number)
    main = lock_main(tx, ticket)
    note = read_note(tx, actor, ticket.id, note_id)
    wrote_it = note.author.id == actor.id and at < note.created_at + EDITABLE_FOR
    if not wrote_it and actor.user_type != "admin":
        raise Forbidden(NOT_YOURS)
    return LockedNote(note, ticket, main, names)


def edit_note(tx: Tx, actor: Actor, locked: LockedNote, text: RichText, at: int) -> TicketNote:
    """The note as it is afterwards; whom its text names is mentioned. The text that it has changes nothing. Raises
    `Invalid`.
    """
    note = locked.note
    grown = text.size - len(note.body.encode())
    fault = text.fault or too_much((locked.ticket, locked.main), 0, grown, internal=note.internal)
    if note.withdrawn_at is not None:
        raise Invalid({"note": [WITHDRAWN]})
    if fault:
        raise Invalid({"note": [fault]})
    if text.kept == note.body:
        return note
    edited = replace(note, body=text.kept, edited_at=max(at, note.created_at))
    event = Event("note_edited", {"note": (note.body, text.kept)}, note.id, note.internal)
    ticket = _tell(tx, actor, locked, event, at, 0, grown)
    _keep(tx, edited)
    index.replace_note(tx, ticket.id, note.id, text.words, internal=note.internal)
    mention(tx, actor, ticket, text, locked.names, at)
    return edited


def withdraw_note(tx: Tx, actor: Actor, locked: LockedNote, at: int) -> None:
    """Take it out of all that shows notes, with its text and what hangs on it; the desk still sees that there was one.
    A second time changes nothing.
    """
    note = locked.note
    if note.withdrawn_at is not None:
        return
    event = Event("note_withdrawn", {"note": (note.body, None)}, note.id, note.internal)
    _tell(tx, actor, locked, event, at, -1, -len(note.body.encode()), attached.of_note(tx, note.id))
    _keep(tx, replace(note, body="", withdrawn_at=max(at, note.created_at)))
    index.remove_note(tx, locked.ticket.id, note.id, internal=note.internal)


def _keep(tx: Tx, note: TicketNote) -> None:
    tx.run(
        f"UPDATE {table_of(internal=note.internal)}"
        " SET body = :body, edited_at = :edited_at, withdrawn_at = :withdrawn_at WHERE id = :id",
        id=note.id,
        body=note.body,
        edited_at=note.edited_at,
        withdrawn_at=note.withdrawn_at,
    )


def _tell(
    tx: Tx, actor: Actor, locked: LockedNote, event: Event, at: int, notes: int, size: int, attachments: int = 0
) -> LockedTicket:
    """The note's ticket as it is afterwards, with so many more notes and bytes, and so many fewer attachments."""

    def columns(ticket: LockedTicket) -> dict[str, int]:
        internal = locked.note.internal
        less = attached.counted(ticket, -attachments, internal=internal)
        return counted(ticket, notes, size, internal=internal) | less

    ticket = change(tx, actor, locked.ticket, at, event, **columns(locked.ticket))
    if locked.main is not None:
        follow(tx, actor, locked.main, ticket, **columns(locked.main))
    return ticket
