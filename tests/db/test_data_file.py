"""The file under a running Keesa: nothing is acknowledged into a file that is not, or no longer, the desk's."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from keesa.db import Tx
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import CHECKPOINT, SqliteDatabase
from keesa.errors import Unavailable
from killed_checkpoint import KILLED_CHECKPOINT
from lines import adding, make_table, read_lines


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(opened)
    opened.write(adding("before"))
    yield opened
    with suppress(Unavailable, sqlite3.Error):
        opened.close()


def another(folder: Path) -> Path:
    """A file of another desk."""
    other = SqliteDatabase(folder / "other.db")
    make_table(other)
    other.write(adding("another"))
    other.close()
    return folder / "other.db"


def overwritten(file: Path) -> None:
    file.write_bytes(another(file.parent).read_bytes())


def replaced(file: Path) -> None:
    another(file.parent).rename(file)


def moved_away(file: Path) -> None:
    folder = file.parent / "elsewhere"
    folder.mkdir()
    for each in file.parent.glob(f"{file.name}*"):
        each.rename(folder / each.name)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def cut_behind_its_header(file: Path) -> None:
    """By one page: what is left looks as before."""
    os.truncate(file, file.stat().st_size - 4096)


def without_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


def without_lock(file: Path) -> None:
    """Another process would make a new one, and write at the same time."""
    file.with_suffix(".lock").unlink()


def filled_with_garbage(file: Path) -> None:
    garble(file, 0, file.stat().st_size)


def with_an_emptied_log(file: Path) -> None:
    os.truncate(log_of(file), 0)


def with_a_cut_log(file: Path) -> None:
    """In the last page that counts: behind it may stand what is left of a log before."""
    log, frame = log_of(file).read_bytes(), 24 + 4096
    places = [place for place in range(32, len(log), frame) if log[place + 8 : place + 16] == log[16:24]]
    os.truncate(log_of(file), places[-1] + frame - 1000)


def with_a_garbled_log(file: Path) -> None:
    garble(log_of(file), 0, log_of(file).stat().st_size)


def with_a_garbled_beginning_of_the_log(file: Path) -> None:
    garble(log_of(file), 0, 32)


def with_another_desk_s_log(file: Path) -> None:
    """Of the same size, so that only what stands in it tells."""
    folder = file.parent / "other"
    folder.mkdir()
    other = SqliteDatabase(folder / SQLITE_FILE)
    make_table(other)
    for line in ("another", "and another"):
        other.write(adding(line))
    theirs = log_of(folder / SQLITE_FILE).read_bytes()
    other.close()
    size = log_of(file).stat().st_size
    with log_of(file).open("r+b") as log:
        log.write((theirs * (size // len(theirs) + 1))[:size])


def log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def garble(file: Path, first: int, size: int) -> None:
    """In place, as a program does that mistakes the file for its own."""
    with file.open("r+b") as opened:
        opened.seek(first)
        opened.write(b"\x5a" * size)


HARM: Final = [
    Path.unlink,
    overwritten,
    replaced,
    moved_away,
    emptied,
    cut_behind_its_header,
    without_log,
    without_lock,
    filled_with_garbage,
    with_an_emptied_log,
    with_a_cut_log,
    with_a_garbled_log,
    with_a_garbled_beginning_of_the_log,
    with_another_desk_s_log,
]


@pytest.mark.parametrize("harm", HARM)
def test_nothing_is_acknowledged_into_another_file(
    database: SqliteDatabase, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """A write that comes after is unavailable, and so is each that follows; nobody hears that it is done."""
    database.write(adding("also before"))
    harm(tmp_path / SQLITE_FILE)
    for line in ("lost", "lost too"):
        with pytest.raises(Unavailable):
            database.write(adding(line))


@pytest.mark.parametrize("harm", HARM)
def test_what_is_read_of_a_damaged_file_is_unavailable_or_what_stands_there(
    database: SqliteDatabase, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    """No other error, which would be a fault of ours, and nobody waits: the event loop reads."""
    harm(tmp_path / SQLITE_FILE)
    began = time.monotonic()
    for _ in range(2):
        with suppress(Unavailable):
            database.read(read_lines)
    assert time.monotonic() - began < 3


def test_a_checkpoint_that_was_killed_stops_nothing(database: SqliteDatabase, tmp_path: Path) -> None:
    """Neither of those who go on, nor at the next start: what the file still lacks stands in the log."""
    file = tmp_path / SQLITE_FILE
    for number in range(300):
        database.write(adding(f"{number} {'x' * 3000}"))
    before = file.stat().st_size
    subprocess.run([sys.executable, "-c", KILLED_CHECKPOINT, str(file)], check=True)
    assert file.stat().st_size == before
    database.write(adding("goes on"))
    opened = SqliteDatabase(file)
    opened.write(adding("begins"))
    opened.close()
    assert len(database.read(read_lines)) == 303


def test_the_log_is_written_back_and_stays_bounded(database: SqliteDatabase, tmp_path: Path) -> None:
    """Though SQLite's own checkpoints are off: by the writer, under the lock that orders all writers."""
    log = tmp_path / f"{SQLITE_FILE}-wal"

    def add_many(tx: Tx, first: int) -> None:
        for number in range(first, first + 200):
            adding(f"{number} {'x' * 1000}")(tx)

    for first in range(0, 8000, 200):
        database.write(partial(add_many, first=first))
    assert log.stat().st_size < 1.5 * CHECKPOINT * 4096
    assert len(database.read(read_lines)) == 1 + 40 * 200


_WRITER = """
import sys, threading
from pathlib import Path
from keesa.db.sqlite import SqliteDatabase
from lines import adding
database = SqliteDatabase(Path(sys.argv[1]))
for number in range(100_000):
    line = f"{sys.argv[2]} {number} {'x' * 500}"
    database.write(adding(line))
    print(line, flush=True)
"""


def test_two_processes_that_write_back_and_are_killed_lose_nothing(database: SqliteDatabase, tmp_path: Path) -> None:
    """Every acknowledged line is there, and the file is sound."""
    acknowledged: list[str] = []
    for kill in range(3):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(tmp_path / SQLITE_FILE), f"{kill}{name}"],
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for name in "ab"
        ]
        for writer in writers:
            assert writer.stdout is not None
            acknowledged += [writer.stdout.readline() for _ in range(600)]
        for writer in writers:
            writer.kill()
            rest, _ = writer.communicate()
            acknowledged += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    kept = set(database.read(read_lines))
    assert {line.rstrip("\n") for line in acknowledged} <= kept
    database.close()
    copy = tmp_path / "copy.db"
    shutil.copy(tmp_path / SQLITE_FILE, copy)
    assert sqlite3.connect(copy).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
