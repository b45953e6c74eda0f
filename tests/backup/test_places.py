"""Which back-ups and snapshots stay: so many, or those that are not too old; of one's own desk, and never none."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from keesa.backup.places import (
    Folder,
    Kept,
    drop_old,
    drop_old_snapshots,
    name_of,
    of_desk,
    snapshot_name_of,
    snapshots_of_desk,
)

DESK, OTHER = "00112233aabbccdd", "ffeeddccbbaa9988"
DAY = 24 * 3600 * 1000
NOW = 1_800_000_000_000
DAYS = range(5)
"""The ages of the desk's back-ups."""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """With five back-ups of the desk, one of another, and a file of somebody's."""
    for days in DAYS:
        (tmp_path / name_of(DESK, NOW - days * DAY)).touch()
    (tmp_path / name_of(OTHER, NOW - 100 * DAY)).touch()
    (tmp_path / "keesa-00112233-notes.keesa").touch()
    return Folder(tmp_path)


def ages(folder: Folder, desk: str = DESK) -> list[int]:
    return [round((NOW - kept.made_at) / DAY) for kept in of_desk(folder, desk)]


@pytest.mark.parametrize(
    ("most", "oldest", "left"),
    [
        (None, None, [0, 1, 2, 3, 4]),
        (3, None, [0, 1, 2]),
        (9, None, [0, 1, 2, 3, 4]),
        (None, 2, [0, 1, 2]),
        (2, 3, [0, 1]),
        (4, 1, [0, 1]),
        (1, None, [0]),
        (None, -3, [0]),
    ],
)
def test_which_stay(folder: Folder, tmp_path: Path, most: int | None, oldest: int | None, left: list[int]) -> None:
    """The newest does in any case, and so does what is another desk's."""
    removed = drop_old(folder, DESK, name_of(DESK, NOW), most, None if oldest is None else NOW - oldest * DAY - 1)
    assert ages(folder) == left
    assert len(removed) == len(DAYS) - len(left)
    assert ages(folder, OTHER) == [100]
    assert (tmp_path / "keesa-00112233-notes.keesa").exists()


def test_what_was_just_made_stays(folder: Folder) -> None:
    """By a clock that was set back it is the oldest."""
    made = name_of(DESK, NOW - DAYS[-1] * DAY)
    drop_old(folder, DESK, made, 1, NOW)
    assert ages(folder) == [0, DAYS[-1]]


MINUTE = 60 * 1000


def snapshots(tmp_path: Path, base: str, minutes: Iterable[int]) -> None:
    for age in minutes:
        (tmp_path / snapshot_name_of(DESK, NOW - age * MINUTE, base)).touch()


def snapshot_ages(folder: Folder) -> list[int]:
    """In minutes."""
    return [(NOW - kept.made_at) // MINUTE for kept in snapshots_of_desk(folder, DESK)]


def test_which_snapshots_stay(folder: Folder, tmp_path: Path) -> None:
    """All of the last hour, the newest of each hour of the last day, and none that is older; each full one stays."""
    snapshots(tmp_path, name_of(DESK, NOW - 2 * DAY), range(-3, 26 * 60))
    removed = drop_old_snapshots(folder, DESK, NOW)
    hours = [60 * hour + 1 for hour in range(1, 24)]  # it is eight o'clock
    assert snapshot_ages(folder) == [*range(-3, 60), *hours]
    assert len(removed) == 3 + 26 * 60 - 63 - len(hours)
    assert (ages(folder), ages(folder, OTHER)) == ([0, 1, 2, 3, 4], [100])
    assert drop_old_snapshots(folder, DESK, NOW) == []


def test_one_that_was_taken_each_minute_stays_for_each_hour(folder: Folder, tmp_path: Path) -> None:
    """Also where they are looked at after each of them, as they are: what goes first is not what would stay."""
    for minute in range(3 * 60):
        at = NOW - (3 * 60 - minute) * MINUTE
        (tmp_path / snapshot_name_of(DESK, at, name_of(DESK, NOW - DAY))).touch()
        drop_old_snapshots(folder, DESK, at)
    assert snapshot_ages(folder) == [*range(1, 61), 61, 121]


def test_a_full_one_stays_as_long_as_a_snapshot_stands_on_it(folder: Folder, tmp_path: Path) -> None:
    """However many are to stay; it goes when the snapshot has gone."""
    snapshots(tmp_path, name_of(DESK, NOW - 3 * DAY), [5])
    drop_old(folder, DESK, name_of(DESK, NOW), 1, NOW)
    assert ages(folder) == [0, 3]
    assert drop_old_snapshots(folder, DESK, NOW + DAY) != []
    drop_old(folder, DESK, name_of(DESK, NOW), 1, NOW)
    assert ages(folder) == [0]


def test_a_name_tells_desk_and_time() -> None:
    """In UTC, so that they sort as they were made; that of a snapshot tells its base too."""
    assert name_of(DESK, NOW) == "keesa-00112233-20270115T080000Z.keesa"
    snapshot = snapshot_name_of(DESK, NOW + MINUTE, name_of(DESK, NOW))
    assert snapshot == "keesa-00112233-20270115T080100Z.changes-since-20270115T080000Z.keesa"
    assert (Kept(snapshot, 0).made_at, Kept(snapshot, 0).base) == (NOW + MINUTE, name_of(DESK, NOW))
    assert Kept(name_of(DESK, NOW), 0).base is None
    assert name_of("", NOW) == "keesa-00000000-20270115T080000Z.keesa"
