"""One connection of HTTP/1.1: bytes to requests, and one answer after the other.

llhttp (through httptools) reads the bytes. What is kept here is what a client may take of the server: how long a head
may take to arrive, how slow a body may be, and how much of it waits in memory. A connection sets no timers: it notes
what it does since when, and `Connections` looks at all of them twice a second.
"""

import asyncio
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

import structlog
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from keesa.server.exchange import Exchange
from keesa.server.failures import BrokenBody, BusyServer, SlowBody
from keesa.server.fetching import Fetching
from keesa.server.heads import Address, RequestHead, address_of, refusal_scope
from keesa.server.methods import USUAL, with_known_method

if TYPE_CHECKING:
    from keesa.server.connections import Connections

UNREAD: Final = 65_536
"""Bytes of a body that wait for the application before its client is made to wait too."""
_BROKEN: Final = "The request is not readable as HTTP/1.1"

_log = structlog.get_logger("keesa.server")


class Stage(Enum):
    """What a connection does with what arrives."""

    IDLE = auto()
    """It waits for a request."""
    HEAD = auto()
    """It waits for the end of a request's head."""
    REQUEST = auto()
    """A request is answered. Its body has a least rate; the application's work has deadlines of its own."""
    DRAIN = auto()
    """The answer is written; the rest of a small body is read, and thrown away."""
    LINGER = auto()
    """The last answer is written; whatever the client still sends is thrown away until it has read the answer."""


