"""Which back-ups stay: so many, or those that are not too old; of one's own desk, and never none."""

from pathlib import Path

import pytest

from keesa.backup.places import Folder, drop_old, name_of, of_desk

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


def test_a_name_tells_desk_and_time() -> None:
    """In UTC, so that they sort as they were made."""
    assert name_of(DESK, NOW) == "keesa-00112233-20270115T080000Z.keesa"
    assert name_of("", NOW) == "keesa-00000000-20270115T080000Z.keesa"
