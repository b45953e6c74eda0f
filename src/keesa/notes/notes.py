"""Adding a note to a ticket, and reading a ticket's notes."""

from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.rich_text.html import RichText
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket, lock_main, lock_ticket
from keesa.tickets.pages import Page
from keesa.tickets.views import WITH_DUPLICATES, VisibleTicket

MOST_NOTES: Final = 5_000
"""Of a ticket."""
LARGEST_NOTES: Final = 1_048_576
"""Bytes of a ticket's notes together."""
ALL: Final = Page(limit=None)
_LAST_NOTE: Final = "SELECT max(created_at) AS last FROM ticket_notes WHERE ticket_id = :ticket_id"
"""No note is older than the ticket's last one, whatever the server's clock says. Who adds one holds the ticket's row,
so notes come in the order in which they were added.
"""


@dataclass(frozen=True, slots=True)
class Note:
    id: int
    body: str
    author: str
    author_nick: str
    created_at: int


def add_note(tx: Tx, actor: Actor, number: int | None, text: RichText, at: int) -> str:
    """Add the note as the actor; the text as it was kept. Raises `NotFound` and `Invalid`."""
    return add_note_to(tx, actor, lock_ticket(tx, actor, number), text, at)


def add_note_to(tx: Tx, actor: Actor, ticket: LockedTicket, text: RichText, at: int) -> str:
    """`add_note` to a ticket that is held."""
    main = lock_main(tx, ticket)
    if fault := text.fault or _too_much(ticket, text) or (main and _too_much(main, text)):
        raise Invalid({"note": [fault]})
    tx.run(
        "INSERT INTO ticket_notes (ticket_id, author_id, body, created_at)"
        f" SELECT :ticket_id, :author_id, :body, CASE WHEN last > :at THEN last ELSE :at END FROM ({_LAST_NOTE}) notes",
        ticket_id=ticket.id,
        author_id=actor.id,
        body=text.kept,
        at=max(at, ticket.raised_at),
    )
    change(tx, actor, ticket, at, Event("note_added"), **counted(ticket, 1, text.size))
    if main is not None:
        change(tx, actor, main, at, **counted(main, 1, text.size))
    return text.kept


def counted(ticket: LockedTicket, notes: int, size: int) -> dict[str, int]:
    """The columns that bound a ticket's public notes, with so many more and so many bytes of them. A ticket that has
    duplicates counts theirs too, which it shows.
    """
    return {"notes_count": ticket.notes_count + notes, "notes_size": ticket.notes_size + size}


def _too_much(ticket: LockedTicket, text: RichText) -> str | None:
    if ticket.notes_count >= MOST_NOTES:
        return f"is one too many: the ticket has {MOST_NOTES} notes, raise another ticket"
    if ticket.notes_size + text.size > LARGEST_NOTES:
        left = max(LARGEST_NOTES - ticket.notes_size, 0)
        return f"is too long: the ticket's notes may have {left} more bytes, raise another ticket"
    return None


_SHOWN: Final = f"ticket_notes.withdrawn_at IS NULL AND {WITH_DUPLICATES.format(id='CAST(:ticket_id AS BIGINT)')}"


def list_notes(tx: Tx, visible: VisibleTicket, page: Page = ALL) -> list[Note]:
    """A page of the notes of a ticket that an actor was found to see, always oldest first."""
    ticket_id, _ = visible
    limit, offset = page.bounds
    rows = tx.all(
        "SELECT ticket_notes.id, ticket_notes.body, users.full_name, users.nick_name, ticket_notes.created_at"
        " FROM ticket_notes JOIN users ON users.id = ticket_notes.author_id"
        f" WHERE {_SHOWN} ORDER BY ticket_notes.created_at, ticket_notes.id LIMIT :limit OFFSET :offset",
        ticket_id=ticket_id,
        limit=limit,
        offset=offset,
    )
    return [Note(row["id"], row["body"], row["full_name"], row["nick_name"], row["created_at"]) for row in rows]
