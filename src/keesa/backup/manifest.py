"""What a back-up tells of itself, in the JSON at its end."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

FORMAT: Final = 2
"""Of the file. A program refuses a larger number than it knows."""

Engine = Literal["sqlite", "postgres"]


class Member(Struct, frozen=True):
    """A file in the archive."""

    name: str
    size: int
    """In bytes."""
    sha256: str


class Changes(Struct, frozen=True):
    """What a snapshot tells of itself: it has the blocks that differ from those of a full back-up."""

    base: str
    """The full back-up's file, which lies beside it."""
    base_sum: str
    """The last 32 bytes of that file, in hex."""
    size: int
    """Of the data that comes out, in bytes."""
    blocks: int
    """How many differ."""
    sum: str
    """SHA-256 of the sums of all blocks of the data that comes out."""


class Files(Struct, frozen=True):
    """What a back-up tells of pictures and files, which come behind its members: there may be millions."""

    count: int
    bytes: int
    missing: int
    """That rows have named, and that were not there, or not as large as they should be."""
    last: int
    """The largest id of `stored_files`, which is where those of a snapshot begin."""
    sum: str
    """SHA-256 of a line for each: its SHA-256 in hex, and its name."""


class Manifest(Struct, frozen=True, kw_only=True):
    format: int = FORMAT
    made_at: int
    """When its state was the desk's, in milliseconds since 1970."""
    keesa: str
    """The version of the program that made it."""
    engine: Engine
    schema: int
    desk: str
    """The id that the desk has in all its back-ups; empty of a schema that has none yet."""
    zone: str
    number_form: str
    tables: Mapping[str, int]
    """Rows of each. A snapshot does not count them."""
    columns: Mapping[str, Sequence[str]] = {}
    """Of each table, in the order in which its rows have them. SQLite's file needs none."""
    sequences: Mapping[str, int | None] = {}
    """The last number that each has given, on PostgreSQL; None where it has given none."""
    members: Sequence[Member]
    changes: Changes | None = None
    """Of a snapshot."""
    files: Files | None = None
    """None where it has none of them, but what the tables tell: as one that is made before an upgrade, which does not
    touch them.
    """
