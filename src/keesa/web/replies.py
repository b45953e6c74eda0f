"""What an endpoint gives: a struct, or a `Reply` where there is more to say than the route says."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from keesa.db import Database
from keesa.web.streams import StreamResponse
from keesa.web.waiting import Waiting

S = TypeVar("S")

JSON: Final = "application/json"
Headers = Sequence[tuple[str, str]]
RawHeaders = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Stream:
    """A body that is made while it is sent. `pieces` is given the database, and makes short transactions of its own:
    that of the endpoint has ended. It is closed as soon as the client goes.
    """

    pieces: Callable[[Database], AsyncGenerator[bytes, None]]
    length: int | None = None
    """Of all pieces together, in bytes, where that is known. Such a body is sent as it is, in no coding."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are kept somewhere, of which a client may ask for ranges, or may have them (`web/ranges.py`)."""

    size: int
    read: Callable[[int, int], bytes]
    """Those from the first place up to the second. Called in a thread, with no transaction; what it raises is answered
    like any error, as long as the answer has not begun.
    """
    changed_at: int
    """In milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[S]):
    """`Reply[Answer]`, `Reply[None]` where the body is no struct."""

    body: S | bytes | Stream | Content | None = None
    """A struct is sent as JSON; bytes are JSON already, unless the media type says something else."""
    headers: Headers = ()
    status: int | None = None
    """That of the route, unless it is given."""
    media_type: str = JSON
    etag: str | None = None
    """Of the state that is shown, with its quotation marks."""
    waiting: Waiting | None = None
    """Where it has nothing to tell yet, and may wait for something before it is sent."""


class EncodedReply(NamedTuple):
    """A reply as it is sent: complete before its transaction ends, so that it can be kept with the change."""

    status: int
    body: bytes | Stream | Content
    media_type: str | None
    headers: Sequence[tuple[bytes, bytes]]
    """Their names in lower case."""
    waiting: Waiting | None = None


class Answered(Exception):
    """The reply to a call that needs not go on: there is nothing new to tell, say."""

    def __init__(self, reply: EncodedReply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def encoded(answer: object, status: int) -> EncodedReply:
    """What an endpoint gave, with the route's status. Raises `TypeError` for what is no answer: a generator, say, of
    which nothing has run.
    """
    if isinstance(answer, msgspec.Raw):
        return EncodedReply(status, bytes(answer), JSON, ())
    if isinstance(answer, Struct):
        return EncodedReply(status, msgspec.json.encode(answer), JSON, ())
    if answer is None and status == 204:
        return EncodedReply(status, b"", None, ())
    if not isinstance(answer, Reply):
        raise TypeError(f"the endpoint has not answered, but given {answer!r}")
    headers = raw_headers([*answer.headers, ("ETag", answer.etag)] if answer.etag else answer.headers)
    status = answer.status or status
    if answer.body is None:
        return EncodedReply(status, b"", None, headers)
    body = answer.body if isinstance(answer.body, bytes | Stream | Content) else msgspec.json.encode(answer.body)
    return EncodedReply(status, body, answer.media_type, headers, answer.waiting)


def raw_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Raises `UnicodeEncodeError` for what no header may hold."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def response_of(
    reply: EncodedReply,
    database: Database,
    raw: Iterable[tuple[bytes, bytes]],
    more: Headers,
    *,
    bodiless: bool,
) -> ASGIApp:
    """The ASGI application that sends the reply, with the raw headers, its own, and those of `more` that it has not;
    `bodiless` for HEAD, for which no stream begins.
    """
    response: StreamResponse | _Whole
    match reply.body:
        case bytes():
            length = None if reply.status in (204, 304) else len(reply.body)
            response = _Whole(reply.status, reply.body, _described(reply.media_type, length))
        case Content():
            raise TypeError("what of a content is sent has to be chosen first")
        case Stream() if not bodiless:
            response = StreamResponse(reply.body.pieces(database), reply.status, reply.media_type)
            response.raw_headers = _described(reply.media_type, reply.body.length)
        case Stream():
            response = _Whole(reply.status, b"", _described(reply.media_type, reply.body.length))
    response.raw_headers += [*raw, *reply.headers]
    if more:
        known = {name for name, _ in response.raw_headers}
        response.raw_headers += [header for header in raw_headers(more) if header[0] not in known]
    return response


class _Whole:
    """An answer that is there already."""

    __slots__ = ("_body", "_status", "raw_headers")

    def __init__(self, status: int, body: bytes, described: list[tuple[bytes, bytes]]) -> None:
        self._status = status
        self._body = body
        self.raw_headers = described

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self._status, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._body})


def _described(media_type: str | None, length: int | None) -> list[tuple[bytes, bytes]]:
    """What the headers say of a body."""
    found = [] if length is None else [(b"content-length", b"%d" % length)]
    if media_type is not None:
        found.append((b"content-type", _content_type(media_type)))
    return found


@lru_cache(maxsize=128)
def _content_type(media_type: str) -> bytes:
    """A text without a word of its characters is in UTF-8."""
    is_bare = media_type.startswith("text/") and "charset=" not in media_type.lower()
    return f"{media_type}; charset=utf-8".encode("latin-1") if is_bare else media_type.encode("latin-1")
