"""What a query finds on PostgreSQL, whose index has its hits in no order.

Where hits are many, rows are looked at in the order of their places until enough were found; where they are few, all
of them are sorted. Which of the two it is, the first rows tell, or the index (docs/decisions/0065-searching.md).
Places come as one JSON list, which costs a tenth of so many rows; and whether the head has all of it is looked at
where the row is.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Final, NamedTuple

import msgspec

from keesa.accounts.filters import Condition
from keesa.db import Row, Tx
from keesa.search.asking import Asked
from keesa.search.spans import CHUNK, HITS, Met, Span
from keesa.words.places import MOST_ROWS
from keesa.words.postgres_form import POSTGRES
from keesa.words.statements import GIVEN, current

FIRST: Final = 200
"""Rows that are looked at to begin with."""
EXPECTED: Final = 7_500
"""Rows that have all words, as the first ones let expect: of so many the index is asked. Else it would gather them all
first, and there would be too many to sort.
"""
ROWS: Final = 12_000
"""That are looked at for a page, at the most."""
PHRASES: Final = 10_000
"""The same where a phrase is asked for, which takes several times as long."""
SORTED: Final = 5_000
"""So many hits are sorted whole. Of a customer's user all are, who gets no rows looked at that are not theirs."""

_IN_HEAD: Final = "CASE WHEN vector @@ CAST(:head AS tsquery) THEN 2 ELSE 1 END"
"""Of a row that was found."""
_FOUND: Final = "CASE WHEN vector @@ CAST(:match AS tsquery) THEN {} ELSE 0 END"
_FOUND_LOOSELY: Final = "CASE WHEN vector @@ CAST(:loose AS tsquery) THEN 1 ELSE 0 END"
_LISTS: Final = (
    "CAST(json_agg(place) FILTER (WHERE found > 0) AS TEXT) AS hits,"
    " CAST(json_agg(place) FILTER (WHERE found > 1) AS TEXT) AS in_heads"
)
_ALL_ROWS: Final = "(SELECT reltuples FROM pg_class WHERE oid = CAST('ticket_words' AS regclass))"
"""As the server last knew; below 0 where it does not."""


class _Window(NamedTuple):
    met: Met
    density: float
    """The part of its rows that are hits."""
    expected: float
    """Rows that have all words, if all are as these, where it was `expecting`; none where the server does not know how
    many rows there are.
    """


def walk(tx: Tx, asked: Asked, span: Span, *, newest_first: bool) -> Iterator[Met]:
    """The hits of the span, from one end on."""
    if asked.own_alone:
        yield from _sorted(tx, asked, span, None, newest_first=newest_first)
        return
    first = _window(tx, asked, span, FIRST, newest_first=newest_first, expecting=True)
    yield first.met
    if first.met.end is None:
        return
    left = span.beyond(first.met.end, newest_first=newest_first)
    if first.expected < EXPECTED:
        found = list(_sorted(tx, asked, left, SORTED, newest_first=newest_first))
        if found:
            yield from found
            return
    yield from _windows(tx, asked, left, first, newest_first=newest_first)


def _windows(tx: Tx, asked: Asked, span: Span, last: _Window, *, newest_first: bool) -> Iterator[Met]:
    """Rows in turn behind the first ones, as many at a time as may fill up a chunk of hits."""
    left, hits = (PHRASES if asked.match.has_phrases else ROWS) - FIRST, len(last.met.hits)
    while left > 0:
        rows = (CHUNK - hits % CHUNK) / max(last.density, 1 / ROWS)
        size = min(left, FIRST * ceil(rows / FIRST))  # a multiple of it, so that statements are few
        last = _window(tx, asked, span, size, newest_first=newest_first)
        yield last.met
        if last.met.end is None:
            return
        span = span.beyond(last.met.end, newest_first=newest_first)
        left -= size
        hits += len(last.met.hits)


def _window(tx: Tx, asked: Asked, span: Span, size: int, *, newest_first: bool, expecting: bool = False) -> _Window:
    """`expecting`: each row is asked for the words of phrases, too, for how many of all rows may have them."""
    found, last, direction = _found(asked), *(("min", "DESC") if newest_first else ("max", "ASC"))
    apart = expecting and asked.match.has_phrases
    loosely = _FOUND_LOOSELY if apart else "found"
    looked = (
        f"SELECT place, {found.sql} AS found, vector FROM ticket_words WHERE place >= :lower AND place < :upper"
        f" ORDER BY place {direction} LIMIT {size}"
    )
    [row] = tx.all(
        f"SELECT count(*) AS looked, {last}(place) AS last, {_LISTS}, count(*) FILTER (WHERE {loosely} > 0) AS loose,"
        f" {_ALL_ROWS} AS rows FROM ({looked}) looked",
        **found.params,
        **({"loose": asked.match.loose} if apart else {}),
        **span._asdict(),
    )
    hits, rows = _places(asked, row, newest_first=newest_first), max(row["looked"], 1)
    expected = row["loose"] / rows * row["rows"] if row["rows"] > 0 else 0
    return _Window(Met(hits, row["last"] if row["looked"] == size else None), len(hits) / rows, expected)


