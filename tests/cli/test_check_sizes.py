"""What `keesa check` tells of sizes, growth and free space, and when it warns."""

import json
import os
import shutil
from dataclasses import replace
from functools import partial

import msgspec
import pytest
from typer.testing import CliRunner

import cast
from command import keesa, options
from keesa.backup import records
from keesa.backup.records import Record
from keesa.cli import app_for
from keesa.cli.check import sizes_for_people
from keesa.clock import now
from keesa.db import Database, Tx, size_warnings
from keesa.db.size_warnings import Bounds, in_bytes, warnings
from keesa.db.sizes import PERIOD_DAYS, Sizes, measure
from keesa.secret_key import load_secret
from places import Place
from unshrunk import PAGE, fill
from waiting import wait_until

DAY = 24 * 3600 * 1000


@pytest.fixture
def sizes(database: Database) -> Sizes:
    return measure(database, now())


RECORD = Record(now() - DAY, "keesa-00112233-20260102T030405Z.keesa", "/var/backups", 78_058, 0.4, 3, now() - 3 * DAY)


@pytest.fixture
def backed_up(database: Database) -> None:
    """A day ago."""
    database.write(lambda tx: records.keep(tx, RECORD))


def checked(place: Place, *arguments: str) -> str:
    """What `keesa check` prints, in this process: it is well, whatever it warns of."""
    ours = {name: None for name in os.environ if name.startswith("KEESA_")}
    done = CliRunner().invoke(app_for(["check"]), ["check", *arguments, *options(place)], env=ours)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.usefixtures("backed_up")
def test_people_read_sizes_growth_and_space(place: Place, engine: str) -> None:
    """Behind what is fit: the size, the largest tables, what came of late, and the disk where it is known."""
    load_secret(place.data, None)
    lines = checked(place).splitlines()
    size, *tables = [line for line in lines if line.startswith("size: ")]
    assert ("in the data file, " in size) == (engine == "sqlite")
    assert len(tables) == 5
    assert all(" rows  " in line for line in tables)
    [growth] = [line for line in lines if line.startswith("growth: ")]
    assert growth.startswith(f"growth: 0 tickets and 0 notes in the last {PERIOD_DAYS} days, some 0 bytes; ")
    assert [" free" in line for line in lines if line.startswith("disk: ")] == [True] * (engine == "sqlite")
    assert [line for line in lines if line.split(":")[0] not in ("ok", "size", "growth", "disk", "back-up")] == []
    [back_up] = [line for line in lines if line.startswith("back-up: ")]
    assert back_up.startswith(f"back-up: {RECORD.name} of ")
    assert "78 kB, in /var/backups; 3 of this desk are there, the oldest of " in back_up


@pytest.mark.usefixtures("backed_up")
def test_programs_read_the_same_in_bytes_and_milliseconds(place: Place, database: Database, engine: str) -> None:
    """One object, with a list of sentences for what there is to do; a table is as large as it is."""
    load_secret(place.data, None)
    told = json.loads(checked(place, "--json"))
    assert (told["file"] is None, told["server"] is None) == (engine != "sqlite", engine == "sqlite")
    assert told["growth"]["period_ms"] == PERIOD_DAYS * DAY
    assert told["full_in_ms"] is None
    assert told["back_up"] == msgspec.to_builtins(RECORD)
    assert told["warnings"] == []
    rows = {table["name"]: table["rows"] for table in told["tables"]}
    assert rows["tickets"] == database.read(partial(counted, table="tickets"))
    assert all(table["bytes"] >= 0 and not table["estimated"] for table in told["tables"])
    assert told["bytes"] >= sum(table["bytes"] for table in told["tables"])
    if engine == "sqlite":
        assert told["bytes"] == told["file"]["bytes"] == database.read(pages) * PAGE
        assert told["file"]["disk_bytes"] == shutil.disk_usage(place.data).total


def counted(tx: Tx, table: str) -> int:
    return int(tx.value(f"SELECT count(*) AS value FROM {table}"))


def pages(tx: Tx) -> int:
    return int(tx.all("PRAGMA page_count")[0]["page_count"])


