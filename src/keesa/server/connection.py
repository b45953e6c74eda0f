"""One connection of HTTP/1.1: requests as they are read, and one answer after the other.

What is kept here is what a client may take of the server: how long a head may take to arrive, how slow a body may be,
and how much of it waits in memory. A connection sets no timers: it notes what it does since when, and `Connections`
looks at all of them twice a second.
"""

import asyncio
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, cast

import structlog

from keesa.server.exchange import SMALL_BODY, Exchange
from keesa.server.failures import BrokenBody, BusyServer, SlowBody
from keesa.server.fetching import Fetching
from keesa.server.heads import address_of, refusal_scope
from keesa.server.reader import RequestReader

if TYPE_CHECKING:
    from starlette.types import Scope

    from keesa.server.connections import Connections

COMING_SECONDS: Final = 0.2
"""When the server stops: how long a request may take to come out of the system's buffers."""

_log = structlog.get_logger("keesa.server")


class Stage(Enum):
    """What a connection does with what arrives."""

    IDLE = auto()
    """It waits for a request."""
    HEAD = auto()
    """It waits for the end of a request's head."""
    REQUEST = auto()
    """A request is answered, or waits until the answer before it is fetched. Its body has a least rate; the
    application's work has deadlines of its own.
    """
    DRAIN = auto()
    """The answer is written; the rest of a small body is read, and thrown away."""
    LINGER = auto()
    """The last answer is written; whatever the client still sends is thrown away until it has read the answer."""


