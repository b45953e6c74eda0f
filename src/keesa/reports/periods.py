"""The days that a report is about, and the parts of them that it tells of."""

import calendar
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

Step = Literal["day", "week", "month"]
_DAY: Final = timedelta(days=1)


class Period(NamedTuple):
    """Both days count."""

    first: date
    last: date

    @property
    def is_of_months(self) -> bool:
        """Whether it is made of whole ones."""
        return self.first.day == 1 and self.last == end_of_month(self.last)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def month_of(day: date) -> str:
    return day.isoformat()[:-3]


def parts_of(period: Period, step: Step) -> Sequence[Period]:
    """In order, without a gap; weeks begin on Mondays, and the first and the last one may be short."""
    parts, first = [], period.first
    while first <= period.last:
        last = min(_end_of(first, step), period.last)
        parts.append(Period(first, last))
        if last == date.max:
            break
        first = last + _DAY
    return parts


def _end_of(day: date, step: Step) -> date:
    match step:
        case "day":
            return day
        case "week":
            left = 6 - day.weekday()
            return day + min(_DAY * left, date.max - day)
        case "month":
            return end_of_month(day)