class Connection(asyncio.Protocol):
    """Made by `Connections` for each client."""

    def __init__(self, connections: "Connections", *, overflow: bool) -> None:
        self._connections = connections
        self._limits = connections.limits
        self._loop = connections.loop
        self._transport = cast("asyncio.Transport", None)  # until it is made
        self._parser = HttpRequestParser(self)
        self._client: Address | None = None
        self._server: Address | None = None
        self._head: RequestHead | None = None
        """What has arrived of a head that is not complete."""
        self._arriving: Exchange | None = None
        """The request whose body is not complete."""
        self._current: Exchange | None = None
        """The request that is answered."""
        self._waiting: deque[Exchange] = deque()
        self._task: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._method: str | None = None
        """That of the next request, where the parser does not know it."""
        self._deaf = False
        """Whether what arrives is thrown away: the parser has come to an end."""
        self._fetching = Fetching()
        self.overflow = overflow
        """Whether it is one more than there should be, and serves the urgent paths alone."""
        self._closing = False
        self.stage = Stage.HEAD
        self.since = 0.0
        """When the stage began, by the loop's clock."""
        self.moved = 0.0
        """When something last arrived."""

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._client = address_of(transport.get_extra_info("peername"))
        self._server = address_of(transport.get_extra_info("sockname"))
        self.since = self.moved = self._loop.time()
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._connections.remove(self)
        gone = ConnectionResetError("the client has gone")
        for exchange in self._waiting:
            self._give_back(exchange)
        self._waiting.clear()
        if self._current is not None:
            self._current.fail(gone)
        if self._drained is not None and not self._drained.done():
            self._drained.set_exception(gone)

    def eof_received(self) -> bool:
        """A client that has sent all it will may still wait for its answer."""
        self._closing = True
        if self._current is None or self.stage in (Stage.DRAIN, Stage.LINGER):
            return False
        if self._arriving is not None:
            self._arriving.fail(ConnectionResetError("the client has gone"))
        return True

    def data_received(self, data: bytes) -> None:
        self.moved = self._loop.time()
        if self._deaf:
            return
        if self.stage is Stage.IDLE:
            self.stage, self.since = Stage.HEAD, self.moved
        if self._head is None and self._arriving is None and not data.startswith(USUAL):
            data, self._method = with_known_method(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._closing = self._deaf = True  # what follows would be another protocol, which is not spoken here
            if self._current is not None:
                self._current.keep_alive = False
        except HttpParserError:
            self._break()
        if self._head is not None and not self._deaf:
            self._head.arrived += len(data)
            if self._head.arrived > self._limits.head_bytes:
                self._refuse(*self._head.too_large(self._limits))

    def pause_writing(self) -> None:
        """The client does not fetch what was written, and the system holds no more of it."""
        self._drained = self._loop.create_future()
        self._connections.hold(self, self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._connections.release(self)
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # what the parser calls

    def on_message_begin(self) -> None:
        self._head = RequestHead()

    def on_url(self, part: bytes) -> None:
        if self._head is not None:
            self._head.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is not None:  # else it stands behind the chunks of a body, and is nobody's
            self._head.add(name.lower(), value)

    def on_headers_complete(self) -> None:
        head, self._head = self._head, None
        if head is None or self._deaf:
            return
        method = self._method or self._parser.get_method().decode("ascii")
        self._method = None
        version = self._parser.get_http_version()
        scope = head.scope(method, version, self._client, self._server, self._limits)
        if self.overflow and scope["path"] not in self._limits.urgent:
            scope = refusal_scope(scope, 503, "The server has too many connections, please try again later")
        refused = "extensions" in scope
        exchange = Exchange(
            self,
            scope,
            keep_alive=not (refused or self.overflow) and self._parser.should_keep_alive(),
            expects_continue=head.expects_continue,
            announced=head.length,
        )
        self._arriving = exchange
        self._take(exchange)

    def on_body(self, chunk: bytes) -> None:
        exchange = self._arriving
        if exchange is None or exchange.answer_ended or self._deaf:
            return
        if not self._connections.bodies.take(len(chunk)):
            exchange.fail(BusyServer("The server is too busy to take the body, please try again later"))
            return
        exchange.put(chunk)
        if exchange.unread > UNREAD:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        exchange, self._arriving = self._arriving, None
        if exchange is not None:
            exchange.end_body()
            if exchange is self._current and exchange.answer_ended:
                self._finish(exchange)

    # what an exchange calls

    @property
    def ends(self) -> bool:
        return self._closing and not self._waiting

    def want_body(self, exchange: Exchange) -> None:
        if exchange.expects_continue and not exchange.body_bytes:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        exchange.expects_continue = False
        if exchange.body_since is None:
            exchange.body_since = self._loop.time()
        if not self._waiting:
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._fetching.written += len(data)
            self._transport.write(data)

    async def drain(self) -> None:
        if self._transport.is_closing():
            raise ConnectionResetError("the client has gone")
        if self._drained is not None:
            await self._drained

    def answered(self, exchange: Exchange) -> None:
        self._give_back(exchange)
        if exchange.body_ended:
            self._finish(exchange)
        elif exchange.keep_alive:
            self.stage, self.since = Stage.DRAIN, self._loop.time()
            self._transport.resume_reading()
        else:
            self._linger()

    # one request after the other

    def _take(self, exchange: Exchange) -> None:
        if self._current is None:
            self._answer(exchange)
            return
        self._waiting.append(exchange)
        self._transport.pause_reading()
        if len(self._waiting) > self._limits.pipelined:
            self.abort()

    def _answer(self, exchange: Exchange) -> None:
        self._current = exchange
        self.stage = Stage.REQUEST
        self._task = self._loop.create_task(self._run(exchange))

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._connections.app(exchange.scope, exchange.receive, exchange.send)
        except ConnectionResetError:
            pass
        except Exception:  # noqa: BLE001 - its own edge answers all; nothing else may end the connection's task
            _log.exception("the application failed")
        if not exchange.answer_ended:
            self._give_back(exchange)
            self.abort()

    def _finish(self, exchange: Exchange) -> None:
        """Answer and request are complete: on to the next one."""
        self._current = None
        if exchange.keep_alive and self._waiting:
            self._answer(self._waiting.popleft())
        elif not exchange.keep_alive or self._closing:
            self._transport.close()
        else:
            self.stage, self.since = (Stage.IDLE if self._head is None else Stage.HEAD), self._loop.time()
            self._transport.resume_reading()

    def _linger(self) -> None:
        """A connection that is closed while something arrives is reset, and its answer lost (RFC 9112, section 9.6)."""
        self.stage, self.since = Stage.LINGER, self._loop.time()
        self._deaf = True
        if self._transport.is_closing():
            return
        self._transport.write_eof()
        self._transport.resume_reading()

    # what goes wrong

    def _break(self) -> None:
        """What arrived is no HTTP: nothing behind it can be understood."""
        if self._deaf:
            return
        self._deaf = self._closing = True
        if self._arriving is not None:
            self._arriving.fail(BrokenBody("The body is not readable: its chunks are broken"))
        elif self._current is None:
            self._refuse(400, _BROKEN)

    def _refuse(self, status: int, sentence: str) -> None:
        """Have the application answer a head that is not complete and never will be."""
        head, self._head = self._head or RequestHead(), None
        self._deaf = self._closing = True
        scope = refusal_scope(head.partial_scope(self._client, self._server), status, sentence)
        exchange = Exchange(self, scope, keep_alive=False, expects_continue=False, announced=None)
        self._take(exchange)

    def _give_back(self, exchange: Exchange) -> None:
        self._connections.bodies.give(exchange.body_bytes)
        exchange.body_bytes = 0

    # what `Connections` calls

    def check(self, now: float, *, hurry: bool) -> None:
        """End what has lasted too long; in a hurry, whatever waits for its client for some seconds."""
        limits, lasted = self._limits, now - self.since
        if self._fetching.is_slow(
            now, self._transport.get_write_buffer_size(), limits.grace_seconds, limits.least_rate
        ):
            self.abort()
        elif self.stage is Stage.HEAD and (hurry or lasted > limits.head_seconds):
            if self._head is None:
                self._transport.close()
            else:
                self._refuse(408, "The request did not arrive in time")
        elif self.stage is Stage.IDLE and (hurry or lasted > limits.idle_seconds):
            self._transport.close()
        elif self.stage in (Stage.DRAIN, Stage.LINGER) and (hurry or lasted > limits.linger_seconds):
            self.abort()
        elif self._current is not None and (
            (hurry and self._current.waits_for_body)
            or self._current.body_is_slow(now, limits.grace_seconds, limits.least_rate)
        ):
            self._current.fail(SlowBody("The body arrives too slowly"))

    @property
    def can_give_way(self) -> bool:
        """Whether nothing is lost but a client's patience when this connection ends for another's sake."""
        if self.stage is Stage.REQUEST:
            return self._current is not None and self._current.waits_for_body
        return True

    def close(self) -> None:
        """End it as soon as no request is under way."""
        self._closing = True
        if self.stage is Stage.IDLE or (self.stage is Stage.HEAD and self._head is None):
            self._transport.close()

    def abort(self) -> None:
        """End it at once, whatever is under way."""
        self._transport.abort()
