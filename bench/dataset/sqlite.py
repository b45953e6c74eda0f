"""SQLite's way to load, empty and copy a data set: one file."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from bench.dataset.tables import COLUMNS, Row, Tell, Write
from keesa.db.sqlite import PATIENCE
from keesa.db.sqlite_file import DataFile
from keesa.errors import Refused


@contextmanager
def loading(path: Path, tell: Tell) -> Iterator[Write]:
    """A writer of rows by table. Indexes and triggers are away meanwhile, and foreign keys are believed.

    The file is its alone: it has to be open nowhere else.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-400000"):
            connection.execute(f"PRAGMA {pragma}")
        kept = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql <> '' ORDER BY type"
        ).fetchall()
        for kind, name, _ in kept:
            connection.execute(f"DROP {kind} {name}")
        connection.execute("BEGIN")
        yield partial(_insert, connection)
        connection.execute("COMMIT")
        for _, name, sql in kept:
            tell(name)
            connection.execute(sql)
        tell("checkpoint")
        for pragma in ("synchronous=FULL", "journal_mode=WAL", "wal_checkpoint(TRUNCATE)"):
            connection.execute(f"PRAGMA {pragma}")


def _insert(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    columns = COLUMNS[table]
    marks = ", ".join("?" for _ in columns.split(", "))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def empty(path: Path) -> None:
    """With its write-ahead log."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def copy(path: Path, folder: Path) -> None:
    """With all that was committed, and flushed: the disk is not to do it while a benchmark measures."""
    file = DataFile(path)
    try:
        with file.locked_within(PATIENCE), closing(sqlite3.connect(path)) as connection:
            [busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        file.close()
    if busy:
        raise Refused(f"Somebody works with {path}, which benchmarks only copy")
    with Path(shutil.copy(path, folder)).open("rb") as copied:
        os.fsync(copied.fileno())
