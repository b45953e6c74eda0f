"""Notes by themselves: page after page, the public and the internal ones together, and one by its id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.db import Row, Tx
from keesa.errors import NotFound
from keesa.notes.notes import Table
from keesa.tickets.finding import duplicates_soon, find_ticket

NOT_FOUND: Final = "Note not found"
MOST_DUPLICATES: Final = 200
"""Duplicates of a ticket whose notes are listed; both kinds of their notes make as many branches as SQLite takes."""
_PUBLIC: Final[tuple[Table, ...]] = ("ticket_notes",)
_ALL: Final[tuple[Table, ...]] = ("ticket_notes", "internal_notes")
_COLUMNS: Final = "id, ticket_id, author_id, body, created_at, edited_at, withdrawn_at"
_AUTHORS: Final = "JOIN users ON users.id = notes.author_id"


class Author(NamedTuple):
    id: int
    full_name: str
    nick_name: str


@dataclass(frozen=True, slots=True)
class TicketNote:
    id: int
    ticket_id: int | None
    """None of a duplicate that is out of sight."""
    body: str
    """Empty where the note was withdrawn."""
    author: Author
    created_at: int
    edited_at: int | None
    withdrawn_at: int | None
    internal: bool


class NotePosition(NamedTuple):
    """What a list of notes is ordered by."""

    created_at: int
    id: int


@dataclass(frozen=True, slots=True)
class NotesPage:
    notes: Sequence[TicketNote]
    next_after: NotePosition | None
    """Behind which the next page begins; None where nothing follows."""


_FIRST: Final = NotePosition(-(2**62), 0)
_LAST: Final = NotePosition(2**62, 0)
"""Before and behind all notes."""


def page_of_notes(
    tx: Tx,
    actor: Actor,
    number: int | None,
    limit: int,
    after: NotePosition | None = None,
    *,
    newest_first: bool = False,
) -> NotesPage:
    """A page of the notes of a ticket and of its duplicates; for the desk with internal and withdrawn ones. Raises
    `NotFound`.
    """
    duplicates = duplicates_soon(tx, actor, number, MOST_DUPLICATES)
    ticket_id, _ = find_ticket(tx, actor, number)
    unseen = duplicates()
    ids = [ticket_id, *unseen]
    begin = after or (_LAST if newest_first else _FIRST)
    rows = tx.all(
        _page(len(ids), sees_internal(actor), newest_first, tx.merges_lazily),
        after_at=begin.created_at,
        after_id=begin.id,
        rows=limit + 1,
        **{f"ticket_{place}": each for place, each in enumerate(ids)},
    )
    notes = [_in_sight(note_of(row), unseen) for row in rows[:limit]]
    return NotesPage(notes, NotePosition(notes[-1].created_at, notes[-1].id) if len(rows) > limit else None)


def find_note(tx: Tx, actor: Actor, number: int | None, note_id: int | None) -> TicketNote:
    """One that the list of this ticket's notes shows, be it a duplicate's. Raises `NotFound`."""
    duplicates = duplicates_soon(tx, actor, number, MOST_DUPLICATES)
    ticket_id, _ = find_ticket(tx, actor, number)
    unseen = duplicates()
    return _in_sight(_read(tx, actor, [ticket_id, *unseen], note_id), unseen)


def _in_sight(note: TicketNote, unseen: Mapping[int, bool]) -> TicketNote:
    """Without the number of a ticket that is out of sight."""
    return replace(note, ticket_id=None) if note.ticket_id is not None and unseen.get(note.ticket_id) else note


def read_note(tx: Tx, actor: Actor, ticket_id: int, note_id: int | None) -> TicketNote:
    """The note of a ticket that the actor was found to see. Raises `NotFound`."""
    return _read(tx, actor, [ticket_id], note_id)


def _read(tx: Tx, actor: Actor, tickets: Sequence[int], note_id: int | None) -> TicketNote:
    selects = " UNION ALL ".join(
        f"SELECT * FROM ({_select(table)} WHERE id = :note_id{_shown(table, actor)}) {table}"
        for table in (_ALL if sees_internal(actor) else _PUBLIC)
    )
    for row in tx.all(f"{_SELECT} FROM ({selects}) notes {_AUTHORS}", note_id=note_id):
        if row["ticket_id"] in tickets:
            return note_of(row)
    raise NotFound(NOT_FOUND)


def note_of(row: Row) -> TicketNote:
    return TicketNote(
        id=row["id"],
        ticket_id=row["ticket_id"],
        body=row["body"],
        author=Author(row["author_id"], row["full_name"], row["nick_name"]),
        created_at=row["created_at"],
        edited_at=row["edited_at"],
        withdrawn_at=row["withdrawn_at"],
        internal=bool(row["internal"]),
    )


_SELECT: Final = (
    "SELECT notes.id, notes.ticket_id, notes.author_id, notes.body, notes.created_at, notes.edited_at,"
    " notes.withdrawn_at, notes.internal, users.full_name, users.nick_name"
)


def _select(table: Table) -> str:
    return f"SELECT {_COLUMNS}, {int(table == 'internal_notes')} AS internal FROM {table}"


def _shown(table: Table, actor: Actor) -> str:
    return "" if sees_internal(actor) else f" AND {table}.withdrawn_at IS NULL"


@lru_cache(maxsize=512)
def _page(tickets: int, internal: bool, newest_first: bool, merges_lazily: bool) -> str:  # noqa: FBT001 - called once
    """A page of so many tickets' notes: a branch for each and each kind, which an index gives in order. SQLite merges
    them, and stops at the page's end; PostgreSQL is told where to stop in each.
    """
    direction = " DESC" if newest_first else ""
    order = f"ORDER BY created_at{direction}, id{direction}"
    shown = "" if internal else " AND withdrawn_at IS NULL"
    branches = [
        f"{_select(table)} WHERE ticket_id = :ticket_{place}"
        f" AND (created_at, id) {'<' if newest_first else '>'} (:after_at, :after_id){shown}"
        for place in range(tickets)
        for table in (_ALL if internal else _PUBLIC)
    ]
    if len(branches) > 1 and not merges_lazily:
        branches = [f"({branch} {order} LIMIT :rows)" for branch in branches]
    page = f"SELECT * FROM ({' UNION ALL '.join(branches)} {order} LIMIT :rows) page"
    by_page = f"ORDER BY notes.created_at{direction}, notes.id{direction}"
    return f"{_SELECT} FROM ({page}) notes {_AUTHORS} {by_page}"
