"""What a query finds on SQLite, whose index has its hits in the order of their places. `walk` knows the index alone,
all else looks at rows as they are now.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import msgspec

from keesa.db import Tx
from keesa.search.asking import Asked
from keesa.search.plain import met_by_heads, met_of
from keesa.search.spans import CHUNK, HITS, Met, Span
from keesa.words.places import MOST_ROWS
from keesa.words.sqlite_form import SQLITE
from keesa.words.statements import GIVEN, current

LOOSE: Final = 8_000
"""Rows that have all words of a phrase, wherever they stand: of so many FTS5 looks for the phrase itself. Among more it
would not stop before it has found one.
"""
_IN_SPAN: Final = (
    "SELECT rowid FROM ticket_search WHERE ticket_search MATCH :match AND rowid >= :lower AND rowid < :upper"
)
_TEXTS: Final = {True: "' ' || head || said || internal || ' '", False: "' ' || head || said || ' '"}
"""Of a row as `keesa.search.plain` takes it, by whether internal notes count; each piece begins with a blank."""
_INDEXED: Final = "ticket_words WHERE place IN $json_ids"
_ROWS: Final = f"({current(SQLITE, GIVEN)}) rows"
_HEADS: Final = f"SELECT place, ' ' || head || ' ' FROM ({current(SQLITE, GIVEN)}) rows"
_OF_TICKETS: Final = " UNION ".join(
    f"SELECT own.place FROM json_each(:ids) given CROSS JOIN {table} own"
    f" ON own.place >= given.value AND own.place < given.value + {MOST_ROWS}"
    for table in ("ticket_words", "pending_words")
)
_AMONG: Final = f"({current(SQLITE, _OF_TICKETS)}) rows"


def walk(tx: Tx, asked: Asked, span: Span, *, newest_first: bool) -> Iterator[Met]:
    """The hits of the span, from one end on."""
    loosely = asked.match.has_phrases and _are_many(tx, asked)
    sql = f"{_IN_SPAN} ORDER BY rowid {'DESC' if newest_first else 'ASC'} LIMIT {HITS}"
    match = asked.match.loose if loosely else asked.match.whole
    found = (place for (place,) in tx.each(sql, match=match, **span._asdict()))
    looked = 0
    while True:
        places = list(islice(found, CHUNK))
        looked += len(places)
        ended = len(places) < CHUNK and looked < HITS
        yield Met(_checked(tx, asked, places) if loosely else places, None if ended else places[-1])
        if ended or looked >= HITS:
            return


def _are_many(tx: Tx, asked: Asked) -> bool:
    loose = f"SELECT rowid FROM ticket_search WHERE ticket_search MATCH :match LIMIT {LOOSE + 1}"
    found: int = tx.value(f"SELECT count(*) AS value FROM ({loose})", match=asked.match.loose)
    return found > LOOSE


def _checked(tx: Tx, asked: Asked, places: Sequence[int]) -> list[int]:
    """Those of them that have what is asked for."""
    found = {*_met(tx, asked, _INDEXED, places)}
    return [place for place in places if place in found]


def met(tx: Tx, asked: Asked, places: Sequence[int]) -> list[int]:
    """Those of these rows that have what is asked for, as they are now."""
    return _met(tx, asked, _ROWS, places)


def heads_of(tx: Tx, asked: Asked, places: Sequence[int]) -> set[int]:
    """Those of these hits whose head has all of it."""
    return {*met_by_heads(asked.match.plain, tx.each(_HEADS, ids=msgspec.json.encode(places).decode()))}


def among(tx: Tx, asked: Asked, firsts: Sequence[int]) -> list[int]:
    """The hits of the tickets that have their first rows there. Their rows are read: FTS5 would make the list of all
    hits anew for each of them.
    """
    return _met(tx, asked, _AMONG, firsts)


def _met(tx: Tx, asked: Asked, rows: str, ids: Sequence[int]) -> list[int]:
    sql = f"SELECT place, {_TEXTS[asked.internal]} FROM {rows}"
    return met_of(asked.match.plain, tx.each(sql, ids=msgspec.json.encode(ids).decode()))
