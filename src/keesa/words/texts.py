"""The texts of tickets as the tables have them, for what is made of them anew."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from keesa.db import Tx
from keesa.words.pieces import Head, pieces_of
from keesa.words.plain import plain_text
from keesa.words.rows import DESCRIPTION, NOTES, Kind, Name, NamedPiece, named

_HEAD: Final = ", ".join(Head._fields)


class Text(NamedTuple):
    kind: Kind
    id: int | None
    """Of the note."""
    kept: str


class TicketTexts(NamedTuple):
    head: Head
    revision: int
    texts: list[Text]

    def pieces(self) -> Iterator[NamedPiece]:
        for text in self.texts:
            yield from named(text.kind, text.id, pieces_of(plain_text(text.kept)))


def texts_of(tx: Tx, ids: Collection[int]) -> dict[int, TicketTexts]:
    """By id, those of the tickets that there are, with what customers do not see: for the index alone."""
    given = msgspec.json.encode([*ids]).decode()
    found: dict[int, TicketTexts] = {}
    for revision, description, *head in tx.each(
        f"SELECT revision, description, {_HEAD} FROM tickets WHERE id IN $json_ids", ids=given
    ):
        read = Head(*head)
        found[read.id] = TicketTexts(read, revision, [Text(DESCRIPTION, None, description)])
    for internal, kind in NOTES.items():
        for ticket_id, note_id, body in tx.each(_NOTES.format(table=_TABLES[internal]), ids=given):
            found[ticket_id].texts.append(Text(kind, note_id, body))
    return found


_TABLES: Final = {False: "ticket_notes", True: "internal_notes"}
_NOTES: Final = (
    "SELECT ticket_id, id, body FROM {table} WHERE ticket_id IN $json_ids AND withdrawn_at IS NULL"
    " ORDER BY ticket_id, created_at, id"
)


def head_of(tx: Tx, ticket_id: int) -> Head:
    [head] = tx.each(f"SELECT {_HEAD} FROM tickets WHERE id = :id", id=ticket_id)
    return Head(*head)


def pieces_named(tx: Tx, ticket_id: int, names: Sequence[Name]) -> list[NamedPiece]:
    """The pieces with these kinds, ids and chunks, of texts as they are now; what is not there any more is left out."""
    kept = {(text.kind, text.id): text.kept for text in _texts_named(tx, ticket_id, names)}
    pieces = {key: pieces_of(plain_text(text)) for key, text in kept.items()}
    found = []
    for kind, note_id, chunk in names:
        of_text = pieces.get((kind, note_id), ())
        if (chunk or 0) < len(of_text):
            found.append(NamedPiece(kind, note_id, chunk, of_text[chunk or 0]))
    return found


def _texts_named(tx: Tx, ticket_id: int, names: Sequence[Name]) -> Iterator[Text]:
    if any(kind == DESCRIPTION for kind, *_ in names):
        [(description,)] = tx.each("SELECT description FROM tickets WHERE id = :id", id=ticket_id)
        yield Text(DESCRIPTION, None, description)
    for internal, kind in NOTES.items():
        if ids := {note_id for each, note_id, _ in names if each == kind}:
            sql = f"SELECT id, body FROM {_TABLES[internal]} WHERE id IN $json_ids AND withdrawn_at IS NULL"
            yield from (Text(kind, *row) for row in tx.each(sql, ids=msgspec.json.encode([*ids]).decode()))
