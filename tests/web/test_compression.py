"""Which coding an answer has, and that it holds what it held: RFC 9110, sections 8.4 and 12.5.3."""

import asyncio
import zlib
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from backports import zstd
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message

from keesa.db import Database
from keesa.web.compression import CODINGS, LARGE, SMALLEST, Coding, Compressing, accepted, as_accepted
from keesa.web.replies import JSON, Content, EncodedReply, Stream
from raw_asgi import RawAnswer, ask_raw
from unpacking import unpacked

NO_DATABASE = cast("Database", None)
BODY = b'{"tickets": [%s]}' % b", ".join(b'{"number": "%d"}' % number for number in range(200))
WANTED = [
    ("gzip", "gzip"),
    ("GZIP", "gzip"),
    ("x-gzip", "gzip"),
    ("zstd", "zstd"),
    ("gzip, deflate, br, zstd", "zstd"),
    ("deflate, gzip", "gzip"),
    ("gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "gzip"),  # Ruby's Net::HTTP
    ("gzip;q=0.8, zstd;q=0.5", "gzip"),
    ("*", "zstd"),
    ("zstd;q=0, *", "gzip"),
    ("gzip ; q=0.001", "gzip"),
    ("identity, gzip", "gzip"),
    ("identity;q=0.5, gzip;q=0.5", "gzip"),
]
NOT_WANTED = [
    "",
    "identity",
    "br",
    "deflate",
    "gzip;q=0",
    "gzip;q=0.0, zstd;q=0",
    "*;q=0",
    "identity, gzip;q=0.5",
    "gzip;q=half",
    "gzip;q=-1",
    "gzipped",
    ";;,,=",
]


def reply(body: Any = BODY, media_type: str | None = JSON, *headers: tuple[bytes, bytes]) -> EncodedReply:  # noqa: ANN401 - of any kind
    return EncodedReply(200, body, media_type, headers)


def sent(given: EncodedReply, *lines: str) -> EncodedReply:
    """As a client with these lines of Accept-Encoding gets it."""
    return as_accepted(given, Headers(raw=[(b"accept-encoding", line.encode()) for line in lines]))


def coding_of(given: EncodedReply) -> str | None:
    found = [value.decode() for name, value in given.headers if name == b"content-encoding"]
    assert len(found) < 2
    return found[0] if found else None


async def pieces_of(stream: Stream) -> list[bytes]:
    return [piece async for piece in stream.pieces(NO_DATABASE)]


@pytest.mark.parametrize(("header", "coding"), WANTED)
def test_an_answer_has_the_coding_that_its_client_wants_most(header: str, coding: str) -> None:
    """By the weights; of what is wanted alike the first of ours. It holds what it held."""
    answer = sent(reply(), header)
    assert coding_of(answer) == coding
    assert isinstance(answer.body, bytes)
    assert len(answer.body) < len(BODY) / 3
    assert unpacked(answer.body, coding) == BODY


@pytest.mark.parametrize("header", NOT_WANTED)
def test_an_answer_is_sent_as_it_is_to_who_wants_no_other(header: str) -> None:
    """Or asks for what nobody knows, or makes no sense: an answer is better than none."""
    assert sent(reply(), header) == reply()


def test_several_lines_are_one_list() -> None:
    """As some clients and proxies send it."""
    assert coding_of(sent(reply(), "gzip;q=0", "zstd")) == "zstd"
    assert coding_of(sent(reply(), "br", "gzip")) == "gzip"
    assert sent(reply()) == reply()


def test_a_short_answer_is_sent_as_it_is() -> None:
    """Unless the client will not have it so; an empty one whatever it wants."""
    short = reply(b"x" * (SMALLEST - 1))
    assert sent(short, "gzip") == short
    assert coding_of(sent(reply(b"x" * SMALLEST), "gzip")) == "gzip"
    for header in ("gzip, identity;q=0", "gzip, *;q=0", "*, identity;q=0"):
        answer = sent(short, header)
        assert isinstance(answer.body, bytes)
        assert unpacked(answer.body, coding_of(answer)) == short.body
        assert coding_of(answer) is not None
        assert sent(reply(b""), header) == reply(b"")
    assert coding_of(sent(short, "gzip, identity, *;q=0")) is None


@pytest.mark.parametrize(
    "given",
    [
        reply(BODY, "image/png"),
        reply(BODY, None),
        reply(BODY, "application/octet-stream"),
        reply(Content(5000, lambda _start, _stop: BODY, 0), "text/plain"),
        reply(Stream(cast("Any", None), 5000), "text/plain"),
        reply(BODY, JSON, (b"content-encoding", b"br")),
    ],
)
def test_what_is_no_text_or_compressed_already_is_sent_as_it_is(given: EncodedReply) -> None:
    """Images are compressed, and files may be asked for in parts."""
    assert sent(given, "gzip, identity;q=0") == given


@pytest.mark.parametrize("coding", CODINGS, ids=[coding.name for coding in CODINGS])
def test_a_tag_tells_the_codings_apart(coding: Coding) -> None:
    """A strong one is of the very bytes."""
    answer = sent(reply(BODY, JSON, (b"link", b"<x>"), (b"etag", b'"7f"')), coding.name)
    assert list(answer.headers) == [
        (b"link", b"<x>"),
        (b"etag", f'"7f-{coding.name}"'.encode()),
        (b"content-encoding", coding.name.encode()),
    ]


@pytest.mark.parametrize("known", ['"7f"', '"7f-gzip"', '"7f-zstd"'])
def test_what_the_client_has_is_named_as_it_knows_it(known: str) -> None:
    """A 304 freshens the answer that has its tag, in whatever coding that was sent."""
    headers = Headers({"if-none-match": f'"1", {known}', "accept-encoding": "gzip"})
    answer = as_accepted(EncodedReply(304, b"", None, [(b"etag", b'"7f"')]), headers)
    assert list(answer.headers) == [(b"etag", known.encode())]


@pytest.mark.parametrize("coding", CODINGS, ids=[coding.name for coding in CODINGS])
def test_each_piece_of_a_stream_can_be_read_when_it_has_come(coding: Coding) -> None:
    """Whoever waits for the next one has all that was told until then; it is closed when its reader goes."""
    closed = []

    async def lines(_: Database) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(5):
                yield b"line %d\n" % number
        finally:
            closed.append(True)

    answer = sent(reply(Stream(lines), "text/csv; charset=utf-8"), coding.name)
    assert coding_of(answer) == coding.name
    assert isinstance(answer.body, Stream)
    pieces = asyncio.run(pieces_of(answer.body))
    reader = zstd.ZstdDecompressor() if coding.name == "zstd" else zlib.decompressobj(31)
    assert [reader.decompress(piece) for piece in pieces] == [*(b"line %d\n" % number for number in range(5)), b""]
    assert reader.eof
    assert closed == [True]


@pytest.mark.parametrize("coding", CODINGS, ids=[coding.name for coding in CODINGS])
def test_others_have_their_turn_while_a_large_answer_is_compressed(coding: Coding) -> None:
    """It is sent while it is made: no more of it is in memory twice than a piece."""
    body = b"".join(b"ticket %d, " % number for number in range(200_000))
    answer = sent(reply(body), coding.name)
    assert isinstance(answer.body, Stream)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def run() -> list[bytes]:
        counting = asyncio.create_task(count())
        pieces = await pieces_of(cast("Stream", answer.body))
        counting.cancel()
        return pieces

    pieces = asyncio.run(run())
    assert unpacked(b"".join(pieces), coding.name) == body
    assert turns >= len(body) / LARGE
    assert max(map(len, pieces)) < LARGE


class Page:
    """An application beside the API."""

    def __init__(self, body: bytes, *, cut: bool = False) -> None:
        self._body = body
        self._cut = cut

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        if not self._cut:
            await Response(self._body, media_type="text/html", headers={"Vary": "Accept"})(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": self._body, "more_body": True})
        await send({"type": "http.response.body", "body": self._body})


def of_page(page: Page, method: str, header: str) -> RawAnswer:
    return ask_raw(Compressing(page), method, "/", [(b"Accept-Encoding", header.encode())])


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_page_beside_the_api_is_compressed_too(size: int) -> None:
    """Whole, with its length; to HEAD with the same headers."""
    body = BODY * size
    get, head = (of_page(Page(body), method, "gzip") for method in ("GET", "HEAD"))
    assert (get.header("content-encoding"), get.header("content-length")) == ("gzip", str(len(get.body)))
    assert unpacked(get.body, "gzip") == body
    assert head.headers == get.headers
    assert [value for name, value in get.headers if name == "vary"] == ["Accept", "Accept-Encoding"]


def test_a_page_that_answers_a_change_or_comes_in_pieces_is_sent_as_it_is() -> None:
    """What answers a change may hold a secret."""
    assert of_page(Page(BODY), "POST", "gzip").body == BODY
    assert of_page(Page(BODY, cut=True), "GET", "gzip").body == BODY * 2
    plain = of_page(Page(BODY), "GET", "identity")
    assert plain.body == BODY
    assert [value for name, value in plain.headers if name == "vary"] == ["Accept", "Accept-Encoding"]


def test_a_page_that_fails_has_sent_nothing() -> None:
    """So that another answer can be sent in its place."""

    class FailsError(Exception):
        pass

    sent_messages: list[Message] = []

    async def fails(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise FailsError

    async def send(message: Message) -> None:
        sent_messages.append(message)

    scope = {"type": "http", "method": "GET", "headers": []}
    with pytest.raises(FailsError):
        asyncio.run(Compressing(fails)(scope, cast("Any", None), send))
    assert sent_messages == []


def test_what_is_accepted_is_found_out_once_a_header() -> None:
    """The same header gives the same object."""
    one, other = (accepted(Headers({"accept-encoding": "gzip, zstd;q=0.3"})) for _ in range(2))
    assert one is other