def _sorted(tx: Tx, asked: Asked, span: Span, most: int | None, *, newest_first: bool) -> Iterator[Met]:
    """Nothing where there are more than so many. Where all are sorted, their heads are left for `heads_of`."""
    if most is None:
        asked = asked._replace(by_heads=False)
    found = _found(asked)
    of_hit = _IN_HEAD if asked.by_heads else "1"
    if asked.match.has_phrases:  # they are looked for in the rows that have their words: the index knows of none
        of_hit = found.sql
    listed = (
        f"SELECT place, {of_hit} AS found FROM ticket_words"
        " WHERE vector @@ CAST(:loose AS tsquery) AND place + 0 >= :lower AND place + 0 < :upper"  # + 0: by no index
    )
    if most is None:
        first = f"WHERE found > 0 ORDER BY place {'DESC' if newest_first else 'ASC'} LIMIT {HITS}"
        listed = f"WITH hits AS MATERIALIZED ({listed}) SELECT place, found FROM hits {first}"
    else:
        listed += f" LIMIT {most + 1}"
    tx.run("SET LOCAL enable_seqscan = off")  # which would seem cheap where many are expected, and reads each vector
    [row] = tx.all(
        f"SELECT count(*) AS counted, {_LISTS} FROM ({listed}) listed",
        **found.params,
        loose=asked.match.loose,
        **span._asdict(),
    )
    if most is not None and row["counted"] > most:
        return
    places = _places(asked, row, newest_first=newest_first)
    for begin in range(0, max(len(places), 1), CHUNK):
        chunk = places[begin : begin + CHUNK]
        ended = begin + CHUNK >= len(places) and len(places) < HITS
        yield Met(chunk, None if ended else chunk[-1])


def met(tx: Tx, asked: Asked, places: Sequence[int]) -> list[int]:
    """Those of these rows that have what is asked for, as they are now."""
    return _among(tx, asked, GIVEN, places)


def heads_of(tx: Tx, asked: Asked, places: Sequence[int]) -> set[int]:
    """Those of these hits whose head has all of it: as was seen, and of the others as they are now."""
    if not asked.heads.looked.issuperset(places):
        left = {*places} - asked.heads.looked
        _among(tx, asked._replace(by_heads=True), GIVEN, [*left])
    return asked.heads.have_all.intersection(places) if asked.heads.have_all else set()


def among(tx: Tx, asked: Asked, firsts: Sequence[int]) -> list[int]:
    """The hits of the tickets that have their first rows there: all of their rows are looked at."""
    return _among(tx, asked, _OF_TICKETS, firsts)


def _among(tx: Tx, asked: Asked, places: str, ids: Sequence[int]) -> list[int]:
    found = _found(asked)
    looked = f"SELECT place, {found.sql} AS found FROM ({current(POSTGRES, places)}) rows OFFSET 0"
    sql = f"SELECT {_LISTS} FROM ({looked}) looked"
    [row] = tx.all(sql, **found.params, ids=msgspec.json.encode(ids).decode())
    return _places(asked, row, newest_first=True)


def _found(asked: Asked) -> Condition:
    """Whether a row has what is asked for, as a column: no planner reaches it by the index then."""
    if asked.by_heads:
        return Condition(_FOUND.format(_IN_HEAD), {"match": asked.match.whole, "head": asked.match.head})
    return Condition(_FOUND.format(1), {"match": asked.match.whole})


def _places(asked: Asked, row: Row, *, newest_first: bool) -> list[int]:
    """Of the hits; what was seen of their heads is written down."""
    hits = sorted(_listed(row["hits"]), reverse=newest_first)
    if asked.by_heads:
        asked.heads.saw(hits, _listed(row["in_heads"]))
    return hits


def _listed(places: str | None) -> list[int]:
    return msgspec.json.decode(places, type=list[int]) if places else []


_RANGES: Final = " UNION ".join(
    "SELECT looked.place FROM json_array_elements_text(CAST(:ids AS JSON)) given"
    f" CROSS JOIN LATERAL (SELECT place FROM {table}"
    f" WHERE place >= CAST(given.value AS BIGINT) AND place < CAST(given.value AS BIGINT) + {MOST_ROWS}"
    " ORDER BY place) looked"
    for table in ("ticket_words", "pending_words")
)
_OF_TICKETS: Final = f"SELECT place FROM unnest(ARRAY({_RANGES})) of_tickets (place)"
"""Of a range a planner expects a part of all rows, and then reads them all; of a list it expects few."""
