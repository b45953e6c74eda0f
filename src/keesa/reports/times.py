"""How long tickets wait for the first answer and until they are closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import urlencode

from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.reports.facts import NOW
from keesa.reports.lengths import hundredth
from keesa.reports.periods import Period, month_of
from keesa.reports.reading import counts_from
from keesa.reports.scopes import Scope

Until = Literal["first_answer", "closing"]
_FILTERS: Final[Mapping[Until, str]] = {"first_answer": "first_answered", "closing": "closed"}


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
    counts = yield from counts_from(tx, clock, scope, "times", month_of(period.first))
    last, found = month_of(period.last), []
    for until in get_args(Until):
        buckets: dict[int, int] = {}
        for (_, month, counted), values in counts.items():
            if counted == f"times {until}" and NOW < month <= last:
                for bucket, number in values.items():
                    buckets[int(bucket)] = buckets.get(int(bucket), 0) + number
        median, in_90, in_99 = (hundredth(buckets, number) for number in (50, 90, 99))
        found.append(Waited(until, sum(buckets.values()), median, in_90, in_99, _list_of(scope, until, period)))
    return found


def _list_of(scope: Scope, until: Until, period: Period) -> str | None:
    if not scope.names:
        return None
    first, last = (day.isoformat() for day in period)
    name = _FILTERS[until]
    return urlencode({**scope.query, f"{name}_from": first, f"{name}_to": last}, safe=",")
