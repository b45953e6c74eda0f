"""PostgreSQL behind a real PgBouncer, which gives each session, or each transaction, whichever connection is free."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Final, get_args

import psycopg
import pytest
from starlette.testclient import TestClient

import cast
from database_proxy import DatabaseProxy
from good_requests import good_requests
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Tx, open_database, postgres_loop
from keesa.db.migrate import migrate, migrations
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines
from pgbouncer import Mode, PgBouncer
from postgres_server import PostgresServer
from refusing import sender
from waiting import wait_until

SETTINGS: Final = """
    SELECT current_setting('synchronous_commit') AS durable, current_setting('lock_timeout') AS lock,
        current_setting('statement_timeout') AS statement, current_setting('transaction_isolation') AS isolation
"""
_numbers = count()


@pytest.fixture(scope="module", params=get_args(Mode))
def mode(request: pytest.FixtureRequest) -> Mode:
    found: Mode = request.param
    return found


@pytest.fixture
def pooler(postgres: PostgresServer, tmp_path: Path, mode: Mode) -> Iterator[PgBouncer]:
    """Three connections to the server, whatever comes; each session has one to itself where that is the mode."""
    name = f"pooled{next(_numbers)}"
    postgres.create_database(name)
    with PgBouncer(tmp_path, postgres.url(name), mode, connections=3 if mode == "transaction" else 30) as started:
        yield started
    postgres.drop_database(name)


@pytest.fixture
def pooled(pooler: PgBouncer) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(pooler.url)
    make_table(database)
    yield database
    database.close()


def test_many_transactions_share_few_connections(pooled: PostgresDatabase) -> None:
    """Each is whole and alone on its connection, and reads see one snapshot, while the same statements come again."""

    def twice(tx: Tx) -> bool:
        return read_lines(tx) == read_lines(tx)

    async def story() -> list[bool]:
        writes = [pooled.awrite(adding(f"line {number}")) for number in range(200)]
        reads = [pooled.aread(twice) for _ in range(200)]
        threads = [asyncio.to_thread(pooled.write, adding(f"thread {number}")) for number in range(20)]
        await asyncio.gather(*writes, *threads)
        return await asyncio.gather(*reads)

    assert asyncio.run(asyncio.wait_for(story(), 60)) == [True] * 200
    assert len(pooled.read(read_lines)) == 220


def test_no_transaction_tells_its_state(pooled: PostgresDatabase) -> None:
    """Behind a pooler a connection may lead to another server than before, which counts its transactions anew."""
    assert pooled.read(lambda tx: tx.state(tx.value("SELECT $seen AS value"))) is None


def test_every_transaction_has_its_settings(pooled: PostgresDatabase) -> None:
    """On whichever connection it is: a commit waits for the disk, and nothing waits without an end."""

    def settings(tx: Tx) -> tuple[str, ...]:
        [row] = tx.all(SETTINGS)
        return tuple(row[name] for name in ("durable", "lock", "statement", "isolation"))

    async def story() -> set[tuple[str, ...]]:
        return set(await asyncio.gather(*(pooled.awrite(settings) for _ in range(50))))

    assert asyncio.run(story()) == {("on", "10s", "12s", "read committed")}
    assert pooled.read(settings) == ("on", "10s", "12s", "repeatable read")


def test_settings_stay_with_keesa(pooled: PostgresDatabase, pooler: PgBouncer) -> None:
    """A transaction of another program on the same connection finds the server's own."""
    asyncio.run(pooled.awrite(adding("a")))
    with psycopg.connect(pooler.url, prepare_threshold=None) as other:
        for _ in range(10):
            assert other.execute("SHOW lock_timeout").fetchone() == ("0",)
            other.commit()


