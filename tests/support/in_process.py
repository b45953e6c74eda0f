"""A client of an application in this process, whose answers come whole."""

import asyncio
from typing import Final

import httpx2 as httpx
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

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
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._loop is None:
            assert self._client.portal is not None, "enter it first: `with WholeAnswers(app) as client`"
            self._loop = self._client.portal.call(_running_loop)
        return asyncio.run_coroutine_threadsafe(self._ask(request), self._loop).result()

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        """As httpx's own transport does, which looks for a library of other event loops with each request."""
        exchange = _Exchange(request)
        try:
            await self._app(exchange.scope, exchange.receive, exchange.send)
        except Exception:  # noqa: BLE001 - as a server does
            exchange.fail()
        assert exchange.whole.is_set()
        content = httpx.ByteStream(b"".join(exchange.parts))  # as it was sent: who reads it unpacks it
        return httpx.Response(exchange.status, headers=exchange.headers, stream=content)


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


class _Exchange:
    """A request as an ASGI application takes it, and its answer."""

    def __init__(self, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        url = request.url
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": _CALLER,
            "root_path": "",
        }
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []
        self.whole = asyncio.Event()
        self._takes_content = request.method != "HEAD"
        self._chunks = aiter(request.stream)
        self._is_sent = False

    def fail(self) -> None:
        self.status = self.status or 500
        self.whole.set()

    async def receive(self) -> Message:
        if self._is_sent:
            await self.whole.wait()
            return {"type": "http.disconnect"}
        try:
            return {"type": "http.request", "body": await anext(self._chunks), "more_body": True}
        except StopAsyncIteration:
            self._is_sent = True
            return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not self.status
            self.status, self.headers = message["status"], list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            assert not self.whole.is_set()
            if self._takes_content:
                self.parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                self.whole.set()