class Connection(asyncio.BufferedProtocol):
    """Made by `Connections` for each client."""

    def __init__(self, connections: "Connections", *, overflow: bool) -> None:
        self._connections = connections
        self._limits = connections.limits
        self._loop = connections.loop
        self._transport = cast("asyncio.Transport", None)  # until it is made
        self._reader = cast("RequestReader", None)
        self._arriving: Exchange | None = None
        """The request whose body is not complete."""
        self._current: Exchange | None = None
        """The request that is answered."""
        self._waiting: deque[Exchange] = deque()
        """Those that came before their turn: that of the next one comes when the answer before it is fetched."""
        self._ahead = 0
        """Bytes of their heads."""
        self._task: asyncio.Task[None] | None = None
        self._fetched: asyncio.Future[None] | None = None
        """There while the system holds no more of what was written: done when the client has fetched nearly all."""
        self._fetching = Fetching()
        self._heads = 0
        """Bytes of these heads and of one that is not complete, as they count in the budget of all bodies."""
        self._overflow = overflow
        """Whether it is one more than there should be, and serves the urgent paths alone."""
        self._closing = False
        """Whether it ends when the requests that are there are answered."""
        self.stage = Stage.HEAD
        self.since = 0.0
        """When the stage began, by the loop's clock."""
        self.moved = 0.0
        """When something last arrived."""

    # what the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        client, server = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._reader = RequestReader(self, self._limits, address_of(client), address_of(server))
        self.since = self.moved = self._loop.time()
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._connections.remove(self)
        self._forget_waiting()
        if self._current is not None:
            self._current.fail(ConnectionResetError("the client has gone"))
        self._let_write()
        self._current = self._arriving = None  # no reference cycle is left: it would wait for the collector
        self._reader.end()
        self._connections.bodies.give(self._heads)
        self._heads = 0

    def eof_received(self) -> bool:
        """A client that has sent all it will may still wait for its answer."""
        self._closing = True
        if self.stage is not Stage.REQUEST:
            return False
        if self._arriving is not None:
            self._arriving.fail(ConnectionResetError("the client has gone"))
        if self._current is not None:
            self._current.end_client()
        return True

    def get_buffer(self, _hint: int) -> memoryview:
        return self._connections.buffer

    def buffer_updated(self, count: int) -> None:
        """The next piece of a body is taken when the application asks for it: others have their turn before."""
        self.moved = self._loop.time()
        if self.stage is Stage.IDLE:
            self.stage, self.since = Stage.HEAD, self.moved
        self._reader.feed(bytes(self._connections.buffer[:count]))
        if self._arriving is not None and self._arriving.is_unread:
            self._read_off()
        if self._heads or self._waiting or self._reader.head is not None:
            self._count_heads()

    def pause_writing(self) -> None:
        """The client does not fetch what was written, and the system holds no more of it."""
        self._fetched = self._loop.create_future()
        self._connections.hold(self, self.unsent)

    def resume_writing(self) -> None:
        self._connections.release(self)
        self._let_write()
        if self._current is None and self._waiting:
            self._answer(self._next())

    def _let_write(self) -> None:
        if self._fetched is not None and not self._fetched.done():
            self._fetched.set_result(None)
        self._fetched = None

    # what the reader calls

    def head_read(
        self, scope: "Scope", *, keep_alive: bool, expects_continue: bool = False, announced: int | None = None
    ) -> None:
        if len(self._waiting) >= self._limits.pipelined:  # the client sends the others again, on another connection
            self._closing = self._reader.deaf = True
            return
        if self._overflow:
            keep_alive = False
            if scope["path"] not in self._limits.urgent and "extensions" not in scope:
                scope = refusal_scope(scope, 503, "The server has too many connections, please try again later")
        exchange = Exchange(self, scope, keep_alive=keep_alive, expects_continue=expects_continue, announced=announced)
        self._arriving = exchange
        if self._current is None and self._fetched is None:
            self._answer(exchange)
            return
        if self._current is None:
            self.stage = Stage.REQUEST
        self._waiting.append(exchange)
        self._ahead += exchange.head_bytes
        if len(self._waiting) >= self._limits.pipelined:
            self._read_off()

    def body_read(self, piece: bytes) -> None:
        exchange = self._arriving
        if exchange is None:
            return
        if exchange.answer_ended:
            exchange.unwanted += len(piece)
            if exchange.unwanted > SMALL_BODY and self.stage is Stage.DRAIN:
                self._linger()
            return
        if not self._connections.bodies.take(len(piece)):
            exchange.fail(BusyServer("The server is too busy to take the body, please try again later"))
            return
        exchange.put(piece)

    def request_read(self) -> None:
        exchange, self._arriving = self._arriving, None
        if exchange is not None:
            exchange.end_body()
            if exchange is self._current and exchange.answer_ended:
                self._finish(exchange)

    def body_broken(self) -> None:
        if self._arriving is not None:
            self._arriving.fail(BrokenBody("The body is not readable: its chunks are broken"))

    def ends_after_this(self) -> None:
        self._closing = True

    # what an exchange calls

    @property
    def ends(self) -> bool:
        return self._closing and not self._waiting

    def want_body(self, exchange: Exchange) -> None:
        if exchange.expects_continue and not exchange.body_bytes and not exchange.answer_started:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        exchange.expects_continue = False
        if exchange.body_since is None:
            exchange.body_since = self._loop.time()
        self._read_on()

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._fetching.written += len(data)
            self._transport.write(data)

    async def drain(self) -> None:
        if self._fetched is not None:
            await self._fetched
        if self._transport.is_closing():
            raise ConnectionResetError("the client has gone")

    def answered(self, exchange: Exchange) -> None:
        self._give_back(exchange)
        if exchange.body_ended:
            self._finish(exchange)
        elif exchange.keep_alive:
            self.stage, self.since = Stage.DRAIN, self._loop.time()
            self._read_on()
        else:
            self._linger()

    # one request after the other

    def _answer(self, exchange: Exchange) -> None:
        self._current = exchange
        self.stage = Stage.REQUEST
        self._task = self._loop.create_task(self._run(exchange))

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._connections.app(exchange.scope, exchange.receive, exchange.send)
        except ConnectionResetError:
            pass
        except Exception:  # noqa: BLE001 - the application answers every error itself; nothing else may end the connection's task
            _log.exception("the application failed")
        exchange.failure = None  # whose traceback holds the exchange
        if not exchange.answer_ended:
            self._give_back(exchange)
            self.abort()

    def _finish(self, exchange: Exchange) -> None:
        """Answer and request are complete: on to the next one."""
        self._current = None
        if self._heads:
            self._count_heads()
        if exchange.keep_alive and self._waiting:
            self.stage = Stage.REQUEST
            self._read_on()
            if self._fetched is None:
                self._answer(self._next())
        elif self._reader.deaf:
            self._linger()
        elif not exchange.keep_alive or self._closing:
            self._forget_waiting()
            self._transport.close()
        else:
            self.stage, self.since = (Stage.IDLE if self._reader.head is None else Stage.HEAD), self._loop.time()
            self._read_on()

    def _linger(self) -> None:
        """A connection that is closed while something arrives is reset, and its answer lost (RFC 9112, section 9.6)."""
        self.stage, self.since = Stage.LINGER, self._loop.time()
        self._reader.deaf = True
        self._forget_waiting()
        if not self._transport.is_closing():
            self._transport.write_eof()
            self._read_on()

    def _count_heads(self) -> None:
        """What a client sends ahead is kept as far as the budget goes: beyond, it may send the rest again elsewhere."""
        arrived = self._reader.head.arrived if self._reader.head is not None else 0
        self._connections.bodies.give(self._heads)
        self._heads = 0
        if self._connections.bodies.take(self._ahead + arrived):
            self._heads = self._ahead + arrived
        elif arrived:
            self._reader.refuse(503, "The server is too busy to take the request, please try again later")
        else:
            self._closing = self._reader.deaf = True
        if self._ahead > self._limits.head_bytes:
            self._read_off()

    def _next(self) -> Exchange:
        exchange = self._waiting.popleft()
        self._ahead -= exchange.head_bytes
        return exchange

    def _forget_waiting(self) -> None:
        for exchange in self._waiting:
            self._give_back(exchange)
        self._waiting.clear()
        self._ahead = 0

    def _read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _read_off(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def let_go(self, exchange: Exchange, size: int) -> None:
        self._connections.bodies.give(size)
        exchange.body_bytes -= size

    def _give_back(self, exchange: Exchange) -> None:
        self._connections.bodies.give(exchange.body_bytes)
        exchange.body_bytes = 0

    # what `Connections` calls

    @property
    def unsent(self) -> int:
        """Bytes of answers that the system does not hold yet."""
        return self._transport.get_write_buffer_size()

    def check(self, now: float, *, hurry: bool) -> None:
        """End what has lasted too long; in a hurry, whatever waits for its client for some seconds."""
        limits, lasted, unsent = self._limits, now - self.since, self.unsent
        if self._fetching.is_slow(now, unsent, limits.grace_seconds, limits.least_rate):
            self.abort()
        elif self._transport.is_closing():
            pass
        elif self._closing and self._waits_for_request and lasted > COMING_SECONDS:
            self._transport.close()
        elif self.stage is Stage.HEAD and (hurry or lasted > limits.head_seconds):
            if self._reader.head is None:
                self._transport.close()
            else:
                self._reader.refuse(408, "The request did not arrive in time")
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
    def _waits_for_request(self) -> bool:
        return self.stage is Stage.IDLE or (self.stage is Stage.HEAD and self._reader.head is None)

    @property
    def can_give_way(self) -> bool:
        """Whether nothing is lost but a client's patience when this connection ends for another's sake."""
        return self.stage is not Stage.REQUEST or self._current is None or self._current.waits_for_body

    def close(self) -> None:
        """End it as soon as no request is under way: what has come already, but was not read yet, is a request too."""
        self._closing = True

    def abort(self) -> None:
        """End it at once, whatever is under way."""
        self._transport.abort()
