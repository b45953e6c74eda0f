"""Where the bytes of pictures, files and uploads are kept, as everything else knows it.

All calls block, and are made in threads, outside of any transaction. A name is `<place>/<form>`, such as
`5f3…/original`, or `uploads/<place>`, where `<place>` has 32 hexadecimal digits; where it is kept, the desk's own
folder stands before it. What is put is there for good when the call returns, and is never changed.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, Final, NamedTuple, Protocol

from keesa.clock import milliseconds

UPLOADS: Final = "uploads"
BIN: Final = "bin"
MARK: Final = "desk"
"""The name of what tells whose folder it is (`claims.py`)."""
PIECE: Final = 256 * 1024
"""Bytes that are read of a file at a time."""
DAY: Final = 24 * 3600 * 1000
"""Milliseconds."""
_DAY: Final = "%Y%m%d"
_NAME: Final = re.compile(r"([0-9a-f]{32})/[a-z0-9][a-z0-9._-]{0,63}|uploads/([0-9a-f]{32})")
_OWNER: Final = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{1,16})?")


class Stored(NamedTuple):
    name: str
    size: int
    """In bytes."""
    changed_at: int
    """When it was put there, in milliseconds since 1970."""


class Place(Protocol):
    """Raises `Unavailable` where it does not answer or is full, `FileNotFoundError` where there is no such name,
    and `ValueError` for what can be none.
    """

    def describe(self) -> str:
        """For people, without a password."""

    def put(self, name: str, content: IO[bytes], size: int) -> None:
        """From where `content` stands, `size` bytes. The name is a new one: raises `FileExistsError` where it is there,
        and `ValueError` where there are fewer bytes.
        """

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start` up to `stop`, piece by piece; the first is there when the call returns."""

    def size(self, name: str) -> int:
        """In bytes."""

    def all(self, after: str = "") -> Iterator[Stored]:
        """Of this desk, in the order of their names, those behind `after`; nothing of the bin."""

    def throw(self, name: str) -> None:
        """Into the bin."""

    def fetch_back(self, name: str) -> None:
        """Out of the bin."""

    def empty(self, before: int, most: int) -> int:
        """Remove for good what was thrown into the bin, and left by who was ended in the middle, on days that had ended
        by then (milliseconds since 1970), up to so many files; how many it were.
        """

    def prove(self) -> None:
        """Raises as above where nothing can be put there."""

    def mark(self) -> str | None:
        """What tells whose folder it is."""

    def put_mark(self, mark: str, *, anew: bool = False) -> None:
        """Tell it, in place of another one only where that is wanted: else raises `FileExistsError`."""


def place_of(name: str) -> str:
    """The 32 digits in it. Raises `ValueError` for what is no name: nothing else comes near a path."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is no name of a stored file")
    return match[1] or match[2]


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def require_owner(text: str) -> str:
    """The name of a desk's own folder. Raises `ValueError` for what can be none."""
    if not _OWNER.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a desk's folder")
    return text


def today() -> str:
    """The name of the part of the bin into which is thrown now, in UTC."""
    return datetime.now(UTC).strftime(_DAY)


def days_over(days: Iterable[str], before: int) -> list[str]:
    """Those of such names whose days had ended by that time, in order."""
    return sorted(day for day in days if _is_over(day, before))


def _is_over(day: str, before: int) -> bool:
    try:
        return milliseconds(datetime.strptime(day, _DAY).replace(tzinfo=UTC)) + DAY <= before
    except ValueError:  # somebody else's
        return False
