"""Answers in fewer bytes, for who accepts that (RFC 9110, section 12.5.3): a list takes a sixth.

What answers GET and HEAD alone is compressed: what holds a new secret beside what the client has sent answers other
methods (docs/decisions/0057-few-bytes.md).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from backports import zstd
from isal import isal_zlib
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keesa.db import Database
from keesa.web.conditions import as_known, in_coding
from keesa.web.replies import JSON, Content, EncodedReply, Stream
from keesa.web.weights import weights

HEADER: Final = "Accept-Encoding"
METHODS: Final = ("GET", "HEAD")
TEXTS: Final = (JSON, "text/", "application/openmetrics-text")
"""What media types begin with that are worth it: images are compressed already."""
SMALLEST: Final = 1024
"""Bytes of an answer below which little is won."""
LARGE: Final = 1536 * 1024
"""Bytes of an answer from which on others have their turn while it is compressed: some 2 ms."""
_PIECE: Final = 64 * 1024
"""Bytes between two turns: some 0.1 ms."""
_LEVEL: Final = 1
_GZIP: Final = 31
"""zlib's number for the format, with the widest window."""


_Headers = list[tuple[bytes, bytes]]


class Packer(Protocol):
    """Compresses one body, piece by piece."""

    def pack(self, piece: bytes | memoryview) -> bytes:
        """All that was given until now can be unpacked from what it has returned."""

    def end(self) -> bytes: ...


class Coding(NamedTuple):
    name: str
    """As the headers have it."""
    whole: Callable[[bytes], bytes]
    packer: Callable[[], Packer]


