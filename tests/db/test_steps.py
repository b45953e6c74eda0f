"""Long reads in steps: who waits for them, what they see, and what they leave behind, on both engines."""

import asyncio
import functools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from keesa.db import Database, Pace, Steps, Tx, Work, postgres_steps, steps
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import IDLE_READERS, SqliteDatabase
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines

READERS: Final = 25
"""More than either engine reads at the same time."""
PATIENCE: Final = 20.0
"""Seconds after which something that a test waits for does not come any more."""


def until(event: threading.Event, *, begun: threading.Event | None = None) -> Steps[bool]:
    """Short steps until the event is set; whether it was in time."""
    ends = time.monotonic() + PATIENCE
    while not event.is_set() and time.monotonic() < ends:
        if begun is not None:
            begun.set()
        time.sleep(0.0005)  # not to keep the interpreter from those who shall set it
        yield Pace.SHORT
    return event.is_set()


async def comes(event: threading.Event) -> None:
    """Wait in a thread, so that the loop is free meanwhile."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


def test_steps_end_with_their_value(lines_database: Database) -> None:
    """That of the last step, whatever paces were told on the way, or none."""

    def work(tx: Tx) -> Steps[list[str]]:
        first = read_lines(tx)
        yield Pace.SHORT
        yield Pace.LONG
        second = read_lines(tx)
        yield Pace.LONG
        yield Pace.SHORT
        return [*first, *second, *read_lines(tx)]

    def at_once(tx: Tx) -> Steps[list[str]]:
        return read_lines(tx)
        yield

    lines_database.write(adding("a"))
    assert asyncio.run(lines_database.aread_in_steps(work)) == ["a", "a", "a"]
    assert asyncio.run(lines_database.aread_in_steps(at_once)) == ["a"]


def test_others_read_between_the_steps(lines_database: Database) -> None:
    """A read that goes on until another one on the same loop has its answer does not go on for ever."""
    lines_database.write(adding("a"))
    begun, answered = threading.Event(), threading.Event()

    async def read_beside() -> tuple[bool, list[str]]:
        long = asyncio.ensure_future(lines_database.aread_in_steps(lambda _: until(answered, begun=begun)))
        await comes(begun)
        assert not long.done()
        found = await lines_database.aread(read_lines)
        answered.set()
        return await long, found

    assert asyncio.run(read_beside()) == (True, ["a"])


def test_a_long_step_does_not_hold_the_loop(counted: SqliteDatabase) -> None:
    """Other reads, and writes, are done on the loop while a step that was announced as long is still under way, in a
    thread of SQLite's.
    """
    begun, gate = threading.Event(), threading.Event()

    def work(tx: Tx) -> Steps[list[str]]:
        yield Pace.LONG
        begun.set()
        assert gate.wait(PATIENCE)
        return read_lines(tx)

    async def go_on_beside() -> tuple[list[str], list[str]]:
        long = asyncio.ensure_future(counted.aread_in_steps(work))
        await comes(begun)
        await counted.awrite(adding("beside"))
        found = await counted.aread(read_lines)
        assert not long.done()
        gate.set()
        return await long, found

    _, found = asyncio.run(asyncio.wait_for(go_on_beside(), PATIENCE))
    assert found == ["beside"]


def test_all_steps_see_one_snapshot(lines_database: Database) -> None:
    """A write that is committed between two of them is seen by none, short or long, and by the next read."""
    lines_database.write(adding("before"))
    begun, written = threading.Event(), threading.Event()

    def work(tx: Tx) -> Steps[list[list[str]]]:
        seen = [read_lines(tx)]
        assert (yield from until(written, begun=begun))
        seen.append(read_lines(tx))
        yield Pace.LONG
        seen.append(read_lines(tx))
        yield Pace.SHORT
        return [*seen, read_lines(tx)]

    async def write_between() -> list[list[str]]:
        reading = asyncio.ensure_future(lines_database.aread_in_steps(work))
        await comes(begun)
        await lines_database.awrite(adding("between"))
        written.set()
        return await reading

    assert asyncio.run(write_between()) == [["before"]] * 4
    assert lines_database.read(read_lines) == ["before", "between"]


class Broken(Exception):
    """What a step raises that cannot go on."""


def breaking(tx: Tx, *paces: Pace) -> Steps[None]:
    """After steps of these paces, in the middle of some rows."""
    yield from paces
    rows = iter(tx.each("SELECT line FROM lines"))
    next(rows)
    raise Broken


def shown(paces: tuple[Pace, ...]) -> str:
    return " ".join(pace.name for pace in paces) or "none"


@pytest.mark.parametrize("paces", [(), (Pace.SHORT,), (Pace.LONG,), (Pace.LONG, Pace.SHORT)], ids=shown)
def test_an_error_in_a_step_reaches_the_caller(lines_database: Database, paces: tuple[Pace, ...]) -> None:
    """As it was raised; reads go on, and see what was written since, though somebody keeps the error."""
    for line in ("a", "b"):
        lines_database.write(adding(line))
    errors = []
    for number in range(IDLE_READERS + READERS):
        with pytest.raises(Broken) as broken:
            asyncio.run(lines_database.aread_in_steps(lambda tx: breaking(tx, *paces)))
        errors.append(broken.value)
        lines_database.write(adding(f"since {number}"))
        assert lines_database.read(read_lines)[-1] == f"since {number}"
    assert len(errors) == IDLE_READERS + READERS


@pytest.mark.parametrize("pace", Pace)
def test_a_step_cannot_write(lines_database: Database, pace: Pace) -> None:
    """The engine itself refuses, in whatever thread the step runs, and a later read goes on."""

    def work(tx: Tx) -> Steps[None]:
        yield pace
        adding("sneaked in")(tx)

    with pytest.raises(Exception):  # noqa: B017, PT011 - each engine has its own; what counts is what is there after
        asyncio.run(lines_database.aread_in_steps(work))
    assert lines_database.read(read_lines) == []


def test_more_readers_than_connections_are_answered(lines_database: Database) -> None:
    """Each with what is there, however many come at once."""
    lines_database.write(adding("a"))

    def work(tx: Tx) -> Steps[list[str]]:
        yield Pace.LONG
        found = read_lines(tx)
        yield Pace.SHORT
        return [*found, *read_lines(tx)]

    async def crowd() -> list[list[str]]:
        return await asyncio.gather(*(lines_database.aread_in_steps(work) for _ in range(2 * READERS)))

    assert asyncio.run(asyncio.wait_for(crowd(), PATIENCE)) == [["a", "a"]] * (2 * READERS)


def test_readers_that_are_cancelled_leave_nothing_open(lines_database: Database) -> None:
    """Taken back between two steps, in the middle of some rows, they are in nobody's way: later reads see the news."""
    for line in ("a", "b"):
        lines_database.write(adding(line))
    stop = threading.Event()

    def reading(begun: threading.Event) -> Work[Steps[bool]]:
        def work(tx: Tx) -> Steps[bool]:
            for _ in tx.each("SELECT line FROM lines"):
                yield from until(stop, begun=begun)
            return True

        return work

    async def cancel_many() -> list["asyncio.Task[bool]"]:
        readers = []
        for _ in range(READERS - 1):
            begun = threading.Event()
            readers.append(asyncio.ensure_future(lines_database.aread_in_steps(reading(begun))))
            await comes(begun)
            readers[-1].cancel()
            await asyncio.wait(readers, timeout=PATIENCE)
        await lines_database.awrite(adding("since"))
        assert (await lines_database.aread(read_lines))[-1] == "since"
        stop.set()
        return readers

    cancelled = asyncio.run(cancel_many())
    assert all(task.cancelled() for task in cancelled)
    for number in range(2 * READERS):
        lines_database.write(adding(f"later {number}"))
        assert lines_database.read(read_lines)[-1] == f"later {number}"


