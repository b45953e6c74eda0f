"""Sending an answer while it is made, for as long as somebody listens."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from keesa.web.waiting import unless_gone


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
        await unless_gone(receive, self._send(send))

    async def _send(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            first = await anext(pieces, None)
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if first is not None:
                await send({"type": "http.response.body", "body": first, "more_body": True})
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
