"""What clients may take of the HTTP server: time, connections, memory; and in which order they are answered."""

import asyncio
import random
from contextlib import ExitStack
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from http_serving import HEALTH, LARGE, PATIENCE, Client, serving, until
from http_serving import run as on_its_loop

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

HEAD = b"POST /echo HTTP/1.1\r\nHost: desk\r\nContent-Length: %d\r\n\r\n"


def test_a_head_a_body_and_silence_that_last_too_long_are_ended() -> None:
    """The first two with a 408 that says so."""

    async def story() -> None:
        async with serving() as server:
            with await server.connect() as head, await server.connect() as body, await server.connect() as silent:
                head.send(b"GET / HTTP/1.1\r\nHost:")
                body.send(HEAD % 100 + b"a")
                assert await head.answer() == (408, b"The request did not arrive in time")
                assert await body.answer() == (408, b"The body arrives too slowly")
                assert await silent.end() == b""
            await server.until(connections=0)
            assert server.connections.bodies.taken == 0

    on_its_loop(story())


def test_who_drips_is_ended_too_and_who_is_slow_is_not() -> None:
    """It is the rate over all of a body that counts."""

    async def story() -> None:
        async with serving(least_rate=100) as server:
            with await server.connect() as drips, await server.connect() as slow:
                drips.send(HEAD % 1000)
                slow.send(HEAD % 200)
                for _ in range(20):
                    drips.send(b"a")
                    slow.send(b"a" * 10)
                    await asyncio.sleep(0.05)
                assert (await slow.answer())[0] == 200
                assert (await drips.answer())[0] == 408

    on_its_loop(story())


def test_an_answer_that_nobody_fetches_is_cut_off() -> None:
    async def story() -> None:
        async with serving() as server:
            with await server.connect() as reader:
                reader.fetch_nothing()
                reader.send(b"GET /large HTTP/1.1\r\nHost: desk\r\n\r\n")
                await server.until(connections=1)
                await server.until(connections=0)
            assert server.connections.unfetched == 0
            assert server.app.ended == ["/large"]

    on_its_loop(story())


def test_beyond_all_answers_budget_the_longest_unfetched_is_cut_off() -> None:
    """The others stay, and are whole when they are fetched."""

    async def story() -> None:
        async with serving(grace_seconds=PATIENCE, answers_bytes=2 * LARGE) as server:
            with await server.connect() as first, await server.connect() as second, await server.connect() as third:
                reading = []
                for reader in (first, second, third):
                    reading.append(reader)
                    reader.fetch_nothing()
                    reader.send(b"GET /large HTTP/1.1\r\nHost: desk\r\n\r\n")
                    await until(lambda: len(server.app.ended) == len(reading))
                await server.until(connections=2)
                assert 0 < server.connections.unfetched <= 2 * LARGE
                for reader in (second, third):
                    reader.fetch()
                    assert len((await reader.answer())[1]) == LARGE
                first.fetch()
                assert len(await first.end()) < LARGE

    on_its_loop(story())


def test_the_longest_silent_gives_way_and_work_never_does() -> None:
    """Where all are at work, more are taken for the urgent paths alone; others hear why not."""

    async def story() -> None:
        with ExitStack() as opened:
            async with serving(connections=3, overflow=2, head_seconds=PATIENCE) as server:
                clients: list[Client] = []
                for count in range(3):
                    clients.append(opened.enter_context(await server.connect()))
                    clients[-1].send(b"GET /")
                    await server.until(connections=count + 1)
                    await asyncio.sleep(0.01)
                for client in clients[1:]:
                    client.send(b"gate HTTP/1.1\r\nHost: desk\r\n\r\n")
                await until(lambda: len(server.app.asked) == 2)
                worker = opened.enter_context(await server.connect())
                worker.send(b"GET /gate HTTP/1.1\r\nHost: desk\r\n\r\n")
                assert await clients[0].end() == b""
                await until(lambda: len(server.app.asked) == 3)
                with await server.connect() as health, await server.connect() as other:
                    health.send(HEALTH)
                    other.send(b"GET /other HTTP/1.1\r\nHost: desk\r\n\r\n")
                    assert (await health.answer())[0] == 200
                    assert (await other.answer())[0] == 503
                server.app.opened.set()
                for client in (*clients[1:], worker):
                    assert (await client.answer())[0] == 200

    on_its_loop(story())


def test_bodies_have_a_budget_together() -> None:
    """Who comes too late is told; what was held is given back when a request ends, however it does."""

    async def story() -> None:
        async with serving(bodies_bytes=1000, grace_seconds=PATIENCE) as server:
            with await server.connect() as first, await server.connect() as second, await server.connect() as gone:
                first.send(HEAD % 700 + b"a" * 690)
                gone.send(HEAD % 300 + b"a" * 290)
                await until(lambda: server.connections.bodies.taken >= 980)
                second.send(HEAD % 300 + b"b" * 300)
                assert (await second.answer())[0] == 503
                first.send(b"a" * 10)
                assert await first.answer() == (200, b"a" * 700)
            await server.until(connections=0)
            assert server.connections.bodies.taken == 0

    on_its_loop(story())


