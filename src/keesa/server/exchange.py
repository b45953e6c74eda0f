"""One request and its answer: what ASGI calls scope, receive and send, on a connection of HTTP/1.1."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from keesa.server.heads import answer_head

if TYPE_CHECKING:
    from starlette.types import Message, Scope

SMALL_BODY: Final = 65_536
"""Bytes that may be left of a body which nobody asked for: they are read, and the connection goes on."""
LARGE_PIECE: Final = 65_536
"""Bytes of an answer that are not copied to stand behind its head."""
_DISCONNECT: Final = {"type": "http.disconnect"}


class Owner(Protocol):
    """The connection, as far as an exchange knows it."""

    @property
    def ends(self) -> bool:
        """Whether this answer is its last one."""

    def want_body(self, exchange: "Exchange") -> None:
        """The application waits for a piece of the body."""

    def let_go(self, exchange: "Exchange", size: int) -> None:
        """Bytes of its body that the application has put elsewhere: they count no longer."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Until the client has taken most of what was written; raises `ConnectionResetError` where it has gone."""

    def answered(self, exchange: "Exchange") -> None:
        """The whole answer was written."""


def let_go(receive: Callable[..., Any], size: int) -> None:
    """Tell the server, whose `receive` it is, that so many bytes of a body lie in a file by now: others may have their
    share of the budget of all bodies. Another server is told nothing.
    """
    exchange = getattr(receive, "__self__", None)
    if isinstance(exchange, Exchange):
        exchange.let_go(size)


class Exchange:
    """`receive` and `send` are the application's; the connection puts in what arrives of the body."""

    __slots__ = (
        "_announced",
        "_arrived",
        "_chunked",
        "_chunks",
        "_head",
        "_no_more",
        "_owner",
        "_told",
        "_waiter",
        "answer_ended",
        "answer_started",
        "body_bytes",
        "body_ended",
        "body_since",
        "expects_continue",
        "failure",
        "keep_alive",
        "scope",
        "unwanted",
    )

    def __init__(
        self, owner: Owner, scope: "Scope", *, keep_alive: bool, expects_continue: bool, announced: int | None
    ) -> None:
        self._owner = owner
        self.scope = scope
        self.keep_alive = keep_alive
        """Whether the connection may go on after the answer."""
        self.expects_continue = expects_continue
        """Whether the client waits to be asked for the body."""
        self._announced = announced
        self._chunks: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._head = b""
        self._chunked = False
        self._arrived = 0
        self._told = False
        """Whether the application has all of the body."""
        self._no_more = False
        """Whether the client has closed its sending half."""
        self.unwanted = 0
        """Bytes of the body that came when nobody wanted them any more."""
        self.body_bytes = 0
        """What counts against the budget of all bodies."""
        self.body_since: float | None = None
        """When the application first waited for it, by the loop's clock."""
        self.body_ended = False
        self.answer_started = False
        self.answer_ended = False
        self.failure: Exception | None = None
        """Why no more of the body will come."""

    @property
    def head_bytes(self) -> int:
        """Of the request's headers, its target among them."""
        fields = sum(len(name) + len(value) for name, value in self.scope["headers"])
        return fields + len(self.scope["raw_path"]) + len(self.scope["query_string"])

    @property
    def waits_for_body(self) -> bool:
        """Whether the application waits for a piece of the body."""
        return self._waiter is not None and not self.body_ended

    @property
    def is_unread(self) -> bool:
        """Whether something has arrived of the body that the application has not fetched, and may still want."""
        return bool(self._chunks) and not self.answer_ended

    def body_is_slow(self, now: float, grace: float, rate: float) -> bool:
        """Whether the application waits for a body that came slower than `rate` (bytes a second) after the `grace`."""
        if not self.waits_for_body or self.body_since is None:
            return False
        return self._arrived < (now - self.body_since - grace) * rate

    def put(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._arrived += len(chunk)
        self.body_bytes += len(chunk)
        self._wake()

    def end_body(self) -> None:
        self.body_ended = True
        self._wake()

    def fail(self, failure: Exception) -> None:
        """What is left of the body will not come: the application hears why when it asks for it."""
        if self.failure is None:
            self.failure = failure
            self.keep_alive = False
            self._wake()

    def end_client(self) -> None:
        """It sends no more: it may wait for its answer, or have gone."""
        self._no_more = True
        self._wake()

    def let_go(self, size: int) -> None:
        """So many of the bytes that were received are no longer in memory."""
        if not self.answer_ended:
            self._owner.let_go(self, min(size, self.body_bytes))

    async def receive(self) -> "Message":
        """Raises a `BodyFailure` where the body cannot be had. Behind the body's end it waits until the client may have
        gone, or the answer is complete.
        """
        while not (self.failure or self._is_over or (not self._told and (self._chunks or self.body_ended))):
            self._waiter = asyncio.get_running_loop().create_future()
            if not self.body_ended:
                self._owner.want_body(self)
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._is_over or isinstance(self.failure, ConnectionResetError):
            return _DISCONNECT
        if self.failure is not None:
            raise self.failure
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._told = self.body_ended
        return {"type": "http.request", "body": body, "more_body": not self._told}

    async def send(self, message: "Message") -> None:
        """The head leaves together with the first piece of the body. What a client that has gone is sent is lost."""
        if message["type"] == "http.response.start":
            self._start(message)
            return
        if not self.answer_started or self.answer_ended:
            raise RuntimeError("an answer begins once and ends once")
        body, more = message.get("body", b""), message.get("more_body", False)
        if self.scope["method"] == "HEAD":
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        if len(body) > LARGE_PIECE:
            self._owner.write(self._head)
            self._owner.write(body)
        elif self._head or body:
            self._owner.write(self._head + body)
        self._head = b""
        if more:
            await self._owner.drain()
        else:
            self.answer_ended = True
            self._chunks.clear()
            self._wake()
            self._owner.answered(self)

    def _start(self, message: "Message") -> None:
        if self.answer_started:
            raise RuntimeError("the answer has begun already")
        self.answer_started = True
        self._head, self._chunked, self.keep_alive = answer_head(
            message["status"],
            message.get("headers", ()),
            self.scope["method"],
            self.scope["http_version"],
            keep_alive=self.keep_alive and not self._owner.ends and (self.body_ended or self._ends_soon()),
        )

    def _ends_soon(self) -> bool:
        """Whether what is left of the body is worth reading, to keep the connection."""
        if self.expects_continue:
            return False
        if self._announced is None:  # in chunks: it is read as long as it stays small
            return self._arrived <= SMALL_BODY
        return self._announced - self._arrived <= SMALL_BODY

    @property
    def _is_over(self) -> bool:
        return self.answer_ended or (self._told and self._no_more)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
