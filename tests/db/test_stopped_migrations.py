"""A migration that is stopped, in whatever way and moment: nothing is half done, and the next run goes on."""

import random
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from acting import rows
from keesa.db import Database, Tx, migrate
from keesa.db.migrate import Migration, check_schema, latest
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Unavailable
from migrating import is_migrating, start_migrating
from newer_schemas import extended
from older_schemas import migrate_before
from places import NewPlace, Place, opened
from soaking import times
from waiting import wait_until

if TYPE_CHECKING:
    import subprocess

KILLS: Final = times(5, 20)
TICKETS: Final = 1000
FIRST: Final = Migration(latest() + 1, "first", None, "CREATE TABLE first (id $identity);")
ENDLESS: Final = {
    "sqlite": "INSERT INTO products (name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT 'x' FROM n WHERE i < 0;",
    "postgres": "INSERT INTO products (name) SELECT CAST(pg_sleep(300) AS TEXT);",
}


@pytest.fixture
def place(empty_place: Place) -> Place:
    """With this program's schema."""
    with opened(empty_place) as database:
        migrate.migrate(database)
    return empty_place


@contextmanager
def in_the_middle(engine: str, place: Place) -> Iterator["subprocess.Popen[str]"]:
    """A `keesa migrate` that has applied one migration, and is at the next one, which comes to no end."""
    process = start_migrating(place, FIRST, Migration(FIRST.version + 1, "endless", None, ENDLESS[engine]))
    try:
        assert process.stdout is not None
        while process.stdout.readline() != f"applied {FIRST.file}\n":
            assert process.poll() is None, process.communicate()
        wait_until(lambda: is_migrating(place))
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_migration_is_stopped_by_a_signal(engine: str, place: Place, number: signal.Signals) -> None:
    """A sentence says what is kept; it ends soon, and nothing of the migration under way goes on in the database."""
    with in_the_middle(engine, place) as process:
        process.send_signal(number)
        _, told = process.communicate(timeout=15)
        assert process.returncode == 1
        assert told == (
            "keesa: Stopped: what was applied is kept, and what was under way is undone;"
            " run `keesa migrate` again to go on\n"
        )
        assert not is_migrating(place)
    with opened(place) as database:
        assert (
            database.read(lambda tx: tx.value("SELECT max(version) AS value FROM schema_migrations")) == FIRST.version
        )


def test_after_a_kill_the_next_run_goes_on(engine: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once: the server does not go on with what nobody waits for any more."""
    with in_the_middle(engine, place) as process:
        process.kill()
        process.communicate()
        mended = Migration(FIRST.version + 1, "mended", None, "INSERT INTO products (name) VALUES ('x');")
        extended(monkeypatch, FIRST, mended)
        with opened(place) as database:
            assert migrate.migrate(database) == [mended.file]
            database.read(check_schema)


def fill(tx: Tx) -> None:
    """Tickets of an old desk, each with a note, and every hundredth with a text that was kept without a bound."""
    tx.run("INSERT INTO customers (name, contact_name, contact_number) VALUES ('Harbour', 'Ibrahim', 7771234)")
    tx.run(
        "INSERT INTO users (email, full_name, nick_name, user_type, password_hash, created_at)"
        " VALUES ('a@keesa.example', 'Aminath', 'Ami', 'admin', '', 1)"
    )
    tx.run(
        "INSERT INTO tickets (id, title, description, status, priority, customer_id, product_id, contact_name,"
        " contact_number, raised_by_id, raised_at)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :tickets)"
        " SELECT 2024000 + i, 'Link', CASE WHEN i % 100 = 0 THEN :long ELSE 'Down' END, 'open', 3, 1, 1, 'I', 1, 1, i"
        " FROM n",
        tickets=TICKETS,
        long="x" * 140_000,
    )
    tx.run(
        "INSERT INTO ticket_notes (ticket_id, author_id, body, created_at) SELECT id, 1, 'Still down', 1 FROM tickets"
    )


def kept(database: Database) -> list[Any]:
    """What a desk has after its upgrade, but for what is drawn at random."""
    schema = (
        "SELECT type, name, sql FROM sqlite_master ORDER BY name"
        if isinstance(database, SqliteDatabase)
        else "SELECT CAST('index' AS TEXT), indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " UNION ALL SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' UNION ALL SELECT event_object_table, trigger_name, event_manipulation"
        " FROM information_schema.triggers ORDER BY 1, 2, 3"
    )
    statements = (
        schema,
        "SELECT version, name, compatible FROM schema_migrations ORDER BY version",
        "SELECT id, description, description_size, notes_count, notes_size, contact_phone FROM tickets ORDER BY id",
        "SELECT id, ticket_id, body FROM ticket_notes ORDER BY id",
        "SELECT ticket_id, note_id, length(body) AS length FROM long_texts ORDER BY ticket_id",
        "SELECT role_id, resource, action, position FROM role_permissions ORDER BY role_id, position, resource, action",
        "SELECT name FROM settings",
    )
    return database.read(lambda tx: [rows(tx, statement) for statement in statements])


def test_kills_at_any_moment_cost_nothing(new_place: NewPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a desk of schema 2, killed as often as it likes, the last run makes what one without a kill does."""
    older = new_place(None)
    with opened(older) as database:
        migrate_before(monkeypatch, database, 3)
        database.write(fill)
    template = older.url.rpartition("/")[2] if older.url else str(older.data / SQLITE_FILE)
    whole = new_place(template)
    begun = time.monotonic()
    with opened(whole) as database:
        migrate.migrate(database)
        takes, expected = time.monotonic() - begun, kept(database)
    chance = random.Random(1)  # noqa: S311 - moments
    for _ in range(KILLS):
        killed = new_place(template)
        process = start_migrating(killed)
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(chance.uniform(0, 1.5 * takes))  # the moment is what is tried
        process.kill()
        process.communicate()
        with opened(killed) as database:
            migrate.migrate(database)
            assert kept(database) == expected


def test_a_full_disk_leaves_what_was_there(engine: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not grow any more stops the migration with a sentence; reads and writes go on, and so does the
    next run. PostgreSQL's files are its own.
    """
    if engine == "postgres":
        return
    large = "CREATE TABLE large (body BLOB NOT NULL);\nINSERT INTO large (body) VALUES (zeroblob(50000000));"
    extended(monkeypatch, FIRST, Migration(FIRST.version + 1, "large", None, large))
    with opened(place) as database:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000_000, before[1]))
        try:
            with pytest.raises(Unavailable):
                migrate.migrate(database)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert (
            database.read(lambda tx: tx.value("SELECT max(version) AS value FROM schema_migrations")) == FIRST.version
        )
        database.write(lambda tx: tx.run("UPDATE products SET name = 'y' WHERE id = 1"))
        assert migrate.migrate(database) == [f"{FIRST.version + 1:04}_large"]
