"""SQLite's data file while nobody writes it, so that it can be read past SQLite, and writers go on beside.

A reader that begins when all of the log is written back needs nothing of the log, and takes the lock that every
checkpoint, of any process, must have to write the file: https://www.sqlite.org/walformat.html#locks, WAL_READ_LOCK(0).
"""

import sqlite3
import time
from collections.abc import Iterator
from typing import Final

from keesa.db.engine import Tx
from keesa.db.sqlite_file import DataFile, bytes_told
from keesa.db.sqlite_log import HEADER
from keesa.errors import Unavailable

PIECE: Final = 1024 * 1024
"""Bytes that are read at a time."""
PATIENCE: Final = 0.02
"""Seconds that all writers wait for readers of older states, most of which end within a millisecond or two."""
_POLL: Final = 0.001


class Frozen:
    """A state of the data. The file has it, for as long as the transaction is open."""

    def __init__(self, file: DataFile, tx: Tx) -> None:
        self.tx = tx
        """Reads that state."""
        self._file = file
        self._header = file.content(HEADER, 0)
        self.size = bytes_told(self._header)
        """Of the file, in bytes."""

    def pieces(self) -> Iterator[bytes]:
        """All of the file."""
        for place in range(0, self.size, PIECE):
            size = min(PIECE, self.size - place)
            piece = self._file.content(size, place)
            if len(piece) < size:
                raise Unavailable("The data file is shorter than it tells")
            yield piece

    def require_unwritten(self) -> None:
        """Raise `Unavailable` where the file was written nevertheless: each checkpoint of ours changes the header."""
        if self._file.content(HEADER, 0) != self._header:
            raise Unavailable("Another program has written the data file meanwhile, please try again later")


def begin_behind(reader: sqlite3.Connection, writer: sqlite3.Connection, file: DataFile) -> bool:
    """Begin the reader's transaction where nothing of the log is left to be written back; whether that came to be. The
    lock is held, so that nobody writes the log meanwhile.
    """
    until = time.monotonic() + PATIENCE
    while not file.is_written_back():
        if time.monotonic() > until:
            return False
        time.sleep(_POLL)
        writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    reader.execute("BEGIN")
    reader.execute("SELECT 1 FROM sqlite_schema").fetchone()
    return True
