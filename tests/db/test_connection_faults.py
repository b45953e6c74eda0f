"""What one work does wrong, or one connection meets, that no other work may notice: on PostgreSQL's connections."""

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
import pytest
import uvloop

from backends import connections_of_keesa
from database_proxy import DatabaseProxy
from keesa.db import Pace, Steps, Tx, postgres, postgres_loop
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_connecting import connect
from keesa.db.postgres_connection import Connection
from keesa.db.postgres_limits import FEWEST_CONNECTIONS
from keesa.db.postgres_loop_connection import LoopConnection
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable
from lines import PATIENT, adding, read_lines
from waiting import wait_until

PATIENCE: Final = 30.0
"""Seconds after which a story has gone wrong."""
OF_A_LOOP: Final = FEWEST_CONNECTIONS - 1
"""Connections that a loop has of the fewest."""


def run(story: Any) -> Any:  # noqa: ANN401 - whatever it gives
    return asyncio.run(asyncio.wait_for(story, PATIENCE))


class Own(Exception):
    """A work's own error."""


def failing_unheard(tx: Tx) -> None:
    """It fails by itself while a statement of it that fails in the server has not been answered."""
    tx.all("SELECT 1")
    adding("taken")(tx)
    raise Own


def end_all(url: str) -> None:
    """Every other connection to the database."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def most_at_work(database: PostgresDatabase, url: str) -> int:
    """How many connections of a loop's the server works for at once, when more is asked of it than there are."""
    with psycopg.connect(url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(7)")
        lock = "SELECT pg_advisory_xact_lock_shared(7)"
        works = [asyncio.ensure_future(database.aread(lambda tx: tx.all(lock))) for _ in range(3 * OF_A_LOOP)]
        found = last = 0
        while not found or last < found:  # until no more come
            last = found
            await asyncio.sleep(0.3)
            row = holder.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
            assert row is not None
            found = int(row[0])
        holder.execute("SELECT pg_advisory_unlock(7)")
        await asyncio.gather(*works, return_exceptions=True)
    return found


# Ends of transactions


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_statement_that_fails_unheard_leaves_no_transaction_behind(few: PostgresDatabase, times: int) -> None:
    """The work ends by an error of its own before the server's: it hears its own, and the next work on the same
    connection finds nothing of it, however often.
    """
    few.write(adding("taken"))

    async def story() -> None:
        for number in range(times):
            with pytest.raises(Own):
                await few.awrite(failing_unheard)
            assert await few.awrite(adding(f"after {number}")) == f"after {number}"

    run(story())
    for number in range(times):
        with pytest.raises(Own):
            few.write(failing_unheard)
        assert few.write(adding(f"thread {number}")) == f"thread {number}"
    assert len(few.read(read_lines)) == 1 + 2 * times


def test_a_connection_that_has_lost_its_statements_is_replaced(few: PostgresDatabase) -> None:
    """Those prepared are gone, the one that undoes a work among them: nobody hears of it, and nothing is kept of what
    was to be undone.
    """

    def undone(tx: Tx) -> None:
        tx.all("SELECT 1")
        adding("undone")(tx)
        raise Own

    def losing(tx: Tx) -> None:
        adding("undone")(tx)
        tx.all("DEALLOCATE ALL")
        raise Own

    async def story() -> None:
        for work in (undone, undone, undone, losing):
            with pytest.raises(Own):
                await few.awrite(work)
        for number in range(3):
            await few.awrite(adding(f"after {number}"))

    run(story())
    assert few.read(read_lines) == ["after 0", "after 1", "after 2"]


def test_an_answer_that_never_came_is_no_empty_one(few: PostgresDatabase) -> None:
    """A work that goes on after an error does not take a statement of which the server knows nothing for one without
    rows.
    """

    def going_on(tx: Tx) -> Any:  # noqa: ANN401 - it gives nothing
        first = tx.soon("SELECT 1 AS n")
        tx.run("INSRT")
        later = tx.soon("SELECT 1 AS n")
        with pytest.raises(psycopg.errors.SyntaxError):
            tx.all("SELECT 2")
        assert first()[0]["n"] == 1
        return later()

    async def story() -> None:
        with pytest.raises(psycopg.Error):
            await few.aread(going_on)
        with pytest.raises(psycopg.Error):
            await few.awrite(going_on)
        assert await few.aread(read_lines) == []

    run(story())


# How many there are


def test_one_that_is_cut_while_its_work_lets_others_on_counts_once(lines_url: str) -> None:
    """However many are lost so, there are never more connections than allowed, and all of those can be used."""
    # patient: the server itself ends a transaction that is idle for so long, as on a busy machine this work is
    database = PostgresDatabase(lines_url, FEWEST_CONNECTIONS, PATIENT)

    def slow(tx: Tx) -> Steps[list[str]]:
        tx.all("SELECT 1")
        for _ in range(100):
            ends = time.perf_counter() + 0.002
            while time.perf_counter() < ends:
                pass
            yield Pace.SHORT
        return read_lines(tx)

    async def story() -> int:
        for _ in range(3):
            reading = [asyncio.ensure_future(database.aread_in_steps(slow)) for _ in range(2)]
            await asyncio.sleep(0.1)
            await asyncio.to_thread(end_all, lines_url)
            assert await asyncio.gather(*reading) == [[], []]
        return await most_at_work(database, lines_url)

    try:
        assert run(story()) == OF_A_LOOP
    finally:
        database.close()


def test_many_connections_are_made_a_few_at_a_time(lines_url: str) -> None:
    """As many works at once as there may be connections: each is done, though a process makes no more than some."""
    database = PostgresDatabase(lines_url, 100, PATIENT)

    async def story() -> None:
        await asyncio.gather(*(database.awrite(adding(f"line {number}")) for number in range(90)))

    run(story())
    assert len(database.read(read_lines)) == 90
    database.close()


def test_a_server_that_takes_no_more_connections_still_serves(few: PostgresDatabase, lines_url: str) -> None:
    """Who finds no connection waits for one that there is, where no more can be made."""
    name = lines_url.rpartition("/")[2]
    with psycopg.connect(lines_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 2")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO narrow")
    database = PostgresDatabase(lines_url.replace("keesa@", "narrow@"), 10, PATIENT)

    async def story() -> list[str]:
        return await asyncio.gather(*(database.awrite(adding(f"line {number}")) for number in range(30)))

    try:
        assert len(run(story())) == 30
    finally:
        database.close()
        with psycopg.connect(lines_url, autocommit=True) as admin:
            admin.execute(
                f"REASSIGN OWNED BY narrow TO keesa; DROP OWNED BY narrow; DROP ROLE narrow; -- {name}".encode()
            )
    assert len(few.read(read_lines)) == 30


@pytest.mark.parametrize("inner", [False, True])
def test_a_system_without_threads_is_unavailable_meanwhile(
    few: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
    inner: bool,  # noqa: FBT001
) -> None:
    """Where none can be had for connecting: however often, all connections can be made afterwards."""
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if thread.name == "keesa-connect" and (threading.current_thread() is not threading.main_thread()) == inner:
            raise RuntimeError("can't start new thread")
        start(thread)

    async def story() -> list[list[str]]:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refused)
            for _ in range(40):
                with pytest.raises(Unavailable):
                    await few.aread(read_lines)
        return await asyncio.gather(*(few.aread(read_lines) for _ in range(9)))

    assert run(story()) == [[]] * 9


