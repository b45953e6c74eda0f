"""When sessions and API tokens were last used, as a server notes and writes it beside its requests."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
import structlog
from starlette.testclient import TestClient

import cast
from account_rows import rows
from asking import Api
from cast import ADMIN, ENGINEER
from keesa import maintenance
from keesa.accounts.last_use import Key, LastUse
from keesa.api import last_use_writer, periodic
from keesa.api.last_use_writer import LastUseWriter
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from places import Place

USED: Final = (
    "SELECT (SELECT max(last_used_at) FROM sessions) AS session, (SELECT max(last_used_at) FROM api_tokens) AS token"
)


class BrokenDatabase:
    """Takes no write."""

    async def awrite(self, _: Callable[[Tx], object]) -> None:
        raise OSError("the disk is full")


def test_a_server_writes_what_was_used_when_it_stops(place: Place, config: Config, database: Database) -> None:
    """Of sessions and tokens that were let in; no request wrote anything itself."""
    token, session = cast.api_token(database, ENGINEER), cast.token(database, ENGINEER)
    begun = now()
    with TestClient(serve_from(open_database(place.data, place.url), config)) as client:
        for text in (token, session, token[:-1], session[:-1]):
            client.get("/api/v1/tickets", headers={"Authorization": text})
        assert rows(database, USED) == [{"session": None, "token": None}]
    [used] = rows(database, USED)
    assert begun <= used["session"] <= now()
    assert begun <= used["token"] <= now()
    others = rows(database, "SELECT count(*) AS unused FROM api_tokens WHERE last_used_at IS NULL")
    assert others == [{"unused": 1}], "the cast's own"


def test_it_is_shown(place: Place, config: Config, database: Database) -> None:
    """With the sessions and the tokens of who asks, in the desk's zone."""
    secret = cast.api_token(database, ADMIN)
    admin = cast.token(database, ADMIN)
    for _ in range(2):
        with TestClient(serve_from(open_database(place.data, place.url), config)) as client:
            Api(client, secret)("GET", "/tickets")
            tokens = Api(client, admin)("GET", "/tokens").json()["data"]["tokens"]
            sessions = Api(client, admin)("GET", "/me/sessions").json()["data"]["sessions"]
    assert [token["last_used_at"] is None for token in tokens] == [True, False]
    assert sessions[0]["last_used_at"].endswith("+05:00")


def test_maintenance_notes_nothing(place: Place, config: Config, database: Database) -> None:
    """Nobody was let in."""
    token = cast.api_token(database, ENGINEER)
    database.write(maintenance.switch_on)
    with TestClient(serve_from(open_database(place.data, place.url), config)) as client:
        assert client.get("/api/v1/tickets", headers={"Authorization": token}).status_code == 503
    assert rows(database, USED) == [{"session": None, "token": None}]


def test_what_cannot_be_written_is_told_and_kept(database: Database) -> None:
    """In one line of the log; the next time writes it."""
    noted = LastUse()
    noted.note(cast.TOKEN, now())
    broken: Any = BrokenDatabase()
    with structlog.testing.capture_logs() as lines:
        asyncio.run(LastUseWriter(broken, noted).write())
    assert [(line["event"], line["what"], line["reason"]) for line in lines] == [
        ("not written", "times of last use", "the disk is full")
    ]
    asyncio.run(LastUseWriter(database, noted).write())
    assert rows(database, USED)[0]["token"] is not None


def test_a_database_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next time comes all the same."""
    monkeypatch.setattr(periodic, "PATIENCE", 0.0)
    noted = LastUse()
    noted.note(1, now())
    hanging: Any = BrokenDatabase()
    hanging.awrite = lambda _: asyncio.Event().wait()
    with structlog.testing.capture_logs() as lines:
        asyncio.run(LastUseWriter(hanging, noted).write())
    assert [line["reason"] for line in lines] == ["TimeoutError"]
    assert noted.due(now()).keys() == {1}


def test_it_is_written_from_time_to_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server runs, in as many writes as it takes."""
    monkeypatch.setattr(periodic, "INTERVAL", 0.0)
    monkeypatch.setattr(last_use_writer, "BATCH", 1)

    async def run() -> None:
        written = asyncio.Event()

        class Watched(LastUse):
            def wrote(self, batch: Mapping[Key, int], at: int) -> None:
                super().wrote(batch, at)
                if not self.due(at, all_of_them=True):
                    written.set()

        noted = Watched()
        noted.note(cast.TOKEN, now())
        noted.note("gone", now())
        writer = LastUseWriter(database, noted)
        writer.start()
        await asyncio.wait_for(written.wait(), 60)
        await writer.stop()

    asyncio.run(run())
    assert rows(database, USED)[0]["token"] is not None
