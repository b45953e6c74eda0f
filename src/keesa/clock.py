"""Time as Keesa keeps it (milliseconds since 1970 in UTC) and as people read it (in the configured zone)."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def milliseconds(moment: datetime) -> int:
    """An aware datetime as milliseconds since 1970, UTC, cut to the millisecond."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


@lru_cache(maxsize=65_536)
def _iso(at: int, zone: ZoneInfo) -> str:
    return (EPOCH + timedelta(milliseconds=at)).astimezone(zone).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns stored times into the documents' texts, in one zone."""

    zone: ZoneInfo

    def local(self, at: int) -> datetime:
        return (EPOCH + timedelta(milliseconds=at)).astimezone(self.zone)

    def iso(self, at: int) -> str:
        """`2024-06-28T10:15:30.000+05:00`."""
        return _iso(at, self.zone)

    def midnight(self, day: str) -> str:
        """The start of an ISO day (`2020-12-01`) in the zone, in the form of `iso`."""
        start = datetime.combine(date.fromisoformat(day), datetime.min.time(), self.zone)
        return start.isoformat(timespec="milliseconds")

    def minute(self, at: int) -> str:
        """`HH:MM MM/DD/YYYY`, the documents' form of `commented_on`."""
        return self.local(at).strftime("%H:%M %m/%d/%Y")
