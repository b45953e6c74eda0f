"""Times as they are kept, and as the documents write them."""

import time
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from keesa.clock import Clock, milliseconds, now

MALDIVES: Final = Clock(ZoneInfo("Indian/Maldives"))
NEW_YORK: Final = Clock(ZoneInfo("America/New_York"))
KATHMANDU: Final = Clock(ZoneInfo("Asia/Kathmandu"))
UNIVERSAL: Final = Clock(ZoneInfo("UTC"))
DOCUMENTED: Final = 1_719_551_730_000
"""28 June 2024, 05:15:30 UTC."""


def test_now_is_in_milliseconds_since_1970() -> None:
    """Between two looks at the system's clock."""
    before = time.time_ns()
    assert before // 1_000_000 <= now() <= time.time_ns() // 1_000_000


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2024, 6, 28, 10, 15, 30, tzinfo=MALDIVES.zone), DOCUMENTED),
        (datetime(2024, 6, 28, 5, 15, 30, 1_999, tzinfo=UTC), DOCUMENTED + 1),
        (datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), -1),
    ],
)
def test_a_moment_is_cut_to_the_millisecond(moment: datetime, kept: int) -> None:
    """Whatever zone it is told in."""
    assert milliseconds(moment) == kept


@pytest.mark.parametrize(
    ("clock", "at", "text"),
    [
        (MALDIVES, DOCUMENTED, "2024-06-28T10:15:30.000+05:00"),
        (MALDIVES, DOCUMENTED + 7, "2024-06-28T10:15:30.007+05:00"),
        (MALDIVES, 0, "1970-01-01T05:00:00.000+05:00"),
        (UNIVERSAL, DOCUMENTED, "2024-06-28T05:15:30.000+00:00"),
        (KATHMANDU, DOCUMENTED, "2024-06-28T11:00:30.000+05:45"),
        (NEW_YORK, DOCUMENTED, "2024-06-28T01:15:30.000-04:00"),
        (NEW_YORK, 1_704_085_200_000, "2024-01-01T00:00:00.000-05:00"),
    ],
)
def test_times_have_milliseconds_and_a_numeric_offset(clock: Clock, at: int, text: str) -> None:
    """Also where they are nought, and also in UTC; summer has its own offset."""
    assert clock.iso(at) == text
    assert datetime.fromisoformat(clock.iso(at)) == clock.local(at)


def test_one_moment_is_written_in_each_clock_s_own_zone() -> None:
    """What one clock remembers is not another's."""
    assert {clock.iso(0)[-6:] for clock in (MALDIVES, NEW_YORK, KATHMANDU, UNIVERSAL)} == {
        "+05:00",
        "-05:00",
        "+05:30",
        "+00:00",
    }


@pytest.mark.parametrize(
    ("clock", "day", "text"),
    [
        (MALDIVES, "2020-12-01", "2020-12-01T00:00:00.000+05:00"),
        (UNIVERSAL, "2024-02-29", "2024-02-29T00:00:00.000+00:00"),
        (NEW_YORK, "2024-07-04", "2024-07-04T00:00:00.000-04:00"),
        (NEW_YORK, "2024-12-24", "2024-12-24T00:00:00.000-05:00"),
    ],
)
def test_a_day_begins_at_midnight_in_the_zone(clock: Clock, day: str, text: str) -> None:
    """With the offset of that midnight."""
    assert clock.midnight(day) == text


@pytest.mark.parametrize(
    ("clock", "at", "text"),
    [
        (MALDIVES, DOCUMENTED, "10:15 06/28/2024"),
        (MALDIVES, milliseconds(datetime(2020, 11, 8, 13, 30, 59, tzinfo=UTC)), "18:30 11/08/2020"),
        (MALDIVES, milliseconds(datetime(2024, 12, 31, 19, 5, tzinfo=UTC)), "00:05 01/01/2025"),
        (NEW_YORK, milliseconds(datetime(2025, 1, 1, 4, 59, tzinfo=UTC)), "23:59 12/31/2024"),
    ],
)
def test_a_note_s_minute_is_the_zone_s(clock: Clock, at: int, text: str) -> None:
    """Hours and minutes, then month, day and year."""
    assert clock.minute(at) == text


@pytest.mark.parametrize(
    ("text", "whole_day", "read"),
    [
        ("2025-04-01", False, "2025-04-01T00:00"),
        ("2025-04-01", True, "2025-04-02T00:00"),
        ("2025-04-01T12:00", True, "2025-04-01T12:00"),
        ("2025-04-01T09:00:00+02:00", False, "2025-04-01T12:00"),
        ("2025-04-01T09:00:00 02:00", False, "2025-04-01T12:00"),
        ("2025-04-01T07:00:00Z", False, "2025-04-01T12:00"),
    ],
)
def test_a_moment_is_read(text: str, whole_day: bool, read: str) -> None:  # noqa: FBT001 - a column of the table
    """In the desk's zone where they name none; a day to its end where it is the last one."""
    assert MALDIVES.moment(text, whole_day=whole_day) == milliseconds(datetime.fromisoformat(f"{read}+05:00"))
