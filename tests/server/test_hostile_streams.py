"""Streams that a client may send to hold more than its share, and streams that look like those and are none."""

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from http_serving import HEALTH, PATIENCE, serving, until
from http_serving import run as on_its_loop
from keesa.server.heads import RequestHead

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

CHUNKED = b"POST /echo HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n"
GATE = b"GET /gate HTTP/1.1\r\nHost: desk\r\n\r\n"


async def refusing(_scope: "Scope", _receive: "Receive", send: "Send") -> None:
    """Says no before it has looked at the body."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


@pytest.mark.parametrize("endless", [b"a", b"a: b\r\n"])
def test_what_stands_behind_the_chunks_has_an_end(endless: bytes) -> None:
    """The parser would gather it, in quadratic time; a body of many small chunks has more around them and is whole."""

    async def story() -> None:
        async with serving(grace_seconds=PATIENCE) as server:
            with await server.connect() as hostile, await server.connect() as small:
                hostile.send(CHUNKED + b"3\r\nabc\r\n0\r\nX: ")
                for _ in range(40):
                    hostile.send(endless * (8192 // len(endless)))
                    await asyncio.sleep(0.001)
                assert await hostile.answer() == (400, b"The body is not readable: its chunks are broken")
                small.send(CHUNKED + b"1\r\na\r\n" * 40_000 + b"0\r\nX: y\r\n\r\n")
                assert await small.answer() == (200, b"a" * 40_000)

    on_its_loop(story())


def test_of_too_many_headers_few_are_kept() -> None:
    """However many more come: the head is refused at its end."""
    head = RequestHead()
    for _ in range(10_000):
        head.add(b"a", b"", 100)
    assert len(head.headers) == 101


def test_heads_count_in_the_budget() -> None:
    """One that is not complete is refused, those that wait for their turn are thrown away with their connection."""

    async def story() -> None:
        async with serving(bodies_bytes=3000, head_seconds=PATIENCE) as server:
            with await server.connect() as unfinished, await server.connect() as ahead:
                unfinished.send(b"GET / HTTP/1.1\r\nHost: desk\r\nX: " + b"a" * 2000)
                await until(lambda: server.connections.bodies.taken > 2000)
                ahead.send(GATE)
                await until(lambda: bool(server.app.asked))
                ahead.send(b"GET / HTTP/1.1\r\nHost: desk\r\nX: " + b"a" * 500 + b"\r\n\r\n")
                await until(lambda: server.connections.bodies.taken > 2500)
                unfinished.send(b"a" * 800)
                assert (await unfinished.answer())[0] == 503
                assert server.connections.bodies.taken < 1000
                ahead.send((b"GET / HTTP/1.1\r\nHost: desk\r\nX: " + b"a" * 500 + b"\r\n\r\n") * 20)
                await until(lambda: server.connections.bodies.taken == 0)
                server.app.opened.set()
                assert (await ahead.answer())[0] == 200
            await server.until(connections=0)
            assert server.connections.bodies.taken == 0

    on_its_loop(story())


def test_a_connection_that_sends_ahead_is_read_no_further_than_a_head_s_bound() -> None:
    """And then goes on: all of it is answered."""

    async def story() -> None:
        async with serving() as server:
            with await server.connect() as client:
                client.send(GATE + (b"GET / HTTP/1.1\r\nHost: desk\r\nX: " + b"a" * 30_000 + b"\r\n\r\n") * 20)
                await until(lambda: server.connections.bodies.taken > 65_536)
                await asyncio.sleep(0.05)
                assert server.connections.bodies.taken < 3 * 65_536
                server.app.opened.set()
                for _ in range(21):
                    assert (await client.answer())[0] == 200
                assert server.connections.bodies.taken == 0

    on_its_loop(story())


def test_a_crowd_that_says_nothing_keeps_nobody_out() -> None:
    """Not even where it has taken the places that are kept for the urgent paths too."""

    async def story() -> None:
        async with serving(connections=8, overflow=4, head_seconds=PATIENCE) as server:
            crowd = [await server.connect() for _ in range(80)]
            for silent in crowd:
                silent.send(b"GET /he")
            for _ in range(3):
                with await server.connect() as health:
                    health.send(HEALTH)
                    async with asyncio.timeout(3):
                        assert (await health.answer())[0] == 200
            for silent in crowd:
                silent.__exit__()

    on_its_loop(story())


@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade", b"UPGRADE"])
@pytest.mark.parametrize("late", [False, True])
def test_an_offer_of_another_protocol_is_no_more_than_that(name: bytes, late: bool) -> None:  # noqa: FBT001
    """As curl's --http2 and Java's client make it: the body counts, whatever it holds, and the connection goes on."""
    body = b"Connection: Upgrade\r\nUpgrade: yes\r\n\r\nUpgrade: no"
    head = (
        b"POST /echo HTTP/1.1\r\nHost: desk\r\nConnection: Upgrade, HTTP2-Settings\r\n%b: h2c\r\nHTTP2-Settings: A\r\n"
    )
    told, chunked = b"Content-Length: %d\r\n\r\n%b", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"

    async def story() -> None:
        async with serving() as server:
            with await server.connect() as client:
                for form in (told, chunked):
                    start, _, rest = (head % name + form % (len(body), body)).partition(b"\r\n\r\n")
                    client.send(start + b"\r\n\r\n" + (b"" if late else rest))
                    if late:
                        await asyncio.sleep(0.02)
                        client.send(rest)
                    assert await client.answer() == (200, body)
                client.send(HEALTH)
                assert (await client.answer())[0] == 200

    on_its_loop(story())


def test_a_stop_answers_what_had_come() -> None:
    """On new connections and on those that were kept; who says nothing is waited for no longer than a moment."""

    async def story() -> None:
        async with serving(idle_seconds=PATIENCE, head_seconds=PATIENCE) as server:
            with ExitStack() as opened:
                kept, silent = [opened.enter_context(await server.connect()) for _ in range(2)]
                kept.send(HEALTH)
                await kept.answer()
                crowd = [socket.create_connection(("127.0.0.1", server.port), PATIENCE) for _ in range(20)]
                for client in crowd:  # all of it while the loop stands still
                    opened.enter_context(client).sendall(HEALTH)
                kept.send(HEALTH)
                async with asyncio.timeout(3):
                    await server.connections.stop(PATIENCE)
                assert (await kept.answer())[0] == 200
                assert await silent.end() == b""
                assert all(client.recv(100).startswith(b"HTTP/1.1 200") for client in crowd)

    on_its_loop(story())


def test_a_stop_ends_no_body_that_is_on_its_way() -> None:
    """However many have come and gone before the server looks: its connection does not make room for them."""

    async def story() -> None:
        async with serving(connections=8, overflow=4, head_seconds=PATIENCE, grace_seconds=PATIENCE) as server:
            with await server.connect() as upload:
                upload.send(b"POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: 10\r\n\r\nhalf ")
                await until(lambda: server.connections.bodies.taken > 0)
                for _ in range(100):  # all of it while the loop stands still
                    socket.create_connection(("127.0.0.1", server.port), PATIENCE).close()
                with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as last:
                    last.sendall(HEALTH)
                    stopping = asyncio.create_task(server.connections.stop(PATIENCE))
                    await server.until(connections=1)
                    upload.send(b"done.")
                    assert await upload.answer() == (200, b"half done.")
                    await stopping
                    assert last.recv(100).startswith(b"HTTP/1.1 200")

    on_its_loop(story())


def test_a_small_body_in_chunks_that_comes_late_ends_no_connection() -> None:
    """A large one does, once its answer can be read."""

    async def story() -> None:
        async with serving(refusing, linger_seconds=PATIENCE) as server:
            with await server.connect() as client:
                for _ in range(3):
                    client.send(CHUNKED)
                    assert await client.answer() == (404, b"no")
                    client.send(b"5\r\nhello\r\n0\r\n\r\n")
                client.send(CHUNKED)
                assert await client.answer() == (404, b"no")
                client.send(b"20000\r\n" + b"a" * 0x20000 + b"\r\n0\r\n\r\n" + HEALTH)
                assert await client.end() == b""

    on_its_loop(story())


def test_bytes_of_the_last_request_are_no_part_of_the_next_one_s_head() -> None:
    """A piece as large as a head may be, of which all but its end belonged to a body."""

    async def story() -> None:
        async with serving(head_seconds=PATIENCE) as server:
            with await server.connect() as client:
                head = b"POST /echo HTTP/1.1\r\nHost: desk\r\nContent-Length: %d\r\n\r\n"
                size = 65_536 - 8 - len(head % 65_000)
                client.send(head % size + b"a" * size + HEALTH[:8])
                assert (await client.answer())[1] == b"a" * size
                for part in (HEALTH[8:20], HEALTH[20:]):
                    await asyncio.sleep(0.05)
                    client.send(part)
                assert (await client.answer())[0] == 200

    on_its_loop(story())


def test_who_speaks_http_1_0_is_not_asked_to_go_on() -> None:
    """RFC 9110, section 10.1.1: its client would take that for the answer."""

    async def story() -> None:
        async with serving() as server:
            with await server.connect() as client:
                client.send(b"POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
                await asyncio.sleep(0.05)
                client.send(b"ab")
                assert await client.answer() == (200, b"ab")

    on_its_loop(story())
