"""What a database tells of what it is at, which metrics show."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gates import busy_writer
from keesa.db import Database, Pace, Steps, Tx, open_database
from keesa.db.load import Load
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_limits import FEWEST_CONNECTIONS
from lines import adding, make_table
from waiting import wait_until

PATIENCE: Final = 20.0
KEY: Final = 4711
"""Of a lock of PostgreSQL's that is no row's."""


async def until(database: Database, holds: Callable[[Load], bool]) -> None:
    await asyncio.to_thread(wait_until, lambda: holds(database.load()), PATIENCE)


def test_long_reads_are_told_while_they_go_on(lines_database: Database) -> None:
    """And no more when they have ended."""
    gate = threading.Event()

    def reading(_: Tx) -> Steps[None]:
        while not gate.is_set():
            yield Pace.SHORT

    async def story() -> None:
        readers = [asyncio.ensure_future(lines_database.aread_in_steps(reading, long=True)) for _ in range(2)]
        await until(lines_database, lambda load: load.long_reads == 2)
        assert lines_database.load().long_reads_waiting == 0
        gate.set()
        await asyncio.gather(*readers)
        assert lines_database.load().long_reads == 0

    asyncio.run(story())


def test_writes_of_sqlite_are_told_while_they_wait_and_by_their_commits(tmp_path: Path) -> None:
    """Those behind a write that goes on wait, and share a commit then."""
    database = open_database(tmp_path, None)
    make_table(database)
    before = database.load()

    async def story() -> None:
        async with busy_writer(database) as gate:
            writes = [asyncio.ensure_future(database.awrite(adding(str(number)))) for number in range(5)]
            await until(database, lambda load: load.waiting == 5)
            gate.set()
            await asyncio.gather(*writes)

    asyncio.run(story())
    after = database.load()
    assert (after.waiting, after.writes - before.writes, after.commits - before.commits) == (0, 6, 2)
    database.close()


def test_connections_of_postgres_are_told_busy_or_idle(few: PostgresDatabase) -> None:
    """A thread's and a loop's together; works for which there is none wait."""

    def lock(tx: Tx) -> None:
        tx.all("SELECT pg_advisory_xact_lock(:key)", key=KEY)

    async def story() -> None:
        release, held = threading.Event(), threading.Event()

        def hold(tx: Tx) -> None:
            lock(tx)
            held.set()
            release.wait(PATIENCE)

        holder = asyncio.ensure_future(asyncio.to_thread(few.write, hold))
        await asyncio.to_thread(held.wait, PATIENCE)
        assert (few.load().connections_busy, few.load().waiting) == (1, 0)
        writes = [asyncio.ensure_future(few.awrite(lock)) for _ in range(FEWEST_CONNECTIONS + 1)]
        await until(few, lambda load: load.connections_busy == FEWEST_CONNECTIONS and load.waiting == 2)
        assert few.load().connections_idle == 0
        release.set()
        await asyncio.gather(holder, *writes)
        await until(few, lambda load: load.connections_idle == FEWEST_CONNECTIONS)
        assert (few.load().connections_busy, few.load().waiting) == (0, 0)

    asyncio.run(story())
