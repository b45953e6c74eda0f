"""A data file that was put in another one's place, beside the log of that one: SQLite alone would mix the two."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Refused
from lines import adding, make_table, read_lines

LINES: Final = 20
OUR_OWN: Final = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
"""For a program that imports as this one does."""

_DIES: Final = """
import os, sys
from pathlib import Path
from keesa.db.sqlite import SqliteDatabase
from lines import adding
database = SqliteDatabase(Path(sys.argv[1]))
for line in sys.argv[2:]:
    database.write(adding(line))
os._exit(0)
"""
"""Writes the lines, and leaves its log behind, as a SIGKILL does."""


def write_and_die(file: Path, *lines: str) -> None:
    command = [sys.executable, "-c", _DIES, str(file), *lines]
    subprocess.run(command, check=True, env=OUR_OWN)


def reading(file: Path) -> closing[sqlite3.Connection]:
    """As other programs should: at its end such a connection leaves the log as it is."""
    return closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True))


def vacuumed(file: Path, copy: Path) -> None:
    with reading(file) as source:
        source.execute("VACUUM INTO ?", [str(copy)])


def backed_up(file: Path, copy: Path) -> None:
    with reading(file) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def of_another_desk(file: Path, copy: Path) -> None:
    other = SqliteDatabase(copy)
    make_table(other)
    for number in range(LINES):
        other.write(adding(f"{file.name} {number}"))
    other.close()


def emptied(_file: Path, copy: Path) -> None:
    copy.touch()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a desk with some lines, whose log nobody has written back."""
    made = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(made)
    made.close()
    write_and_die(tmp_path / SQLITE_FILE, *(f"older {number}" for number in range(LINES)))
    return tmp_path / SQLITE_FILE


@pytest.mark.parametrize("copied", [vacuumed, backed_up, of_another_desk, emptied])
def test_a_file_beside_the_log_of_another_one_is_refused(file: Path, copied: Callable[[Path, Path], None]) -> None:
    """A back-up of the time of this log, too; nothing is changed, and without the log it is opened."""
    copy, log = file.with_name("copy.db"), file.with_name(f"{SQLITE_FILE}-wal")
    begun = log.read_bytes()
    copied(file, copy)
    write_and_die(file, "newer")
    assert log.read_bytes().startswith(begun)
    shutil.copy(copy, file)
    before = file.read_bytes(), log.read_bytes()
    for _ in range(2):
        with pytest.raises(Refused, match=rf"{SQLITE_FILE} is not the file that {SQLITE_FILE}-wal was written for"):
            SqliteDatabase(file)
    assert (file.read_bytes(), log.read_bytes()) == before
    log.unlink()
    restored = SqliteDatabase(file)
    if copied is not emptied:
        lines = restored.read(read_lines)
        assert len(lines) == LINES
        assert "newer" not in lines
    restored.close()


def test_the_file_and_its_log_may_move_together(file: Path) -> None:
    """To another folder and disk, with or without what lies beside them."""
    for number, names in enumerate([(".db", ".db-wal"), (".db", ".db-wal", ".lock"), (".db", ".db-wal", ".db-shm")]):
        folder = file.parent / str(number)
        folder.mkdir(mode=0o700)
        for name in names:
            shutil.copyfile(file.with_suffix(name), folder / file.with_suffix(name).name)
        moved = SqliteDatabase(folder / SQLITE_FILE)
        assert len(moved.read(read_lines)) == LINES
        moved.close()


_WRITES: Final = """
import random, sys
from pathlib import Path
from keesa.db import sqlite
from lines import adding
sqlite.CHECKPOINT, sqlite.LONG_LOG, sqlite.LONG_LOG_PATIENCE = int(sys.argv[2]), int(sys.argv[3]), 5
database = sqlite.SqliteDatabase(Path(sys.argv[1]))
while True:
    database.write(adding(f"{random.random()} {'x' * random.randrange(3000)}"))
    print(flush=True)
"""
_ANOTHER_PROGRAM: Final = """
import random, sqlite3, sys
while True:
    connection = sqlite3.connect(sys.argv[1], isolation_level=None)
    connection.execute(f"PRAGMA wal_autocheckpoint = {random.choice([2, 10, 1000])}")
    for _ in range(random.randrange(20)):
        connection.execute("INSERT INTO lines (line) VALUES (?)", [f"{random.random()}"])
        if random.random() < 0.2:
            connection.execute(f"PRAGMA wal_checkpoint({random.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})").fetchall()
    connection.close()
    print(flush=True)
"""


def test_what_a_kill_leaves_is_never_refused(file: Path) -> None:
    """Whatever was under way: logs that begin anew, that are written back in part, by another program too."""
    chance = random.Random(7)  # noqa: S311 - the same choices each time
    for kill in range(12):
        every, long = chance.choice([1, 3, 20]), chance.choice([5, 50, 16_000])
        programs = [(_WRITES, str(every), str(long))] * 2 + [(_ANOTHER_PROGRAM,)] * (kill % 2)
        running = [
            subprocess.Popen(
                [sys.executable, "-c", program, file, *numbers],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=OUR_OWN,
            )
            for program, *numbers in programs
        ]
        for process in running:
            assert process.stdout
            process.stdout.readline()
        time.sleep(chance.uniform(0, 0.3))
        for process in running:
            process.kill()
        for process in running:
            process.communicate()
        opened = SqliteDatabase(file)
        assert len(opened.read(read_lines)) >= LINES
        opened.close()