def test_a_long_step_of_a_cancelled_reader_keeps_its_transaction(counted: SqliteDatabase) -> None:
    """What a step still does after its reader was taken back, it never does in the transaction of another one."""
    begun, gate, ended = threading.Event(), threading.Event(), threading.Event()
    seen: list[list[str]] = []

    def work(tx: Tx) -> Steps[None]:
        seen.append(read_lines(tx))
        yield Pace.LONG
        begun.set()
        gate.wait(PATIENCE)
        try:
            seen.append(read_lines(tx))
        finally:
            ended.set()

    def meanwhile(tx: Tx) -> list[str]:
        first = read_lines(tx)
        gate.set()
        assert ended.wait(PATIENCE)
        return first

    async def cancel() -> list[str]:
        cancelled = asyncio.ensure_future(counted.aread_in_steps(work))
        await comes(begun)
        cancelled.cancel()
        await asyncio.sleep(0)
        await counted.awrite(adding("since"))
        found = await counted.aread(meanwhile)
        await asyncio.wait([cancelled], timeout=PATIENCE)
        assert cancelled.cancelled()
        return found

    assert asyncio.run(asyncio.wait_for(cancel(), PATIENCE)) == ["since"]
    assert ["since"] not in seen
    assert counted.read(read_lines) == ["since"]


