"""How long tickets wait for the first answer and until they are closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import urlencode

import msgspec
from msgspec import Struct, field

from keesa.clock import Clock
from keesa.db import Pace, Steps, Tx
from keesa.reports.facts import NOW
from keesa.reports.lengths import hundredth
from keesa.reports.periods import Period, month_of
from keesa.reports.reading import STEP, add_to, folded, require_counted, unfolded
from keesa.reports.scopes import Scope

Until = Literal["first_answer", "closing"]
_FILTERS: Final[Mapping[Until, str]] = {"first_answer": "first_answered", "closing": "closed"}


class _Times(Struct):
    """What is read of a row of counts: whatever else stands in it is passed over."""

    first_answer: dict[int, int] = field(name="times first_answer", default_factory=dict)
    closing: dict[int, int] = field(name="times closing", default_factory=dict)


_TIMES: Final = msgspec.json.Decoder(_Times)


@dataclass(frozen=True, slots=True)
class Waited:
    """In seconds, within 5 %; None of no tickets."""

    until: Until
    tickets: int
    median: int | None
    in_90: int | None
    """90 of a hundred waited no longer."""
    in_99: int | None
    list: str | None
    """The query of `GET /tickets/rows` that lists the tickets."""


def waited(tx: Tx, clock: Clock, scope: Scope, period: Period) -> Steps[Sequence[Waited]]:
    """Of the tickets that were answered first, or closed, in the period, which is one of whole months."""
    yield Pace.LONG
    require_counted(tx, clock)
    waits = yield from _waits(tx, clock, scope, month_of(period.first), month_of(period.last))
    found = []
    for until in get_args(Until):
        buckets = waits[f"times {until}"]
        median, in_90, in_99 = (hundredth(buckets, number) for number in (50, 90, 99))
        found.append(Waited(until, sum(buckets.values()), median, in_90, in_99, _list_of(scope, until, period)))
    return found


def _waits(tx: Tx, clock: Clock, scope: Scope, first: str, last: str) -> Steps[Mapping[str, dict[int, int]]]:
    """Buckets to how many, by what is counted."""
    waits: dict[str, dict[int, int]] = {f"times {until}": {} for until in get_args(Until)}
    if not scope.names:
        return waits
    for number, (_, month, counts) in enumerate(folded(tx, scope.names, "times", first), 1):
        if NOW < month <= last:
            for counted, buckets in msgspec.structs.asdict(_TIMES.decode(counts)).items():
                add_to(waits[f"times {counted}"], buckets)
        if number % STEP == 0:
            yield Pace.SHORT
    news = yield from unfolded(tx, clock, scope.names, "times")
    for place, of_place in news.items():
        if first <= place.month <= last:
            for (counted, bucket), number in of_place.items():
                add_to(waits[counted], {int(bucket): number})
    return waits


def _list_of(scope: Scope, until: Until, period: Period) -> str | None:
    if not scope.names:
        return None
    first, last = (day.isoformat() for day in period)
    name = _FILTERS[until]
    return urlencode({**scope.query, f"{name}_from": first, f"{name}_to": last}, safe=",")
