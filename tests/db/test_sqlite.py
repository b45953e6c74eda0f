"""What is SQLite's own: commits in groups, and a file that can be full, locked, damaged or gone."""

import asyncio
import errno
import functools
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gates import busy_writer
from keesa.db import Tx, Work, open_database, sqlite
from keesa.db.grouping import GROUP
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.db.sqlite_file import DataFile
from keesa.errors import Refused, Unavailable
from lines import adding, make_table, read_lines
from live import environment


class WatchedConnection(sqlite3.Connection):
    """A connection that counts commits, and fails them when it is told to."""

    commits = 0
    failing = False

    def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            if WatchedConnection.failing:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
                raise error
            WatchedConnection.commits += 1
        return super().execute(sql, *parameters)  # type: ignore[arg-type]  # as the driver's own


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteDatabase]:
    """An open file with the table of lines, whose commits are watched."""
    monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=WatchedConnection))
    opened = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(opened)
    monkeypatch.setattr(WatchedConnection, "commits", 0)
    monkeypatch.setattr(WatchedConnection, "failing", False)
    yield opened
    opened.close()


def in_one_group(database: SqliteDatabase, jobs: list[Work[str]]) -> list[str | BaseException]:
    """The outcomes of jobs that all wait when the writer is free again."""

    async def run() -> list[str | BaseException]:
        async with busy_writer(database) as gate:
            tasks = [asyncio.ensure_future(database.awrite(job)) for job in jobs]
            await asyncio.sleep(0)  # each task gets as far as the queue
            gate.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def test_what_waits_together_is_committed_together(database: SqliteDatabase) -> None:
    """A hundred writes that wait take two commits, of 64 at most, beside the one that they waited for."""
    lines = [f"line {number}" for number in range(100)]
    assert in_one_group(database, [adding(line) for line in lines]) == lines
    assert GROUP == 64
    assert WatchedConnection.commits == 1 + 2
    assert database.read(read_lines) == lines


class Broken(Exception):
    """What a piece of work raises that cannot go on."""


def breaking(error: BaseException) -> Work[str]:
    def work(tx: Tx) -> str:
        adding("half done")(tx)
        raise error

    return work


def test_a_job_that_fails_takes_no_neighbour_with_it(database: SqliteDatabase) -> None:
    """Its own lines are undone, its caller hears why, and the others of its group are committed."""
    error = Broken()
    outcomes = in_one_group(database, [adding("left"), breaking(error), adding("right")])
    assert outcomes == ["left", error, "right"]
    assert WatchedConnection.commits == 2
    assert database.read(read_lines) == ["left", "right"]


def test_no_job_ends_the_writer(database: SqliteDatabase) -> None:
    """An exit that is raised in a job is its caller's alone: the next write is done."""
    with pytest.raises(SystemExit):
        database.write(breaking(SystemExit(3)))
    database.write(adding("goes on"))
    assert database.read(read_lines) == ["goes on"]


def test_a_job_that_breaks_a_rule_takes_no_neighbour_with_it(database: SqliteDatabase) -> None:
    """A line that is there already is refused to the second who adds it, in the same group."""
    first, second, third = in_one_group(database, [adding("same"), adding("same"), adding("other")])
    assert (first, third) == ("same", "other")
    assert isinstance(second, sqlite3.IntegrityError)
    assert database.read(read_lines) == ["same", "other"]


def test_a_commit_that_fails_is_told_to_the_whole_group(database: SqliteDatabase) -> None:
    """Nobody is told that a write is done which is not on the disk, and the writer goes on afterwards."""

    def let_the_commit_fail(tx: Tx) -> str:
        WatchedConnection.failing = True
        return adding("in the middle")(tx)

    outcomes = in_one_group(database, [adding("left"), let_the_commit_fail, adding("right")])
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    WatchedConnection.failing = False
    assert database.read(read_lines) == []
    assert database.write(adding("goes on")) == "goes on"
    assert database.read(read_lines) == ["goes on"]


