"""`GET /ready` and `keesa check`: whether a write would work, not only whether the database reads."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import psycopg
import pytest
from psycopg import sql
from starlette.testclient import TestClient

from asking import ApiFor
from cast import BY, ENGINEER, LONE, TYPED, lay_files
from command import keesa
from good_requests import good_requests
from keesa.api import health
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from keesa.db.tables import rights
from keesa.directory.customers import CustomerChanges, change_customer
from keesa.errors import Unavailable
from keesa.readiness import prove_writing
from listed_customers import add
from places import Place
from refusing import sender

NOTE = {"ticket_note": {"note": "Is it there?"}, "ticket_number": str(TYPED)}


@pytest.fixture(autouse=True)
def at_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write is tried each time, not once in some seconds."""
    monkeypatch.setattr(health, "INTERVAL", 0.0)


@contextmanager
def read_only(place: Place) -> Iterator[None]:
    """A server that takes no changes, as a standby is; or a file that is gone."""
    if place.url is None:
        (place.data / SQLITE_FILE).rename(place.data / "away")
        yield
        return
    with psycopg.connect(place.url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    yield


def test_a_database_that_takes_no_writes_is_not_ready(place: Place, client: TestClient, api: ApiFor) -> None:
    """`/ready`, a write and `keesa check` all say so, each in one sentence; `/health` goes on."""
    engineer = api(ENGINEER)
    assert client.get("/ready").json() == {"status": "ready", "maintenance": False}
    with read_only(place):
        for _ in range(2):
            ready = client.get("/ready")
            assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
            assert ready.headers["retry-after"] == "5"
            written = engineer("POST", "/tickets/add_ticket_note", NOTE)
            assert written.status_code == 503
            assert int(written.headers["retry-after"]) > 0
        checked = keesa("check", place=place)
        assert checked.status == 1
        assert len(checked.err.splitlines()) == 1
        assert client.get("/health").status_code == 200


def test_to_prove_it_changes_nothing(database: Database, client: TestClient) -> None:
    """The write that is tried is undone."""
    before = database.read(lambda tx: tx.value("SELECT count(*) AS value FROM settings"))
    assert client.get("/ready").status_code == 200
    assert database.read(lambda tx: tx.value("SELECT count(*) AS value FROM settings")) == before


def test_files_that_cannot_be_written_are_not_ready(
    place: Place, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that is undone would not meet them: their modes are looked at too."""
    if place.url is not None:
        assert client.get("/ready").status_code == 200  # they are the server's own
        return
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and may(path, mode))
    assert client.get("/ready").status_code == 503


def test_a_damaged_file_is_not_ready(place: Place, client: TestClient) -> None:
    """Nor is it our own fault: 503 and a sentence, also where nothing of the database can be read."""
    if place.url is not None:
        assert client.get("/ready").status_code == 200  # it is the server's own
        return
    with (place.data / SQLITE_FILE).open("r+b") as file:
        file.write(b"\x5a" * 1_000_000)
    ready = client.get("/ready")
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "5")
    done = keesa("check", place=place)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)


def test_an_error_that_nobody_foresaw_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer needs to know no more, and the log tells the rest."""

    def fail(_: object) -> None:
        raise LookupError("of our own")

    monkeypatch.setattr(health, "prove_writing", fail)
    ready = client.get("/ready")
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "5")
    assert "of our own" not in ready.text


@pytest.mark.parametrize("table", ["tickets", "users", "desk_revisions", "schema_migrations"])
def test_without_one_table_it_is_not_ready(place: Place, client: TestClient, table: str) -> None:
    """`/ready` and `keesa check` say so, and it is no fault of our own."""
    rename = f"ALTER TABLE {table} RENAME TO elsewhere"
    if place.url is None:
        with closing(sqlite3.connect(place.data / SQLITE_FILE)) as file:
            file.execute(rename)
    else:
        with psycopg.connect(place.url, autocommit=True) as connection:
            connection.execute(rename)
    assert client.get("/ready").status_code == 503
    done = keesa("check", place=place)
    assert (done.status, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "empty" not in done.err


@contextmanager
def as_role(place: Place, given: Mapping[str, Sequence[str]]) -> Iterator[Place]:
    """The same database for a role of its own, which has these rights on its tables."""
    assert place.url is not None
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS of_the_server")
        connection.execute("CREATE ROLE of_the_server LOGIN")
        for table, several in given.items():
            for right in several:
                kind = "SEQUENCE" if right == "USAGE" else "TABLE"
                connection.execute(f"GRANT {right} ON {kind} {table} TO of_the_server".encode())
        yield Place(place.data, place.url.replace("keesa@", "of_the_server@"))
        connection.execute("DROP OWNED BY of_the_server")
        connection.execute("DROP ROLE of_the_server")


def needed_in(place: Place) -> Mapping[str, Sequence[str]]:
    database = open_database(place.data, place.url)
    try:
        return database.read(rights)
    finally:
        database.close()


def test_the_rights_that_are_looked_at_are_enough(place: Place, config: Config) -> None:
    """With them and no others `/ready` is content, and each endpoint answers."""
    if place.url is None:
        return
    with as_role(place, needed_in(place)) as restricted:
        database = open_database(restricted.data, restricted.url)
        lay_files(database, config)
        with TestClient(serve_from(database, config), raise_server_exceptions=False) as client:
            assert client.get("/ready").status_code == 200
            for good in good_requests():
                assert sender(client, database, good)().is_success, str(good)


def test_the_rights_are_enough_for_customers(place: Place) -> None:
    """Made and changed in every column: a new name moves the revision of names too."""
    if place.url is None:
        return
    changes = CustomerChanges(name="Loud Island", contact_name="Moosa", contact_number="+960 777", retired=True)
    with as_role(place, needed_in(place)) as restricted:
        database = open_database(restricted.data, restricted.url)
        assert database.write(add).id == LONE + 1
        assert database.write(lambda tx: change_customer(tx, BY, LONE, changes)).retired
        database.close()


def test_without_one_right_it_is_not_ready(place: Place) -> None:
    """Whichever it is: it is named."""
    if place.url is None:
        return
    needed = needed_in(place)
    for table, several in needed.items():
        for right in several:
            others = [each for each in several if each != right]
            with as_role(place, {**needed, table: others}) as restricted:
                database = open_database(restricted.data, restricted.url)
                with pytest.raises(Unavailable, match=r"rights|role"):
                    database.write(prove_writing)
                database.close()


def test_rows_that_are_kept_from_the_role_are_not_ready(place: Place) -> None:
    """It may do all on the table, and none of it on a row."""
    if place.url is None:
        return
    with as_role(place, needed_in(place)) as restricted, psycopg.connect(place.url, autocommit=True) as owner:
        owner.execute("ALTER TABLE ticket_notes ENABLE ROW LEVEL SECURITY")
        database = open_database(restricted.data, restricted.url)
        with pytest.raises(Unavailable, match=r"SELECT on ticket_notes, INSERT on ticket_notes"):
            database.write(prove_writing)
        owner.execute("ALTER TABLE ticket_notes DISABLE ROW LEVEL SECURITY")
        database.write(prove_writing)
        database.close()


@pytest.mark.parametrize("mode", ["ACCESS EXCLUSIVE", "EXCLUSIVE", "SHARE"])
@pytest.mark.parametrize("table", ["tickets", "sessions", "settings"])
def test_a_locked_table_is_not_ready(place: Place, client: TestClient, table: str, mode: str) -> None:
    """As long as somebody else's transaction has it; writes to other tables wait a second for that at the most."""
    if place.url is None:
        return
    with psycopg.connect(place.url) as connection:
        connection.execute(f"LOCK TABLE {table} IN {mode} MODE".encode())
        assert client.get("/ready").status_code == 503
    assert client.get("/ready").status_code == 200


def test_the_tables_that_are_looked_at_are_all(database: Database) -> None:
    """A migration that makes one says here what the server does with it; those of an index are the triggers' own."""
    made = "SELECT $table_name AS name FROM $tables WHERE "
    own = (
        "type = 'table' AND name <> 'sqlite_sequence'"
        " AND name NOT IN (SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow'))"
        if isinstance(database, SqliteDatabase)
        else "schemaname = 'public'"
    )
    tables = {table for table, needed in database.read(rights).items() if "USAGE" not in needed}
    assert {row["name"] for row in database.read(lambda tx: tx.all(made + own))} == tables


def test_a_role_without_rights_is_told_so(place: Place) -> None:
    """In one sentence, and never that the database is empty."""
    if place.url is None:
        return
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS without_rights")
        connection.execute("CREATE ROLE without_rights LOGIN")
    done = keesa("check", place=Place(place.data, place.url.replace("keesa@", "without_rights@")))
    assert done.status == 1
    assert "rights" in done.err or "role" in done.err
    assert len(done.err.splitlines()) == 1
    assert "empty" not in done.err
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("DROP ROLE without_rights")
