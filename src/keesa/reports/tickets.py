"""How many tickets were raised and closed, and how many are open: by day, week and month, and by what they have."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import Final, Literal, get_args
from urllib.parse import urlencode

from keesa.clock import Clock
from keesa.db import Steps, Tx
from keesa.reports.facts import MANY, NOW, Dimension, is_customers, key_of
from keesa.reports.periods import Period, Step, month_of, parts_of
from keesa.reports.reading import Counts, add_to, counts_from
from keesa.reports.scopes import Scope
from keesa.reports.values import count_values

By = Step | Dimension
STEPS: Final[Sequence[Step]] = get_args(Step)
Counted = Literal["raised", "closed", "open"]
_OF_TYPE: Final = "type "
Key = tuple[int, str]
"""By which lines are in order: ids by their size, what has none first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the report, which a list of rows with these filters holds against."""

    key: Key
    value: str | None
    """Of what it is counted by, where that is no time; None for none."""
    period: Period
    raised: int
    closed: int
    open: int
    """At the end of the period's last day."""
    query: Mapping[str, str] | None = field(compare=False)
    """The filters without those of time; None where no list has such a filter."""

    def list_of(self, counted: Counted) -> str | None:
        """The query of `GET /tickets/rows` that lists what is counted."""
        if self.query is None:
            return None
        first, last = (day.isoformat() for day in self.period)
        times = {"open_at": last} if counted == "open" else {f"{counted}_from": first, f"{counted}_to": last}
        return urlencode({**self.query, **times}, safe=",")


@dataclass(frozen=True, slots=True)
class Page:
    """At most so many lines, behind that one."""

    limit: int
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class FoundLines:
    lines: Sequence[Line]
    next_after: Key | None
    """Behind which the next page begins; None where nothing follows."""


def count_tickets(tx: Tx, clock: Clock, scope: Scope, by: By, period: Period, page: Page) -> Steps[FoundLines]:
    """A line for each part of the period, or for each value that has any. By what a desk has many of a page may have
    fewer lines than it could, and yet a next one.
    """
    if by == "day" or by == "week" or by == "month":  # noqa: PLR1714 - narrows the type
        lines = yield from count_by_time(tx, clock, scope, by, period)
    elif by in MANY and not any(map(is_customers, scope.names)):
        return (yield from _count_by_one_of_many(tx, clock, scope, by, period, page))
    else:
        lines = yield from count_by_value(tx, clock, scope, by, period)
    behind = [line for line in lines if page.after is None or line.key > page.after]
    shown = behind[: page.limit]
    return FoundLines(shown, shown[-1].key if len(shown) < len(behind) else None)


def count_by_time(tx: Tx, clock: Clock, scope: Scope, step: Step, period: Period) -> Steps[list[Line]]:
    """The parts of the period, in order."""
    counts = yield from counts_from(tx, clock, scope, "day", month_of(period.first))
    raised, closed = (_days_of(counts, f"day {counted}", step, period) for counted in ("raised", "closed"))
    left = sum(values.get("", 0) for (_, _, counted), values in counts.items() if counted == "day open")
    left += closed.behind(period.last) - raised.behind(period.last)
    lines = []
    for part in reversed(parts_of(period, step)):
        came, went = raised.within(part), closed.within(part)
        lines.append(
            Line((0, part.first.isoformat()), None, part, came, went, left, scope.query if scope.names else None)
        )
        left += went - came
    return lines[::-1]


