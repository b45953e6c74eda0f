"""`GET /ready` and `keesa check`: whether a write would work, not only whether the database reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from starlette.testclient import TestClient

from asking import ApiFor
from cast import ENGINEER, TYPED
from command import keesa
from keesa.api import operations
from keesa.db import Database
from keesa.db.opening import SQLITE_FILE
from places import Place

NOTE = {"ticket_note": {"note": "Is it there?"}, "ticket_number": str(TYPED)}


@pytest.fixture(autouse=True)
def at_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write is tried each time, not once in some seconds."""
    monkeypatch.setattr(operations, "INTERVAL", 0.0)


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
