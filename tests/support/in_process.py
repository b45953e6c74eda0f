"""A client of an application in this process, whose answers come whole."""

from typing import Final

import httpx2 as httpx
from starlette.testclient import TestClient
from starlette.types import ASGIApp

_CALLER: Final = ("testclient", 50_000)
"""The address and the port that requests come from, as Starlette's client has them."""


class WholeAnswers(TestClient):
    """Starlette's client, entered, with another transport: that one asks the thread of the event loop seven times for a
    request, which takes longer than most answers do, and this one once. What an application does not catch is a 500.
    What is read while it is made, or left in the middle, is asked for by `TestClient`.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, raise_server_exceptions=False)
        self._transport = _OneCall(self, app)


class _OneCall(httpx.BaseTransport):
    def __init__(self, client: TestClient, app: ASGIApp) -> None:
        self._client = client
        self._asked = httpx.ASGITransport(app, raise_app_exceptions=False, client=_CALLER)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert self._client.portal is not None, "enter it first: `with WholeAnswers(app) as client`"
        return self._client.portal.call(self._ask, request)

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asked.handle_async_request(request)
        content = b"".join([part async for part in answer.aiter_raw()])  # as it was sent: who reads it unpacks it
        return httpx.Response(answer.status_code, headers=answer.headers.raw, stream=httpx.ByteStream(content))
