"""Whether SQLite's log belongs to the data file that it lies beside (docs/decisions/0026-restored-files.md).

The log (https://www.sqlite.org/walformat.html) names no file. But the header of a file changes only when the log is
written back, and then is one that stands in the log, in a copy of page 1. So with the header that the file had when the
log was begun, which is recorded beside it, every header is known that the file of this log can have.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

HEADER: Final = 100
"""Bytes at the beginning of a data file, a part of its page 1."""
_SALTS: Final = 8
"""Bytes: a log that begins anew has others, and so has each of its frames."""
RECORD: Final = 2 * (_SALTS + HEADER) + 2
"""Bytes of a record's line."""
LOG_HEADER: Final = struct.Struct(">IIII8sII")
SALTS_AT: Final = 16
"""Where they begin in the log's header."""
FRAME: Final = struct.Struct(">II8sII")
"""What stands before each page in the log: page, size of the database, salts, and a sum over all that comes before."""


def record(log: bytes, header: bytes) -> bytes:
    """A line: the log of those salts was begun when the file had that header."""
    return f"{log.hex()} {header.hex()}\n".encode()


def salts_of(line: bytes) -> bytes:
    """Those of a line that `record` made; none of any other."""
    return _read(line)[0]


def belongs(log: Path, header: bytes, line: bytes) -> bool:
    """False where a file with this header cannot be the one that the log was begun for, by the line of `record`."""
    begun, first = _read(line)
    if not begun or header == first:
        return True
    try:
        with log.open("rb") as file:
            start = file.read(LOG_HEADER.size)
            if len(start) < LOG_HEADER.size:
                return True
            _, _, page, _, found, _, _ = LOG_HEADER.unpack(start)
            return found != begun or header in _first_pages(file, page, found)
    except FileNotFoundError:
        return True


def _read(line: bytes) -> tuple[bytes, bytes]:
    try:
        log, header = (bytes.fromhex(part) for part in line.decode("ascii").removesuffix("\n").split(" "))
    except ValueError:
        return b"", b""
    return (log, header) if (len(log), len(header)) == (_SALTS, HEADER) else (b"", b"")


def _first_pages(file: BinaryIO, page: int, log: bytes) -> Iterator[bytes]:
    """The headers in all copies of page 1. What a crash left unfinished may be among them: no file has its header."""
    while len(frame := file.read(FRAME.size)) == FRAME.size:
        number, _, found, _, _ = FRAME.unpack(frame)
        if found != log:
            return
        after = file.tell() + page
        if number == 1:
            yield file.read(HEADER)
        file.seek(after)
