"""What a request held is free when it is answered, and waits for no collector of circles, which may come much later."""

import gc
import json
from types import FrameType, TracebackType

import pytest

import cast
from http_serving import end, run, serving
from keesa import app as application
from keesa.app import build_app
from keesa.config import Config
from keesa.db import Database
from keesa.server.connection import Connection
from keesa.server.exchange import Exchange

HOLDS = (FrameType, TracebackType, Connection, Exchange, BaseException)
"""What holds bodies and answers, directly or by what it refers to."""


def _request(method: str, path: str, token: str = "", body: object = None, *, length: int | None = None) -> bytes:
    sent = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} /api/v1/{path} HTTP/1.1",
        "Host: desk",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {length or len(sent)}",
        *([f"Authorization: {token}"] if token else []),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


def test_no_request_leaves_a_circle(config: Config, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the real application; errors may, for the tracebacks' sake. The logs of this process stay as they are."""
    monkeypatch.setattr(application, "set_up_logs", lambda _: None)
    token = cast.token(database, cast.ADMIN, "2024")
    note = {"ticket_note": {"note": "<b>hello"}, "ticket_number": str(cast.RAISED)}
    requests = {
        "a list": _request("GET", "tickets?limit=500", token),
        "one ticket": _request("GET", f"tickets/{cast.RAISED}", token),
        "a note": _request("POST", "tickets/add_ticket_note", token, note),
        "half a body": _request("POST", "tickets/add_ticket_note", token, length=100) + b" " * 10,
        "half a head": b"GET /api/v1/tickets HTTP/1.1\r\nHost:",
    }

    async def story() -> None:
        app = build_app(config)
        async with serving(app) as server:
            for _ in range(2):  # the first time something may be made that is kept
                for what, sent in requests.items():
                    gc.collect()
                    with await server.connect() as client:
                        client.send(sent)
                        assert await client.end(), what
                    await server.until(connections=0)
                    gc.set_debug(gc.DEBUG_SAVEALL)
                    gc.collect()
                    found = [thing for thing in gc.garbage if isinstance(thing, HOLDS)]
                    gc.set_debug(0)
                    gc.garbage.clear()
                    assert not found, what
        await end(app)

    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()  # for good: what was there before is no request's, and would be looked through each time
    try:
        run(story())
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        if enabled:
            gc.enable()