# SQLite's connections can be counted


class CountedConnection(sqlite3.Connection):
    """A connection that is in `open` until it is closed."""

    open: Final[set["CountedConnection"]] = set()

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - the driver's own
        super().__init__(*arguments, **options)
        CountedConnection.open.add(self)

    def close(self) -> None:
        CountedConnection.open.discard(self)
        super().close()


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteDatabase]:
    """An open file with the table of lines, whose connections are counted; beside the readers there is the writer."""
    monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=CountedConnection))
    CountedConnection.open.clear()
    opened = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(opened)
    yield opened
    opened.close()
    assert not CountedConnection.open


async def at_once(database: Database, readers: int, end: Callable[[], object]) -> list[bool | BaseException]:
    """What becomes of so many readers, of which each waits until all have begun, and then `end` is called."""
    stop, begun = threading.Event(), [threading.Event() for _ in range(readers)]

    def reading(number: int) -> Work[Steps[bool]]:
        return lambda _: until(stop, begun=begun[number])

    tasks = [asyncio.ensure_future(database.aread_in_steps(reading(number))) for number in range(readers)]
    for each in begun:
        await comes(each)
    assert len(CountedConnection.open) >= 1 + readers
    end()
    stop.set()
    outcomes: list[bool | BaseException] = await asyncio.gather(*tasks, return_exceptions=True)
    return outcomes


def test_surplus_readers_are_closed(counted: SqliteDatabase) -> None:
    """More at once than are kept idle have a connection each; of those, the usual number is kept."""
    for readers in (IDLE_READERS + 5, 2, IDLE_READERS + 5):
        outcomes = asyncio.run(at_once(counted, readers, lambda: None))
        assert outcomes == [True] * readers
        assert len(CountedConnection.open) == 1 + IDLE_READERS


def emptied(file: Path) -> bool:
    """Whether the log of the file can be written back to its end: nobody reads an older state."""
    shell = sqlite3.connect(file)
    try:
        busy, *_ = shell.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        shell.close()


def test_cancelled_readers_give_their_connections_back(counted: SqliteDatabase, tmp_path: Path) -> None:
    """As many as are kept; and none of them has a transaction, of its own or of the file's."""
    file = tmp_path / SQLITE_FILE

    async def cancel_all() -> None:
        tasks: list[asyncio.Task[bool]] = []

        def cancel() -> None:
            tasks.extend(task for task in asyncio.all_tasks() if task is not asyncio.current_task())
            for task in tasks:
                task.cancel()

        outcomes = await at_once(counted, IDLE_READERS + 5, cancel)
        assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError] * (IDLE_READERS + 5)
        assert len(CountedConnection.open) == 1 + IDLE_READERS
        assert not any(connection.in_transaction for connection in CountedConnection.open)
        await counted.awrite(adding("since"))
        assert await asyncio.to_thread(emptied, file)

    asyncio.run(cancel_all())


def test_a_long_read_waits_for_its_place_and_a_short_one_does_not(lines_database: Database) -> None:
    """However many are under way: those that are known to be long begin when one of them has ended."""
    stop, begun = threading.Event(), [threading.Event() for _ in range(READERS)]

    def short(tx: Tx) -> Steps[list[str]]:
        return read_lines(tx)
        yield

    def long(begun: threading.Event) -> Work[Steps[bool]]:
        return lambda _: until(stop, begun=begun)

    async def story() -> None:
        reading = [asyncio.ensure_future(lines_database.aread_in_steps(long(each), long=True)) for each in begun]
        await comes(begun[0])
        assert await asyncio.wait_for(lines_database.aread_in_steps(short), PATIENCE) == []
        assert not all(each.is_set() for each in begun)
        stop.set()
        assert await asyncio.wait_for(asyncio.gather(*reading), PATIENCE) == [True] * len(begun)

    asyncio.run(story())


def test_a_read_that_goes_on_for_too_long_is_ended(lines_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short its steps are; and its snapshot with it."""

    def work(tx: Tx) -> Steps[None]:
        while True:
            read_lines(tx)
            yield Pace.SHORT

    for module in (steps, postgres_steps):
        monkeypatch.setattr(module, "LONGEST", 0.0)
    with pytest.raises(Unavailable, match="takes too long"):
        asyncio.run(lines_database.aread_in_steps(work))
