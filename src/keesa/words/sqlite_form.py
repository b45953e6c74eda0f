"""SQLite's rows: words with blanks between them, which FTS5 takes as they are."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from keesa.words.form import Form, Said, Values
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


def _current(column: str) -> str:
    return (
        f"CASE WHEN more.anew = 1 THEN more.{column} ELSE own.{column} || coalesce(more.{column}, '') END AS {column}"
    )


SQLITE: Final = Form(
    columns="head, said, internal",
    written=":head, :said, :internal",
    current=f"coalesce(more.head, own.head) AS head, {_current('said')}, {_current('internal')}",
    read="head, said, internal",
    pending="head, said, internal",
    put=":head, :said, :internal",
    headed=":head, '', ''",
    hidden=":head, '', said || internal",
    current_head="coalesce(more.head, own.head)",
    appended="CASE WHEN anew = 1 THEN head END, :said, :internal",
    added=(
        "head = coalesce(excluded.head, pending_words.head), said = pending_words.said || excluded.said,"
        " internal = pending_words.internal || excluded.internal"
    ),
    set_name=(
        "INSERT INTO name_words (place, name) VALUES (:place, :name)"
        " ON CONFLICT (place) DO UPDATE SET name = excluded.name"
    ),
    read_name="name",
    head=_head,
    piece=_piece,
    row=_row,
    name=_name,
    said=_said,
)
