"""Streams: answers that are made while they are sent, in transactions of their own, and logged when they have ended."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx2
import pytest

from cast import ADMIN, token
from further_routes import asking
from http_serving import run, until
from keesa import maintenance
from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.web import middleware
from keesa.web.http_errors import INTERNAL
from keesa.web.replies import Reply, Stream
from keesa.web.routes import Routes

LINES: Final = "application/x-ndjson"
PATH: Final = "/api/v1/lines"

ROUTES = Routes()


class Story:
    """What the stream waits for, and what became of it."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.made: list[bytes] = []
        self.closed = False
        self.pieces = 3
        self.fails = False
        self.fails_at_once = False


STORY = Story()


async def lines(database: Database) -> AsyncGenerator[bytes, None]:
    """Each line tells what the database says when it is made."""
    try:
        if STORY.fails_at_once:
            raise RuntimeError("the stream never came")
        for number in range(STORY.pieces):
            offline = await database.aread(maintenance.is_on)
            line = b'{"line":%d,"offline":%s}\n' % (number, b"true" if offline else b"false")
            STORY.made.append(line)
            yield line
            await STORY.go_on.wait()
            if STORY.fails:
                raise RuntimeError("the stream is torn")
    finally:
        STORY.closed = True


@ROUTES.add("GET", "/lines", summary="Read on", permission=TICKETS_READ, answer_type=LINES)
def stream(_tx: Tx, _call: Call[None, None]) -> Reply[None]:
    return Reply(Stream(lines), media_type=LINES)


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The lines that the server logs of requests."""
    global STORY  # noqa: PLW0603 - a story a test
    STORY = Story()
    noted: list[dict[str, Any]] = []

    class Log:
        def info(self, _event: str, **facts: object) -> None:
            noted.append(facts)

        error = info

    monkeypatch.setattr(middleware, "_log", Log())
    return noted


def test_each_piece_is_sent_when_it_is_made(
    shared_database: Database, shared_config: Config, log: list[dict[str, Any]]
) -> None:
    """And sees what was written since the one before: no transaction is held open between them."""

    async def ask() -> None:
        async with (
            asking(shared_database, shared_config, ROUTES) as client,
            client.stream("GET", PATH) as answer,
        ):
            pieces = answer.aiter_lines()
            assert await anext(pieces) == '{"line":0,"offline":false}'
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, LINES)
            assert answer.headers["Transfer-Encoding"] == "chunked"
            assert answer.headers["X-Request-Id"]
            assert (len(STORY.made), log) == (1, [])
            await shared_database.awrite(maintenance.switch_on)
            STORY.go_on.set()
            assert [line async for line in pieces] == ['{"line":1,"offline":true}', '{"line":2,"offline":true}']
        await until(lambda: bool(log))
        assert [(line["status"], line["path"], line.get("cut_off")) for line in log] == [(200, PATH, None)]
        assert STORY.closed

    try:
        run(ask())
    finally:
        shared_database.write(maintenance.switch_off)


def test_a_stream_ends_with_its_client(
    shared_database: Database, shared_config: Config, log: list[dict[str, Any]]
) -> None:
    """It is closed, and the log says that it was cut off."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            async with client.stream("GET", PATH) as answer:
                await anext(answer.aiter_lines())
            await until(lambda: STORY.closed)
            await until(lambda: bool(log))
        assert (len(STORY.made), log[0]["status"], log[0]["cut_off"]) == (1, 200, True)

    run(ask())


def test_a_stream_that_fails_is_cut_off(
    shared_database: Database, shared_config: Config, log: list[dict[str, Any]]
) -> None:
    """So that nobody takes what came of it for the whole; the log has the cause."""

    async def ask() -> None:
        STORY.fails = True
        STORY.go_on.set()
        async with asking(shared_database, shared_config, ROUTES) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get(PATH)
            await until(lambda: bool(log))
        assert (log[0]["cut_off"], str(log[0]["exc_info"])) == (True, "the stream is torn")
        assert STORY.closed

    run(ask())


def test_a_stream_that_fails_before_its_first_piece_is_a_500(
    shared_database: Database, shared_config: Config, log: list[dict[str, Any]]
) -> None:
    """Nothing has been sent yet that would have to be cut off."""

    async def ask() -> None:
        STORY.fails_at_once = True
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.get(PATH)
        assert (answer.status_code, answer.json()) == (500, {"error": INTERNAL})
        assert (log[0]["status"], str(log[0]["exc_info"]), STORY.closed) == (500, "the stream never came", True)

    run(ask())


def test_a_stream_without_pieces_is_an_empty_answer(shared_database: Database, shared_config: Config) -> None:
    """200, and its end is told."""

    async def ask() -> None:
        STORY.pieces = 0
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.get(PATH)
        assert (answer.status_code, answer.content, STORY.closed) == (200, b"", True)

    run(ask())


def test_nothing_is_written_into_a_stream(shared_database: Database, shared_config: Config) -> None:
    """A client that waits to be asked for a body that nobody reads is not asked once its answer has begun."""
    request = (
        f"GET {PATH} HTTP/1.1\r\nHost: desk\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
        f"Authorization: Bearer {token(shared_database, ADMIN)}\r\n\r\n"
    )

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 100"):  # before the answer it may be
                head = await reader.readuntil(b"\r\n\r\n")
            STORY.go_on.set()
            body = await reader.readuntil(b"\r\n0\r\n\r\n")
            writer.transport.abort()
        assert head.startswith(b"HTTP/1.1 200")
        assert b"HTTP/1.1" not in body

    run(ask())


def test_head_begins_no_stream(shared_database: Database, shared_config: Config) -> None:
    """Status and headers are GET's."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.head(PATH)
        assert (answer.status_code, answer.headers["Content-Type"], STORY.made) == (200, LINES, [])

    run(ask())


def test_a_stream_is_for_who_may_read(shared_database: Database, shared_config: Config) -> None:
    """As any other endpoint: it has not begun when that is found out."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.get(PATH, headers={"Authorization": "Bearer x"})
        assert (answer.status_code, STORY.made) == (401, [])

    run(ask())
