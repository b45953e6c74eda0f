"""What PostgreSQL is told and tells through statements that are prepared and travel together, whatever is in them."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, IntEnum
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import uvloop

from backends import connections_of_keesa
from keesa.db import Pace, Steps, Tx
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_connection import PREPARED
from keesa.errors import Unavailable
from lines import adding, read_lines

PATIENCE: Final = 30.0
MEGABYTE: Final = 1_000_000

_numbers = count()


def run(story: Any) -> Any:  # noqa: ANN401 - whatever it gives
    return asyncio.run(asyncio.wait_for(story, PATIENCE))


class Colour(str, Enum):  # noqa: UP042 - whose text is not its value
    RED = "red"


class Size(IntEnum):
    LARGE = 3


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "true"),
        (7, "7"),
        (-(2**63), str(-(2**63))),
        (2**63, str(2**63)),
        (-(2**80), str(-(2**80))),
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (float("-inf"), "-Infinity"),
        (None, None),
        ("", ""),
        ("\\ ' \" $1 :name ދ \U0001f600", "\\ ' \" $1 :name ދ \U0001f600"),
        (Colour.RED, "red"),
        (Size.LARGE, "3"),
    ],
)
def test_a_value_is_told_as_it_is(few: PostgresDatabase, value: object, told: str | None) -> None:
    """Again and again, so that it goes through a prepared statement too, and next to values of other types."""

    def work(tx: Tx) -> list[Any]:
        sql = "SELECT CAST(:value AS TEXT) AS value"
        return [tx.value(sql, value=each) for each in (value, "other", value, 1, value, None, value)]

    assert few.read(work) == [told, "other", told, "1", told, None, told]
    assert run(few.aread(work)) == few.read(work)


@pytest.mark.parametrize(
    ("value", "error"),
    [("a\0b", psycopg.DataError), ("\ud800", UnicodeEncodeError), (b"bytes", TypeError), (2**63, psycopg.DataError)],
)
def test_what_cannot_be_kept_is_the_works_own_error(
    few: PostgresDatabase, value: object, error: type[Exception]
) -> None:
    """Nothing of it is kept, and the next one on the same connection is right."""

    def work(tx: Tx) -> None:
        adding("before")(tx)
        tx.run("INSERT INTO lines (id, line) VALUES (CAST(:id AS BIGINT), :line)", id=value, line=value)

    async def story() -> None:
        for number in range(3):
            with pytest.raises(error):
                await few.awrite(work)
            await few.awrite(adding(f"after {number}"))

    run(story())
    assert few.read(read_lines) == ["after 0", "after 1", "after 2"]


def test_more_statements_in_one_batch_than_are_kept_prepared(few: PostgresDatabase) -> None:
    """Those that are let go of while the batch that runs them has not been sent are run, and right when they come
    again, also where the batch fails in its middle.
    """

    def many(tx: Tx) -> list[int]:
        later = [
            tx.soon(f"SELECT CAST(:n AS BIGINT) + {number} AS n", n=1)
            for _ in range(3)
            for number in range(PREPARED + 40)
        ]
        return [rows()[0]["n"] for rows in later]

    def failing(tx: Tx) -> None:
        for number in range(PREPARED + 40):
            tx.run(f"SELECT CAST(:n AS BIGINT) + {number} AS n", n=1)
            if number == PREPARED // 2:
                tx.run("SELECT 1 / CAST(:zero AS BIGINT)", zero=0)
        tx.all("SELECT 1")

    async def story() -> None:
        right = [number + 1 for number in range(PREPARED + 40)] * 3
        for _ in range(2):
            assert await few.aread(many) == right
            for _ in range(3):
                with pytest.raises(psycopg.errors.DivisionByZero):
                    await few.aread(failing)
            assert await few.aread(many) == right
        prepared = "SELECT count(*) AS value FROM pg_prepared_statements"
        assert await few.aread(lambda tx: tx.value(prepared)) <= PREPARED + 2

    run(story())


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_large_statements_and_answers(few: PostgresDatabase, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """More than a socket takes at once, in both directions at the same time, with notices between."""

    def work(tx: Tx) -> int:
        later = []
        for number in range(5):
            text = str(number) * (3 * MEGABYTE)
            later.append(tx.soon("SELECT CAST(:text AS TEXT) AS text FROM generate_series(1, 2)", text=text))
            tx.run("INSERT INTO lines (line) VALUES (left(:line, 9) || CAST(length(:line) AS TEXT))", line=text)
        tx.run("DO 'BEGIN FOR n IN 1..2000 LOOP RAISE NOTICE ''%'', repeat(''x'', 500); END LOOP; END'")
        return sum(len(row["text"]) for rows in later for row in rows())

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(asyncio.wait_for(few.awrite(work), PATIENCE)) == 30 * MEGABYTE
    assert len(few.read(read_lines)) == 5
    few.write(lambda tx: tx.run("DELETE FROM lines"))
    assert few.write(work) == 30 * MEGABYTE


def test_what_the_server_says_by_itself_harms_nobody(few: PostgresDatabase, lines_url: str) -> None:
    """Parameters that change and notices, while connections are idle."""

    async def story() -> None:
        for number in range(3):
            await asyncio.gather(*(few.awrite(adding(f"{number} {each}")) for each in range(9)))
            with psycopg.connect(lines_url, autocommit=True) as admin:
                admin.execute("ALTER SYSTEM SET timezone = %s" % f"'Etc/GMT+{number + 1}'")  # noqa: UP031
                admin.execute("SELECT pg_reload_conf()")
            await asyncio.sleep(0.2)
        assert len(await few.aread(read_lines)) == 27

    run(story())
    with psycopg.connect(lines_url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM RESET timezone")
        admin.execute("SELECT pg_reload_conf()")


# How connections come and go


def test_threads_share_few_connections(few: PostgresDatabase) -> None:
    """Sixteen of them, while works fail in every way."""

    def work(number: int) -> str:
        try:
            if number % 4 == 0:
                few.write(lambda tx: tx.run("INSERT INTO lines (line) VALUES (NULL)"))
            elif number % 4 == 1:
                few.read(lambda tx: tx.all("SELECT pg_terminate_backend(pg_backend_pid())"))
            return few.write(adding(f"line {number}"))
        except psycopg.errors.NotNullViolation:
            return "own"
        except Unavailable:
            return "gone"

    with ThreadPoolExecutor(16) as threads:
        told = list(threads.map(work, range(80)))
    assert [told.count("own"), told.count("gone")] == [20, 20]
    assert len(few.read(read_lines)) == 40


def test_no_descriptor_stays_open(lines_url: str) -> None:
    """Of connections that were cut, refused, replaced or closed, on either kind of loop, in debug mode."""

    def dying(tx: Tx) -> None:
        adding("never")(tx)
        tx.all("SELECT pg_terminate_backend(pg_backend_pid())")

    async def story(database: PostgresDatabase) -> None:
        for _ in range(3):
            works = [database.aread(read_lines) for _ in range(30)]
            outcomes = await asyncio.gather(*works, database.awrite(dying), return_exceptions=True)
            assert isinstance(outcomes[-1], Unavailable)
            with pytest.raises(Unavailable):
                await asyncio.to_thread(database.write, dying)

    def once(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> int:
        database = PostgresDatabase(lines_url, 10)
        with asyncio.Runner(debug=True, loop_factory=new_loop) as runner:
            runner.run(asyncio.wait_for(story(database), PATIENCE))
            database.close()
        return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))

    loops = [asyncio.new_event_loop, uvloop.new_event_loop]
    before = [once(new_loop) for new_loop in loops]
    assert [once(new_loop) for new_loop in loops] <= before


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_loop_that_ends_with_works_under_way(
    few: PostgresDatabase, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Nothing of them is kept, and the next loop finds all connections."""

    def slow(tx: Tx) -> None:
        adding("never")(tx)
        tx.all("SELECT pg_sleep(0.5)")

    def paused(tx: Tx) -> Steps[None]:
        tx.all("SELECT 1")
        while True:
            time.sleep(0.001)
            yield Pace.SHORT

    for _ in range(3):
        loop = new_loop()
        for _ in range(2):
            loop.create_task(few.awrite(slow))
        for _ in range(7):
            loop.create_task(few.aread_in_steps(paused))
        loop.run_until_complete(asyncio.sleep(0.2))
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

        async def after() -> list[str]:
            await asyncio.gather(*(few.awrite(adding(f"line {next(_numbers)}")) for _ in range(9)))
            return await few.aread(read_lines)

        with asyncio.Runner(loop_factory=new_loop) as runner:
            assert "never" not in runner.run(asyncio.wait_for(after(), PATIENCE))


@pytest.mark.parametrize("after", [0, 0.002, 0.02, 0.2])
def test_closing_at_any_moment(lines_url: str, after: float) -> None:
    """While connections are being made, or works wait: each is done or refused, and nothing stays open."""
    database = PostgresDatabase(lines_url, 10)

    async def story() -> list[Any]:
        works = [asyncio.ensure_future(database.awrite(adding(f"line {number}"))) for number in range(40)]
        await asyncio.sleep(after)
        await asyncio.gather(database.aclose(), database.aclose())
        return await asyncio.gather(*works, return_exceptions=True)

    told = run(story())
    with psycopg.connect(lines_url) as other:
        found = {row[0] for row in other.execute("SELECT line FROM lines").fetchall()}
    assert any(not connections_of_keesa(lines_url) for _ in range(100))
    assert {line for line in told if isinstance(line, str)} == found
    assert all(isinstance(each, str | Unavailable) for each in told)
