"""`keesa migrate`: it says beforehand what it will do, and asks whoever can answer."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from command import keesa, options
from keesa.db import migrate, open_database
from keesa.db.migrate import Migration, latest
from keesa.db.migration_plan import plan
from keesa.db.opening import SQLITE_FILE
from live import KEESA, LiveServer, environment
from newer_schemas import extended
from older_schemas import migrate_before
from places import Place

BEYOND = latest() + 1


@pytest.fixture
def older_place(empty_place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A desk of schema 8, beside which programs of before must not go on after migration 9."""
    database = open_database(empty_place.data, empty_place.url)
    migrate_before(monkeypatch, database, 9)
    database.close()
    return empty_place


def schema(place: Place) -> int:
    database = open_database(place.data, place.url)
    try:
        found: int = database.read(lambda tx: tx.value("SELECT max(version) AS value FROM schema_migrations"))
    finally:
        database.close()
    return found


def test_the_plan_has_a_line_a_migration_and_changes_nothing(older_place: Place) -> None:
    """What each does, how long, who waits meanwhile, and which programs go on beside it."""
    done = keesa("migrate", "--plan", place=older_place)
    assert (done.status, done.err) == (0, "")
    head, customers, rules, *_ = done.out.splitlines()
    assert len(done.out.splitlines()) == 1 + latest() - 8
    assert head.endswith(f": schema 8, 0 tickets; to schema {latest()} it takes a moment")
    waiting = "reads and writes of what it changes wait" if older_place.url else "writes wait"
    assert customers == (
        "0009_customers: Customers that change and retire; programs before this would raise tickets for those that are"
        f" retired. Takes a moment; {waiting} meanwhile; older programs must stop, but Keesa 0.1.0 and later,"
        " from schema 9 on, go on."
    )
    assert rules.startswith("0010_rules: A row for each rule over several rows")
    assert schema(older_place) == 8


def test_nothing_is_planned_where_all_is_there(place: Place) -> None:
    """It says so; and of a folder without data it makes none."""
    done = keesa("migrate", "--plan", place=place)
    assert done.out.endswith(f": schema {latest()}, nothing to do\n")
    nowhere = Place(place.data / "nowhere", None)
    assert keesa("migrate", "--plan", place=nowhere).err.startswith(f"keesa: There is no {nowhere.data / SQLITE_FILE}")
    assert not nowhere.data.exists()


def test_the_plan_counts_by_the_desk_s_tickets(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By so much a million; and it tells how long readers would wait, and whether older programs must stop."""
    quick = Migration(BEYOND, "quick", None, "", takes=100_000, stops="writers")
    slow = Migration(BEYOND + 1, "slow", latest() + 2, "", takes=1_000_000, stops="readers")
    database = open_database(place.data, place.url)
    try:
        extended(monkeypatch, quick)
        found = plan(database)
        assert (found.tickets, [each.seconds for each in found.migrations]) == (5, [0.5])
        assert (found.readers_wait, found.ends_older) == (0, False)
        extended(monkeypatch, quick, slow)
        found = plan(database)
        assert (found.seconds, found.readers_wait, found.ends_older) == (5.5, 5, True)
        assert migrate.migrate(database) == [quick.file, slow.file]
    finally:
        database.close()


def on_a_terminal(place: Place, *arguments: str, answer: str = "") -> tuple[int, str]:
    """The exit status of `keesa migrate`, and what there was to read."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*KEESA, "migrate", *options(place), *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment()
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so where nobody has the other side open any more
        pass
    finally:
        os.close(ours)
    return process.wait(30), shown.decode()


def test_on_a_terminal_it_asks(older_place: Place) -> None:
    """Where older programs can not go on; a no changes nothing, and `--yes` does without the question."""
    status, shown = on_a_terminal(older_place, answer="n\n")
    assert (status, schema(older_place)) == (1, 8)
    assert "Older programs can not go on beside it. Begin? [y/N]" in shown
    assert "keesa: Nothing was changed" in shown
    status, shown = on_a_terminal(older_place, "--yes")
    assert (status, schema(older_place)) == (0, latest())
    assert "Begin?" not in shown


def test_without_a_terminal_it_goes_on(older_place: Place) -> None:
    """The plan comes first."""
    done = keesa("migrate", place=older_place)
    assert (done.status, schema(older_place)) == (0, latest())
    assert done.out.index("0009_customers: Customers") < done.out.index("applied 0009_customers")


def test_the_start_logs_the_plan(older_place: Place, tmp_path: Path) -> None:
    """Before what was applied; of a new database there is none."""
    with LiveServer(older_place.data, older_place.url, KEESA_LOG_FORMAT="json") as server:
        log = server.log.read_text()
    planned, applied = '"event":"migration is planned"', '"event":"applied migration"'
    assert 0 < log.index(planned) < log.index(applied)
    with LiveServer(tmp_path, None, KEESA_LOG_FORMAT="json") as server:
        log = server.log.read_text()
    assert planned not in log
    assert applied in log
