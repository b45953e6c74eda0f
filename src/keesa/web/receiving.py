"""The bytes of a body, piece by piece, within a limit and a time."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request

from keesa.server.failures import BodyFailure
from keesa.web.http_errors import HttpError, refusal


async def receive(request: Request, limit: int, seconds: int, put: Callable[[bytes, int], Awaitable[None]]) -> int:
    """Bytes of the body; `put` is given each piece, and how many bytes there are with it. Raises `HttpError`: 413 as
    soon as the limit is passed, 408 for what does not arrive in time.
    """
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise too_large(limit)
                await put(chunk, size)
    except TimeoutError as error:
        raise HttpError(408, f"The body must arrive within {seconds} seconds") from error
    except BodyFailure as failure:
        raise refusal(failure.status, str(failure)) from failure
    return size


async def read_within(request: Request, limit: int, seconds: int) -> bytes:
    """A body of at most `limit` bytes, for what is no route; raises as `receive` does."""
    body = bytearray()

    async def put(chunk: bytes, _size: int) -> None:
        body.extend(chunk)

    await receive(request, limit, seconds, put)
    return bytes(body)


def too_large(limit: int) -> HttpError:
    return HttpError(413, f"The body must have at most {limit} bytes")
