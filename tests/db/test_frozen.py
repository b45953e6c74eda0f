"""The data file while it is frozen: it holds one whole state, and nobody writes it, though others go on writing."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from keesa.db import sqlite, sqlite_frozen
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import CHECKPOINT, SqliteDatabase
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines
from live import environment

BEFORE: Final = 20
WRITES: Final = """
import sys
from pathlib import Path
from keesa.db.sqlite import SqliteDatabase
database = SqliteDatabase(Path(sys.argv[1]))
add = "INSERT INTO lines (line) VALUES (:line)"
for number in range(int(sys.argv[2])):
    database.write(lambda tx: tx.run(add, line=f"meanwhile {number} {'x' * 3000}"))
database.write_back()
database.close()
"""
READS_AN_OLD_STATE: Final = """
import sqlite3, sys
reader = sqlite3.connect(sys.argv[1], isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT count(*) FROM lines").fetchall()
print("reads", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(opened)
    for number in range(BEFORE):
        opened.write(adding(f"before {number}"))
    yield opened
    opened.close()


def lines_in(content: bytes, to: Path) -> list[str]:
    """What a file of that content holds, which is sound."""
    to.write_bytes(content)
    with closing(sqlite3.connect(f"{to.as_uri()}?immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [line for (line,) in connection.execute("SELECT line FROM lines ORDER BY id")]


def write_elsewhere(database: SqliteDatabase, writes: int) -> None:
    """In another process, which writes the log back as often as it wants."""
    subprocess.run(
        [sys.executable, "-c", WRITES, database.path, str(writes)], env=environment(), check=True, timeout=60
    )


@contextmanager
def old_state(database: SqliteDatabase) -> Iterator[None]:
    """Another process reads it, and this one writes meanwhile."""
    command = [sys.executable, "-c", READS_AN_OLD_STATE, str(database.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == b"reads\n"
        database.write(adding("since"))
        yield
        reader.stdin.close()


def test_nobody_writes_the_file_meanwhile(database: SqliteDatabase, tmp_path: Path) -> None:
    """Another process writes more than it takes for the log to be written back, from several logs: the file stays to
    the byte what it was, and holds all that was there before; afterwards it is written again.
    """
    with database.frozen() as frozen:
        first = b"".join(frozen.pieces())
        write_elsewhere(database, CHECKPOINT)
        assert b"".join(frozen.pieces()) == first
        assert len(first) == frozen.size
        assert len(frozen.tx.all("SELECT line FROM lines")) == BEFORE
    assert lines_in(first, tmp_path / "then") == [f"before {number}" for number in range(BEFORE)]
    assert len(database.read(read_lines)) == BEFORE + CHECKPOINT
    with database.frozen() as frozen:
        assert len(lines_in(b"".join(frozen.pieces()), tmp_path / "now")) == BEFORE + CHECKPOINT


def test_it_has_all_that_was_acknowledged_before(database: SqliteDatabase, tmp_path: Path) -> None:
    """Again and again, while others write."""
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write_elsewhere, database, CHECKPOINT // 4)
        number = 0
        while not writing.done():
            said = database.write(adding(f"own {number}"))
            with database.frozen() as frozen:
                found = lines_in(b"".join(frozen.pieces()), tmp_path / "frozen")
            assert said in found
            number += 1
        writing.result()
    assert number


def test_a_reader_of_an_older_state_is_waited_for(database: SqliteDatabase, tmp_path: Path) -> None:
    """As long as it keeps the log from being written back, the file lacks something; then it does not."""
    with ThreadPoolExecutor(1) as threads, old_state(database):
        freezing = threads.submit(_frozen_lines, database, tmp_path / "frozen")
        with pytest.raises(TimeoutError):
            freezing.result(3 * sqlite.BETWEEN_FREEZING)
    assert freezing.result() == [*(f"before {number}" for number in range(BEFORE)), "since"]


def _frozen_lines(database: SqliteDatabase, to: Path) -> list[str]:
    with database.frozen() as frozen:
        return lines_in(b"".join(frozen.pieces()), to)


def test_a_reader_who_stays_is_told_of(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the deadline; nothing is held afterwards."""
    monkeypatch.setattr(sqlite, "FREEZING", 0.0)
    with old_state(database), pytest.raises(Unavailable, match="reads an old state"), database.frozen():
        pytest.fail("it is not frozen")
    database.write(adding("after"))
    with database.frozen() as frozen:
        assert frozen.tx.all("SELECT line FROM lines ORDER BY id DESC LIMIT 1")[0]["line"] == "after"


def test_readers_who_end_soon_are_waited_for_with_the_lock(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that among many short ones there is a moment without any."""
    monkeypatch.setattr(sqlite, "FREEZING", 0.0)
    monkeypatch.setattr(sqlite_frozen, "PATIENCE", 30.0)
    reader = sqlite3.connect(database.path, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM lines").fetchall()
    database.write(adding("after"))
    with ThreadPoolExecutor(1) as threads, closing(reader):
        freezing = threads.submit(lambda: database.frozen().__enter__())
        with pytest.raises(TimeoutError):
            freezing.result(0.1)
        reader.execute("ROLLBACK")
        assert freezing.result().size


def test_a_file_that_was_written_nevertheless_is_noticed(database: SqliteDatabase) -> None:
    """By a program that obeys no lock: what was read is worth nothing."""
    with pytest.raises(Unavailable, match="has written the data file meanwhile"), database.frozen():
        _overwrite(database.path)


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(60)
        file.write(b"\1\2\3\4")
