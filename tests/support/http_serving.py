"""The HTTP server in this process, with limits of the test's own and an application that does as the path says."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

import uvloop

from keesa.server.connections import App, Connections
from keesa.server.failures import BodyFailure
from keesa.server.heads import REFUSAL
from keesa.server.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Message, Receive, Scope, Send

LARGE: Final = 16 * 1024 * 1024
"""Bytes of an answer that no socket's buffers hold."""
PATIENCE: Final = 20.0
POLL: Final = 0.01
HEALTH: Final = b"GET /health HTTP/1.1\r\nHost: desk\r\n\r\n"


def run(work: Coroutine[Any, Any, None]) -> None:
    """On the event loop that Keesa runs on."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def end(app: App) -> None:
    """Have an application close what it has opened."""
    told = iter(("lifespan.startup", "lifespan.shutdown"))

    async def receive() -> "Message":
        return {"type": next(told)}

    async def send(_: "Message") -> None:
        """Nobody listens."""

    await app({"type": "lifespan"}, receive, send)


async def until(holds: Callable[[], bool]) -> None:
    """Until it holds; fails after `PATIENCE`."""
    for _ in range(int(PATIENCE / POLL)):
        if holds():
            return
        await asyncio.sleep(POLL)
    raise TimeoutError("what was waited for does not hold")


@dataclass
class Paths:
    """An application: `/large` has a large answer, `/gate` waits for `opened`, any other tells what it was sent."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    """The paths, as their answers began."""
    ended: list[str] = field(default_factory=list)
    under_way: int = 0

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        self.under_way += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.under_way -= 1

    async def _answer(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        path = scope["path"]
        self.asked.append(path)
        status, body = 200, b""
        try:
            if REFUSAL in scope.get("extensions", {}):
                status, text = scope["extensions"][REFUSAL]
                body = text.encode()
            elif path == "/large":
                body = b"x" * LARGE
            elif path == "/gate":
                await self.opened.wait()
            else:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message["body"]
                    if not message["more_body"]:
                        break
        except BodyFailure as failure:
            status, body = failure.status, str(failure).encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self.ended.append(path)


@dataclass(frozen=True)
class Serving:
    connections: Connections
    app: Paths
    """What answers, where the test has brought nothing else."""
    port: int

    async def connect(self) -> "Client":
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))

    async def until(self, *, connections: int) -> None:
        """Until so many are open."""
        await until(lambda: self.connections.open == connections)


@asynccontextmanager
async def serving(answers: App | None = None, **limits: Any) -> "AsyncIterator[Serving]":  # noqa: ANN401 - of `Limits`
    """With deadlines of some tenths of a second where `limits` says nothing else."""
    short = {"head_seconds": 0.3, "idle_seconds": 0.3, "grace_seconds": 0.3, "linger_seconds": 0.3}
    given = Limits(**{"connections": 64, "urgent": frozenset({"/health"}), **short, **limits})
    app = Paths()
    connections = Connections(answers or app, given, asyncio.get_running_loop())
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        connections.listen(listener)
        try:
            yield Serving(connections, app, listener.getsockname()[1])
        finally:
            await connections.stop(0)


class Client:
    """One connection, closed with its `with`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.transport.abort()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def send_no_more(self) -> None:
        self._writer.write_eof()

    def fetch_nothing(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # of every transport that reads

    def fetch(self) -> None:
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the next one; raises `asyncio.IncompleteReadError` where the connection ends before."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                ),
                0,
            )
            return int(head.split(b" ", 2)[1]), await self._reader.readexactly(length)

    async def end(self) -> bytes:
        """What comes before the connection's end; nothing of it where it is reset."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""
