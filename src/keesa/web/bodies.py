"""The body of a request as it arrives: into memory, or into a file where it may be large."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from fnmatch import fnmatchcase
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from starlette.requests import Request

from keesa.errors import Unavailable
from keesa.server.failures import BodyFailure
from keesa.web.http_errors import HttpError, refusal
from keesa.web.input.content_types import media_type, require_plain

if TYPE_CHECKING:
    from keesa.web.routes import Route

IN_MEMORY: Final = 1024 * 1024
"""Bytes of an upload that are kept in memory; more of it goes into a file that has no name."""
UPLOADS_AT_ONCE: Final = 16
"""Uploads that a process takes at the same time: each may fill a file up to its route's limit."""


class RawBody:
    """A body that the endpoint reads itself."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


class Upload:
    """A body in a file, at its beginning; it is gone when the call has been answered."""

    __slots__ = ("file", "media_type", "size")

    def __init__(self, file: IO[bytes], size: int, kind: str) -> None:
        self.file = file
        self.size = size
        """Bytes."""
        self.media_type = kind
        """As the client named it, in lower case."""


class Bodies:
    """What one process reads of bodies; `limit` in bytes is for routes that have none of their own."""

    def __init__(self, limit: int, uploads: int = UPLOADS_AT_ONCE) -> None:
        self._limit = limit
        self._uploads_left = uploads

    def refuse_announced(self, request: Request, route: "Route") -> None:
        """Raises `HttpError` (413) for a body that says itself that it is too large."""
        announced = request.headers.get("content-length", "")
        limit = self._limit_of(route)
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
            raise _too_large(limit)

    async def read(self, request: Request, route: "Route") -> bytes | Upload:
        """Raises `HttpError`: 413 as soon as the limit is passed, 408 for what does not arrive in time; and for an
        upload 415 where its media type is not the route's, and `Unavailable` where too many are under way.
        """
        if route.signature.body is Upload:
            return await self._upload(request, route)
        return await read_within(request, self._limit_of(route), route.body_seconds)

    def close(self, upload: Upload) -> None:
        """Its file is gone."""
        self._uploads_left += 1
        with suppress(OSError):  # a full disk does not take what was not written yet; the file is closed all the same
            upload.file.close()

    def _limit_of(self, route: "Route") -> int:
        """An upload may be larger than what is read into memory, another body only smaller."""
        if route.body_limit is None:
            return self._limit
        return route.body_limit if route.signature.body is Upload else min(self._limit, route.body_limit)

    async def _upload(self, request: Request, route: "Route") -> Upload:
        require_plain(request.headers.get("content-encoding"))
        kind, _ = media_type(request.headers.get("content-type", ""))
        if not any(fnmatchcase(kind, known) for known in route.media_types):
            raise HttpError(415, f"The body must be {' or '.join(route.media_types)}")
        if self._uploads_left <= 0:
            raise Unavailable("Too many files are sent at this moment, please try again later")
        self._uploads_left -= 1
        file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - who is given the upload closes it
        upload = Upload(file, 0, kind)
        try:
            upload.size = await _fill(upload.file, request, self._limit_of(route), route.body_seconds)
        except BaseException:
            self.close(upload)
            raise
        return upload


async def read_within(request: Request, limit: int, seconds: int) -> bytes:
    """A body of at most `limit` bytes, for what is no route; raises `HttpError` as `Bodies.read` does."""
    body = bytearray()

    async def put(chunk: bytes, _size: int) -> None:
        body.extend(chunk)

    await _receive(request, limit, seconds, put)
    return bytes(body)


async def _fill(file: IO[bytes], request: Request, limit: int, seconds: int) -> int:
    """Bytes that were written. What does not fit into memory is written by a thread."""

    async def put(chunk: bytes, size: int) -> None:
        if size > IN_MEMORY:
            await asyncio.to_thread(file.write, chunk)
        else:
            file.write(chunk)

    size = await _receive(request, limit, seconds, put)
    file.seek(0)
    return size


async def _receive(request: Request, limit: int, seconds: int, put: Callable[[bytes, int], Awaitable[None]]) -> int:
    """Bytes of the body; `put` is given each piece, and how many bytes there are with it."""
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                await put(chunk, size)
    except TimeoutError as error:
        raise HttpError(408, f"The body must arrive within {seconds} seconds") from error
    except BodyFailure as failure:
        raise refusal(failure.status, str(failure)) from failure
    return size


def _too_large(limit: int) -> HttpError:
    return HttpError(413, f"The body must have at most {limit} bytes")
