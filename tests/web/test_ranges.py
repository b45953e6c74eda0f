"""Contents that are sent piece by piece over real connections: to curl, to who goes, and from what does not answer."""

import asyncio
import subprocess
import threading
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from starlette.datastructures import Headers

from further_routes import asking
from http_serving import run, until
from keesa.api.calls import Call
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.errors import NotFound, Unavailable
from keesa.web import middleware
from keesa.web.ranges import PIECE, Contents
from keesa.web.replies import Content, EncodedReply, Reply, Stream
from keesa.web.routes import Access, Routes

BODY: Final = bytes(range(251)) * (20 * PIECE // 251)
"""Some 10 MiB, in which no piece is like another."""
PATH: Final = "/api/v1/contents"
ROUTES = Routes()


class Source:
    """What is read, and how."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, int]] = []
        self.fails_from: int | None = None
        self.failure: Exception = OSError("the disk is gone")

    def read(self, start: int, stop: int) -> bytes:
        self.reads.append((start, stop))
        if self.fails_from is not None and stop > self.fails_from:
            raise self.failure
        return BODY[start:stop]


SOURCE = Source()


@ROUTES.add("GET", "/contents", summary="Some bytes", access=Access.ANYONE, answer_type="image/png")
def contents(_tx: Tx, _call: Call[None, None]) -> Reply[None]:
    return Reply(Content(len(BODY), SOURCE.read, 1_700_000_000_123), media_type="image/png", etag='"state"')


@pytest.fixture(autouse=True)
def source() -> Source:
    """As it was."""
    SOURCE.__init__()  # type: ignore[misc]
    return SOURCE


def test_curl_goes_on_where_it_was_broken_off(
    shared_database: Database, shared_config: Config, tmp_path: Path, source: Source
) -> None:
    """`curl -C -` fetches the rest of a file of which it has a part, and the whole is what it was."""

    async def fetch(*arguments: str) -> None:
        process = await asyncio.create_subprocess_exec("curl", "-sS", "--fail", *arguments, stdout=subprocess.DEVNULL)
        assert await process.wait() == 0

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            url, to = f"{client.base_url}{PATH}", tmp_path / "file"
            await fetch("-o", str(to), url)
            assert to.read_bytes() == BODY
            to.write_bytes(BODY[:1_000_003])
            source.reads.clear()
            await fetch("-C", "-", "-o", str(to), url)
            assert to.read_bytes() == BODY
            assert source.reads[0] == (1_000_003, 1_000_003 + PIECE)
            await fetch("-r", "5-9", "-o", str(to), url)
            assert to.read_bytes() == BODY[5:10]

    run(ask())


def test_no_more_is_read_than_is_sent(shared_database: Database, shared_config: Config, source: Source) -> None:
    """A client that goes ends the reading, and what it left behind is no failure."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            async with client.stream("GET", PATH) as answer:
                await anext(answer.aiter_raw(1024))
            await asyncio.sleep(0.2)
            read = len(source.reads)
            await asyncio.sleep(0.2)
            assert len(source.reads) == read < len(BODY) // PIECE
            assert all(stop - start <= PIECE for start, stop in source.reads)

    run(ask())


@pytest.mark.parametrize(
    ("failure", "status"), [(NotFound("Gone"), 404), (Unavailable("Later"), 503), (OSError("The disk is gone"), 500)]
)
def test_what_fails_at_once_is_an_error(
    shared_database: Database, shared_config: Config, source: Source, failure: Exception, status: int
) -> None:
    """Like any other of the endpoint's."""
    source.fails_from, source.failure = 0, failure

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.get(PATH)
            assert (answer.status_code, list(answer.json())) == (status, ["error"])
            assert "Content-Length" in answer.headers

    run(ask())


def test_what_fails_later_is_cut_off(
    shared_database: Database, shared_config: Config, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes a part for the whole, and the log has what it failed at."""
    source.fails_from = 3 * PIECE
    noted: list[dict[str, Any]] = []

    class Log:
        def info(self, _event: str, **facts: object) -> None:
            noted.append(facts)

        error = info

    monkeypatch.setattr(middleware, "_log", Log())

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.get(PATH)
            await until(lambda: bool(noted))
        [facts] = noted
        assert (facts["cut_off"], str(facts["exc_info"])) == (True, "the disk is gone")

    run(ask())


def answered(contents: Contents, content: Content, **asked: str) -> EncodedReply:
    reply = EncodedReply(200, content, "image/png", ())
    return asyncio.run(contents.answer(reply, content, "GET", Headers(asked)))


def test_reading_has_a_deadline() -> None:
    """What does not come in time is 503, and those who wait for a thread wait no longer either."""
    gate = threading.Event()

    def stuck(start: int, stop: int) -> bytes:
        gate.wait(60)
        return bytes(stop - start)

    reader = Contents(threads=1, seconds=0.05)
    try:
        for _ in range(3):
            with pytest.raises(Unavailable, match="in time"):
                answered(reader, Content(10, stuck, 0))
    finally:
        gate.set()
        reader.close()


def test_what_is_shorter_than_it_was_is_no_content() -> None:
    """It fails before it begins, as its length would be a lie."""
    reader = Contents()
    with pytest.raises(EOFError):
        answered(reader, Content(10, lambda _start, _stop: b"short", 0))
    reader.close()


def test_an_empty_content() -> None:
    """Is an answer without bytes, of which nothing is read."""
    reader = Contents()
    reply = answered(reader, Content(0, lambda _start, _stop: b"", 0))
    assert isinstance(reply.body, Stream)
    assert (reply.status, reply.body.length) == (200, 0)
    reader.close()