class _GzipPacker:
    def __init__(self) -> None:
        self._made = isal_zlib.compressobj(_LEVEL, wbits=_GZIP)

    def pack(self, piece: bytes | memoryview) -> bytes:
        return self._made.compress(piece) + self._made.flush(isal_zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._made.flush()


class _ZstdPacker:
    def __init__(self) -> None:
        self._made = zstd.ZstdCompressor(_LEVEL)

    def pack(self, piece: bytes | memoryview) -> bytes:
        return self._made.compress(piece, zstd.ZstdCompressor.FLUSH_BLOCK)

    def end(self) -> bytes:
        return self._made.flush()


def _gzip(body: bytes) -> bytes:
    return isal_zlib.compress(body, _LEVEL, _GZIP)


_zstd_maker: Final = zstd.ZstdCompressor(_LEVEL)
"""To make one takes as long as to compress some kilobytes; it lets one thread after the other in."""


def _zstd(body: bytes) -> bytes:
    return _zstd_maker.compress(body, zstd.ZstdCompressor.FLUSH_FRAME)


CODINGS: Final = (Coding("zstd", _zstd, _ZstdPacker), Coding("gzip", _gzip, _GzipPacker))
"""Of those that a client wants alike the first is taken."""
_BY_WORD: Final = {coding.name: coding for coding in CODINGS} | {"x-gzip": CODINGS[1]}


class Accepted(NamedTuple):
    coding: Coding | None
    """None where the answer is best sent as it is."""
    plain: bool = True
    """Whether it may be sent as it is."""


NOTHING_ELSE: Final = Accepted(None)


def accepted(headers: Headers) -> Accepted:
    """What the client accepts: several lines are one list."""
    lines = headers.getlist(HEADER)
    return _accepted(lines[0] if len(lines) == 1 else ", ".join(lines)) if lines else NOTHING_ELSE


@lru_cache(maxsize=256)
def _accepted(header: str) -> Accepted:
    """A client that says nothing of `identity` takes it where there is nothing else."""
    wanted = weights(header)
    others = wanted.get("*", 0.0)
    named = {_BY_WORD[word]: weight for word, weight in wanted.items() if word in _BY_WORD}
    best = max(CODINGS, key=lambda coding: named.get(coding, others))
    weight = named.get(best, others)
    plain = wanted.get("identity", 0.0 if wanted.get("*") == 0 else None)
    return Accepted(best if weight > 0 and weight >= (plain or 0.0) else None, plain != 0)


def compressed(reply: EncodedReply, wanted: Accepted) -> EncodedReply:
    """In the coding that the client wants, unless it is short, no text, or in some coding already."""
    coding = _coding_of(reply, wanted)
    if coding is None:
        return reply
    headers = [_of_coding(name, value, coding) for name, value in reply.headers]
    return EncodedReply(reply.status, _packed(reply.body, coding), reply.media_type, [*headers, _said(coding)])


def as_accepted(reply: EncodedReply, headers: Headers) -> EncodedReply:
    """As the client takes it; what it has already (304) under the name by which it knows it."""
    if reply.status != 304:
        return compressed(reply, accepted(headers))
    known = ", ".join(headers.getlist("if-none-match"))
    tags = [(name, as_known(known, value.decode("latin-1")).encode("latin-1")) for name, value in reply.headers]
    return EncodedReply(reply.status, reply.body, reply.media_type, tags)


def _coding_of(reply: EncodedReply, wanted: Accepted) -> Coding | None:
    """The one that it shall have."""
    is_text = reply.media_type is not None and reply.media_type.startswith(TEXTS)
    is_short = isinstance(reply.body, bytes) and len(reply.body) < SMALLEST
    has_length = isinstance(reply.body, Content) or (isinstance(reply.body, Stream) and reply.body.length is not None)
    if not is_text or has_length or (is_short and (wanted.plain or not reply.body)):
        return None
    return None if any(name == b"content-encoding" for name, _ in reply.headers) else wanted.coding


def _packed(body: bytes | Stream | Content, coding: Coding) -> bytes | Stream:
    match body:
        case bytes() if len(body) < LARGE:
            return coding.whole(body)
        case bytes():
            return Stream(lambda _: _in_turns(body, coding))
        case Stream():
            return _of_stream(body, coding)
    raise TypeError("a content is sent as it is")


def _of_coding(name: bytes, value: bytes, coding: Coding) -> tuple[bytes, bytes]:
    """A header of the answer as it is, in the coding."""
    if name != b"etag":
        return name, value
    return name, in_coding(value.decode("latin-1"), coding.name).encode("latin-1")


def _said(coding: Coding) -> tuple[bytes, bytes]:
    return b"content-encoding", coding.name.encode("ascii")


async def _in_turns(body: bytes, coding: Coding) -> AsyncGenerator[bytes, None]:
    """Of a large one, so that a list of 32 MB keeps nobody waiting, and stands in memory once."""
    packer, view = coding.packer(), memoryview(body)
    for begin in range(0, len(view), _PIECE):
        yield packer.pack(view[begin : begin + _PIECE])
        await asyncio.sleep(0)
    yield packer.end()


def _of_stream(stream: Stream, coding: Coding) -> Stream:
    async def pieces(database: Database) -> AsyncGenerator[bytes, None]:
        packer = coding.packer()
        async with aclosing(stream.pieces(database)) as given:
            async for piece in given:
                yield packer.pack(piece)
        yield packer.end()

    return Stream(pieces)


class Compressing:
    """An ASGI application beside the API, whose answers to GET and HEAD are compressed where they come in one piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in METHODS:
            send = _Sender(send, accepted(Headers(scope=scope))).send
        await self._app(scope, receive, send)


class _Sender:
    """Holds the head of an answer back until its first piece has come."""

    def __init__(self, send: Send, wanted: Accepted) -> None:
        self._send = send
        self._wanted = wanted
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            headers, body = [*start.get("headers", ()), (b"vary", HEADER.encode("ascii"))], message.get("body", b"")
            if not message.get("more_body", False):
                headers, body = await self._packed(headers, body)
            await self._send({**start, "headers": headers})
            message = {**message, "body": body}
        await self._send(message)

    async def _packed(self, headers: _Headers, body: bytes) -> tuple[_Headers, bytes]:
        media_type = next((value.decode("latin-1") for name, value in headers if name == b"content-type"), None)
        coding = _coding_of(EncodedReply(200, body, media_type, headers), self._wanted)
        if coding is None:
            return headers, body
        body = await asyncio.to_thread(coding.whole, body) if len(body) > _PIECE else coding.whole(body)
        kept = [_of_coding(name, value, coding) for name, value in headers if name != b"content-length"]
        return [*kept, (b"content-length", b"%d" % len(body)), _said(coding)], body
