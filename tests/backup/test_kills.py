"""`keesa backup` and `keesa restore`, killed at random moments, or on a full disk: no half file looks whole, and what
was there is as it was.
"""

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from command import options
from desks import OWN, back_up, restore, rows_of, snapshot
from keesa.backup.archive import check
from keesa.db.migrate import check_schema
from keesa.db.tables import any_present
from keesa.errors import Refused
from live import KEESA, environment
from places import NewPlace, Place, opened
from soaking import times
from waiting import wait_until

KILLS: Final = times(3, 20)
SMALL: Final = {"sqlite": 64 * 1024, "postgres": 1024}
"""Bytes that a file may have where the disk is full: less than a copy of the data, less than a back-up."""


def run(*arguments: str, place: Place, seconds: float | None = None, largest: int | None = None) -> int:
    """The command's status; killed after so many seconds, and with no file larger than that."""
    limit = None if largest is None else partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest, largest))
    process = subprocess.Popen(
        [*KEESA, *arguments, *options(place)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=limit,  # noqa: PLW1509 - no thread of the tests' holds a lock that the limit needs
    )
    try:
        return process.wait(60 if seconds is None else seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


def moments(*arguments: str, place: Place) -> Iterator[float]:
    """Random ones in the time that the command takes by itself."""
    begun = time.monotonic()
    assert run(*arguments, place=place) == 0
    whole = time.monotonic() - begun
    chance = Random()  # noqa: S311 - no secret
    for _ in range(KILLS):
        yield chance.uniform(0.3 * whole, whole)


def test_a_killed_back_up_leaves_no_file_that_looks_whole(place: Place, tmp_path: Path) -> None:
    """Each that has its name is good; the desk is as it was, and the next one clears away."""
    before, to = rows_of(place), tmp_path / "back-ups"
    for seconds in moments("backup", "--to", str(to), place=place):
        run("backup", "--to", str(to), place=place, seconds=seconds)
        for made in to.glob("*.keesa"):
            check(made)
            made.unlink()
    after = rows_of(place)
    assert {name for name in before if before[name] != after[name]} <= {"settings", "file_holds"}
    assert run("backup", "--to", str(to), place=place) == 0
    assert [path.suffix for path in to.iterdir()] == [".keesa"]


def test_a_killed_restore_leaves_no_desk(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """What it leaves is a whole desk, or none that any command takes for one; and the next try succeeds there, on
    PostgreSQL in a new database.
    """
    made, before = back_up(place, tmp_path / "back-ups"), rows_of(place)
    whole = 0
    for seconds in moments("restore", str(made), place=new_place()):
        elsewhere = new_place()
        status = run("restore", str(made), place=elsewhere, seconds=seconds)
        if has_a_desk(elsewhere):
            after = rows_of(elsewhere)
            assert {name for name in before if before[name] != after[name]} <= set(OWN)
            whole += 1
            continue
        assert status != 0
        if elsewhere.url is None:
            restore(made, elsewhere)
            assert sorted(path.name for path in elsewhere.data.iterdir() if path.name.startswith(".")) == []
    assert whole <= KILLS


def has_a_desk(place: Place) -> bool:
    """Whether commands work there; else a restore is to be begun anew, in a sentence that says so."""
    if place.url is None and not (place.data / "keesa.db").exists():
        return False
    with opened(place) as database:
        if not database.read(any_present):
            return False
        try:
            database.read(check_schema)
        except Refused as refused:
            assert "A restore into this database was not finished" in str(refused)  # noqa: PT017 - not always raised
            return False
    return True


SNAPSHOTS: Final = """
import sys
from itertools import count
from pathlib import Path
from keesa.backup.making import Settings
from keesa.backup.snapshots import read_base, take
from keesa.db.sqlite import SqliteDatabase
data, base = map(Path, sys.argv[1:])
database, known = SqliteDatabase(data), read_base(base)
for number in count():
    take(database, Settings("UTC", "yearly"), known, base.with_name(f"keesa-{number}.changes.keesa"))
"""
"""One after the other, without an end."""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_killed_snapshots_are_whole_or_not_there(place: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """Whatever was under way; the desk goes on being written, and the next one clears away."""
    base, chance = back_up(place, tmp_path / "back-ups"), Random()  # noqa: S311 - no secret
    command = [sys.executable, "-c", SNAPSHOTS, str(place.data / "keesa.db"), str(base)]
    with opened(place) as database:
        for number in range(KILLS):
            with subprocess.Popen(command, env=environment()) as taking:
                wait_until(lambda: any(base.parent.glob("*.changes.keesa")))
                end = time.monotonic() + chance.uniform(0, 0.3)
                while time.monotonic() < end:
                    database.write(lambda tx: tx.run("UPDATE tickets SET title = title || 'x'"))
                taking.kill()
            for made in base.parent.glob("*.changes.keesa"):
                check(made)
                made.unlink()
            made = snapshot(place, base, f"keesa-after-{number}.keesa")
    restore(made, new_place())
    assert not [path for path in base.parent.iterdir() if path.name.startswith(".")]


def test_a_full_disk_is_told_and_nothing_is_left(
    engine: str, place: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """Of a back-up, and of a restore, whose disk on PostgreSQL is the server's; the desk goes on."""
    to, elsewhere = tmp_path / "back-ups", new_place()
    before = rows_of(place)
    assert run("backup", "--to", str(to), place=place, largest=SMALL[engine]) == 1
    assert list(to.iterdir()) == []
    made = back_up(place, to)
    if elsewhere.url is None:
        assert run("restore", str(made), place=elsewhere, largest=SMALL[engine]) == 1
        assert list(elsewhere.data.iterdir()) == []
    assert rows_of(place) == before
    restore(made, elsewhere)
