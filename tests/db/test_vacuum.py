"""Giving free pages back to the disk: the file becomes shorter, and nobody takes it for another one."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from keesa.db import Tx, vacuum
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.db.vacuum import Progress
from keesa.errors import Refused, Unavailable
from killed_checkpoint import KILLED_CHECKPOINT
from lines import adding, make_table, read_lines
from unshrunk import PAGE, fill, free_pages
from waiting import wait_until

BEFORE: Final = 10
FREE: Final = 500


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """With lines, and some free pages behind them."""
    opened = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(opened)
    for number in range(BEFORE):
        opened.write(adding(f"before {number} {'x' * 3000}"))
    fill(opened, FREE)
    yield opened
    opened.close()


def no_progress(_progress: Progress) -> None:
    """Nobody looks."""


def test_the_file_becomes_shorter(database: SqliteDatabase) -> None:
    """By all that was free, at once, and stays sound."""
    before = database.path.stat().st_size
    lines = database.read(read_lines)
    told: list[Progress] = []
    done = vacuum.vacuum(database, told.append)
    assert done.free == 0
    assert database.path.stat().st_size == before - done.given_back <= before - FREE * PAGE
    assert [progress.given_back + progress.free for progress in told] == [done.given_back] * len(told)
    assert database.read(read_lines) == lines
    database.close()
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_no_step_is_long(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is free, a write moves so many pages at the most, or as many as it can in so much time."""
    moved: list[int] = []
    whole = database.write

    def watched(work: Callable[[Tx], Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        before = database.read(free_pages)
        value = whole(work)
        moved.append(max(0, before - database.read(free_pages)))
        return value

    monkeypatch.setattr(database, "write", watched)
    monkeypatch.setattr(vacuum, "STEP", 60.0)
    vacuum.vacuum(database, no_progress)
    assert max(moved) == vacuum.STEP_PAGES
    moved.clear()
    fill(database, 5)
    monkeypatch.setattr(vacuum, "STEP", 0.0)
    assert vacuum.vacuum(database, no_progress).free == 0
    assert set(moved) == {0, 1}


def test_it_may_be_stopped_and_begun_again(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given back until then is; all lines are there."""
    monkeypatch.setattr(vacuum, "STEP_PAGES", 10)
    lines, free = database.read(read_lines), database.read(free_pages)

    def stop(progress: Progress) -> None:
        if progress.given_back >= 20 * PAGE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vacuum.vacuum(database, stop)
    assert 20 <= free - database.read(free_pages) < 40
    assert vacuum.vacuum(database, no_progress).free == 0
    assert database.read(read_lines) == lines


def test_a_file_that_cannot_shrink_stays_as_it_is(tmp_path: Path) -> None:
    """One that an older Keesa made: opened as before, and refused by the vacuum with what to do."""
    with closing(sqlite3.connect(tmp_path / SQLITE_FILE)) as older:
        older.execute("PRAGMA journal_mode = WAL")
        older.execute("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    with closing(SqliteDatabase(tmp_path / SQLITE_FILE)) as opened:
        with pytest.raises(Refused, match="make a back-up and restore it"):
            vacuum.vacuum(opened, no_progress)
        assert opened.read(lambda tx: tx.all("PRAGMA auto_vacuum")[0]["auto_vacuum"]) == 0


def test_a_reader_of_an_older_state_stops_nothing(database: SqliteDatabase) -> None:
    """It goes on to see it; the file is cut by a checkpoint after its end."""
    before = database.path.stat().st_size
    with closing(sqlite3.connect(f"{database.path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        seen = reader.execute("SELECT line FROM lines ORDER BY id").fetchall()
        done = vacuum.vacuum(database, no_progress)
        assert done.free == 0
        assert database.path.stat().st_size == before
        database.write(adding("afterwards"))
        assert reader.execute("SELECT line FROM lines ORDER BY id").fetchall() == seen
        reader.execute("COMMIT")
    database.write_back()
    assert database.path.stat().st_size <= before - done.given_back + 10 * PAGE


def test_it_never_fills_the_log(database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a reader of an older state lets nothing be written back, it stops by itself, and others write on."""
    monkeypatch.setattr(vacuum, "LONGEST_LOG", 100)
    with closing(sqlite3.connect(f"{database.path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT line FROM lines").fetchall()
        database.write(adding(f"a long one {'x' * 300_000}"))
        with pytest.raises(Unavailable, match="another program reads an old state"):
            vacuum.vacuum(database, no_progress)
        assert database.log_bytes() < 300 * PAGE
        database.write(adding("goes on"))
    vacuum.vacuum(database, no_progress)
    assert database.read(free_pages) == 0


_VACUUMS: Final = """
import sys
from pathlib import Path
from keesa.db.sqlite import SqliteDatabase
from keesa.db.vacuum import vacuum
from lines import adding
database = SqliteDatabase(Path(sys.argv[1]))
vacuum(database, lambda progress: None)
for number in range(40):
    database.write(adding(f"{number} {'x' * 3000}"))
database.close()
"""
"""Then it grows again, in the log alone."""


def run(program: str, file: Path) -> None:
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, str(file)], check=True, env=env)


def test_a_checkpoint_killed_behind_a_vacuum_stops_nothing(database: SqliteDatabase) -> None:
    """Another process gave pages back, went on, and was killed while it wrote back: the file is shorter than this
    process knows it, and than its header tells, and is the right one.
    """
    before = database.path.stat().st_size
    run(_VACUUMS, database.path)
    shrunk = database.path.stat().st_size
    assert shrunk < before
    run(KILLED_CHECKPOINT, database.path)
    assert database.path.stat().st_size == shrunk < told_by_header(database.path) <= before
    database.write(adding("goes on"))
    assert len(database.read(read_lines)) == BEFORE + 41


def test_a_file_that_was_cut_behind_a_vacuum_is_found(database: SqliteDatabase) -> None:
    """Though this process has not looked since: what is missing is nowhere."""
    run(_VACUUMS, database.path)
    run(KILLED_CHECKPOINT, database.path)
    os.truncate(database.path, 5 * PAGE)
    for _ in range(2):
        with pytest.raises(Unavailable, match="overwritten"):
            database.write(adding("lost"))


def told_by_header(file: Path) -> int:
    return int.from_bytes(file.read_bytes()[28:32], "big") * PAGE


def have_grown(files: Sequence[Path], sizes: Sequence[int]) -> bool:
    return all(file.stat().st_size > size for file, size in zip(files, sizes, strict=True))


_WRITER: Final = """
import sys
from pathlib import Path
from keesa.db.sqlite import SqliteDatabase
from lines import adding
database = SqliteDatabase(Path(sys.argv[1]))
for number in range(100_000):
    line = f"{sys.argv[2]} {number} {'x' * 500}"
    database.write(adding(line))
    print(line, flush=True)
"""


def test_writers_of_other_processes_go_on(database: SqliteDatabase) -> None:
    """Two write all the while, and pages are freed again and again: no write is refused, and every line is there."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    files = [database.path.with_name(name) for name in "ab"]
    outputs = [file.open("w") for file in files]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, database.path, file.name], stdout=output, env=env, stderr=subprocess.STDOUT
        )
        for file, output in zip(files, outputs, strict=True)
    ]
    try:
        for _ in range(3):
            at_work = [file.stat().st_size for file in files]
            assert vacuum.vacuum(database, no_progress).given_back > FREE // 2 * PAGE
            wait_until(partial(have_grown, files, at_work))
            fill(database, FREE)
        assert [writer.poll() for writer in writers] == [None, None]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
        for output in outputs:
            output.close()
    kept = set(database.read(read_lines))
    acknowledged = [line for file in files for line in file.read_text().splitlines(keepends=True) if line[-1] == "\n"]
    assert len(acknowledged) > 20
    assert {line[:-1] for line in acknowledged} <= kept
    assert database.read(lambda tx: tx.all("PRAGMA integrity_check")[0]["integrity_check"]) == "ok"