def test_what_is_not_fit_is_told_as_ever(empty_place: Place) -> None:
    """With `--json` too: a sentence on standard error, exit status 1, and nothing for a program to mistake."""
    done = keesa("check", "--json", place=empty_place)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("keesa: ")


def test_growth_is_of_the_last_days(database: Database) -> None:
    """Tickets by when they were raised, notes by when they were written, bytes by what tickets take."""
    at = now()
    database.write(lambda tx: tx.run("UPDATE tickets SET raised_at = :at WHERE id = :id", at=at - DAY, id=cast.RAISED))
    database.write(lambda tx: add_notes(tx, [at - 40 * DAY, at - 29 * DAY, at - DAY]))
    found = measure(database, at)
    tickets = next(table.rows for table in found.tables if table.name == "tickets")
    used = found.bytes - found.file.free_bytes if found.file else sum(table.bytes or 0 for table in found.tables)
    assert (found.growth.tickets, found.growth.notes) == (1, 2)
    assert found.growth.bytes == round(used / tickets)
    later = measure(database, at + PERIOD_DAYS * DAY)
    assert (later.growth.tickets, later.growth.notes, later.growth.bytes) == (0, 0, 0)


def add_notes(tx: Tx, times: list[int]) -> None:
    for at in times:
        tx.run(
            "INSERT INTO ticket_notes (ticket_id, author_id, body, created_at) VALUES (:ticket, 1, 'a', :at)",
            ticket=cast.RAISED,
            at=at,
        )


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_large_tables_are_estimated(database: Database) -> None:
    """Rows and bytes from a part of the pages, near what a count of all says."""

    def grow(tx: Tx) -> None:
        tx.script("CREATE TABLE unknown (id INTEGER PRIMARY KEY, text TEXT NOT NULL); ")
        for number in range(5000):
            add_notes(tx, [number])
            tx.run("INSERT INTO unknown (text) VALUES (:text)", text="x" * 500)
            tx.run("UPDATE ticket_notes SET body = :text WHERE created_at = :at", text="y" * 400, at=number)

    database.migrating(grow)
    found = {table.name: table for table in measure(database, now()).tables}
    notes, unknown = found["ticket_notes"], found["unknown"]
    true = database.read(lambda tx: {row["tbl_name"]: row["bytes"] for row in tx.all(_TRUE_SIZES)})
    assert notes.estimated
    assert notes.rows == database.read(partial(counted, table="ticket_notes"))
    assert (unknown.rows, unknown.estimated) == (5000, False)  # who may delete from it is not known
    for table in (notes, unknown):
        assert table.bytes == pytest.approx(true[table.name], rel=0.15)


_TRUE_SIZES = """
    SELECT tbl_name, sum(pgsize) AS bytes FROM dbstat JOIN sqlite_schema USING (name) GROUP BY tbl_name
"""


def test_nothing_is_warned_of_without_a_reason(sizes: Sizes) -> None:
    """A small desk on a large disk, and a server that works."""
    free = sizes if sizes.file is None else with_disk(sizes, total=10**12, free=9 * 10**11)
    assert list(warnings(free)) == []


