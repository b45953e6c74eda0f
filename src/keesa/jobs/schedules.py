"""When work that recurs is done next. Each time is the same on all nodes, whenever they ask."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from keesa.clock import Clock, milliseconds

_SECOND: Final = 1000
_MINUTE: Final = 60 * _SECOND


@dataclass(frozen=True, slots=True)
class Every:
    minutes: int = 0
    seconds: int = 0

    def after(self, at: int, clock: Clock) -> int:  # noqa: ARG002 - as every schedule
        """The first time behind `at`, in milliseconds since 1970."""
        step = self.minutes * _MINUTE + self.seconds * _SECOND
        return (at // step + 1) * step


@dataclass(frozen=True, slots=True)
class Daily:
    """At a time of day in the desk's zone; where its clocks leave that time out, at the moment that it would be."""

    at: time

    def after(self, at: int, clock: Clock) -> int:
        """As above."""
        day = clock.local(at).date()
        while (found := milliseconds(datetime.combine(day, self.at, clock.zone))) <= at:
            day += timedelta(days=1)
        return found


Schedule = Every | Daily
