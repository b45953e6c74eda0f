"""Files kept in memory, and pictures that need no looking into: what a test says of them is so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from keesa.clock import now
from keesa.errors import WrongType
from keesa.files.places import Stored
from keesa.pictures.prepared import ORIGINAL, THUMBNAIL, Form, PreparedPicture

PICTURE = b"picture of "
"""What every picture of these tests begins with."""


@dataclass
class MemoryPlace:
    files: dict[str, bytes] = field(default_factory=dict)
    """By name."""
    bin: dict[str, bytes] = field(default_factory=dict)

    def describe(self) -> str:
        return "memory"

    def put(self, name: str, content: IO[bytes], size: int) -> None:
        if name in self.files:
            raise FileExistsError(name)
        self.files[name] = content.read(size)
        assert len(self.files[name]) == size

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        if name not in self.files:
            raise FileNotFoundError(name)
        return iter([self.files[name][start:stop]])

    def size(self, name: str) -> int:
        return len(b"".join(self.read(name)))

    def all(self, after: str = "") -> Iterator[Stored]:
        return iter([Stored(name, len(kept), now()) for name, kept in sorted(self.files.items()) if name > after])

    def throw(self, name: str) -> None:
        self.bin[name] = self.files.pop(name)

    def fetch_back(self, name: str) -> None:
        self.files[name] = self.bin.pop(name)

    def empty(self, before: int, most: int = 1000) -> int:
        raise NotImplementedError


@dataclass
class EasyDecoders:
    """Takes what begins as `PICTURE` does, at 40 by 30 pixels, with a thumbnail."""

    taken: Mapping[str, Any] | None = None
    looked_at: list[bytes] = field(default_factory=list)
    """What was looked into, in its order."""
    closed: bool = False

    async def prepare(self, content: IO[bytes], into: Path) -> PreparedPicture:
        held = content.read()
        self.looked_at.append(held)
        if not held.startswith(PICTURE):
            raise WrongType("It is no picture")
        forms = {}
        for name, made, width, height in ((ORIGINAL, held, 40, 30), (THUMBNAIL, held[:9], 4, 3)):
            path = into / name
            path.write_bytes(made)
            forms[name] = Form(path, "image/png", len(made), width, height)
        return PreparedPicture(forms, self.taken)

    def close(self) -> None:
        self.closed = True
