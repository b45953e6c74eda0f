"""Calling an ASGI application without a client between, which would tidy up what the test asks about."""

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from starlette.types import ASGIApp, Message


class RawAnswer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    """In lower case, as they were sent."""
    body: bytes

    def header(self, name: str) -> str:
        """The one header of that name."""
        [value] = [value for known, value in self.headers if known == name]
        return value


def ask_raw(
    app: ASGIApp, method: str, path: str, headers: Iterable[tuple[bytes, bytes]] = (), chunks: Iterable[bytes] = ()
) -> RawAnswer:
    """The answer to a request for `path`, a query behind it, whose body comes in these chunks."""
    coming = iter(chunks)
    sent: list[Message] = []
    ended = False

    async def receive() -> Message:
        nonlocal ended
        if ended:  # the client stays until it has its answer
            await asyncio.Event().wait()
        chunk = next(coming, None)
        ended = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Message) -> None:
        sent.append(message)

    plain, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower(), value) for name, value in headers],
        "client": ("192.0.2.1", 50_000),
        "server": ("testserver", 80),
    }

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    start, *rest = sent
    return RawAnswer(
        start["status"],
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]],
        b"".join(message.get("body", b"") for message in rest),
    )
