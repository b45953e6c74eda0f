"""Writes that are sent together, which share a commit on SQLite, and the way back to who waits for them."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from gates import busy_writer
from keesa.db import Database, Tx, Work, grouping
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from lines import adding, make_table, read_lines

PATIENCE: Final = 10.0
"""Seconds after which what a test waits for does not come any more."""


async def in_one_group(database: Database, works: list[Work[Any]]) -> list[Any]:
    """What becomes of works that all wait when the writer is free again."""
    async with busy_writer(database) as gate:
        tasks = [asyncio.ensure_future(database.awrite(work)) for work in works]
        await asyncio.sleep(0)  # each task gets as far as the queue
        gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


def run(database: Database, works: list[Work[Any]]) -> list[Any]:
    return asyncio.run(asyncio.wait_for(in_one_group(database, works), PATIENCE))


def test_who_is_told_that_it_is_done_finds_it_there(lines_database: Database) -> None:
    """Also where a work of the group went on after an error of the engine as if there had been none."""
    lines_database.write(adding("taken"))

    def careless(tx: Tx) -> str:
        adding("careless")(tx)
        with suppress(Exception):
            adding("taken")(tx)
        return "careless"

    told = run(lines_database, [adding("left"), careless, adding("right")])
    there = lines_database.read(read_lines)
    assert set(there) == {"taken", *(outcome for outcome in told if isinstance(outcome, str))}
    assert {"left", "right"} < set(there)


def stopping(_tx: Tx) -> str:
    return next(iter(()))


def test_an_error_that_no_future_takes_is_told(lines_database: Database) -> None:
    """A `StopIteration` out of a work is an error like any other, to its caller and to those beside it."""
    left, stopped, right = run(lines_database, [adding("left"), stopping, adding("right")])
    assert (left, right) == ("left", "right")
    assert isinstance(stopped, StopIteration | RuntimeError)
    with pytest.raises((StopIteration, RuntimeError)):
        lines_database.write(stopping)


def test_a_loop_is_woken_once_for_a_group(tmp_path: Path) -> None:
    """However many of its tasks wait for it, on SQLite: PostgreSQL's works are the loop's own."""
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(database)
    woken: list[object] = []

    async def watched() -> list[str]:
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def watch(callback: Any, *arguments: Any, **options: Any) -> asyncio.Handle:  # noqa: ANN401 - the loop's own
            if callback.__module__ == grouping.__name__:
                woken.append(callback)
            return wake(callback, *arguments, **options)

        async with busy_writer(database) as gate:
            tasks = [asyncio.ensure_future(database.awrite(adding(f"line {n}"))) for n in range(20)]
            await asyncio.sleep(0)  # each task gets as far as the queue
            loop.call_soon_threadsafe = watch  # type: ignore[assignment]  # as its own, but for generics
            gate.set()
            return await asyncio.gather(*tasks)

    assert asyncio.run(asyncio.wait_for(watched(), PATIENCE)) == [f"line {n}" for n in range(20)]
    assert len(woken) == 1
    database.close()


def test_each_waits_in_their_own_way(lines_database: Database) -> None:
    """Tasks of two loops and plain threads, in one group: each has its own outcome, in its own thread."""
    submitted = threading.Barrier(4, timeout=PATIENCE)

    async def by_loop(name: str) -> list[str]:
        tasks = [asyncio.ensure_future(lines_database.awrite(adding(f"{name} {n}"))) for n in range(5)]
        await asyncio.sleep(0)  # each task gets as far as the queue
        submitted.wait()
        return await asyncio.gather(*tasks)

    def by_thread(name: str) -> list[str]:
        submitted.wait()
        return [lines_database.write(adding(name))]

    async def all_together() -> list[list[str]]:
        async with busy_writer(lines_database) as gate:
            with ThreadPoolExecutor(3) as threads:
                jobs = [threads.submit(asyncio.run, by_loop(name)) for name in ("one", "two")]
                jobs.append(threads.submit(by_thread, "plain"))
                await asyncio.to_thread(submitted.wait)
                gate.set()
                return [await asyncio.wrap_future(job) for job in jobs]

    one, two, plain = asyncio.run(asyncio.wait_for(all_together(), PATIENCE))
    assert one == [f"one {n}" for n in range(5)]
    assert two == [f"two {n}" for n in range(5)]
    assert plain == ["plain"]
    assert sorted(lines_database.read(read_lines)) == sorted([*one, *two, *plain])


def test_a_loop_that_was_closed_takes_nobody_with_it(lines_database: Database) -> None:
    """Who waits in another one is told, and writes go on. What the closed one had queued is done where a thread writes,
    and undone where it was the loop's own; nobody was told.
    """
    closed = asyncio.new_event_loop()
    closed.set_exception_handler(lambda _loop, _context: None)  # it would tell of the task that it leaves

    async def queue() -> "asyncio.Task[str]":
        task = asyncio.ensure_future(lines_database.awrite(adding("left alone")))
        await asyncio.sleep(0)  # the task gets as far as the queue
        return task

    def queue_and_close() -> "asyncio.Task[str]":
        try:
            return closed.run_until_complete(queue())
        finally:
            closed.close()

    async def beside() -> str:
        async with busy_writer(lines_database) as gate:
            left = await asyncio.to_thread(queue_and_close)
            waiting = asyncio.ensure_future(lines_database.awrite(adding("told")))
            await asyncio.sleep(0)  # the task gets as far as the queue
            gate.set()
            told = await waiting
            assert not left.done()
            return told

    assert asyncio.run(asyncio.wait_for(beside(), PATIENCE)) == "told"
    assert lines_database.write(adding("goes on")) == "goes on"
    assert [line for line in lines_database.read(read_lines) if line != "left alone"] == ["told", "goes on"]


def promising(tx: Tx) -> Any:  # noqa: ANN401 - it should be a value
    adding("never")(tx)
    yield "later"


async def awaiting(tx: Tx) -> str:
    return adding("never")(tx)


def forgetting(tx: Tx) -> Any:  # noqa: ANN401 - likewise
    adding("undone")(tx)
    return awaiting(tx)


@pytest.mark.parametrize("work", [promising, awaiting, forgetting])
def test_a_work_that_has_not_run_is_no_success(lines_database: Database, work: Work[Any]) -> None:
    """A generator or a coroutine: nobody would run what it gives."""
    left, nothing, right = run(lines_database, [adding("left"), work, adding("right")])
    assert (left, right) == ("left", "right")
    assert isinstance(nothing, TypeError)
    assert sorted(lines_database.read(read_lines)) == ["left", "right"]
