"""Adding a note to a ticket, and listing a ticket's notes as the documents have them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import OnlyFor
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import LAST_NOTE, Event
from keesa.notes.mentions import Names, mention, names_for, nobody
from keesa.rich_text.html import RichText
from keesa.tickets.changing import change, follow
from keesa.tickets.finding import Known, LockedTicket, in_any_state, lock_main, lock_ticket
from keesa.tickets.pages import Page
from keesa.tickets.status import reopen
from keesa.tickets.views import WITH_DUPLICATES, VisibleTicket
from keesa.tickets.waiting import Reopening, after_note, reopens
from keesa.words import index

MOST_NOTES: Final = 5_000
"""Of a ticket; as many internal ones."""
LARGEST_NOTES: Final = 1_048_576
"""Bytes of a ticket's notes together; as many of internal ones."""
ALL: Final = Page(limit=None)
require_internal: Final = OnlyFor(("admin", "staff"), "Only staff may write internal notes")

Table = Literal["ticket_notes", "internal_notes"]


@dataclass(frozen=True, slots=True)
class Note:
    """As the documents show one."""

    id: int
    body: str
    author: str
    author_nick: str
    created_at: int


@dataclass(frozen=True, slots=True)
class AddedNote:
    id: int
    ticket_id: int
    body: str
    """The text as it was kept."""
    created_at: int
    internal: bool
    mentioned: tuple[int, ...]
    """The ids of the users who are mentioned."""


def add_note(
    tx: Tx,
    actor: Actor,
    number: int | None,
    text: RichText,
    at: int,
    reopening: Reopening = "off",
    known: Known = in_any_state,
) -> str:
    """Add a note that customers see, as the actor; the text as it was kept. `reopening` says which tickets a customer's
    answer takes up again. Raises `NotFound` and `Invalid`.
    """
    _add(tx, actor, number, text, at, reopening, known, internal=False)
    return text.kept


def make_note(
    tx: Tx,
    actor: Actor,
    number: int | None,
    text: RichText,
    at: int,
    reopening: Reopening = "off",
    known: Known = in_any_state,
    *,
    internal: bool = False,
) -> AddedNote:
    """The same, and what was made. An internal one is the desk's alone, and counts by itself. Raises `Forbidden`."""
    if internal:
        require_internal(actor)
    ticket, mentioned = _add(tx, actor, number, text, at, reopening, known, internal=internal)
    [row] = tx.all(LAST_NOTE.format(columns="id, created_at", table=table_of(internal=internal)), ticket_id=ticket.id)
    return AddedNote(row["id"], ticket.id, text.kept, row["created_at"], internal, mentioned)


def _add(
    tx: Tx,
    actor: Actor,
    number: int | None,
    text: RichText,
    at: int,
    reopening: Reopening,
    known: Known,
    *,
    internal: bool,
) -> tuple[LockedTicket, tuple[int, ...]]:
    names = names_for(tx, actor, text)
    ticket = lock_ticket(tx, actor, number, known)
    return ticket, add_note_to(tx, actor, ticket, text, at, reopening, names, internal=internal)


def add_note_to(
    tx: Tx,
    actor: Actor,
    ticket: LockedTicket,
    text: RichText,
    at: int,
    reopening: Reopening = "off",
    names: Names = nobody,
    *,
    internal: bool = False,
) -> tuple[int, ...]:
    """Add the note to a ticket that is held, and mention whom it names, as `names_for` has them; their ids. Who writes
    an internal one must be of the desk. Raises `Invalid`.
    """
    main = lock_main(tx, ticket)
    if fault := text.fault or too_much((ticket, main), 1, text.size, internal=internal):
        raise Invalid({"note": [fault]})
    tx.run(
        _INSERT[table_of(internal=internal)],
        ticket_id=ticket.id,
        author_id=actor.id,
        body=text.kept,
        at=max(at, ticket.raised_at),
    )
    index.add_note(tx, ticket.id, text.words, internal=internal)
    event = Event("note_added", internal=internal)
    answered = ticket = change(tx, actor, ticket, at, event, **_columns(actor, ticket, text, at, internal=internal))
    if main is not None:
        answered = follow(tx, actor, main, ticket, **_columns(actor, main, text, at, internal=internal))
    if not internal and reopens(actor, answered, reopening):
        answered = reopen(tx, answered, at)
        ticket = ticket if main is not None else answered
    return tuple(mention(tx, actor, ticket, text, names, at))


def _columns(actor: Actor, ticket: LockedTicket, text: RichText, at: int, *, internal: bool) -> dict[str, int | None]:
    """What a note changes of a ticket that shows it."""
    waiting = {} if internal else after_note(actor, ticket, at)
    return counted(ticket, 1, text.size, internal=internal) | waiting


def counted(ticket: LockedTicket, notes: int, size: int, *, internal: bool = False) -> dict[str, int]:
    """The columns that bound a ticket's public or its internal notes, with so many more and so many bytes of them. A
    ticket that has duplicates counts theirs too, which it shows.
    """
    if internal:
        return {
            "internal_notes": ticket.internal_notes + notes,
            "internal_notes_size": ticket.internal_notes_size + size,
        }
    return {"notes_count": ticket.notes_count + notes, "notes_size": ticket.notes_size + size}


def too_much(tickets: Iterable[LockedTicket | None], notes: int, size: int, *, internal: bool) -> str | None:
    """Why one of the tickets cannot have so many more notes, and so many bytes more; None where each can."""
    kind = "internal notes" if internal else "notes"
    for ticket in tickets:
        if ticket is None:
            continue
        had = ticket.internal_notes if internal else ticket.notes_count
        had_size = ticket.internal_notes_size if internal else ticket.notes_size
        if notes > 0 and had + notes > MOST_NOTES:
            return f"is one too many: the ticket has {MOST_NOTES} {kind}, raise another ticket"
        if size > 0 and had_size + size > LARGEST_NOTES:
            left = max(LARGEST_NOTES - had_size, 0)
            return f"is too long: the ticket's {kind} may have {left} more bytes, raise another ticket"
    return None


def table_of(*, internal: bool) -> Table:
    return "internal_notes" if internal else "ticket_notes"


_INSERT: Final = {
    table: f"INSERT INTO {table} (ticket_id, author_id, body, created_at)"
    " SELECT :ticket_id, :author_id, :body, CASE WHEN last > :at THEN last ELSE :at END"
    f" FROM (SELECT max(created_at) AS last FROM {table} WHERE ticket_id = :ticket_id) notes"
    for table in (table_of(internal=False), table_of(internal=True))
}
"""No note is older than the ticket's last one of its kind, whatever the server's clock says. Who adds one holds the
ticket's row, so notes come in the order in which they were added.
"""
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
