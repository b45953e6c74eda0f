"""Writes that share a commit: on PostgreSQL, between two of its nodes, and on the way back to who waits for them."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Any, Final

import psycopg
import pytest

from gates import busy_writer
from keesa.db import Database, Tx, Work, grouping, postgres
from keesa.db.postgres import WRITE_LOCK, PostgresDatabase
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines
from postgres_server import PostgresServer

PATIENCE: Final = 10.0
"""Seconds after which what a test waits for does not come any more."""

_numbers = count()


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database of PostgreSQL's."""
    name = f"groups{next(_numbers)}"
    postgres.create_database(name)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def nodes(url: str) -> Iterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two of them, as two processes have them, on one database with the table of lines."""
    one, other = PostgresDatabase(url), PostgresDatabase(url)
    make_table(one)
    yield one, other
    one.close()
    other.close()


async def in_one_group(database: Database, works: list[Work[Any]]) -> list[Any]:
    """What becomes of works that all wait when the writer is free again."""
    async with busy_writer(database) as gate:
        tasks = [asyncio.ensure_future(database.awrite(work)) for work in works]
        await asyncio.sleep(0)  # each task gets as far as the queue
        gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


def run(database: Database, works: list[Work[Any]]) -> list[Any]:
    return asyncio.run(asyncio.wait_for(in_one_group(database, works), PATIENCE))


def transaction_id(tx: Tx) -> str:
    return str(tx.value("SELECT CAST(pg_current_xact_id() AS TEXT) AS value"))


def test_what_waits_together_is_one_transaction(nodes: tuple[PostgresDatabase, PostgresDatabase]) -> None:
    """On PostgreSQL too: a hundred writes that wait take two, of 64 at most, in their order."""

    def numbered(number: int) -> Work[str]:
        def work(tx: Tx) -> str:
            adding(f"line {number}")(tx)
            return transaction_id(tx)

        return work

    used = run(nodes[0], [numbered(number) for number in range(100)])
    assert list(Counter(used).values()) == [grouping.GROUP, 100 - grouping.GROUP]
    assert nodes[0].read(read_lines) == [f"line {number}" for number in range(100)]


def test_a_group_is_run_again_without_the_one_that_failed(nodes: tuple[PostgresDatabase, PostgresDatabase]) -> None:
    """In one transaction more; of the first try nothing is left."""
    runs: Counter[str] = Counter()

    def counted(name: str, error: Exception | None = None) -> Work[str]:
        def work(tx: Tx) -> str:
            runs[name] += 1
            adding(f"{name} {runs[name]}")(tx)
            if error:
                raise error
            return transaction_id(tx)

        return work

    outcomes = run(nodes[0], [counted("left"), counted("failing", LookupError()), counted("right")])
    assert isinstance(outcomes[1], LookupError)
    assert outcomes[0] == outcomes[2]
    assert runs == {"left": 2, "failing": 1, "right": 1}
    assert nodes[0].read(read_lines) == ["left 2", "right 1"]


def test_two_nodes_never_deadlock(nodes: tuple[PostgresDatabase, PostgresDatabase]) -> None:
    """Groups of two processes that write the same two rows crosswise: each work is run once, and none is lost."""
    tries: Counter[str] = Counter()
    for line in ("a", "b"):
        nodes[0].write(adding(line))

    def crosswise(name: str, rows: str) -> Work[None]:
        def work(tx: Tx) -> None:
            tries[name] += 1
            for row in rows:
                tx.run("UPDATE lines SET line = line || '+' WHERE line LIKE :row", row=f"{row}%")
                tx.all("SELECT pg_sleep(0.001)")  # the other one's moment to take its first row

        return work

    async def write_all(database: Database, rows: str) -> None:
        works = [crosswise(f"{rows} {number}", rows) for number in range(40)]
        for start in range(0, len(works), 4):
            await asyncio.gather(*(database.awrite(work) for work in works[start : start + 4]))

    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(asyncio.run, write_all(*each)) for each in zip(nodes, ("ab", "ba"), strict=True)]
        for job in jobs:
            job.result(PATIENCE)
    assert set(tries.values()) == {1}
    assert len(tries) == 80
    assert sorted(nodes[0].read(read_lines)) == ["a" + "+" * 80, "b" + "+" * 80]


def test_a_group_that_waits_too_long_is_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another node holds the lock; when it lets go, writes go on, as often as that comes."""
    monkeypatch.setattr(postgres, "_SETTINGS", ("SET lock_timeout = '100ms'",))
    database = PostgresDatabase(url)
    make_table(database)
    try:
        for name in ("first", "second"):
            with psycopg.connect(url) as node:
                node.execute("SELECT pg_advisory_xact_lock(%s)", (WRITE_LOCK,))
                for _ in range(3):
                    with pytest.raises(Unavailable):
                        database.write(adding("kept out"))
            assert database.write(adding(name)) == name
        assert database.read(read_lines) == ["first", "second"]
    finally:
        database.close()


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


def test_a_loop_is_woken_once_for_a_group(lines_database: Database) -> None:
    """However many of its tasks wait for it."""
    woken: list[object] = []

    async def watched() -> list[str]:
        loop = asyncio.get_running_loop()
        wake = loop.call_soon_threadsafe

        def watch(callback: Any, *arguments: Any, **options: Any) -> asyncio.Handle:  # noqa: ANN401 - the loop's own
            if callback.__module__ == grouping.__name__:
                woken.append(callback)
            return wake(callback, *arguments, **options)

        async with busy_writer(lines_database) as gate:
            tasks = [asyncio.ensure_future(lines_database.awrite(adding(f"line {n}"))) for n in range(20)]
            await asyncio.sleep(0)  # each task gets as far as the queue
            loop.call_soon_threadsafe = watch  # type: ignore[assignment]  # as its own, but for generics
            gate.set()
            return await asyncio.gather(*tasks)

    assert asyncio.run(asyncio.wait_for(watched(), PATIENCE)) == [f"line {n}" for n in range(20)]
    assert len(woken) == 2  # for what kept the writer busy, and for the group


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
    """Who waits in another one is told, what the closed one had queued is done, and the writer goes on."""
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
    assert lines_database.read(read_lines) == ["left alone", "told", "goes on"]


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
    assert lines_database.read(read_lines) == ["left", "right"]
