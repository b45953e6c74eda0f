"""A body that is read while it is worked with, by what its route prepares: neither kept in memory nor in a file."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import Request

from keesa.server.exchange import let_go
from keesa.server.failures import BodyFailure
from keesa.web.http_errors import HttpError, refusal
from keesa.web.receiving import too_large


class BodyStream:
    """At most `limit` bytes in so many seconds: read by what its route prepares, once, outside of any transaction."""

    __slots__ = ("_limit", "_request", "_seconds", "is_empty")

    def __init__(self, request: Request, limit: int, seconds: int) -> None:
        self._request = request
        self._limit = limit
        self._seconds = seconds
        self.is_empty = is_empty(request)
        """Whether the request says that it has none."""

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """As they come. Raises `HttpError` as other bodies do, and `ClientDisconnect` where the client goes. Whoever
        reads them keeps few at a time, since they no longer count with the bodies that are in memory.
        """
        size, latest = 0, asyncio.get_running_loop().time() + self._seconds
        stream = self._request.stream()
        while True:
            try:
                async with asyncio.timeout_at(latest):
                    chunk = await anext(stream, None)
            except TimeoutError as error:
                raise HttpError(408, f"The body must arrive within {self._seconds} seconds") from error
            except BodyFailure as failure:
                raise refusal(failure.status, str(failure)) from failure
            if chunk is None:
                return
            size += len(chunk)
            if size > self._limit:
                raise too_large(self._limit)
            if chunk:
                let_go(self._request.receive, len(chunk))
                yield chunk


def is_empty(request: Request) -> bool:
    """Whether its headers say that no body comes."""
    headers = request.headers
    return "transfer-encoding" not in headers and headers.get("content-length", "0").strip("0") == ""
