"""Time as Keesa keeps it (milliseconds since 1970 in UTC) and as people read it (in the configured zone)."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MOMENT: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?(?: ?(?:(Z|UTC)|([+-]\d{2}):?(\d{2})?))?)?",
    re.ASCII | re.IGNORECASE,
)
"""A day, alone or with a time, as programs write it: ISO 8601, or with blanks between its parts."""
_UNESCAPED_PLUS: Final = re.compile(r" (?=\d\d:\d\d$)", re.ASCII)


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

    def read(self, text: str) -> date | datetime:
        """A day, or a moment in the zone, which a time without an offset is taken to be in. Raises `ValueError` and
        `OverflowError` for what is neither.
        """
        match = _MOMENT.fullmatch(text)
        if match is None:
            raise ValueError(text)
        day, hour, minute, second, fraction, utc, offset, minutes = match.groups()
        if hour is None:
            return date.fromisoformat(day)
        zone = "+00:00" if utc else f"{offset}:{minutes or '00'}" if offset else ""
        moment = datetime.fromisoformat(f"{day}T{hour}:{minute}:{second or '00'}.{(fraction or '')[:6]:0<6}{zone}")
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment.astimezone(self.zone)

    def moment(self, text: str, *, whole_day: bool = False) -> int:
        """The same in milliseconds since 1970, of a day its beginning, or where the `whole_day` counts its end. A plus
        sign before an offset may have become a blank, as in a query in which it was not escaped.
        """
        read = self.read(_UNESCAPED_PLUS.sub("+", text))
        if not isinstance(read, datetime):
            day = read + timedelta(days=1) if whole_day else read
            read = datetime.combine(day, datetime.min.time(), self.zone)
        return milliseconds(read)
