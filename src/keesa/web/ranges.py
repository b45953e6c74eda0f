"""Contents of which clients ask for parts, and which they may have already (RFC 9110, sections 13 and 14).

One range is answered with 206; several at once, which hardly anybody asks for, with the whole, as section 14.2 allows.
A content is read piece by piece, in a few threads: between two pieces a slow client holds neither a thread nor a file.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers

from keesa.clock import milliseconds
from keesa.db import Database
from keesa.errors import Unavailable
from keesa.web.conditions import names
from keesa.web.http_errors import HttpError
from keesa.web.replies import Content, EncodedReply, Stream

PIECE: Final = 512 * 1024
"""Bytes that are read at once: what an answer under way takes."""
THREADS: Final = 8
"""That read at the same time, in a process."""
SECONDS: Final = 30.0
"""In which a piece must have been read."""
LATE: Final = "What is asked for could not be read in time, please try again later"
NO_SUCH_RANGE: Final = "There is nothing in this range of bytes"
_RANGE: Final = re.compile(r"bytes[ \t]*=[ \t]*(?:([0-9]{1,40})-([0-9]{0,40})|-([0-9]{1,40}))[ \t]*", re.IGNORECASE)
_OF_THE_WHOLE: Final = frozenset({b"content-disposition", b"content-security-policy"})
"""Headers that tell nothing new to who has the content."""


class Contents:
    """Reads them for the answers of one process."""

    def __init__(self, threads: int = THREADS, seconds: float = SECONDS) -> None:
        self._threads = ThreadPoolExecutor(threads, "contents")
        self._seconds = seconds

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def answer(self, reply: EncodedReply, content: Content, method: str, asked: Headers) -> EncodedReply:
        """The reply that has this content, with what of it is asked for; its first piece is read before it begins.
        Raises `HttpError` (416), `Unavailable`, and what reading raises.
        """
        etag = _etag_of(reply.headers)
        said = [*reply.headers, (b"accept-ranges", b"bytes"), (b"last-modified", _date(content.changed_at))]
        if _has_it(asked, etag, content.changed_at):
            return EncodedReply(304, b"", None, [each for each in said if each[0] not in _OF_THE_WHOLE])
        found = None
        if method == "GET" and _may_be_part(asked, etag, content.changed_at):
            found = _range_of(asked, content.size)
        start, stop = found or (0, content.size)
        if found is not None:
            said.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, content.size)))
        first = b"" if method == "HEAD" else await self._read(content, start, stop)

        def pieces(_: Database) -> AsyncGenerator[bytes, None]:
            return self._pieces(content, first, start + len(first), stop)

        status = reply.status if found is None else 206
        return EncodedReply(status, Stream(pieces, stop - start), reply.media_type, said)

    async def _pieces(self, content: Content, first: bytes, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        yield first
        while start < stop:
            piece = await self._read(content, start, stop)
            start += len(piece)
            yield piece

    async def _read(self, content: Content, start: int, stop: int) -> bytes:
        """The next piece."""
        stop = min(stop, start + PIECE)
        if start == stop:
            return b""
        loop = asyncio.get_running_loop()
        try:
            reading = loop.run_in_executor(self._threads, content.read, start, stop)
            piece = await asyncio.wait_for(reading, self._seconds)
        except TimeoutError as error:
            raise Unavailable(LATE) from error
        if len(piece) != stop - start:
            raise EOFError(f"{len(piece)} bytes in place of {stop - start}, from {start} on")
        return piece


def content_of(path: str | Path) -> Content:
    """A file's. Raises `FileNotFoundError`."""
    file = Path(path)
    status = file.stat()

    def read(start: int, stop: int) -> bytes:
        with file.open("rb") as opened:
            opened.seek(start)
            return opened.read(stop - start)

    return Content(status.st_size, read, status.st_mtime_ns // 1_000_000)


def _range_of(asked: Headers, size: int) -> tuple[int, int] | None:
    """The first byte and that behind the last one; None where the whole is to be sent. Raises `HttpError` (416)."""
    lines = asked.getlist("range")
    match = _RANGE.fullmatch(lines[0]) if len(lines) == 1 else None
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None  # it is none
    if start >= stop:
        raise HttpError(416, NO_SUCH_RANGE, {"Content-Range": f"bytes */{size}"})
    return start, stop


def _has_it(asked: Headers, etag: str | None, changed_at: int) -> bool:
    """Whether the client has the content already: where it names states, its date does not count."""
    if lines := asked.getlist("if-none-match"):
        return etag is not None and names(", ".join(lines), etag, weakly=True)
    try:
        since = milliseconds(parsedate_to_datetime(asked.get("if-modified-since", "")))
    except (ValueError, TypeError, OverflowError):  # none, or one without a zone
        return False
    return changed_at // 1000 * 1000 <= since


def _may_be_part(asked: Headers, etag: str | None, changed_at: int) -> bool:
    """Whether a part is of use to the client, which may have others of another state (section 13.1.5)."""
    state = asked.get("if-range")
    return state is None or state in (etag, _date(changed_at).decode("ascii"))


def _etag_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name == b"etag"), None)


def _date(at: int) -> bytes:
    return formatdate(at // 1000, usegmt=True).encode("ascii")
