"""PostgreSQL's rows: a `tsvector` of words with their positions, written as one by us.

A head has the positions to `_HEAD_END`, where the customer's mark stands; all else stands behind it, however long the
head is. So a head can be put in another one's place without moving the rest, which `||` would do.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from keesa.words.form import Form, Said, Values
from keesa.words.pieces import MOST_HEAD, Head
from keesa.words.rows import NamedPiece
from keesa.words.splitting import BOUNDARY

_HEAD_END: Final = MOST_HEAD + 11
_WEIGHTS: Final = {False: "B", True: "C"}
_PARTS: Final = {"head": "A", "said": "B", "internal": "C"}
_NAME_PARTS: Final = {"name": ""}
_LEXEME: Final = re.compile(r"'([^']+)':([0-9ABC,]+)")


def _placed(words: Iterable[str], first: int, weight: str) -> list[str]:
    """Each word with its position and weight, as a vector is written: no word has a quote or a backslash, and what is
    there more than once is put together by PostgreSQL. A boundary takes a position, and is no word.
    """
    return [f"'{word}':{position}{weight}" for position, word in enumerate(words, first) if word != BOUNDARY]


def _of_head(head: Head) -> list[str]:
    marks = head.marks
    return [*_placed(head.words, 1, "A"), *_placed(marks, _HEAD_END + 1 - len(marks), "A")]


def _head(head: Head) -> Values:
    return {"head": " ".join(_of_head(head))}


def _piece(each: NamedPiece) -> Values:
    return {"vector": " ".join(_placed(each.piece.words, 1, _WEIGHTS[each.internal]))}


def _row(head: Head, pieces: Sequence[NamedPiece]) -> Values:
    placed, first = _of_head(head), _HEAD_END + 1
    for each in pieces:
        placed += _placed(each.piece.words, first, _WEIGHTS[each.internal])
        first += each.piece.size
    return {"vector": " ".join(placed)}


def _name(words: Sequence[str]) -> Values:
    return {"vector": " ".join(_placed(words, 1, ""))}


def _said(values: Values) -> Said:
    found: dict[str, list[tuple[int, str]]] = {}
    for word, at in _LEXEME.findall(values["vector"]):
        for position in at.split(","):
            found.setdefault(position.lstrip("0123456789"), []).append((int(position.rstrip("ABC")), word))
    parts = _NAME_PARTS if "" in found else _PARTS
    return {part: _runs(sorted(found.get(weight, []))) for part, weight in parts.items()}


def _runs(placed: Sequence[tuple[int, str]]) -> list[tuple[str, ...]]:
    """What stands side by side."""
    runs = groupby(enumerate(placed), key=lambda each: each[1][0] - each[0])
    return sorted(tuple(word for _, (_, word) in run) for _, run in runs)


_TEXTS: Final = """
    CASE WHEN more.place IS NULL THEN own.vector WHEN more.anew = 1 THEN more.vector ELSE own.vector || more.vector END
"""


def _with_head(vector: str, head: str) -> str:
    """In place of the one that is there. Both are written down, as `||` would move what stands behind."""
    return f"CAST(CAST({vector} AS TEXT) || ' ' || {head} AS tsvector)"


_HEADED: Final = _with_head(f"ts_filter({_TEXTS}, '{{b,c}}')", "more.head")
_HIDDEN: Final = _with_head("setweight(ts_filter(vector, '{b,c}'), 'C')", ":head")

POSTGRES: Final = Form(
    columns="vector",
    written="CAST(:vector AS tsvector)",
    current=f"CASE WHEN more.head IS NULL THEN {_TEXTS} ELSE {_HEADED} END AS vector",
    read="CAST(vector AS TEXT) AS vector",
    pending="head, vector",
    put="NULL, CAST(:vector AS tsvector)",
    headed="CAST(:head AS TEXT), CAST('' AS tsvector)",
    hidden=f"CAST(NULL AS TEXT), {_HIDDEN}",
    current_head=(
        "CASE WHEN more.head IS NOT NULL THEN CAST(more.head AS tsvector)"
        " ELSE ts_filter(CASE WHEN more.anew = 1 THEN more.vector ELSE own.vector END, '{a}') END"
    ),
    appended=(
        "CAST(NULL AS TEXT),"
        " CASE WHEN anew = 1 THEN head || CAST(:vector AS tsvector) ELSE CAST(:vector AS tsvector) END"
    ),
    added=(
        "vector = CASE WHEN excluded.anew = 1 THEN excluded.vector ELSE pending_words.vector || excluded.vector END"
    ),
    set_name=(
        "INSERT INTO name_words (place, vector) VALUES (:place, CAST(:vector AS tsvector))"
        " ON CONFLICT (place) DO UPDATE SET vector = excluded.vector"
    ),
    read_name="CAST(vector AS TEXT) AS vector",
    head=_head,
    piece=_piece,
    row=_row,
    name=_name,
    said=_said,
)
