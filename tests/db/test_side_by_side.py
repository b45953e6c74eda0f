"""PostgreSQL's transactions side by side: on the connections of one loop, of threads, and of two nodes."""

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

from backends import connections_of_keesa
from keesa.db import Database, Pace, Steps, Tx, Work, postgres_loop
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_attempts import TRIES
from keesa.db.postgres_limits import FEWEST_CONNECTIONS
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable
from lines import PATIENT, adding, read_lines

PATIENCE: Final = 20.0
"""Seconds after which what a test waits for does not come any more."""
OF_A_LOOP: Final = FEWEST_CONNECTIONS - 1
"""Connections that a loop has of the fewest."""
LOCK: Final = 7
"""An advisory lock, by which tests hold what asks for it."""

_numbers = count()


@pytest.fixture
def nodes(lines_url: str) -> Iterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two of them, as two processes have them."""
    one, other = PostgresDatabase(lines_url, waits=PATIENT), PostgresDatabase(lines_url, waits=PATIENT)
    yield one, other
    one.close()
    other.close()


class Holder:
    """Another program, which holds the lock until it lets go."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])

    def let_go(self) -> None:
        self._connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def waiting(self) -> int:
        """How many ask for it."""
        sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        row = self._connection.execute(sql).fetchone()
        assert row is not None
        return int(row[0])

    async def wait_for(self, asking: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.waiting() < asking:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def holder(lines_url: str) -> Iterator[Holder]:
    held = Holder(lines_url)
    yield held
    held.close()


def held(line: str) -> Work[str]:
    """A work that waits for the lock, in the server, and then adds the line."""

    def work(tx: Tx) -> str:
        tx.all("SELECT pg_advisory_xact_lock_shared(:lock)", lock=LOCK)
        return adding(line)(tx)

    return work


def ask_for_lock(tx: Tx) -> None:
    tx.all("SELECT pg_advisory_xact_lock_shared(:lock)", lock=LOCK)


def run(story: Any) -> Any:  # noqa: ANN401 - whatever it gives
    return asyncio.run(asyncio.wait_for(story, 3 * PATIENCE))


def test_writes_of_one_loop_go_on_side_by_side(few: PostgresDatabase, holder: Holder) -> None:
    """While some wait for a lock in the server, another one is done, on the connection that is left."""

    async def story() -> list[str]:
        waiting = [asyncio.ensure_future(few.awrite(held(f"held {n}"))) for n in range(OF_A_LOOP - 1)]
        await holder.wait_for(OF_A_LOOP - 1)
        assert await few.awrite(adding("beside")) == "beside"
        assert await few.aread(read_lines) == ["beside"]
        holder.let_go()
        return await asyncio.gather(*waiting)

    assert run(story()) == ["held 0", "held 1"]


def test_no_more_connections_than_allowed(few: PostgresDatabase, lines_url: str) -> None:
    """However much comes at once, from a loop and from threads; and all of it is done."""

    async def story() -> int:
        works = [few.awrite(adding(f"line {number}")) for number in range(100)]
        with ThreadPoolExecutor(8) as threads:
            jobs = [threads.submit(few.write, adding(f"thread {number}")) for number in range(20)]
            await asyncio.gather(*works)
            for job in jobs:
                await asyncio.wrap_future(job)
        return connections_of_keesa(lines_url)

    assert run(story()) <= FEWEST_CONNECTIONS
    assert len(few.read(read_lines)) == 120


def test_who_waits_for_a_connection_too_long_is_told_so(hasty: PostgresDatabase) -> None:
    """With all of them taken: unavailable in time, never done, and what had begun goes on."""

    def sleeping(tx: Tx) -> str:
        tx.all("SELECT pg_sleep(5)")
        return adding(f"slept {next(_numbers)}")(tx)

    async def story() -> list[str]:
        begun = [asyncio.ensure_future(hasty.awrite(sleeping)) for _ in range(OF_A_LOOP)]
        await asyncio.sleep(0)  # each gets as far as its connection
        with pytest.raises(Unavailable, match="too busy"):
            await hasty.awrite(adding("never"))
        assert not any(task.done() for task in begun)
        return await asyncio.gather(*begun)

    told = run(story())
    assert sorted(hasty.read(read_lines)) == sorted(told)


def test_one_too_many_is_refused_at_once(
    few: PostgresDatabase, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait for a connection have a bound; what was taken is done."""
    monkeypatch.setattr(postgres_loop, "QUEUE", 5)

    async def story() -> list[str]:
        begun = [asyncio.ensure_future(few.awrite(held(f"held {n}"))) for n in range(OF_A_LOOP)]
        await holder.wait_for(OF_A_LOOP)
        queued = [asyncio.ensure_future(few.awrite(adding(f"queued {n}"))) for n in range(5)]
        await asyncio.sleep(0)  # each gets as far as the queue
        with pytest.raises(Unavailable, match="waiting"):
            await few.awrite(adding("one too many"))
        holder.let_go()
        return await asyncio.gather(*begun, *queued)

    told = run(story())
    assert sorted(few.read(read_lines)) == sorted(told)


def test_a_write_taken_back_before_it_begins_is_never_done(few: PostgresDatabase, holder: Holder) -> None:
    """A request whose client has gone leaves the queue, and its neighbours there are done."""

    async def story() -> None:
        begun = [asyncio.ensure_future(few.awrite(held(f"held {n}"))) for n in range(OF_A_LOOP)]
        await holder.wait_for(OF_A_LOOP)
        queued = [asyncio.ensure_future(few.awrite(adding(name))) for name in ("left", "gone", "right")]
        await asyncio.sleep(0)  # each gets as far as the queue
        queued[1].cancel()
        holder.let_go()
        await asyncio.gather(*begun, queued[0], queued[2])

    run(story())
    assert sorted(few.read(read_lines)) == ["held 0", "held 1", "held 2", "left", "right"]


def test_one_that_fails_takes_no_other_with_it(few: PostgresDatabase) -> None:
    """Each is a transaction of its own: what fails is undone, whatever goes on beside it."""

    def failing(tx: Tx) -> str:
        adding("half done")(tx)
        raise LookupError

    async def story() -> list[Any]:
        works = [adding("left"), failing, adding("left"), adding("right")]
        return await asyncio.gather(*map(few.awrite, works), return_exceptions=True)

    outcomes = run(story())
    assert isinstance(outcomes[1], LookupError)
    assert sum(isinstance(outcome, psycopg.errors.UniqueViolation) for outcome in outcomes) == 1
    assert sorted(few.read(read_lines)) == ["left", "right"]


def test_two_nodes_that_lock_crosswise_lose_nothing(nodes: tuple[PostgresDatabase, PostgresDatabase]) -> None:
    """Deadlocks are run again, as often as they come, until each write has been done once."""
    for line in ("a", "b"):
        nodes[0].write(adding(line))

    def crosswise(rows: str) -> Work[None]:
        def work(tx: Tx) -> None:
            for row in rows:
                tx.all("SELECT line FROM lines WHERE line LIKE :row FOR UPDATE", row=f"{row}%")
                tx.run("UPDATE lines SET line = line || '+' WHERE line LIKE :row", row=f"{row}%")

        return work

    async def write_all(database: Database, rows: str) -> int:
        done = 0
        for _ in range(5):
            with suppress(Unavailable):  # five deadlocks, one after the other
                await database.awrite(crosswise(rows))
                done += 1
        return done

    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(asyncio.run, write_all(*each)) for each in zip(nodes, ("ab", "ba"), strict=True)]
        done = sum(job.result(6 * PATIENCE) for job in jobs)
    assert done > 5
    assert sorted(nodes[0].read(read_lines)) == ["a" + "+" * done, "b" + "+" * done]


def test_two_nodes_count_every_change_of_a_row(nodes: tuple[PostgresDatabase, PostgresDatabase]) -> None:
    """Who locks the row reads what the other has written, and waits for it."""
    nodes[0].write(adding("0"))

    def count_up(tx: Tx) -> None:
        last = tx.value("SELECT line AS value FROM lines $for_update")
        tx.run("UPDATE lines SET line = :line", line=str(int(last) + 1))

    async def many(database: Database) -> None:
        await asyncio.gather(*(database.awrite(count_up) for _ in range(100)))

    with ThreadPoolExecutor(2) as threads:
        for job in [threads.submit(asyncio.run, many(node)) for node in nodes]:
            job.result(3 * PATIENCE)
    assert nodes[0].read(read_lines) == ["200"]


@pytest.mark.parametrize("writing", [True, False])
def test_a_connection_that_dies_before_the_commit_is_no_error(few: PostgresDatabase, writing: bool) -> None:  # noqa: FBT001
    """The work is run again on another one, since nothing of the first try can have been kept."""
    tries: Counter[str] = Counter()

    def dying(tx: Tx) -> list[str]:
        tries["it"] += 1
        found = read_lines(tx)
        if writing:
            adding(f"try {tries['it']}")(tx)
        if tries["it"] == 1:
            tx.all("SELECT pg_terminate_backend(pg_backend_pid())")
        return found

    run_work = few.awrite if writing else few.aread
    assert run(run_work(dying)) == []
    assert tries["it"] == 2
    assert few.read(read_lines) == (["try 2"] if writing else [])
    assert (few.write if writing else few.read)(lambda tx: len(read_lines(tx))) == int(writing)


def test_idle_connections_that_were_cut_are_replaced(few: PostgresDatabase, lines_url: str) -> None:
    """All at once, those of the loop and those of threads: nobody hears of it."""

    async def story() -> None:
        await asyncio.gather(*(few.awrite(adding(f"before {n}")) for n in range(10)))
        await asyncio.to_thread(few.read, read_lines)
        with psycopg.connect(lines_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await asyncio.gather(*(few.awrite(adding(f"after {n}")) for n in range(10)))
        assert len(await asyncio.to_thread(few.read, read_lines)) == 20

    run(story())


def test_what_is_never_answered_is_told_in_time(lines_url: str, holder: Holder) -> None:
    """A work that waits in the server for longer than an answer may take: its connection is given up."""
    database = PostgresDatabase(lines_url, FEWEST_CONNECTIONS, Waits(patience=30, answer=1, statement=30))

    async def story() -> None:
        with pytest.raises(Unavailable, match="does not answer"):
            await database.awrite(held("never"))
        assert await database.awrite(adding("after")) == "after"

    run(story())
    holder.let_go()
    assert database.read(read_lines) == ["after"]
    database.close()


def test_nothing_that_was_put_off_is_overlooked(few: PostgresDatabase) -> None:
    """The error of a statement whose answer nobody asked for is the write's, and a read's."""
    few.write(adding("taken"))

    def fails_at_the_end(tx: Tx) -> str:
        adding("new")(tx)
        return adding("taken")(tx)

    async def story() -> None:
        with pytest.raises(psycopg.errors.UniqueViolation):
            await few.awrite(fails_at_the_end)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await few.aread(adding("sneaked in"))
        with pytest.raises(psycopg.errors.SyntaxError):
            await few.awrite(lambda tx: tx.run("INSRT"))

    run(story())
    assert few.read(read_lines) == ["taken"]


def test_an_answer_that_is_wanted_later_is_that_of_its_moment(few: PostgresDatabase) -> None:
    """Whether it is asked for before or after what comes behind it."""

    def work(tx: Tx) -> list[int]:
        sql = "SELECT count(*) AS n FROM lines"
        none = tx.soon(sql)
        adding("a")(tx)
        one = tx.soon(sql)
        adding("b")(tx)
        now = tx.value(sql.replace(" n ", " value "))
        return [none()[0]["n"], one()[0]["n"], now, tx.soon(sql)()[0]["n"]]

    assert few.write(work) == [0, 1, 2, 2]


def test_a_read_right_behind_another_one(few: PostgresDatabase) -> None:
    """One statement ends that one and begins this: it sees what was written in between, by a snapshot that stays, and
    cannot write.
    """

    def look(tx: Tx) -> tuple[int, list[str], list[str]]:
        asked = "SELECT pg_backend_pid() AS pid, current_setting('transaction_isolation') AS isolation"
        row = tx.one(asked)
        assert row is not None
        assert row["isolation"] == "repeatable read"
        seen = read_lines(tx)
        few.write(adding(f"line {len(seen)}"))
        return row["pid"], seen, read_lines(tx)

    async def ask() -> None:
        first, *_ = await few.aread(look)  # on the same connection, before the loop has ended the one before:
        second, *seen = await few.aread(look)
        assert (first, seen) == (second, [["line 0"], ["line 0"]])
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await few.aread(adding("written by a read"))

    asyncio.run(ask())


def test_a_statement_is_prepared_once_and_survives_a_migration(few: PostgresDatabase) -> None:
    """A column that comes changes what `*` means; nobody hears of it."""

    def everything(tx: Tx) -> int:
        return len(list(tx.each("SELECT * FROM lines")))

    async def story() -> None:
        await few.awrite(adding("a"))
        for _ in range(4):
            assert await few.aread(everything) == 1
        more = "ALTER TABLE lines ADD COLUMN more TEXT DEFAULT 'x'"
        await asyncio.to_thread(few.migrating, lambda tx: tx.script(more))  # beside the loop, which ends its reads
        for _ in range(4):
            assert await few.aread(everything) == 1

    run(story())


def test_more_statements_than_are_kept_prepared(few: PostgresDatabase) -> None:
    """The oldest are let go of, and are right when they come again."""

    def statement(number: int) -> Work[int]:
        return lambda tx: int(tx.value(f"SELECT CAST(:n AS BIGINT) + {number} AS value", n=1))

    async def story() -> list[int]:
        return [await few.aread(statement(number)) for _ in range(3) for number in range(150)]

    assert run(story()) == [number + 1 for _ in range(3) for number in range(150)]
    prepared = "SELECT count(*) AS value FROM pg_prepared_statements"
    assert run(few.aread(lambda tx: tx.value(prepared))) <= 129


def test_a_write_that_deadlocks_for_ever_ends(few: PostgresDatabase) -> None:
    tries: list[int] = []

    def work(tx: Tx) -> None:
        tries.append(1)
        adding("never")(tx)
        raise psycopg.errors.DeadlockDetected

    with pytest.raises(Unavailable, match="too busy"):
        run(few.awrite(work))
    assert len(tries) == TRIES
    assert few.read(read_lines) == []


def test_a_long_step_waits_in_the_server_without_the_loop(few: PostgresDatabase, holder: Holder) -> None:
    """Others are answered meanwhile; and long reads leave a connection to the short ones, however many come."""

    def long(tx: Tx) -> Steps[list[str]]:
        yield Pace.LONG
        ask_for_lock(tx)
        return read_lines(tx)

    async def story() -> None:
        reading = [asyncio.ensure_future(few.aread_in_steps(long)) for _ in range(10)]
        await holder.wait_for(OF_A_LOOP - 1)
        assert await few.awrite(adding("beside")) == "beside"
        assert await few.aread(read_lines) == ["beside"]
        assert holder.waiting() == OF_A_LOOP - 1
        holder.let_go()
        found = await asyncio.gather(*reading)
        assert found[: OF_A_LOOP - 1] == [[]] * (OF_A_LOOP - 1)
        assert set(map(tuple, found)) == {(), ("beside",)}

    run(story())


def test_a_read_that_is_taken_back_keeps_its_connection_to_its_end(few: PostgresDatabase, holder: Holder) -> None:
    """What the server still does for it, it never does in the transaction of another one."""
    ended: list[str] = []

    def waiting(tx: Tx) -> None:
        ask_for_lock(tx)
        ended.append(tx.value("SELECT current_setting('transaction_read_only') AS value"))

    async def story() -> None:
        reading = [asyncio.ensure_future(few.aread(waiting)) for _ in range(OF_A_LOOP - 1)]
        await holder.wait_for(OF_A_LOOP - 1)
        for task in reading:
            task.cancel()
        assert [await few.awrite(adding(f"line {n}")) for n in range(3)] == ["line 0", "line 1", "line 2"]
        assert holder.waiting() == OF_A_LOOP - 1
        holder.let_go()
        assert await few.awrite(adding("line 3")) == "line 3"
        await few.aclose()  # which waits for those that nobody waits for

    run(story())
    assert ended == ["on"] * (OF_A_LOOP - 1)


def test_a_loop_takes_over_what_a_closed_one_had(few: PostgresDatabase, lines_url: str) -> None:
    """Programs that run one loop after the other need no more connections than with one."""
    for number in range(20):
        asyncio.run(few.awrite(adding(f"line {number}")))
    assert connections_of_keesa(lines_url) <= 2
    assert len(few.read(read_lines)) == 20


def test_closing_waits_for_what_is_under_way(few: PostgresDatabase, holder: Holder, lines_url: str) -> None:
    """Of the loop, and what waits there; whoever comes after that is refused."""

    async def story() -> list[str]:
        begun = [asyncio.ensure_future(few.awrite(held(f"held {n}"))) for n in range(OF_A_LOOP)]
        await holder.wait_for(OF_A_LOOP)
        queued = [asyncio.ensure_future(few.awrite(adding(f"queued {n}"))) for n in range(5)]
        await asyncio.sleep(0)  # each gets as far as the queue
        closing = asyncio.ensure_future(few.aclose())
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable, match="closed"):
            await few.awrite(adding("late"))
        assert not closing.done()
        holder.let_go()
        await closing
        return await asyncio.gather(*begun, *queued)

    told = run(story())
    again = PostgresDatabase(lines_url)
    assert sorted(again.read(read_lines)) == sorted(told)
    again.close()


def test_threads_wait_their_turn(few: PostgresDatabase) -> None:
    """One connection is theirs: each has it for a transaction."""
    inside = threading.Semaphore(1)

    def alone(tx: Tx) -> bool:
        entered = inside.acquire(blocking=False)
        tx.all("SELECT 1")
        inside.release()
        return entered

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: few.write(alone), range(50)))
