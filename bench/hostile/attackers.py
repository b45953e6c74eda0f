"""Clients that take what they can: slow ones, hostile texts, logins by the hundred. One process runs them all."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import cycle
from typing import Final

from bench.hostile.asking import Client, Target

DRIP_SECONDS: Final = 3
"""Between two bytes of a slow client."""
SLOW_KINDS: Final = 3
NOTE_CLIENTS: Final = 8
LOGINS: Final = 100
"""Logins under way at once."""
_PAUSE: Final = 2
"""Seconds before a slow one that was thrown out comes again."""
_LOGIN_PAUSE: Final = 0.2
"""Seconds between two guesses of one client."""


def hostile_texts() -> Iterator[str]:
    """Texts of the allowed length that ask for much work, or much memory."""
    shapes = (
        "<p>" + "<b title=i>" * 3000 + "</p>" + "<p>x</p>" * 2500,
        "<i>" * 3999 + "x",
        "<a href='http://x.mv'><b><i><u>" * 900 + "x" * 100,
        "<table><tr><td>" * 1300 + "<b>x",
        "&#" + "0" * 60_000 + "65;<b>",
        "<!--" * 16_000,
        "<" * 65_000,
        "<div title='" + "x" * 60_000 + "'>y</div>",
        "<p a=" * 10_000,
        "<ul><li>" * 1900 + "x",
    )
    return cycle(text[:65_536] for text in shapes)


async def attack(target: Target, connections: int, ticket: int, seconds: float) -> dict[str, int]:
    """All of them for `seconds`; how much of what was done and answered."""
    done: dict[str, int] = {}
    ends = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(connections):
            kind = (_half_head, _half_body, _no_reader)[number % SLOW_KINDS]
            group.create_task(_again_and_again(kind, target, ends, done))
        texts = hostile_texts()
        for _ in range(NOTE_CLIENTS):
            group.create_task(_note_writer(target, ticket, texts, ends, done))
        for number in range(LOGINS):
            group.create_task(_login_guesser(target, number, ends, done))
    return done


async def _again_and_again(
    kind: Callable[[Target, float], Awaitable[None]], target: Target, ends: float, done: dict[str, int]
) -> None:
    while time.monotonic() < ends:
        _count(done, kind.__name__)
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            await kind(target, ends)
        await asyncio.sleep(_PAUSE)


async def _half_head(target: Target, ends: float) -> None:
    await _drip(target, target.head("GET", "/api/v1/tickets"), b"X-Slow: a\r\n", ends)


async def _half_body(target: Target, ends: float) -> None:
    told = {"Content-Type": "application/json", "Content-Length": "1000000"}
    head = target.head("POST", "/api/v1/tickets/add_ticket_note", told) + b"\r\n"
    await _drip(target, head + b" " * 500_000, b" ", ends)


async def _drip(target: Target, first: bytes, drop: bytes, ends: float) -> None:
    """Until the server ends it."""
    reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        writer.write(first)
        while time.monotonic() < ends:
            writer.write(drop)
            with suppress(TimeoutError):
                async with asyncio.timeout(DRIP_SECONDS):
                    await reader.read(1000)
                    return
    finally:
        writer.transport.abort()


async def _no_reader(target: Target, ends: float) -> None:
    """Asks for the longest lists and fetches nothing."""
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=1024)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # of every transport that reads
    try:
        for _ in range(4):
            writer.write(target.head("GET", "/api/v1/tickets?limit=500") + b"\r\n")
        while time.monotonic() < ends and not writer.transport.is_closing():
            await asyncio.sleep(DRIP_SECONDS)
            writer.write(target.head("GET", "/health") + b"\r\n")  # fails once the server has ended it
            await writer.drain()
    finally:
        writer.transport.abort()
        del reader


async def _note_writer(target: Target, ticket: int, texts: Iterator[str], ends: float, done: dict[str, int]) -> None:
    client = Client(target)
    while time.monotonic() < ends:
        body = {"ticket_note": {"note": next(texts)}, "ticket_number": str(ticket)}
        try:
            status, _, _ = await client.ask("POST", "/api/v1/tickets/add_ticket_note", body)
            _count(done, f"note {status}")
        except (OSError, TimeoutError):
            _count(done, "note without an answer")
    client.close()


async def _login_guesser(target: Target, number: int, ends: float, done: dict[str, int]) -> None:
    client = Client(target)
    while time.monotonic() < ends:
        body = {"user": f"nobody{number}@example.com", "password": "a guess of somebody"}
        try:
            status, _, _ = await client.ask("POST", "/api/v1/auth/login", body)
            _count(done, f"login {status}")
        except (OSError, TimeoutError):
            _count(done, "login without an answer")
        await asyncio.sleep(_LOGIN_PAUSE)
    client.close()


def _count(done: dict[str, int], what: str) -> None:
    done[what] = done.get(what, 0) + 1


def main(host: str, port: int, token: str, connections: int, ticket: int, seconds: float) -> None:
    """As a process of its own that leaves the processors to the server and its users: elsewhere it has its own.
    Prints what was done as JSON.
    """
    os.nice(10)
    print(json.dumps(asyncio.run(attack(Target(host, port, token), connections, ticket, seconds))))