@pytest.mark.parametrize(
    "error", [Unavailable("overwritten"), OSError(errno.EIO, "Input/output error"), sqlite3.OperationalError("locked")]
)
def test_what_fails_after_a_commit_does_not_deny_it(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The look at the log that follows: who wrote is told that it is done, and a retry would have doubled it."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(DataFile, "record_log", fail)
    assert in_one_group(database, [adding("left"), adding("right")]) == ["left", "right"]
    assert database.write(adding("goes on")) == "goes on"
    assert database.read(read_lines) == ["left", "right", "goes on"]


def test_a_full_disk_is_unavailable_and_loses_nothing(database: SqliteDatabase) -> None:
    """What is acknowledged beside a write that found no room is there, and what is not is not."""
    pages = database.write(lambda tx: tx.all("PRAGMA page_count")[0]["page_count"])
    database.write(lambda tx: tx.all(f"PRAGMA max_page_count = {pages + 2}"))
    outcomes = in_one_group(database, [adding("left"), adding("x" * 100_000), adding("right")])
    assert isinstance(outcomes[1], Unavailable)
    acknowledged = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert database.read(read_lines) == acknowledged
    database.write(lambda tx: tx.all("PRAGMA max_page_count = 100000"))
    assert len(database.write(adding("x" * 100_000))) == 100_000


FILE_TOO_LARGE = """
import resource, sys
from pathlib import Path
from keesa.db import open_database
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines

database = open_database(Path(sys.argv[1]), None)
make_table(database)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
try:
    database.write(adding("x" * 400_000))
except Unavailable as error:
    print("unavailable:", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
print(database.write(adding("goes on")), database.read(read_lines))
database.close()
"""


def test_a_disk_that_refuses_a_write_is_unavailable(tmp_path: Path) -> None:
    """An error of the system while it writes, here its limit on a file's size, undoes the write and passes."""
    done = subprocess.run(
        [sys.executable, "-c", FILE_TOO_LARGE, tmp_path],
        cwd=Path(__file__).parents[1] / "support",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "unavailable: The database does not answer now, please try again later\ngoes on ['goes on']\n"
    assert done.stderr == ""


def test_a_lock_of_another_program_is_waited_for_and_then_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell that holds the file makes a write wait, then fail; when it lets go, writes go on."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    shell = sqlite3.connect(tmp_path / SQLITE_FILE, isolation_level=None)
    try:
        make_table(database)
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            database.write(adding("locked out"))
        assert database.read(read_lines) == []
        shell.execute("COMMIT")
        database.write(adding("goes on"))
        assert database.read(read_lines) == ["goes on"]
    finally:
        shell.close()
        database.close()


def test_a_write_has_the_file_to_itself_from_its_beginning(database: SqliteDatabase, tmp_path: Path) -> None:
    """No other program can write between what a piece of work reads and what it then writes."""
    shell = sqlite3.connect(tmp_path / SQLITE_FILE, isolation_level=None, timeout=0, check_same_thread=False)

    def work(tx: Tx) -> str:
        read_lines(tx)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            shell.execute("INSERT INTO lines (line) VALUES ('between')")
        return adding("whole")(tx)

    try:
        assert database.write(work) == "whole"
        shell.execute("INSERT INTO lines (line) VALUES ('after')")
    finally:
        shell.close()
    assert database.read(read_lines) == ["whole", "after"]


def test_only_its_owner_reads_the_data(tmp_path: Path) -> None:
    """The folder and every file with data in it are the owner's alone, whatever files get by default."""
    folder = tmp_path / "new" / "desk"
    usual = os.umask(0)
    try:
        database = open_database(folder, None)
        make_table(database)
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.suffix != ".lock"}
        assert files == {SQLITE_FILE: 0o600, f"{SQLITE_FILE}-wal": 0o600, f"{SQLITE_FILE}-shm": 0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        database.close()
    finally:
        os.umask(usual)


def test_a_commit_waits_for_the_disk(database: SqliteDatabase) -> None:
    """The file is in WAL mode, and every commit is flushed before it is acknowledged."""

    def modes(tx: Tx) -> list[object]:
        return [tx.all(f"PRAGMA {name}")[0][name] for name in ("journal_mode", "synchronous")]

    assert database.write(modes) == ["wal", 2]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """With a sentence that names the file, which stays as it was."""
    (tmp_path / SQLITE_FILE).write_text("Dear diary, " * 1000)
    with pytest.raises(Refused, match=f"Cannot open {tmp_path / SQLITE_FILE}: "):
        open_database(tmp_path, None)
    assert (tmp_path / SQLITE_FILE).read_text().startswith("Dear diary")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """With a sentence, where something else has its name."""
    (tmp_path / "desk").write_text("a file")
    with pytest.raises(Refused, match="Cannot open"):
        open_database(tmp_path / "desk" / "data", None)
