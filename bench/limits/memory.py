"""Answers from memory: what an authenticated request costs when nothing is asked of the database but who calls.

`build_memory` is Keesa's own application with one more route, `GET /api/v1/memory/<name>`: the session is looked up,
the headers and the log line are Keesa's. `build_cached_token` does without the session: the token's signature is
checked once, and the same headers and log line are written by as little code as can write them.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import jwt
import structlog
from starlette.types import Receive, Scope, Send

from keesa.accounts.permissions import TICKETS_READ
from keesa.accounts.tokens import Signer
from keesa.api import PREFIX
from keesa.api.calls import Call
from keesa.app import VERSIONS, App, serve_from
from keesa.config import Config
from keesa.db import Tx, open_database
from keesa.errors import NotFound, Unauthorized
from keesa.logs import set_up_logs
from keesa.secret_key import load_secret
from keesa.web.answer_headers import VARY
from keesa.web.compression import HEADER
from keesa.web.endpoints import PathParameter
from keesa.web.middleware import EXPOSED
from keesa.web.replies import Reply
from keesa.web.routes import ApiVersion, Route

ANSWERS: Final = "BENCH_ANSWERS"
"""The variable that names the folder of the answers, a file each."""
PATH: Final = f"{PREFIX}/memory/"

Name = Annotated[str, PathParameter(str, "The answer's name", {}, "There is no such answer")]

ETAG: Final = '"2b.1a2b3c4d-3fffffffffffffff.4"'
"""Of every answer, as long as that of a ticket."""

_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"private, no-cache"),
    (b"etag", ETAG.encode()),
    (b"keesa-version", b"2024"),
    (b"vary", f"{VARY}, {HEADER}".encode()),
    (b"ratelimit-policy", b'"user";q=6000;w=60'),
    (b"ratelimit", b'"user";r=5999;t=60'),
    (b"x-content-type-options", b"nosniff"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
)
_log = structlog.get_logger("keesa.request")


def build_memory(config: Config) -> App:
    """Keesa, with the route: session look-up, permission and all."""
    set_up_logs(config.log_format)
    versions = [_with_route(version, _answers()) for version in VERSIONS]
    return serve_from(open_database(config.data, config.database_url), config, versions)


def build_cached_token(config: Config) -> App:
    """Only the cached token, the look-up, the headers and the log line."""
    set_up_logs(config.log_format)
    user_of = _user_by_token(Signer(load_secret(config.data, config.secret)))
    answers = _answers()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        started, request_id = time.perf_counter(), uuid4().hex
        status, body, user_id = _answer(scope, answers, user_of)
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body)), (b"x-request-id", request_id.encode())]
        _note(scope, request_id, status, user_id, time.perf_counter() - started)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _answers() -> Mapping[str, bytes]:
    return {file.name: file.read_bytes() for file in Path(os.environ[ANSWERS]).iterdir()}


def _with_route(version: ApiVersion, answers: Mapping[str, bytes]) -> ApiVersion:
    """The version, with the route where it is the one that has what Keesa adds."""
    if version.name != "2024":
        return version

    def recall(_: Tx, __: Call[None, None], name: Name) -> Reply[None]:
        try:
            return Reply(answers[name], etag=ETAG)
        except KeyError:
            raise NotFound("There is no such answer") from None

    route = Route(
        method="GET",
        path="/memory/{name}",
        endpoint=recall,
        summary="Answer from memory",
        permission=TICKETS_READ,
        in_openapi=False,
    )
    return replace(version, routes=(*version.routes, route))


def _answer(
    scope: Scope, answers: Mapping[str, bytes], user_of: Callable[[bytes], int]
) -> tuple[int, bytes, int | None]:
    """Status, body and who asked."""
    path: str = scope["path"]
    if path == "/health":
        return 200, b'{"status":"ok"}', None
    try:
        user_id = user_of(dict(scope["headers"]).get(b"authorization", b""))
    except Unauthorized:
        return 401, b'{"error":"Your token is missing or bad"}', None
    body = answers.get(path.removeprefix(PATH))
    return (404, b'{"error":"There is no such answer"}', user_id) if body is None else (200, body, user_id)


def _user_by_token(signer: Signer) -> Callable[[bytes], int]:
    """From an `Authorization` header to the user, whose token is checked in full only at first; then its expiry."""
    verified: dict[bytes, tuple[int, float]] = {}

    def user_of(header: bytes) -> int:
        if (known := verified.get(header)) and known[1] > time.time():
            return known[0]
        token = header.rpartition(b" ")[2].decode("latin-1")
        signer.uid(token)
        payload: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        verified[header] = payload["user_id"], payload["exp"]
        return verified[header][0]

    return user_of


def _note(scope: Scope, request_id: str, status: int, user_id: int | None, seconds: float) -> None:
    """The facts of Keesa's own line."""
    _log.info(
        "request",
        request_id=request_id,
        method=scope["method"],
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 2),
        user_id=user_id,
        address=scope["client"][0],
    )


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
