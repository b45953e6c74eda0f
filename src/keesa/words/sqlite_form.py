"""SQLite's rows: words with blanks between them, which FTS5 takes as they are."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from keesa.words.form import APPENDING, FITS, FREE, LAST_ROW, Form, Said, Values
from keesa.words.pieces import Head
from keesa.words.rows import NamedPiece
from keesa.words.splitting import BOUNDARY


def _head(head: Head) -> Values:
    return {"head": " ".join((*head.words, BOUNDARY, *head.marks))}


def _piece(each: NamedPiece) -> Values:
    return _texts([each])


def _row(head: Head, pieces: Sequence[NamedPiece]) -> Values:
    return {**_head(head), **_texts(pieces)}


def _texts(pieces: Iterable[NamedPiece]) -> Values:
    """Each piece begins with a blank, so that one can be put behind another as it is."""
    texts = {False: "", True: ""}
    for each in pieces:
        texts[each.internal] += f" {' '.join(each.piece.words)}"
    return {"said": texts[False], "internal": texts[True]}


def _name(words: Sequence[str]) -> Values:
    return {"name": " ".join(words)}


def _said(values: Values) -> Said:
    return {
        column: _runs(values[column].split()) for column in ("head", "said", "internal", "name") if column in values
    }


def _runs(words: Iterable[str]) -> list[tuple[str, ...]]:
    parts = groupby(words, key=lambda word: word == BOUNDARY)
    return sorted(tuple(run) for boundary, run in parts if not boundary)


SQLITE: Final = Form(
    write=(
        "INSERT INTO ticket_words (place, head, said, internal, pieces, words, most)"
        " VALUES (:place, :head, :said, :internal, :pieces, :words, :most) ON CONFLICT (place) DO UPDATE SET"
        " head = excluded.head, said = excluded.said, internal = excluded.internal,"
        " pieces = excluded.pieces, words = excluded.words, most = excluded.most"
    ),
    append=APPENDING.format(
        columns="head, said, internal",
        values="ticket_words.head, :said, :internal",
        added="said = ticket_words.said || excluded.said, internal = ticket_words.internal || excluded.internal",
        fits=FITS,
        last_row=LAST_ROW,
        free=FREE,
    ),
    set_head="UPDATE ticket_words SET head = :head WHERE place >= :first AND place <= :last",
    hide=(
        "UPDATE ticket_words SET head = :head, said = '', internal = said || internal,"
        """ pieces = replace(pieces, '["n",', '["i",') WHERE place >= :first AND place <= :last"""
    ),
    set_name=(
        "INSERT INTO name_words (place, name) VALUES (:place, :name)"
        " ON CONFLICT (place) DO UPDATE SET name = excluded.name"
    ),
    head=_head,
    piece=_piece,
    row=_row,
    name=_name,
    read="head, said, internal",
    read_name="name",
    said=_said,
)
