"""What a query finds on PostgreSQL, whose index has its hits in no order.

Where hits are many, rows are looked at in the order of their places until enough were found; where they are few, all
of them are sorted. Which of the two it is, the first rows tell, or the index (docs/decisions/0065-searching.md).
"""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from keesa.db import Tx
from keesa.search.asking import Asked
from keesa.search.spans import CHUNK, HITS, LARGEST, Met, Span
from keesa.words.places import MOST_ROWS, place_of
from keesa.words.postgres_form import POSTGRES
from keesa.words.statements import GIVEN, current

FIRST: Final = 1_000
"""Rows that are looked at to begin with."""
DENSE: Final = 0.1
"""The part of them that are hits, from which on rows are looked at in turn."""
ROWS: Final = 20_000
"""That are looked at for a page, at the most."""
PHRASES: Final = 5_000
"""The same where a phrase is asked for, which takes several times as long."""
SORTED: Final = 5_000
"""So many hits are sorted whole. Of a customer's user all are, who gets no rows looked at that are not theirs."""

_LOOKED_AT: Final = "SELECT place, vector FROM ticket_words WHERE place >= :lower AND place < :upper ORDER BY place"
_FOUND: Final = "CASE WHEN vector @@ CAST(:match AS tsquery) THEN 1 ELSE 0 END"
"""As a column: no planner reaches it by the index then."""


def walk(tx: Tx, asked: Asked, span: Span, *, newest_first: bool) -> Iterator[Met]:
    """The hits of the span, from one end on."""
    if asked.own_alone:
        yield from _sorted(tx, asked, span, None, newest_first=newest_first)
        return
    met = _window(tx, asked, span, FIRST, newest_first=newest_first)
    yield met
    if met.end is None:
        return
    left = span.beyond(met.end, newest_first=newest_first)
    if len(met.hits) < DENSE * FIRST:
        found = list(_sorted(tx, asked, left, SORTED, newest_first=newest_first))
        if found:
            yield from found
            return
    yield from _windows(tx, asked, left, max(len(met.hits), 1) / FIRST, newest_first=newest_first)


def _windows(tx: Tx, asked: Asked, span: Span, density: float, *, newest_first: bool) -> Iterator[Met]:
    """Rows in turn, as many at a time as may have a chunk of hits."""
    left = (PHRASES if asked.match.has_phrases else ROWS) - FIRST
    while left > 0:
        size = min(left, max(FIRST, int(CHUNK / density)))
        met = _window(tx, asked, span, size, newest_first=newest_first)
        yield met
        if met.end is None:
            return
        span = span.beyond(met.end, newest_first=newest_first)
        left -= size
        density = max(len(met.hits), 1) / size


def _window(tx: Tx, asked: Asked, span: Span, size: int, *, newest_first: bool) -> Met:
    direction = "DESC" if newest_first else "ASC"
    looked = f"{_LOOKED_AT} {direction} LIMIT {size}"
    last = tx.soon(
        "SELECT place FROM ticket_words WHERE place >= :lower AND place < :upper"
        f" ORDER BY place {direction} OFFSET {size - 1} LIMIT 1",
        **span._asdict(),
    )
    found = tx.each(
        f"SELECT place FROM ({looked}) looked WHERE {_FOUND} = 1 ORDER BY place {direction}",
        match=asked.match.whole,
        **span._asdict(),
    )
    hits = [place for (place,) in found]
    return Met(hits, next((row["place"] for row in last()), None))


def _sorted(tx: Tx, asked: Asked, span: Span, most: int | None, *, newest_first: bool) -> Iterator[Met]:
    """Nothing where there are more than so many."""
    direction = "DESC" if newest_first else "ASC"
    bound = "" if most is None else f" LIMIT {most + 1}"
    tx.run("SET LOCAL enable_seqscan = off")  # which would seem cheap where many are expected, and reads each vector
    found = list(
        tx.each(
            "WITH hits AS MATERIALIZED (SELECT place FROM ticket_words WHERE vector @@ CAST(:loose AS tsquery)"
            f" AND place + 0 >= :lower AND place + 0 < :upper{bound}),"  # + 0: by no index
            " counted AS MATERIALIZED (SELECT count(*) AS hits, min(place) AS one FROM hits)"
            " SELECT hits.place, counted.hits FROM hits, counted WHERE CASE WHEN counted.hits > :most"
            f" THEN hits.place = counted.one ELSE {_meant(asked)} END ORDER BY hits.place {direction} LIMIT {HITS}",
            match=asked.match.whole,
            loose=asked.match.loose,
            most=LARGEST if most is None else most,
            **span._asdict(),
        )
    )
    if most is not None and found and found[0][1] > most:
        return
    places = [place for place, _ in found]
    for begin in range(0, max(len(places), 1), CHUNK):
        chunk = places[begin : begin + CHUNK]
        ended = begin + CHUNK >= len(places) and len(places) < HITS
        yield Met(chunk, None if ended else chunk[-1])


def _meant(asked: Asked) -> str:
    """A phrase is looked for in the rows alone that have all of its words: the index knows of no phrases."""
    if not asked.match.has_phrases:
        return "TRUE"
    return f"(SELECT {_FOUND} FROM ticket_words looked WHERE looked.place = hits.place) = 1"


def met(tx: Tx, asked: Asked, places: Sequence[int]) -> list[int]:
    """Those of these rows that have what is asked for, as they are now."""
    found = tx.each(_MET, ids=msgspec.json.encode(places).decode(), match=asked.match.whole)
    return [place for (place,) in found]


def heads_of(tx: Tx, asked: Asked, places: Sequence[int]) -> set[int]:
    """Those of these hits whose head has all of it."""
    found = tx.each(_MET, ids=msgspec.json.encode(places).decode(), match=asked.match.head)
    return {place for (place,) in found}


def among(tx: Tx, asked: Asked, tickets: Sequence[int]) -> list[int]:
    """The hits of these tickets: their rows are looked at."""
    firsts = msgspec.json.encode([*map(place_of, tickets)]).decode()
    return [place for (place,) in tx.each(_AMONG, firsts=firsts, match=asked.match.whole)]


_OF_TICKETS: Final = " UNION ".join(
    "SELECT looked.place FROM json_array_elements_text(CAST(:firsts AS JSON)) given"
    f" CROSS JOIN LATERAL (SELECT place FROM {table}"
    f" WHERE place >= CAST(given.value AS BIGINT) AND place < CAST(given.value AS BIGINT) + {MOST_ROWS}"
    " ORDER BY place) looked"
    for table in ("ticket_words", "pending_words")
)
_MET: Final = f"SELECT place FROM ({current(POSTGRES, GIVEN)}) rows WHERE {_FOUND} = 1"
_AMONG: Final = f"SELECT place FROM ({current(POSTGRES, _OF_TICKETS)}) rows WHERE {_FOUND} = 1"