def with_disk(sizes: Sizes, total: int, free: int) -> Sizes:
    assert sizes.file
    return replace(sizes, file=replace(sizes.file, disk_bytes=total, disk_free_bytes=free))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_disk_that_fills_up_is_warned_of(sizes: Sizes) -> None:
    """Less than a tenth free, or than two of the longest logs, or than the desk takes in thirty days as it grows."""
    assert sizes.file
    log, gigabyte = sizes.file.log_bound_bytes, 10**9
    cases = ((100, 9, 1), (100, 11, 0), (3, 2.0, 1), (3, 2.2, 0))
    for total, free, expected in cases:
        found = list(warnings(with_disk(sizes, total * gigabyte, int(free * gigabyte))))
        assert len(found) == expected, (total, free)
        assert all(f"the log alone may take {in_bytes(log)}" in sentence for sentence in found)
    growing = replace(with_disk(sizes, 10**12, 10**11 + 1), growth=replace(sizes.growth, bytes=2 * 10**11))
    [sentence] = warnings(growing)
    assert "full in 15 days" in sentence


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_free_pages_and_a_long_log_are_warned_of(sizes: Sizes) -> None:
    """With what to do, which is another thing where the file cannot shrink."""
    assert sizes.file
    roomy = with_disk(sizes, 10**12, 9 * 10**11)
    assert roomy.file
    many = replace(roomy.file, bytes=10**8, free_bytes=3 * 10**7)
    assert ["keesa vacuum" in each for each in warnings(replace(roomy, file=many))] == [True]
    assert ["restored" in each for each in warnings(replace(roomy, file=replace(many, shrinks=False)))] == [True]
    assert list(warnings(replace(roomy, file=replace(many, free_bytes=10**7)))) == []
    long = replace(roomy.file, log_bytes=3 * 10**8)
    assert ["another program" in each for each in warnings(replace(roomy, file=long))] == [True]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_disk_s_last_day_is_told_as_near_as_it_matters(sizes: Sizes) -> None:
    """In days; beyond ten years not, and where nothing grows not at all."""
    for month, told in (
        (0, " free"),
        (3 * 10**9, "1,000 days if the desk goes on like this"),
        (1, "more than ten years"),
    ):
        grown = replace(with_disk(sizes, 10**12, 10**11), growth=replace(sizes.growth, bytes=month))
        [line] = [line for line in sizes_for_people(grown) if line.startswith("disk: ")]
        assert told in line
        assert line.endswith(" free") == (not month)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("backed_up")
def test_the_command_prints_warnings(place: Place, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line each, or in the object's list; with exit status 0, as the desk is fit to run."""
    load_secret(place.data, None)
    fill(database, 100)
    monkeypatch.setattr(size_warnings, "BOUNDS", Bounds(free_share=0, free_logs=0, free_pages_bytes=100 * PAGE))
    [sentence] = json.loads(checked(place, "--json"))["warnings"]
    assert "`keesa vacuum` gives them back" in sentence
    assert checked(place).splitlines()[-1] == f"warning: {sentence}"


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_autovacuum_leaves_is_warned_of(database: Database) -> None:
    """Dead rows where it is off for a table or for all, and transactions that are too old; not where it is late."""
    database.migrating(lambda tx: tx.script("ALTER TABLE tickets SET (autovacuum_enabled = off);"))
    found = measure(database, now())
    assert found.server
    assert {table.name for table in found.tables if not table.autovacuum} == {"tickets"}
    dead = [
        replace(table, rows=30_000, dead_rows=10_000) for table in found.tables if table.name in ("tickets", "users")
    ]
    working = replace(found, tables=dead)
    [sentence] = warnings(working)
    assert sentence.startswith("25% of the rows of tickets are dead")
    assert (
        list(warnings(replace(working, tables=[replace(dead[0], rows=50_000), replace(dead[0], dead_rows=9_999)])))
        == []
    )
    off, *tables = warnings(replace(working, server=replace(found.server, autovacuum=False)))
    assert off.startswith("PostgreSQL's autovacuum is off")
    assert len(tables) == 2
    [old] = warnings(replace(found, server=replace(found.server, transaction_age=1_234_567_890)))
    assert "1,234,567,890 transactions ago" in old


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_dead_rows_are_counted(database: Database) -> None:
    """As PostgreSQL's statistics tell, which come a moment later."""
    database.migrating(lambda tx: tx.script("ALTER TABLE users SET (autovacuum_enabled = off);"))
    database.write(lambda tx: tx.run("UPDATE users SET sign_in_count = sign_in_count + 1"))
    wait_until(lambda: any(table.dead_rows for table in measure(database, now()).tables if table.name == "users"))


def test_sizes_are_shown_as_people_write_them() -> None:
    """With the unit that leaves one to four digits."""
    shown = [in_bytes(size) for size in (0, 999, 1000, 12_345, 1_523_822_592, 76 * 10**9, 2 * 10**12)]
    assert shown == ["0 bytes", "999 bytes", "1.0 kB", "12 kB", "1.5 GB", "76 GB", "2.0 TB"]
