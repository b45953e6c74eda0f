"""Uploads that break off: what arrived is there, whoever goes on, wherever, however often."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from http.client import HTTPConnection
from typing import Final

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cast
from cast import ADMIN
from deterministic import deterministic
from further_routes import asking
from http_serving import run
from keesa.config import Config
from keesa.db import Database
from keesa.files import claims
from keesa.files.opening import open_place
from keesa.uploads.receiving import LARGEST_PIECE
from keesa.web import bodies
from nodes import a_connection_each, two_nodes
from places import Place
from sent_uploads import encoded

UPLOADS: Final = "/api/v1/uploads"
TUS: Final = {"Tus-Resumable": "1.0.0"}
BYTES: Final = TUS | {"Content-Type": "application/offset+octet-stream"}
CONTENT: Final = bytes(range(251)) * 100
WAYS: Final = ("whole", "broken", "checked", "damaged", "stale")
LARGE: Final = bytes(range(251)) * (3 * LARGEST_PIECE // 251)


async def begin(client: httpx2.AsyncClient, length: int) -> str:
    answer = await client.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)})
    assert answer.status_code == 201
    return str(answer.headers["Location"])


async def offset_of(client: httpx2.AsyncClient, path: str) -> int:
    return int((await client.head(path, headers=TUS)).headers["Upload-Offset"])


async def send(client: httpx2.AsyncClient, path: str, offset: int, content: object, **more: str) -> httpx2.Response:
    headers = BYTES | {"Upload-Offset": str(offset)} | {name.replace("_", "-"): value for name, value in more.items()}
    return await client.patch(path, content=content, headers=headers)  # type: ignore[arg-type]  # a body


def content_of(database: Database, config: Config, path: str) -> bytes:
    sql = "SELECT place FROM upload_pieces WHERE upload_id = :id ORDER BY start"
    rows = database.read(lambda tx: tx.all(sql, id=path[-32:]))
    kept = open_place(config.files, config.data, database.read(claims.owner))
    return b"".join(b"".join(kept.read(f"uploads/{row['place']}")) for row in rows)


async def broken_off(client: httpx2.AsyncClient, path: str, offset: int, content: bytes, **more: str) -> None:
    """Send this much of a body that would go on, and go."""
    sent = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield content
        sent.set()
        await asyncio.sleep(60)

    sending = asyncio.create_task(send(client, path, offset, body(), **more))
    await sent.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


@deterministic(15)
@given(
    parts=st.lists(
        st.tuples(st.integers(1, 9_000), st.sampled_from(["whole", "broken", "checked", "damaged", "stale"]))
    ),
)
def test_any_way_of_sending_a_file_gives_the_file(
    shared_database: Database, shared_config: Config, parts: Sequence[tuple[int, str]]
) -> None:
    """In whatever parts, broken off, damaged or sent twice: in the end it is there, byte by byte, and never less than
    was acknowledged.
    """

    async def ask() -> None:
        async with asking(shared_database, shared_config, ()) as client:
            path, acknowledged = await begin(client, len(CONTENT)), 0
            for size, way in [*parts, (len(CONTENT), "whole")]:
                offset = await offset_of(client, path)
                assert offset >= acknowledged
                part = CONTENT[offset : offset + size]
                digest = encoded(hashlib.sha256(part if way == "checked" else b"x" + part).digest())
                match way:
                    case "broken":
                        await broken_off(client, path, offset, part)
                        if await settled(client, path, offset, len(part)) != offset + len(part):
                            continue
                    case "stale":
                        assert (await send(client, path, offset + 1, b"x")).status_code == 409
                        continue
                    case "damaged":
                        answer = await send(client, path, offset, part, Upload_Checksum=f"sha256 {digest}")
                        assert answer.status_code == 460
                        continue
                    case "checked":
                        answer = await send(client, path, offset, part, Upload_Checksum=f"sha256 {digest}")
                        assert answer.status_code == 204
                    case _:
                        assert (await send(client, path, offset, part)).status_code == 204
                acknowledged = offset + len(part)
            assert await offset_of(client, path) == len(CONTENT)
            assert await asyncio.to_thread(content_of, shared_database, shared_config, path) == CONTENT
            assert (await client.delete(path, headers=TUS)).status_code == 204

    run(ask())


async def settled(client: httpx2.AsyncClient, path: str, offset: int, size: int) -> int:
    """How far it is once the server knows that the client has gone: all that it has read is there."""
    for _ in range(1000):
        if (found := await offset_of(client, path)) == offset + size:
            return found
        await asyncio.sleep(0.01)
    return found


def test_what_came_before_the_client_went_is_kept(shared_database: Database, shared_config: Config) -> None:
    """To the last byte, in pieces of at most a mebibyte; with a checksum nothing is."""

    async def ask() -> None:
        async with asking(shared_database, shared_config, ()) as client:
            path = await begin(client, len(LARGE) + 10)
            await broken_off(client, path, 0, LARGE)
            assert await settled(client, path, 0, len(LARGE)) == len(LARGE)
            assert await asyncio.to_thread(content_of, shared_database, shared_config, path) == LARGE
            sql = "SELECT max(size) AS value FROM upload_pieces WHERE upload_id = :id"
            largest = await shared_database.aread(lambda tx: tx.value(sql, id=path[-32:]))
            assert largest <= LARGEST_PIECE
            other = await begin(client, 100)
            digest = encoded(hashlib.sha256(CONTENT[:50]).digest())
            await broken_off(client, other, 0, CONTENT[:20], Upload_Checksum=f"sha256 {digest}")
            assert (await send(client, other, 0, CONTENT[:100])).status_code == 204

    run(ask())


def test_one_of_two_who_go_on_at_once_is_refused(shared_database: Database, shared_config: Config) -> None:
    """An old connection that comes to life again too: 409, and nothing of it stands between the other's bytes."""
    begun, held = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"old " * 10
        begun.set()
        await held.wait()
        yield b"old " * 10

    async def ask() -> None:
        async with asking(shared_database, shared_config, ()) as client:
            path = await begin(client, len(CONTENT))
            old = asyncio.create_task(send(client, path, 0, slow()))
            await begun.wait()
            assert (await send(client, path, 0, CONTENT[:100])).status_code == 204
            held.set()
            assert (await old).status_code == 409
            answers = await asyncio.gather(*(send(client, path, 100, CONTENT[100:]) for _ in range(4)))
            assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
            assert await asyncio.to_thread(content_of, shared_database, shared_config, path) == CONTENT

    run(ask())


