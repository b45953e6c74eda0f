"""Forms side by side, slow ones, and those that never end: what they take of the process is bounded, and given back."""

import asyncio
import errno
from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import IO, Final

import httpx2
import pytest

from further_routes import asking
from http_serving import run, until
from keesa.config import Config
from keesa.db import Database
from keesa.web import form_bodies, scratch
from keesa.web.forms import MIB
from sent_forms import BOUNDARY, KEEP, LARGE, PIECE, ROUTES, TYPE, file_part, form, in_pieces, part, send, sum_of

SEVERAL: Final = 6


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[IO[bytes]]:
    """The files of all forms, as they are made."""
    found: list[IO[bytes]] = []
    of_scratch = scratch.Scratch.file

    def noted(self: scratch.Scratch) -> IO[bytes]:
        found.append(of_scratch(self))
        return found[-1]

    monkeypatch.setattr(scratch.Scratch, "file", noted)
    monkeypatch.setattr(form_bodies, "BATCH", 1)
    return found


async def never_ending(begun: asyncio.Event, held: asyncio.Event) -> AsyncIterator[bytes]:
    yield form(file_part(LARGE))[:PIECE]
    begun.set()
    await held.wait()
    yield form(file_part(LARGE))[PIECE:]


async def slowly() -> AsyncIterator[bytes]:
    body = form(file_part(LARGE))
    for start in range(0, 40_000, 1_000):
        yield body[start : start + 1_000]
        await asyncio.sleep(0.1)


def test_forms_at_once_are_in_files_and_not_in_memory(shared_database: Database, shared_config: Config) -> None:
    """Together they have many times the bytes that all bodies may have in memory."""
    contents = [bytes([n]) * (4 * MIB) for n in range(SEVERAL)]

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES, bodies_bytes=2 * MIB) as client:
            sending = [send(client, in_pieces(form(file_part(content)))) for content in contents]
            answers = await asyncio.gather(*sending)
            assert [answer.status_code for answer in answers] == [201] * SEVERAL
            assert [answer.json()["files"][0]["sum"] for answer in answers] == [sum_of(each) for each in contents]

    run(ask())


def test_a_form_that_comes_too_slowly_is_refused(
    shared_database: Database, shared_config: Config, made: list[IO[bytes]]
) -> None:
    """After the route's own seconds, and its file is gone."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.post("/api/v1/keep_soon", content=slowly(), headers=TYPE)
            assert (answer.status_code, answer.json()) == (408, {"error": "The body must arrive within 2 seconds"})
            await until(lambda: bool(made) and all(file.closed for file in made))

    run(ask())


def test_a_client_that_goes_leaves_nothing(
    shared_database: Database, shared_config: Config, made: list[IO[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file nor a place that others wait for."""
    monkeypatch.setattr(form_bodies, "FORMS_AT_ONCE", 1)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            begun = asyncio.Event()
            sending = asyncio.create_task(send(client, never_ending(begun, asyncio.Event())))
            await begun.wait()
            await until(lambda: bool(made))
            assert (await send(client, form())).status_code == 503
            sending.cancel()
            await until(lambda: made[0].closed)
            await again(client, form())

    run(ask())


async def again(client: httpx2.AsyncClient, body: bytes) -> None:
    """Until what others had is free."""
    async with asyncio.timeout(20):
        while (answer := await send(client, body)).status_code == 503:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)
    assert answer.status_code == 201


@pytest.mark.parametrize(("bound", "most"), [("FORMS_AT_ONCE", 1), ("FILES_AT_ONCE", 1), ("BYTES_AT_ONCE", 100_000)])
def test_too_much_at_once_is_refused(
    shared_database: Database,
    shared_config: Config,
    made: list[IO[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    bound: str,
    most: int,
) -> None:
    """503: too many forms, files that are open for them, and bytes; until one of them has ended."""
    monkeypatch.setattr(form_bodies, bound, most)
    begun, held = asyncio.Event(), asyncio.Event()
    small = file_part(bytes(40_000))

    async def halting() -> AsyncIterator[bytes]:
        yield form(small)[:-20]
        begun.set()
        await held.wait()
        yield form(small)[-20:]

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            first = asyncio.create_task(send(client, halting()))
            await begun.wait()
            await until(lambda: bool(made))
            other = file_part(bytes(70_000))
            answers = [await send(client, form(other)) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [503] * 3
            assert all(answer.headers["Retry-After"] for answer in answers)
            held.set()
            assert (await first).status_code == 201
            await again(client, form(other))

    run(ask())


class FullDisk:
    """A file on a disk without space: it is closed, and complains about that too."""

    def __init__(self, *_: object, **__: object) -> None:
        self.file = TemporaryFile()  # noqa: SIM115 - closed by who is tested

    def write(self, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        self.file.close()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_takes_no_place_for_ever(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 as long as it is full; then files are taken again."""
    monkeypatch.setattr(form_bodies, "FORMS_AT_ONCE", 3)
    monkeypatch.setattr(form_bodies, "FILES_AT_ONCE", 3)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with monkeypatch.context() as full:
                full.setattr(scratch, "TemporaryFile", FullDisk)
                answers = [await send(client, form(file_part())) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [503, 503, 503]
            assert "no space" in answers[0].json()["error"]
            for _ in range(3):
                await again(client, form(file_part()))

    run(ask())


def head_of(length: str, token: str) -> bytes:
    return (
        f"POST {KEEP} HTTP/1.1\r\nHost: desk\r\nAuthorization: {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n{length}\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("length", "body", "status"),
    [
        ("Content-Length: 999999999999", b"", b"413"),
        ("Content-Length: 10", form(file_part()), b"400"),
        ("Content-Length: x", form(file_part()), b"400"),
        ("Transfer-Encoding: chunked", b"zz\r\n", b"400"),
        ("Transfer-Encoding: chunked", part('form-data; name="a"') * 0, b"400"),
    ],
)
def test_a_length_that_is_none_is_refused(
    shared_database: Database, shared_config: Config, length: str, body: bytes, status: bytes
) -> None:
    """By a server that knows lengths, before or while the form is read."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            token = client.headers["Authorization"]
            reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
            end = b"0\r\n\r\n" if length.endswith("chunked") and not body else b""
            writer.write(head_of(length, token) + body + end)
            async with asyncio.timeout(20):
                assert (await reader.readline()).split()[1] == status
            writer.close()

    run(ask())


def test_thousands_of_parts_are_refused(shared_database: Database, shared_config: Config) -> None:
    """By their number, whatever is in them."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await send(client, in_pieces(part('form-data; name="a"') * 5_000))
            assert answer.status_code == 413

    run(ask())