def test_the_next_request_has_its_turn_when_the_last_answer_is_fetched() -> None:
    """However many one connection asks at once, it holds one answer."""

    async def story() -> None:
        async with serving(grace_seconds=PATIENCE) as server:
            with await server.connect() as client:
                client.fetch_nothing()
                client.send(b"GET /large HTTP/1.1\r\nHost: desk\r\n\r\n" * 3 + HEALTH)
                await until(lambda: bool(server.app.ended))
                await asyncio.sleep(0.3)
                assert server.app.asked == ["/large"]
                client.fetch()
                for _ in range(3):
                    assert len((await client.answer())[1]) == LARGE
                assert (await client.answer())[0] == 200

    on_its_loop(story())


def test_of_too_many_requests_at_once_the_first_are_answered() -> None:
    """The last of them says that the connection ends."""

    async def story() -> None:
        async with serving(pipelined=4) as server:
            with await server.connect() as client:
                client.send(b"GET /gate HTTP/1.1\r\nHost: desk\r\n\r\n" + HEALTH * 20)
                await until(lambda: bool(server.app.asked))
                server.app.opened.set()
                answers = await client.end()
            assert answers.count(b"HTTP/1.1 200") == 5
            assert answers.lower().count(b"connection: close") == 1
            assert answers.endswith(b"connection: close\r\n\r\n")

    on_its_loop(story())


def test_an_application_hears_that_its_client_has_gone() -> None:
    """Behind the body's end too, and not before."""

    async def story() -> None:
        heard: list[str] = []

        async with serving(idle_seconds=PATIENCE) as server:

            async def listens(_scope: "Scope", receive: "Receive", _send: "Send") -> None:
                for _ in range(2):
                    message = await receive()
                    heard.append(message["type"])

            server.connections.app = listens
            with await server.connect() as client:
                client.send(HEAD % 2 + b"ab")
                await until(lambda: bool(heard))
                await asyncio.sleep(0.1)
                assert heard == ["http.request"]
            await server.until(connections=0)
            await asyncio.sleep(0.05)
            assert heard == ["http.request", "http.disconnect"]

    on_its_loop(story())


def test_a_stop_waits_for_what_is_under_way() -> None:
    """Though there was a moment without a connection before; idle ones are closed at once."""

    async def story() -> None:
        async with serving(idle_seconds=PATIENCE) as server:
            with await server.connect() as early:
                early.send(HEALTH)
                await early.answer()
            await server.until(connections=0)
            with await server.connect() as works, await server.connect() as idle:
                idle.send(HEALTH)
                await idle.answer()
                works.send(b"GET /gate HTTP/1.1\r\nHost: desk\r\n\r\n")
                await until(lambda: "/gate" in server.app.asked)
                stopping = asyncio.create_task(server.connections.stop(PATIENCE))
                assert await idle.end() == b""
                assert not stopping.done()
                server.app.opened.set()
                assert (await works.answer())[0] == 200
                await stopping

    on_its_loop(story())


STREAM = (
    HEAD % 5
    + b"hello"
    + HEALTH
    + b"POST /echo HTTP/1.1\r\nHost: desk\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    + b"\r\n"
    + b"DELETE /echo HTTP/1.1\r\nHost: desk\r\n\r\n"
    + b"GET /none HTTP/1.1\r\n\r\n"
)
"""Five requests; the last one is refused, and the connection ends with it."""


def test_it_does_not_matter_where_a_stream_is_cut() -> None:
    """Into two pieces, at each byte: the answers are the same."""

    async def story() -> None:
        async with serving(head_seconds=PATIENCE) as server:
            for cut in range(len(STREAM)):
                with await server.connect() as client:
                    client.send(STREAM[:cut])
                    if cut:
                        await asyncio.sleep(0.001)
                    client.send(STREAM[cut:])
                    found = [await client.answer() for _ in range(5)]
                    assert found[:4] == [(200, b"hello"), (200, b""), (200, b"abc"), (200, b"")], cut
                    assert found[4][0] == 400, cut

    on_its_loop(story())


@deterministic(60)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_broken_streams_hold_nothing(chance: random.Random, breaks: int) -> None:
    """Whatever bytes are changed, lost or doubled: no request is left under way, and the server goes on."""
    stream = bytearray(STREAM)
    for _ in range(breaks):
        at = chance.randrange(len(stream))
        if chance.random() < 0.5:
            stream[at] = chance.randrange(256)
        elif chance.random() < 0.5:
            del stream[at : at + chance.randrange(20)]
        else:
            stream[at:at] = stream[at : at + chance.randrange(40)]

    async def story() -> None:
        async with serving() as server:
            with await server.connect() as client:
                client.send(bytes(stream))
                client.send_no_more()
                await client.end()
            await server.until(connections=0)
            assert server.connections.bodies.taken == 0
            assert server.app.under_way == 0
            with await server.connect() as client:
                client.send(HEALTH)
                assert (await client.answer())[0] == 200

    on_its_loop(story())
