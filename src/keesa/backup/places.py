"""Where back-ups are kept, and for how long."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from keesa.backup.manifest import Manifest
from keesa.clock import EPOCH, milliseconds

_NAME: Final = re.compile(r"keesa-([0-9a-f]{8})-(\d{8}T\d{6}Z)(?:\.changes-since-(\d{8}T\d{6}Z))?\.keesa")
_TIME: Final = "%Y%m%dT%H%M%SZ"

LAST_SNAPSHOTS: Final = 3600 * 1000
"""Milliseconds for which all snapshots stay."""
SNAPSHOTS: Final = 24 * 3600 * 1000
"""Milliseconds for which one of each hour stays."""
_HOUR: Final = 3600 * 1000

Make = Callable[[Path], Manifest]
"""Makes a back-up in the file that it is given."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A back-up at a place, full or a snapshot."""

    name: str
    size: int
    """In bytes."""

    @property
    def made_at(self) -> int:
        """In milliseconds since 1970, to the second."""
        match = _NAME.fullmatch(self.name)
        assert match  # noqa: S101 - others are not listed
        return milliseconds(datetime.strptime(match[2], _TIME).replace(tzinfo=UTC))

    @property
    def base(self) -> str | None:
        """The full back-up that a snapshot stands on; None of a full one."""
        match = _NAME.fullmatch(self.name)
        assert match  # noqa: S101 - as above
        return match[3] and f"keesa-{match[1]}-{match[3]}.keesa"


class Place(Protocol):
    def describe(self) -> str:
        """For people, without a password."""

    def put(self, name: str, make: Make) -> tuple[Manifest, int]:
        """Have one made there, which has its name only when it is good; and its size in bytes."""

    def all(self) -> Iterable[Kept]: ...

    def remove(self, name: str) -> None: ...


class Folder:
    """On a disk of this machine, or one that is mounted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def describe(self) -> str:
        return str(self._path.absolute())

    def put(self, name: str, make: Make) -> tuple[Manifest, int]:
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = make(self._path / name)
        return made, (self._path / name).stat().st_size

    def all(self) -> Iterable[Kept]:
        found = self._path.iterdir() if self._path.exists() else ()
        return [Kept(path.name, path.stat().st_size) for path in found if is_name(path.name)]

    def remove(self, name: str) -> None:
        (self._path / name).unlink()


def is_name(name: str) -> bool:
    """Whether a back-up may be called so."""
    return _NAME.fullmatch(name) is not None


def name_of(desk: str, at: int) -> str:
    """`keesa-<the desk's>-<its time>.keesa`."""
    when = (EPOCH + timedelta(milliseconds=at)).strftime(_TIME)
    return f"keesa-{desk[:8] or '0' * 8}-{when}.keesa"


def snapshot_name_of(desk: str, at: int, base: str) -> str:
    """`keesa-<the desk's>-<its time>.changes-since-<its base's time>.keesa`."""
    since = base.removesuffix(".keesa").rpartition("-")[2]
    return f"{name_of(desk, at).removesuffix('.keesa')}.changes-since-{since}.keesa"


def of_desk(place: Place, desk: str) -> list[Kept]:
    """That desk's full back-ups there, the newest first."""
    return [kept for kept in _all_of_desk(place, desk) if kept.base is None]


def snapshots_of_desk(place: Place, desk: str) -> list[Kept]:
    """That desk's snapshots there, the newest first."""
    return [kept for kept in _all_of_desk(place, desk) if kept.base is not None]


def drop_old(place: Place, desk: str, made: str, most: int | None, oldest: int | None) -> list[str]:
    """Remove that desk's full back-ups beyond the newest `most`, and those of before `oldest` (milliseconds since
    1970); the newest always stays, whatever the clock says the one that was just made, and one on which a snapshot
    stands. What was removed.
    """
    removed = []
    for number, kept in enumerate(of_desk(place, desk)):
        too_many = most is not None and number >= most
        too_old = oldest is not None and kept.made_at < oldest
        if number and kept.name != made and (too_many or too_old) and not _is_needed(place, desk, kept.name):
            place.remove(kept.name)
            removed.append(kept.name)
    return removed


def _is_needed(place: Place, desk: str, name: str) -> bool:
    """Looked up when it is to go: snapshots are taken meanwhile."""
    return any(kept.base == name for kept in snapshots_of_desk(place, desk))


def drop_old_snapshots(place: Place, desk: str, at: int) -> list[str]:
    """Remove that desk's snapshots but for all of the last hour, and the newest of each hour of the last day. What was
    removed.
    """
    hours, removed = set[int](), []
    for kept in snapshots_of_desk(place, desk):
        age, hour = at - kept.made_at, kept.made_at // _HOUR
        if age >= SNAPSHOTS or (age >= LAST_SNAPSHOTS and hour in hours):
            place.remove(kept.name)
            removed.append(kept.name)
        hours.add(hour)
    return removed


def _all_of_desk(place: Place, desk: str) -> list[Kept]:
    own = [kept for kept in place.all() if kept.name.startswith(f"keesa-{desk[:8] or '0' * 8}-")]
    return sorted(own, key=lambda kept: kept.name, reverse=True)