def await_connecting() -> None:
    """Until no thread is at it any more."""
    for thread in threading.enumerate():
        if thread.name == "keesa-connect":
            thread.join(PATIENCE)


def test_one_that_is_not_made_in_time_is_closed_without_the_collector(lines_url: str) -> None:
    """While a server is silent there may be many of them."""
    with DatabaseProxy(lines_url) as proxy:
        proxy.stall()
        gc.disable()
        try:
            with pytest.raises(psycopg.errors.ConnectionTimeout):
                connect(proxy.url, 0.2, {})
            await_connecting()
            proxy.resume()
            wait_until(lambda: not proxy.counts().connections, PATIENCE)
        finally:
            gc.enable()


@pytest.mark.parametrize("late", [False, True])
def test_one_that_is_made_when_the_loop_has_ended_is_closed(
    lines_url: str,
    monkeypatch: pytest.MonkeyPatch,
    late: bool,  # noqa: FBT001
) -> None:
    """Also where it is made after the database was closed; and a loop that goes on none the less meets no dead one."""
    database, may_connect = PostgresDatabase(lines_url, waits=Waits(patience=1)), threading.Event()
    loop = asyncio.new_event_loop()

    def held_up(*given: Any) -> Any:  # noqa: ANN401 - as it is
        assert may_connect.wait(PATIENCE)
        return connect(*given)

    async def begin() -> asyncio.Task[list[str]]:
        asked = asyncio.ensure_future(database.aread(read_lines))
        await asyncio.sleep(0.01)
        return asked

    def let_connect() -> None:
        may_connect.set()
        await_connecting()

    monkeypatch.setattr(postgres, "connect", held_up)
    asked = loop.run_until_complete(begin())
    if not late:
        let_connect()
        assert connections_of_keesa(lines_url) == 1
    database.close()
    if late:
        let_connect()
    wait_until(lambda: not connections_of_keesa(lines_url), PATIENCE)
    with pytest.raises(Unavailable):
        loop.run_until_complete(asked)
    loop.close()


class Deaf(LoopConnection):
    """In a network that forgets connections which nobody uses: nothing shows before the next use."""

    def started(self) -> None:
        super().started()
        self.watch()

    def settle(self) -> None:
        super().settle()
        self.pool.loop.remove_reader(self._socket)