def test_an_upload_that_is_given_up_ends_what_is_under_way(shared_database: Database, shared_config: Config) -> None:
    begun, held = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        begun.set()
        await held.wait()
        yield b"x"

    async def ask() -> None:
        async with asking(shared_database, shared_config, ()) as client:
            path = await begin(client, 10)
            sending = asyncio.create_task(send(client, path, 0, slow()))
            await begun.wait()
            assert (await client.delete(path, headers=TUS)).status_code == 204
            held.set()
            assert (await sending).status_code == 404

    run(ask())


def test_too_many_at_once_are_refused(
    shared_database: Database, shared_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, until one of them has ended, or its client has gone."""
    monkeypatch.setattr(bodies, "STREAMS_AT_ONCE", 1)
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        begun.set()
        await asyncio.sleep(60)

    async def ask() -> None:
        async with asking(shared_database, shared_config, ()) as client:
            path = await begin(client, 10)
            sending = asyncio.create_task(send(client, path, 0, endless()))
            await begun.wait()
            refused = await send(client, path, 0, b"x")
            assert (refused.status_code, refused.headers["Tus-Resumable"]) == (503, "1.0.0")
            sending.cancel()
            statuses: list[int] = []
            for _ in range(1000):
                statuses.append((await send(client, path, await offset_of(client, path), b"x")).status_code)
                if statuses[-1] == 204:
                    break
                await asyncio.sleep(0.01)
            assert statuses[-1] == 204

    run(ask())


def asked(connection: HTTPConnection, method: str, path: str, body: bytes = b"", /, **headers: str) -> dict[str, str]:
    """Headers of a good answer."""
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    answer.read()
    assert answer.status in (200, 201, 204), answer.status
    return {name.lower(): value for name, value in answer.getheaders()}


def test_the_other_worker_goes_on(place: Place, database: Database, config: Config) -> None:
    """Or the other node: where somebody goes on makes no difference."""
    with two_nodes(place, KEESA_SECRET=cast.SECRET) as servers, a_connection_each(servers) as (one, other):
        told = {"Authorization": f"Bearer {cast.token(database, ADMIN)}", "Tus_Resumable": "1.0.0"}
        sent = told | {"Content_Type": "application/offset+octet-stream"}
        path = asked(one, "POST", UPLOADS, Upload_Length=str(len(LARGE)), **told)["location"]
        half = len(LARGE) // 2
        asked(one, "PATCH", path, LARGE[:half], Upload_Offset="0", **sent)
        assert asked(other, "HEAD", path, **told)["upload-offset"] == str(half)
        asked(other, "PATCH", path, LARGE[half:], Upload_Offset=str(half), **sent)
        assert asked(one, "HEAD", path, **told)["upload-offset"] == str(len(LARGE))
        assert content_of(database, config, path) == LARGE