def test_a_transaction_that_has_ended_holds_no_connection_of_the_server(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end does not wait for a next one to travel with: others want the pooler's connections."""
    monkeypatch.setattr(postgres_loop, "SETTLE", 600)
    postgres.create_database("pooled_alone")
    with PgBouncer(tmp_path, postgres.url("pooled_alone"), "transaction", connections=1) as pooler:
        one, other = PostgresDatabase(pooler.url), PostgresDatabase(pooler.url)

        async def story() -> None:
            for database in (one, other, one, other):
                await asyncio.wait_for(database.aread(lambda tx: tx.all("SELECT 1")), 5)

        asyncio.run(story())
        one.close()
        other.close()
    postgres.drop_database("pooled_alone")


def test_a_pooler_that_is_started_anew_is_found_again(pooled: PostgresDatabase, pooler: PgBouncer) -> None:
    """Writes are unavailable while it is away, and go on by themselves."""
    pooled.write(adding("before"))
    asyncio.run(pooled.awrite(adding("before too")))
    pooler.stop()
    with pytest.raises(Unavailable):
        asyncio.run(pooled.awrite(adding("never")))
    with pytest.raises(Unavailable):
        pooled.write(adding("never"))
    pooler.start()
    assert asyncio.run(pooled.awrite(adding("after"))) == "after"
    assert pooled.write(adding("after too")) == "after too"
    assert sorted(pooled.read(read_lines)) == ["after", "after too", "before", "before too"]


def test_every_endpoint_answers(pooler: PgBouncer, tmp_path: Path) -> None:
    """The desk as a whole: migrated, filled and served through it, and asked at once by many."""
    database = open_database(tmp_path, pooler.url)
    migrate(database)
    cast.fill(database)
    config = Config(data=tmp_path, database_url=pooler.url, secret=cast.SECRET, log_format="json")
    cast.lay_files(database, config)
    with TestClient(serve_from(database, config), raise_server_exceptions=False) as client:
        assert client.get("/ready").status_code == 200
        for good in good_requests():
            assert sender(client, database, good)().is_success, str(good)
        token = {"Authorization": f"Bearer {cast.token(database, cast.ADMIN)}"}
        with ThreadPoolExecutor(8) as threads:
            asked = threads.map(lambda _: client.get("/api/v1/tickets/2025001", headers=token).status_code, range(100))
            assert set(asked) == {200}


def test_two_that_migrate_at_once_apply_each_migration_once(pooler: PgBouncer) -> None:
    """The lock of who migrates is one of the transaction: a session's would stay with the pooler's connection."""
    nodes = [PostgresDatabase(pooler.url) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        applied = list(threads.map(migrate, nodes))
    assert sorted(name for names in applied for name in names) == [each.file for each in migrations("postgres")]
    for node in nodes:
        node.close()


def test_a_pooler_that_falls_silent_costs_no_connection(pooler: PgBouncer) -> None:
    """Also where a transaction's end is all that was not answered: its connection is given up in time, and closed with
    the others.
    """
    waits = Waits(patience=3, answer=1, statement=1)

    async def story(proxy: DatabaseProxy, database: PostgresDatabase) -> None:
        def read(tx: Tx) -> list[str]:
            found = read_lines(tx)
            proxy.stall()  # what is sent from now on, the end of this transaction, is not answered
            return found

        for number in range(3):
            assert len(await database.aread(read)) == number
            await asyncio.sleep(2 * waits.answer)
            proxy.resume()
            await asyncio.gather(*(database.aread(read_lines) for _ in range(6)))
            await database.awrite(adding(f"line {number}"))
        await database.aread(read)
        await database.aclose()
        proxy.resume()

    with DatabaseProxy(pooler.url) as proxy:
        database = PostgresDatabase(proxy.url, 4, waits)
        make_table(database)
        asyncio.run(asyncio.wait_for(story(proxy, database), 60))
        wait_until(lambda: not proxy.counts().connections, 10)


CONNECT: Final = """
import sys
import psycopg
from keesa.db.postgres_connecting import connect

try:
    connect(sys.argv[1], 0.5, {"lock_timeout": "10s"})
    print("connected")
except psycopg.Error as error:
    print(type(error).__name__)
"""


def connecting(url: str) -> str:
    """In a process of its own: what would wait with the interpreter's lock held stops its whole process."""
    done = subprocess.run([sys.executable, "-c", CONNECT, url], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def test_a_pooler_that_falls_silent_while_connecting_is_given_up(pooler: PgBouncer) -> None:
    """At each point of it, within the time that connecting may take, and nothing else of the process stands still."""
    with DatabaseProxy(pooler.url) as proxy:
        with proxy.counted() as counts:
            assert connecting(proxy.url) == "connected"
        assert counts.turns >= 5, counts
        for answered in range(counts.turns - 1):
            with proxy.counted(waited_for=answered):
                assert connecting(proxy.url) == "ConnectionTimeout", answered
