"""The counts by what a desk has many of, such as customers: a page of values, each of which has rows of its own."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from keesa.clock import Clock
from keesa.db import Pace, Steps, Tx
from keesa.reports.facts import NOW, Dimension, values_scope
from keesa.reports.folding import Sums
from keesa.reports.periods import Period, month_of
from keesa.reports.reading import add_to, require_counted, unfolded
from keesa.reports.scopes import Scope

LARGEST: Final = 50
"""Values of a page: of more, one of a large desk would take more than twice as long as one of a small desk."""
WINDOWS: Final = (32, 64)
"""Values that are looked at together. They stand in the statement, by which PostgreSQL knows how few they are."""
MOST_WINDOWS: Final = 4
"""Of one page: where few of the values have anything, it leaves the rest to the next one."""
_COUNTS: Final = msgspec.json.Decoder(dict[str, dict[str, int]])
_OF_TYPE: Final = "type "


class Numbers(NamedTuple):
    """Of a value: raised and closed in the period, open at its end."""

    raised: int
    closed: int
    open: int


class FoundValues(NamedTuple):
    values: Sequence[tuple[str, Numbers]]
    """By their keys, in order."""
    next_after: str | None
    """The key behind which the next page begins; None where nothing follows."""


def count_values(
    tx: Tx, clock: Clock, scope: Scope, by: Dimension, period: Period, limit: int, after: str | None
) -> Steps[FoundValues]:
    """At most `limit`, and `LARGEST`, of the values behind this key that have anything in the period, which is one of
    whole months. A page may have fewer, and yet a next one. Raises `Unavailable` while too much is to be folded.
    """
    yield Pace.LONG
    require_counted(tx, clock)
    if not scope.names:
        return FoundValues((), None)
    news = yield from unfolded(tx, clock, scope.names, by)
    search = _Search(tx, scope, by, period, news)
    limit = min(limit, LARGEST)
    size, found = next((some for some in WINDOWS if some > limit), WINDOWS[-1]), list[tuple[str, Numbers]]()
    for _ in range(MOST_WINDOWS):
        window = search.window(after, size)
        yield Pace.SHORT
        for key, rows in window.items():
            if any(numbers := search.numbers_of(rows)):
                found.append((key, numbers))
        if len(found) > limit:
            return FoundValues(found[:limit], found[limit - 1][0])
        if len(window) < size:
            return FoundValues(found, None)
        after = max(window)
    return FoundValues(found, after)


def open_by_value(tx: Tx, clock: Clock, scope: Scope, by: Dimension) -> Steps[Mapping[str, int]]:
    """How many are open now, of each value's key that has any. Raises `Unavailable` as `count_values`."""
    yield Pace.LONG
    require_counted(tx, clock)
    types, found = _types_of(scope), dict[str, int]()
    now = values_scope(by, NOW)
    for key, counts in tx.each("SELECT part, counts FROM report_counts WHERE scope = :now", now=now):
        add_to(found, {key: _sum(_COUNTS.decode(counts).get("open", {}), types)})
    news = yield from unfolded(tx, clock, scope.names, by)
    for place, of_place in news.items():
        if place.scope == now:
            add_to(found, {place.part: sum(of_place.values())})
    return {key: number for key, number in found.items() if number}


_Rows = dict[str, dict[str, int]]
"""What is counted of a value, to ticket type, to how many."""


class _Search:
    """One page's search."""

    def __init__(self, tx: Tx, scope: Scope, by: Dimension, period: Period, news: Sums) -> None:
        self._tx, self._types = tx, _types_of(scope)
        self._first, self._last = month_of(period.first), month_of(period.last)
        self._news = _by_key(news)
        newest = max([self._newest(scope), self._last, *(place.scope[-4:] for place in news if place.scope[-1] != " ")])
        years = range(period.first.year, int(newest[:4]) + 1)
        self._scopes = [values_scope(by, str(year)) for year in years] + [values_scope(by, NOW)]

    def _newest(self, scope: Scope) -> str:
        """The last month of which anything is counted."""
        names = {f"scope_{number}": name for number, name in enumerate(scope.names)}
        found: str | None = self._tx.value(
            "SELECT max(month) AS value FROM report_counts"
            f" WHERE scope IN ({', '.join(f':{name}' for name in names)}) AND part = 'day' AND month >= :first",
            first=self._first,
            **names,
        )
        return found or ""

    def window(self, after: str | None, size: int) -> dict[str, _Rows]:
        """So many values behind this one, in order, of which any have anything since the period began, or now.

        Each row is looked up by its whole key: a join would be planned by how many values a scope has on average, and
        read all of those that have many.
        """
        scopes = {f"scope_{number}": scope for number, scope in enumerate(self._scopes)}
        behind = "part >= ''" if after is None else "part > :after"
        of_scopes = " UNION ".join(
            f"SELECT part FROM (SELECT part FROM report_counts WHERE scope = :{name} AND {behind}"
            f" ORDER BY part LIMIT {size}) of_{name}"
            for name in scopes
        )
        counts = ", ".join(
            f"(SELECT counts FROM report_counts WHERE scope = :{name} AND part = page.part AND month = :now)"
            for name in scopes
        )
        page = f"SELECT part FROM ({of_scopes}) every ORDER BY part LIMIT {size}"
        rows = self._tx.each(f"SELECT part, {counts} FROM ({page}) page", after=after, now=NOW, **scopes)
        found: dict[str, _Rows] = {}
        for key, *had in rows:
            of_key = found[key] = {}
            for row in filter(None, had):
                of_key.update(_COUNTS.decode(row))
        last = max(found) if len(found) == size else None
        new = [key for key in self._news if (after is None or key > after) and (last is None or key <= last)]
        for key in new:
            rows_of = found.setdefault(key, {})
            for (counted, of_type), number in self._news[key].items():
                add_to(rows_of.setdefault(counted, {}), {of_type: number})
        return dict(sorted(found.items()))

    def numbers_of(self, rows: _Rows) -> Numbers:
        raised = closed = 0
        left = _sum(rows.pop("open", {}), self._types)
        for counted, of_types in rows.items():
            month = counted[-7:]
            if month >= self._first:
                number, came = _sum(of_types, self._types), counted[0] == "r"
                if month > self._last:
                    left += -number if came else number
                elif came:
                    raised += number
                else:
                    closed += number
        return Numbers(raised, closed, left)


def _types_of(scope: Scope) -> frozenset[str] | None:
    """None of all that there are."""
    return frozenset(name.removeprefix(_OF_TYPE) for name in scope.names) if scope.terms else None


def _sum(of_types: Mapping[str, int], types: frozenset[str] | None) -> int:
    if types is None:
        return sum(of_types.values())
    found = 0
    for of_type in types:
        found += of_types.get(of_type, 0)
    return found


def _by_key(news: Sums) -> dict[str, dict[tuple[str, str], int]]:
    found: dict[str, dict[tuple[str, str], int]] = {}
    for place, of_place in news.items():
        of_key = found.setdefault(place.part, {})
        for counted, number in of_place.items():
            of_key[counted] = of_key.get(counted, 0) + number
    return found
