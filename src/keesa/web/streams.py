"""Sending an answer while it is made, for as long as somebody listens."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class StreamResponse(Response):
    """Its pieces one after the other, each as soon as it is there. Raises `ClientDisconnect` as soon as the client
    goes, also where no piece is under way that could not be sent. The answer begins with the first piece: what fails
    before it is an error like any other.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], status: int, media_type: str | None) -> None:
        super().__init__(None, status, media_type=media_type)
        del self.headers["Content-Length"]
        self._pieces = pieces

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        tasks = asyncio.create_task(self._send(send)), asyncio.create_task(_until_gone(receive))
        sending, _ = tasks
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                raise ClientDisconnect
            sending.result()
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _send(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            first = await anext(pieces, None)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if first is not None:
                await send({"type": "http.response.body", "body": first, "more_body": True})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
