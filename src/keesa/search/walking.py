"""Walking along what is found, from one end on, as the rows are now: hits of the index, but of rows of which something
is pending (`keesa.words.pending`) those that have what is asked for with that.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from types import ModuleType
from typing import Final

from keesa.db import Row, Tx
from keesa.search import postgres_hits, sqlite_hits
from keesa.search.asking import Asked
from keesa.search.spans import Met, Span

PENDING: Final = 2_000
"""Rows of which something is pending that are looked at for a page, at the most."""


def hits_of(tx: Tx) -> ModuleType:
    """The engine's: `walk`, `met`, `among` and `heads_of`."""
    return sqlite_hits if tx.writes_alone else postgres_hits


def walk(tx: Tx, asked: Asked, span: Span, *, newest_first: bool) -> Iterator[Met]:
    """Each portion ends before the next one begins; the walk ends early where more is pending than is looked at."""
    direction = "DESC" if newest_first else "ASC"
    pending = _Pending(tx.soon(_IN_SPAN.format(direction=direction), most=PENDING + 1, **span._asdict()))
    hits = hits_of(tx)
    for met in hits.walk(tx, asked, span, newest_first=newest_first):
        last = pending.last
        if last is not None and (met.end is None or _is_beyond(met.end, last, newest_first=newest_first)):
            met = Met([hit for hit in met.hits if not _is_beyond(hit, last, newest_first=newest_first)], last)  # noqa: PLW2901
        part = span if met.end is None else span.until(met.end, newest_first=newest_first)
        yield _with(tx, asked, hits, met, pending.within(part), newest_first=newest_first)
        if met.end is None or met.end == last:
            return
        span = span.beyond(met.end, newest_first=newest_first)


class _Pending:
    """The places of rows of which something is."""

    def __init__(self, rows: Callable[[], Sequence[Row]]) -> None:
        self._rows = rows

    @cached_property
    def _places(self) -> list[int]:
        return [row["place"] for row in self._rows()][:PENDING]

    @property
    def last(self) -> int | None:
        """That of the last one that is looked at; None where all are."""
        return self._places[-1] if len(self._rows()) > PENDING else None

    def within(self, part: Span) -> list[int]:
        return [place for place in self._places if part.lower <= place < part.upper]


_IN_SPAN: Final = (
    "SELECT place FROM pending_words WHERE place >= :lower AND place < :upper ORDER BY place {direction} LIMIT :most"
)


def _is_beyond(place: int, last: int, *, newest_first: bool) -> bool:
    return place < last if newest_first else place > last


def _with(tx: Tx, asked: Asked, hits: ModuleType, met: Met, pending: list[int], *, newest_first: bool) -> Met:
    if not pending:
        return met
    others = {*met.hits} - {*pending}
    return Met(sorted([*others, *hits.met(tx, asked, pending)], reverse=newest_first), met.end)
