"""Keeping the words of tickets as their texts are: within the write that changes those, so that what is gone is not
found any more once the write is kept, and what was undone was never there. Nothing is written to the engine's index:
what becomes of a row is pending until it is folded (`keesa.words.pending`).

Who calls holds the ticket's row. A ticket without rows has not been filled in yet (`keesa.words.filling`), which takes
its texts as they are then: here nothing is done to it.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from keesa.db import Tx
from keesa.words.form import Form, Values
from keesa.words.forms import form_of
from keesa.words.pieces import Head, Piece
from keesa.words.places import MOST_ROWS, place_of
from keesa.words.rows import DESCRIPTION, NOTES, Kind, NamedPiece, Row, begin_of, named, names_in, rest_of, rows_of
from keesa.words.statements import OF_TICKET, appending, current, statements_of
from keesa.words.texts import head_of, pieces_named, texts_of

_LAST_NOTE: Final = {
    internal: f"""'["{NOTES[internal]}",' || CAST((SELECT id FROM {table} WHERE ticket_id = :ticket_id"""
    " ORDER BY created_at DESC, id DESC LIMIT 1) AS TEXT) || :rest"
    for internal, table in ((False, "ticket_notes"), (True, "internal_notes"))
}
"""The name of a piece of the note that was just added, whose id nobody has asked for."""


def index_ticket(tx: Tx, head: Head, description: Sequence[Piece]) -> None:
    """A ticket that was just raised."""
    for place, row in enumerate(rows_of(named(DESCRIPTION, None, description)), place_of(head.id)):
        _put(tx, place, head, row)


def add_note(tx: Tx, ticket_id: int, pieces: Sequence[Piece], *, internal: bool) -> None:
    """The last note of the ticket, which was just added."""
    for each in named(NOTES[internal], 0, pieces):
        rest = rest_of(each.chunk)
        _append(tx, ticket_id, each, _LAST_NOTE[internal], ticket_id=ticket_id, rest=rest)


def replace_note(tx: Tx, ticket_id: int, note_id: int, pieces: Sequence[Piece], *, internal: bool) -> None:
    """A note whose text is another one now."""
    _replace(tx, ticket_id, NOTES[internal], note_id, pieces)


def remove_note(tx: Tx, ticket_id: int, note_id: int, *, internal: bool) -> None:
    """A note that was withdrawn."""
    _replace(tx, ticket_id, NOTES[internal], note_id, ())


def replace_description(tx: Tx, ticket_id: int, pieces: Sequence[Piece]) -> None:
    """The description, which is another one now."""
    _replace(tx, ticket_id, DESCRIPTION, None, pieces)


def set_head(tx: Tx, head: Head) -> None:
    """A title or what else the rows begin with is another one now."""
    form = form_of(tx)
    tx.run(statements_of(form).set_head, **rows_range(head.id), **form.head(head))


def hand_over(tx: Tx, head: Head, description: Sequence[Piece]) -> None:
    """A ticket that was given to another customer: all notes of before have become internal."""
    form = form_of(tx)
    tx.run(statements_of(form).hide, **rows_range(head.id), **form.head(head))
    replace_description(tx, head.id, description)


def reindex(tx: Tx, ticket_id: int) -> None:
    """All of a ticket anew, from its texts."""
    texts = texts_of(tx, [ticket_id])[ticket_id]
    write_rows(tx, texts.head, rows_of(texts.pieces()))


def write_rows(tx: Tx, head: Head, rows: Sequence[Row]) -> None:
    """Into the index itself, in place of those that the ticket has, if any."""
    form, first = form_of(tx), place_of(head.id)
    tx.run("DELETE FROM pending_words WHERE place >= :first AND place <= :last", **rows_range(head.id))
    for place, row in enumerate(rows, first):
        tx.run(statements_of(form).write, **_values(form, place, head, row))
    behind = {"first": first + len(rows), "last": first + MOST_ROWS - 1}
    tx.run("DELETE FROM ticket_words WHERE place >= :first AND place <= :last", **behind)


def _put(tx: Tx, place: int, head: Head, row: Row) -> None:
    form = form_of(tx)
    tx.run(statements_of(form).put, **_values(form, place, head, row))


def _values(form: Form, place: int, head: Head, row: Row) -> Values:
    return {"place": place, "pieces": row.names, "words": row.words, "most": row.most, **form.row(head, row.pieces)}


def _free_places(tx: Tx, ticket_id: int) -> list[int]:
    """Where it has no rows, those first that it had."""
    taken = {place for (place,) in tx.each(OF_TICKET, **rows_range(ticket_id))}
    first = place_of(ticket_id)
    return [place for place in range(first, first + MOST_ROWS) if place not in taken]


def _append(tx: Tx, ticket_id: int, each: NamedPiece, called: str, /, **given: object) -> None:
    """`called` is an expression for the piece's name."""
    form = form_of(tx)
    sizes = {"size": each.piece.size, "most": each.piece.most}
    tx.run(appending(form, called), **rows_range(ticket_id), **sizes, **form.piece(each), **given)


def _replace(tx: Tx, ticket_id: int, kind: Kind, note_id: int | None, pieces: Sequence[Piece]) -> None:
    """Rows that had some of it are made anew: of the texts that they have left, and of what of the new one they hold.
    What is more comes into rows of its own.
    """
    begin = begin_of(kind, note_id)
    rows = current(form_of(tx), OF_TICKET)
    found = tx.all(_WITH_PIECE.format(rows=rows), **rows_range(ticket_id), one=f"%{begin}]%", some=f"%{begin},%")
    head = head_of(tx, ticket_id) if found else None
    wanted = deque(named(kind, note_id, pieces))
    for row in found:
        assert head is not None  # noqa: S101 - it was read
        made = _without(tx, ticket_id, row["pieces"], (kind, note_id))
        while wanted and made.fits(wanted[0].piece):
            made.add(wanted.popleft())
        _put(tx, row["place"], head, made)
    if wanted and head is not None:
        for place, made in zip(_free_places(tx, ticket_id), rows_of(wanted), strict=False):
            _put(tx, place, head, made)


def _without(tx: Tx, ticket_id: int, pieces: str, text: tuple[Kind, int | None]) -> Row:
    """The row as it is without a text."""
    made = Row()
    for each in pieces_named(tx, ticket_id, [name for name in names_in(pieces) if name[:2] != text]):
        made.add(each)
    return made


_WITH_PIECE: Final = (
    "SELECT place, pieces FROM ({rows}) rows WHERE pieces LIKE :one OR pieces LIKE :some ORDER BY place"
)


def rows_range(ticket_id: int) -> Values:
    """Where its rows may stand."""
    first = place_of(ticket_id)
    return {"first": first, "last": first + MOST_ROWS - 1}
