"""Uploads: a body that goes into a file while it arrives, with a limit and media types of its route's own."""

import asyncio
import errno
import hashlib
from collections.abc import AsyncIterator, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, Final

import pytest
from msgspec import Struct

import cast
from by_keesa import disable_user
from cast import Person, add_person
from further_routes import asking
from http_serving import run, until
from keesa.accounts.permissions import TICKETS_WRITE
from keesa.api.calls import Call
from keesa.config import Config
from keesa.db import Database, Tx, Work
from keesa.web import bodies
from keesa.web.bodies import IN_MEMORY, Upload
from keesa.web.routes import Routes
from logins import bearer
from unchanged import unchanged

LIMIT: Final = 8 * IN_MEMORY
"""Above the server's own limit for bodies."""
READER: Final = Person(8, "files@keesa.example", "Ali Reader", "Ali", "staff", "reader")
KEEP: Final = "/api/v1/keep"
PNG: Final = {"Content-Type": "image/png"}
LARGE: Final = bytes(range(256)) * (5 * IN_MEMORY // 256)
PIECE: Final = 65_536

ROUTES = Routes()
TAKEN: list[Upload] = []


class Kept(Struct):
    size: int
    media_type: str
    digest: str


@ROUTES.add(
    "POST",
    "/keep",
    status=201,
    summary="Keep",
    permission=TICKETS_WRITE,
    media_types=("image/*", "application/pdf"),
    body_limit=LIMIT,
)
def keep(tx: Tx, call: Call[None, Upload]) -> Kept:
    TAKEN.append(call.body)
    if call.body.media_type == "image/x-bad":
        disable_user(tx, cast.STRANGER.email, 1)
        raise RuntimeError("the file cannot be kept")
    digest = hashlib.file_digest(call.body.file, "sha256").hexdigest()  # type: ignore[arg-type]  # a binary file
    return Kept(call.body.size, call.body.media_type, digest)


@ROUTES.add("POST", "/keep_soon", summary="Keep", permission=TICKETS_WRITE, media_types=("image/*",), body_seconds=2)
def keep_soon(tx: Tx, call: Call[None, Upload]) -> Kept:
    return keep(tx, call)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Whatever became of an upload, its file is closed, and so gone."""
    TAKEN.clear()
    yield
    assert all(upload.file.closed for upload in TAKEN)


async def in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1, len(LARGE)])
def test_a_file_arrives_whole(shared_database: Database, shared_config: Config, size: int) -> None:
    """With its length or in chunks, in memory or on disk; larger than any other body may be."""

    async def ask() -> None:
        content = LARGE[:size]
        expected = {"size": size, "media_type": "image/png", "digest": hashlib.sha256(content).hexdigest()}
        async with asking(shared_database, shared_config, ROUTES) as client:
            for body in (content, in_pieces(content)):
                answer = await client.post(KEEP, content=body, headers=PNG)
                assert (answer.status_code, answer.json()) == (201, expected)

    run(ask())


def test_a_file_that_is_too_large_is_refused(shared_database: Database, shared_config: Config) -> None:
    """By what it says of itself, or as soon as it is."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            for body in (bytes(LIMIT + 1), in_pieces(bytes(LIMIT + PIECE))):
                answer = await client.post(KEEP, content=body, headers=PNG)
                assert (answer.status_code, TAKEN) == (413, [])
                assert str(LIMIT) in answer.json()["error"]

    run(ask())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "image/svg+xml"}, 201),
        ({"Content-Type": "IMAGE/PNG; name=x"}, 201),
        ({"Content-Type": "application/pdf"}, 201),
        ({"Content-Type": "text/html"}, 415),
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "image"}, 415),
        ({}, 415),
        (PNG | {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_a_route_has_media_types_of_its_own(
    shared_database: Database, shared_config: Config, headers: dict[str, str], status: int
) -> None:
    """The others are refused, and so is what is compressed."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            assert (await client.post(KEEP, content=b"x", headers=headers)).status_code == status

    run(ask())


def test_who_may_not_send_a_file_is_told_so(shared_database: Database, shared_config: Config) -> None:
    """401 before the body is read, 403 for who lacks the permission; nothing is left of either."""
    shared_database.write(lambda tx: add_person(tx, READER))
    reader = bearer(cast.token(shared_database, READER))

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with unchanged(shared_database):
                unknown = await client.post(KEEP, content=LARGE, headers=PNG | {"Authorization": "Bearer x"})
                refused = await client.post(KEEP, content=LARGE, headers=PNG | reader)
        assert (unknown.status_code, refused.status_code, TAKEN) == (401, 403, [])

    run(ask())


def test_a_file_that_comes_too_slowly_is_refused(shared_database: Database, shared_config: Config) -> None:
    """After the route's own seconds."""

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100
            await asyncio.sleep(0.1)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.post("/api/v1/keep_soon", content=slowly(), headers=PNG)
            assert (answer.status_code, answer.json()) == (408, {"error": "The body must arrive within 2 seconds"})

    run(ask())


def test_a_client_that_goes_leaves_nothing(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a file nor a place that others wait for."""
    made: list[SpooledTemporaryFile[bytes]] = []

    def noted(size: int) -> SpooledTemporaryFile[bytes]:
        made.append(SpooledTemporaryFile(size))  # noqa: SIM115 - closed by who is tested
        return made[-1]

    monkeypatch.setattr(bodies.Bodies.__init__, "__defaults__", (1,))
    monkeypatch.setattr(bodies, "SpooledTemporaryFile", noted)
    gone = asyncio.Event()

    async def never_ending() -> AsyncIterator[bytes]:
        yield b"x" * PIECE
        gone.set()
        await asyncio.sleep(30)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            sending = asyncio.create_task(client.post(KEEP, content=never_ending(), headers=PNG))
            await gone.wait()
            await until(lambda: bool(made))
            sending.cancel()
            await until(lambda: made[0].closed)
            assert (await client.post(KEEP, content=b"x", headers=PNG)).status_code == 201

    run(ask())


def test_a_write_that_is_run_again_reads_the_whole_file(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL does with writes that share a transaction with one that fails."""
    write = shared_database.awrite

    async def write_again(work: Work[Any]) -> Any:  # noqa: ANN401 - what the work gives
        def twice(tx: Tx) -> Any:  # noqa: ANN401 - likewise
            work(tx)
            return work(tx)

        return await write(twice)

    monkeypatch.setattr(shared_database, "awrite", write_again)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            answer = await client.post(KEEP, content=LARGE, headers=PNG)
            assert answer.json()["digest"] == hashlib.sha256(LARGE).hexdigest()

    run(ask())


def test_a_file_that_cannot_be_kept_changes_nothing(shared_database: Database, shared_config: Config) -> None:
    """The write is undone as any other."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with unchanged(shared_database):
                answer = await client.post(KEEP, content=b"x", headers={"Content-Type": "image/x-bad"})
        assert (answer.status_code, len(TAKEN)) == (500, 1)

    run(ask())


def test_too_many_uploads_at_once_are_refused(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, until one of them has ended."""
    monkeypatch.setattr(bodies.Bodies.__init__, "__defaults__", (1,))
    held, started = asyncio.Event(), asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield b"x"
        started.set()
        await held.wait()

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            first = asyncio.create_task(client.post(KEEP, content=waiting(), headers=PNG))
            await started.wait()
            statuses = [(await client.post(KEEP, content=b"x", headers=PNG)).status_code for _ in range(2)]
            held.set()
            assert (statuses, (await first).status_code) == ([503, 503], 201)
            assert (await client.post(KEEP, content=b"x", headers=PNG)).status_code == 201

    run(ask())


class FullDisk(SpooledTemporaryFile[bytes]):
    """A file on a disk without room: it is closed, and complains about that too."""

    def write(self, _chunk: bytes) -> int:  # type: ignore[override]  # as `_fill` calls it
        raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        super().close()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_takes_no_place_for_ever(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 as long as it is full; then files are taken again."""
    monkeypatch.setattr(bodies.Bodies.__init__, "__defaults__", (1,))

    async def ask() -> None:
        async with asking(shared_database, shared_config, ROUTES) as client:
            with monkeypatch.context() as full:
                full.setattr(bodies, "SpooledTemporaryFile", FullDisk)
                statuses = [(await client.post(KEEP, content=b"x", headers=PNG)).status_code for _ in range(3)]
            assert statuses == [500, 500, 500]
            assert (await client.post(KEEP, content=b"x", headers=PNG)).status_code == 201

    run(ask())