def test_idle_ones_that_die_silently_cost_nobody_an_answer(lines_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than a work has tries: the first that finds one dead takes none of the others."""
    monkeypatch.setattr(postgres, "LoopConnection", Deaf)
    database = PostgresDatabase(lines_url, 20)

    async def story() -> None:
        await asyncio.gather(*(database.aread(lambda tx: tx.all("SELECT pg_sleep(1.5)")) for _ in range(12)))
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(connections_of_keesa, lines_url) == 12
        await asyncio.to_thread(end_all, lines_url)
        assert await database.aread(read_lines) == []

    run(story())
    database.close()


# Who waits


def test_what_was_taken_back_makes_way_in_the_queue(few: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests whose clients have gone do not count among those that wait."""
    monkeypatch.setattr(postgres_loop, "QUEUE", 5)

    async def story() -> None:
        held = [asyncio.ensure_future(few.aread(lambda tx: tx.all("SELECT pg_sleep(1.5)"))) for _ in range(OF_A_LOOP)]
        await asyncio.sleep(0.2)
        queued = [asyncio.ensure_future(few.awrite(adding(f"gone {number}"))) for number in range(5)]
        await asyncio.sleep(0)
        for task in queued:
            task.cancel()
        await asyncio.sleep(0.6)
        assert await few.awrite(adding("here")) == "here"
        await asyncio.gather(*held)

    run(story())
    assert few.read(read_lines) == ["here"]


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_loop_that_was_held_takes_no_answer_for_missing(
    lines_url: str, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """What came while something else had the loop counts, however long that was."""
    database = PostgresDatabase(lines_url, FEWEST_CONNECTIONS, Waits(patience=30, answer=1.5))

    async def story() -> str:
        await database.awrite(adding("first"))
        writing = asyncio.ensure_future(database.awrite(adding("second")))
        await asyncio.sleep(0)
        time.sleep(2.5)  # noqa: ASYNC251 - what holds the loop
        return await writing

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(asyncio.wait_for(story(), PATIENCE)) == "second"
    database.close()


def test_long_reads_that_were_taken_back_keep_their_places(hasty: PostgresDatabase) -> None:
    """As long as the server works at them: short ones still find a connection."""

    def long(tx: Tx) -> Steps[None]:
        yield Pace.LONG
        tx.all("SELECT pg_sleep(4)")  # longer than anybody waits for a connection

    async def story() -> None:
        for _ in range(3):
            reading = [asyncio.ensure_future(hasty.aread_in_steps(long, long=True)) for _ in range(OF_A_LOOP - 1)]
            await asyncio.sleep(0.1)
            for task in reading:
                task.cancel()
        assert await hasty.aread(read_lines) == []

    run(story())


def test_a_work_that_will_not_be_closed_gives_its_place_back(few: PostgresDatabase) -> None:
    """One in steps that goes on when it is ended, or fails at its end, takes no place with it."""

    def on_and_on(tx: Tx) -> Steps[None]:
        tx.all("SELECT 1")
        while True:
            time.sleep(0.001)
            yield Pace.LONG

    def stubborn(tx: Tx) -> Steps[None]:
        try:
            yield from on_and_on(tx)
        finally:
            yield Pace.LONG

    def failing(tx: Tx) -> Steps[None]:
        try:
            yield from on_and_on(tx)
        finally:
            raise Own

    def plain(tx: Tx) -> Steps[None]:
        tx.all("SELECT 1")
        yield Pace.LONG

    async def story() -> None:
        for work in (stubborn, failing) * 2:
            reading = asyncio.ensure_future(few.aread_in_steps(work))
            await asyncio.sleep(0.1)
            reading.cancel()
            await asyncio.sleep(0.1)
        async with asyncio.timeout(PATIENCE / 2):
            await few.aread_in_steps(plain, long=True)

    run(story())


# What is kept


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_for_the_collector(few: PostgresDatabase, fails: bool) -> None:  # noqa: FBT001
    """Works that are done leave no circles behind, those that fail neither."""

    def work(tx: Tx) -> list[str]:
        found = read_lines(tx)
        if fails:
            raise Own
        return found

    async def once() -> None:
        try:
            await few.aread(work)
        except Own:
            return

    async def story() -> int:
        for _ in range(5):
            await once()
        gc.collect()
        gc.disable()
        try:
            for _ in range(50):
                await once()
            return gc.collect()
        finally:
            gc.enable()

    assert run(story()) < 50


def test_a_large_answer_goes_with_its_work(few: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection keeps the last answer until the next one comes."""
    seen: list[Any] = []
    answered = Connection.ask

    def ask(*args: Any) -> Any:  # noqa: ANN401 - as it is
        seen.append(answered(*args))
        return seen[-1]

    monkeypatch.setattr(Connection, "ask", ask)

    async def story() -> None:
        assert len(await few.aread(lambda tx: tx.value("SELECT repeat('x', 1000000) AS value"))) == 1_000_000

    run(story())
    references = sys.getrefcount(seen[0])
    assert references == 2  # the list's, and that of who counts