def count_by_value(tx: Tx, clock: Clock, scope: Scope, by: Dimension, period: Period) -> Steps[list[Line]]:
    """In the order of the values, those that have any; by none of `MANY` where ticket types are the scopes. The period
    is one of whole months, but by ticket type where those are.
    """
    if by == "ticket_type" and all(name.startswith(_OF_TYPE) for name in scope.names):
        return (yield from _count_by_type(tx, clock, scope, period))
    counts = yield from counts_from(tx, clock, scope, by, month_of(period.first))
    last = month_of(period.last)
    raised, closed, left = dict[str, int](), dict[str, int](), dict[str, int]()
    for (_, month, counted), values in counts.items():
        for value, number in values.items():
            if counted == f"{by} open":
                left[value] = left.get(value, 0) + number
            elif counted in (f"{by} raised", f"{by} closed"):
                came = counted == f"{by} raised"
                if month > last:
                    left[value] = left.get(value, 0) + (-number if came else number)
                else:
                    of_all = raised if came else closed
                    of_all[value] = of_all.get(value, 0) + number
    return [
        Line(_order(value), value or None, period, *numbers, scope.query_of(by, value))
        for value in sorted({*raised, *closed, *left}, key=_order)
        if any(numbers := (raised.get(value, 0), closed.get(value, 0), left.get(value, 0)))
    ]


def _count_by_type(tx: Tx, clock: Clock, scope: Scope, period: Period) -> Steps[list[Line]]:
    counts = yield from counts_from(tx, clock, scope, "day", month_of(period.first))
    lines = []
    for name in scope.names:
        of_type = {key: values for key, values in counts.items() if key[0] == name}
        value = name.removeprefix(_OF_TYPE)
        raised, raised_later = _in_and_behind(of_type, "day raised", period)
        closed, closed_later = _in_and_behind(of_type, "day closed", period)
        left = of_type.get((name, NOW, "day open"), {}).get("", 0) + closed_later - raised_later
        line = Line(
            _order(value),
            value or None,
            period,
            raised,
            closed,
            left,
            scope.query_of("ticket_type", value),
        )
        if any((line.raised, line.closed, line.open)):
            lines.append(line)
    return sorted(lines, key=lambda line: line.key)


def _count_by_one_of_many(
    tx: Tx, clock: Clock, scope: Scope, by: Dimension, period: Period, page: Page
) -> Steps[FoundLines]:
    after = None if page.after is None else _key_behind(page.after)
    found = yield from count_values(tx, clock, scope, by, period, page.limit, after)
    lines = []
    for key, numbers in found.values:
        value = _value_of(key)
        lines.append(Line(_order(value), value or None, period, *numbers, scope.query_of(by, value)))
    return FoundLines(lines, None if found.next_after is None else _order(_value_of(found.next_after)))


def _value_of(key: str) -> str:
    return str(int(key)) if key else ""


def _key_behind(after: Key) -> str:
    return key_of(int(after[1])) if after[1].isdecimal() else ""


def _order(value: str) -> Key:
    return (len(value), value) if value.isdecimal() else (0, value)


# By day


class _Days:
    """How many there are between any two days, however many days there are between them."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._days = sorted(numbers)
        self._sums = [0, *accumulate(numbers[day] for day in self._days)]

    def within(self, period: Period) -> int:
        first, last = (day.isoformat() for day in period)
        return self._sums[bisect_right(self._days, last)] - self._sums[bisect_left(self._days, first)]

    def behind(self, last: date) -> int:
        return self._sums[-1] - self._sums[bisect_right(self._days, last.isoformat())]


def _days_of(counts: Counts, counted: str, step: Step, period: Period) -> _Days:
    """Where months are told, all of one on its first day, but for those of which the period may have a part."""
    in_part = {month_of(period.first), month_of(period.last)}
    found: dict[str, int] = {}
    for (_, month, what), values in counts.items():
        if what == counted and month != NOW:
            is_whole = step == "month" and month not in in_part
            days = {"01": sum(values.values())} if is_whole else values
            add_to(found, {f"{month}-{day}": number for day, number in days.items()})
    return _Days(found)


def _in_and_behind(counts: Counts, counted: str, period: Period) -> tuple[int, int]:
    """How many in the period, and behind it; whole months at once."""
    first, last = (day.isoformat() for day in period)
    found = [0, 0]
    for (_, month, what), values in counts.items():
        if what != counted or month == NOW:
            continue
        if first[:-3] < month != last[:-3]:
            found[month > last[:-3]] += sum(values.values())
        else:
            for day, number in values.items():
                if f"{month}-{day}" >= first:
                    found[f"{month}-{day}" > last] += number
    return found[0], found[1]
