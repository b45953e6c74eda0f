"""Where the bytes of pictures, files and uploads are kept, as everything else knows it.

All calls block, and are made in threads, outside of any transaction. A name is `<place>/<form>`, such as
`5f3…/original`, or `uploads/<place>`; where it is kept, the desk's id stands before it. What is put is there for good
when the call returns, and is never changed.
"""

from collections.abc import Iterator
from typing import IO, NamedTuple, Protocol


class Stored(NamedTuple):
    name: str
    size: int
    """In bytes."""
    changed_at: int
    """When it was put there, in milliseconds since 1970."""


class Place(Protocol):
    """Raises `Unavailable` where it does not answer or is full, `FileNotFoundError` where there is no such name."""

    def describe(self) -> str:
        """For people, without a password."""

    def put(self, name: str, content: IO[bytes], size: int) -> None:
        """From where `content` stands, `size` bytes. The name is a new one."""

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Its bytes from `start` up to `stop`, piece by piece; the first is there when the call returns."""

    def all(self) -> Iterator[Stored]:
        """Of this desk, in no order; nothing of the bin."""

    def throw(self, name: str) -> None:
        """Into the bin."""

    def fetch_back(self, name: str) -> None:
        """Out of the bin."""

    def empty(self, before: int) -> int:
        """Remove for good what was thrown into the bin before that time; how many it were."""
