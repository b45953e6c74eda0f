"""Migrations on PostgreSQL beside those who work: what they lock, and that a wait of theirs makes nobody wait."""

import time
from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Final

import psycopg
import pytest

from keesa.db import Tx, migrate
from keesa.db.migrate import Migration, applying, latest, migrations
from keesa.db.migration_files import Waiting
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable
from keesa.tickets.numbers import LARGEST
from newer_schemas import extended
from postgres_server import PostgresServer
from waiting import wait_until

WIDER: Final = Migration(latest() + 1, "wider", None, "ALTER TABLE tickets ADD COLUMN wider TEXT;", stops="readers")
STOPPING: Final[dict[str, Waiting]] = {
    "ShareLock": "writers",
    "ShareRowExclusiveLock": "writers",
    "ExclusiveLock": "writers",
    "AccessExclusiveLock": "readers",
}
"""Who cannot use a table meanwhile, by the lock that somebody has on it."""
_numbers = count()


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    name = f"locks{next(_numbers)}"
    postgres.create_database(name)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def hurried(url: str) -> Iterator[PostgresDatabase]:
    """A migrated database, opened by who waits for less than usual."""
    database = PostgresDatabase(url, waits=Waits(hurry=0.1, pause=0.2))
    migrate.migrate(database)
    yield database
    database.close()


def tables(tx: Tx) -> set[str]:
    return {row["name"] for row in tx.all("SELECT name FROM $own_tables own")}


def locks(tx: Tx, tables: Container[str]) -> set[Waiting]:
    """Whom the transaction's locks on these tables stop."""
    found = tx.all(
        "SELECT relname AS name, mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
        " WHERE pid = pg_backend_pid() AND relkind = 'r'"
    )
    return {STOPPING[row["mode"]] for row in found if row["name"] in tables and row["mode"] in STOPPING}


def test_each_migration_says_whom_it_stops(url: str) -> None:
    """As PostgreSQL's own locks tell, when it has come to its end: writers, readers too, or nobody."""
    database = PostgresDatabase(url)

    def run(tx: Tx, migration: Migration) -> set[Waiting]:
        before = tables(tx)
        if migration.batches is None:
            tx.script(migration.sql)
        else:
            tx.run(migration.sql, after=0, upto=LARGEST)
        return locks(tx, before) | ({"readers"} if before - tables(tx) else set())

    for migration in migrations("postgres"):
        stopped = database.migrating(lambda tx, migration=migration: run(tx, migration))  # type: ignore[misc]
        said = migration.stops
        assert said == ("readers" if "readers" in stopped else "writers" if stopped else "nobody"), migration.file
    database.close()


def test_readers_go_on_while_a_migration_waits(
    url: str, hurried: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says for whom it waits, nobody waits behind it, and once that one has ended it is done."""
    extended(monkeypatch, WIDER)
    told: list[str] = []
    with psycopg.connect(url) as long, psycopg.connect(url, autocommit=True) as reader, ThreadPoolExecutor(1) as thread:
        blocking = long.info.backend_pid
        long.execute("SELECT count(*) FROM tickets")
        reader.execute("SET statement_timeout = '5s'")
        done = thread.submit(lambda: list(applying(hurried, told.append)))
        try:
            wait_until(lambda: bool(told))
            for _ in range(30):
                reader.execute("SELECT count(*) FROM tickets")
                time.sleep(0.02)  # so that they fall into several of its tries, and between them
        finally:
            long.rollback()
        assert done.result(30) == [WIDER.file]
    assert len(told) == 1
    assert f"waits for process {blocking} (" in told[0]


def test_who_stands_in_the_way_for_too_long_is_named(
    url: str, hurried: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence that says what to do; the migration has left nothing."""
    extended(monkeypatch, WIDER)
    impatient = PostgresDatabase(url, waits=Waits(hurry=0.3, pause=0.1, tries=0.5))
    with psycopg.connect(url, application_name="a long report") as long:
        long.execute("SELECT count(*) FROM tickets")
        named = rf"process {long.info.backend_pid} \(a long report of keesa, for \d+ s\).* run `keesa migrate` again"
        with pytest.raises(Unavailable, match=named):
            migrate.migrate(impatient)
    impatient.close()
    columns = "SELECT count(*) AS value FROM information_schema.columns WHERE column_name = 'wider'"
    assert hurried.read(lambda tx: tx.value(columns)) == 0
    assert migrate.migrate(hurried) == [WIDER.file]
