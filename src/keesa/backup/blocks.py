"""A data file in blocks, by the sums of which is told what differs from another state of it.

A block is as large as a page of SQLite's, so that a snapshot has little beside what was changed. SHA-256, of which a
part is kept, as most processors have instructions for it: with them it takes half of what BLAKE2 does.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from keesa.backup.archive import PIECE, Progress, Readable, silent

BLOCK: Final = 4096
"""Bytes. A part of `PIECE`."""
SUM: Final = 16
"""Bytes that are kept of each block's SHA-256."""


class TooManyError(Exception):
    """More blocks have changed than is worth while."""


def sums_of(piece: bytes) -> bytes:
    """Of each block of it, one behind the other."""
    view = memoryview(piece)
    return b"".join(
        [hashlib.sha256(view[place : place + BLOCK]).digest()[:SUM] for place in range(0, len(piece), BLOCK)]
    )


def pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def sums_of_file(path: Path, progress: Progress = silent) -> bytes:
    """Of each of its blocks."""
    found, size = bytearray(), path.stat().st_size
    for number, piece in enumerate(pieces_of(path), 1):
        found += sums_of(piece)
        progress(min(number * PIECE, size), size)
    return bytes(found)


def whole(sums: bytes) -> str:
    """What tells a whole file, from the sums of its blocks."""
    return hashlib.sha256(sums).hexdigest()


def write_changed(pieces: Iterable[bytes], known: bytes, to: IO[bytes], most: int) -> tuple[list[int], bytes]:
    """Write each block whose sum is none of the `known` ones; their numbers, and the sums of all blocks. Raises
    `TooManyError` beyond so many.
    """
    numbers: list[int] = []
    found = bytearray()
    for piece in pieces:
        first, sums = len(found) // SUM, sums_of(piece)
        if sums != known[len(found) : len(found) + len(sums)]:
            for number in _differing(sums, known[len(found) : len(found) + len(sums)]):
                to.write(piece[number * BLOCK : (number + 1) * BLOCK])
                numbers.append(first + number)
            if len(numbers) > most:
                raise TooManyError
        found += sums
    return numbers, bytes(found)


def _differing(sums: bytes, known: bytes) -> Iterator[int]:
    for place in range(0, len(sums), SUM):
        if sums[place : place + SUM] != known[place : place + SUM]:
            yield place // SUM


def packed(numbers: Iterable[int]) -> bytes:
    return b"".join(struct.pack("<I", number) for number in numbers)


def put_over(path: Path, numbers: bytes, blocks: Readable, size: int) -> None:
    """Put the blocks into the file, each to its place, and make it so long."""
    with path.open("r+b") as file:
        for (number,) in struct.iter_unpack("<I", numbers):
            file.seek(number * BLOCK)
            file.write(blocks.read(BLOCK))
        file.truncate(size)
