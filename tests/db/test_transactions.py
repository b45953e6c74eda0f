"""What `read` and `write` promise, on both engines."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from keesa.db import Database, Tx, Work, open_database
from lines import adding, read_lines
from places import Place

Run = Callable[[Database, Work[Any]], Any]

RUNS: list[Run] = [
    lambda database, work: database.write(work),
    lambda database, work: asyncio.run(database.awrite(work)),
    lambda database, work: database.migrating(work),
]


class Broken(Exception):
    """What a piece of work raises that cannot go on."""


@pytest.mark.parametrize("run", RUNS, ids=["write", "awrite", "migrating"])
def test_a_write_is_committed_when_it_returns(lines_database: Database, empty_place: Place, run: Run) -> None:
    """Another connection sees what was written, as soon as the writer has its result."""
    assert run(lines_database, adding("first")) == "first"
    other = open_database(empty_place.data, empty_place.url)
    try:
        assert other.read(read_lines) == ["first"]
    finally:
        other.close()


@pytest.mark.parametrize("run", RUNS, ids=["write", "awrite", "migrating"])
def test_a_write_that_raises_is_undone_whole(lines_database: Database, run: Run) -> None:
    """An exception takes everything back that the work has written, and reaches the caller as it was raised."""

    def work(tx: Tx) -> None:
        adding("never")(tx)
        tx.script("CREATE TABLE never (id INTEGER);")
        adding("there")(tx)
        raise Broken

    with pytest.raises(Broken):
        run(lines_database, work)
    assert lines_database.read(read_lines) == []
    tables = "SELECT count(*) AS value FROM $tables WHERE $table_name = 'never'"
    assert lines_database.read(lambda tx: tx.value(tables)) == 0


def test_a_statement_that_fails_undoes_those_before_it(lines_database: Database) -> None:
    """A broken rule of the schema in the middle of a piece of work leaves none of it."""
    lines_database.write(adding("taken"))

    def work(tx: Tx) -> None:
        adding("new")(tx)
        adding("taken")(tx)

    with pytest.raises(Exception, match=r"(?i)unique"):
        lines_database.write(work)
    assert lines_database.read(read_lines) == ["taken"]


@pytest.mark.parametrize("line", ["'; DROP TABLE lines; --", "100 % :line $identity", "ނަން 漢字 \U0001f600", ""])
def test_values_are_never_read_as_sql(lines_database: Database, line: str) -> None:
    """Whatever stands in a value comes back as it was."""
    lines_database.write(adding(line))
    assert lines_database.read(read_lines) == [line]


def test_a_read_sees_one_snapshot(lines_database: Database) -> None:
    """What is committed while a read runs, it does not see, however often it looks."""
    lines_database.write(adding("before"))

    def work(tx: Tx) -> tuple[list[str], list[str]]:
        first = read_lines(tx)
        with ThreadPoolExecutor(1) as meanwhile:
            meanwhile.submit(lines_database.write, adding("meanwhile")).result()
        return first, read_lines(tx)

    assert lines_database.read(work) == (["before"], ["before"])
    assert lines_database.read(read_lines) == ["before", "meanwhile"]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO lines (line) VALUES ('sneaked in')",
        "UPDATE lines SET line = 'changed'",
        "DELETE FROM lines",
        "CREATE TABLE sneaked (id INTEGER)",
    ],
)
@pytest.mark.parametrize("asynchronously", [False, True], ids=["read", "aread"])
def test_a_read_cannot_write(lines_database: Database, statement: str, asynchronously: bool) -> None:  # noqa: FBT001
    """The engine itself refuses, and a later read goes on as if nothing had been tried."""
    lines_database.write(adding("kept"))

    def work(tx: Tx) -> None:
        tx.run(statement)

    with pytest.raises(Exception):  # noqa: B017, PT011 - each engine has its own; what counts is what is there after
        asyncio.run(lines_database.aread(work)) if asynchronously else lines_database.read(work)
    assert lines_database.read(read_lines) == ["kept"]
    assert (
        lines_database.read(lambda tx: tx.value("SELECT count(*) AS value FROM $tables WHERE $table_name = 'sneaked'"))
        == 0
    )


def test_many_threads_lose_nothing(lines_database: Database) -> None:
    """Counting up in 320 transactions from 16 threads at once counts to 320."""
    lines_database.write(adding("0"))

    def count_up(tx: Tx) -> None:
        last = tx.value("SELECT line AS value FROM lines $for_update")
        tx.run("UPDATE lines SET line = :line", line=str(int(last) + 1))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: lines_database.write(count_up), range(320)))
    assert lines_database.read(read_lines) == ["320"]


def test_readers_do_not_wait_for_a_writer(lines_database: Database) -> None:
    """While a write is under way, a read answers, with what was there before it."""
    begun, read = threading.Event(), threading.Event()

    def work(tx: Tx) -> None:
        adding("under way")(tx)
        begun.set()
        assert read.wait(30)

    with ThreadPoolExecutor(1) as writer:
        written = writer.submit(lines_database.write, work)
        assert begun.wait(30)
        assert lines_database.read(read_lines) == []
        read.set()
        written.result()
    assert lines_database.read(read_lines) == ["under way"]


def test_one_gives_the_first_row_or_none(lines_database: Database) -> None:
    """`one` is for what may be missing, `changed` tells how many rows it changed."""
    for line in ("a", "b"):
        lines_database.write(adding(line))
    first = lines_database.read(lambda tx: tx.one("SELECT id, line FROM lines ORDER BY id"))
    assert first is not None
    assert first["line"] == "a"
    assert lines_database.read(lambda tx: tx.one("SELECT line FROM lines WHERE line = :line", line="c")) is None
    assert lines_database.write(lambda tx: tx.changed("DELETE FROM lines WHERE line = :line", line="c")) == 0
    assert lines_database.write(lambda tx: tx.changed("DELETE FROM lines")) == 2
