"""The outermost ring: request ids, CORS, HEAD, one log line a request, and the answer to what nobody foresaw."""

import time
from collections.abc import MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from keesa.api.clients import Clients
from keesa.api.door import Door
from keesa.api.failures import INTERNAL, RETRY_SECONDS
from keesa.api.openapi import PREFIX
from keesa.api.operations import Operations
from keesa.api.start_page import start_page
from keesa.api.trace import REQUEST_ID, Trace, begin
from keesa.server.heads import REFUSAL

ALLOWED_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED: Final = f"{REQUEST_ID}, Keesa-Version, Retry-After, Allow, WWW-Authenticate"
PREFLIGHT_SECONDS: Final = "86400"

# as bytes, and added at the end of what is there, without a look for the same name in it
_ALWAYS: Final = [(b"x-content-type-options", b"nosniff")]
_ANY_ORIGIN: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode("ascii")),
]

_log = structlog.get_logger("keesa.request")


class Edge:
    """The ASGI application that the server runs (lifespan apart)."""

    def __init__(self, door: Door, operations: Operations, cors_origins: Sequence[str], clients: Clients) -> None:
        self._door = door
        self._operations = operations
        self._cors_origins = cors_origins
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        trace = begin(request.headers.get(REQUEST_ID), self._clients.end(request))
        started = time.perf_counter()
        try:
            response = await self._answer(request, trace)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last place to answer it
            trace.failure = error
            response = _json(500, INTERNAL)
        response.raw_headers += [(b"x-request-id", trace.request_id.encode("ascii")), *_ALWAYS]
        self._allow_origin(request, response)
        _note(request, trace, response.status_code, time.perf_counter() - started)
        await response(scope, receive, _bodiless(send) if request.method == "HEAD" else send)

    async def _answer(self, request: Request, trace: Trace) -> Response:
        if "extensions" in request.scope and REFUSAL in request.scope["extensions"]:
            return _refusal(*request.scope["extensions"][REFUSAL])
        path = _own_path(request.scope["path"], trace.end.prefix).rstrip("/")
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return self._preflight(request)
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            return await self._door.answer(request, path.removeprefix(PREFIX), trace)
        if not path or path in self._operations.paths:
            if request.method not in ("GET", "HEAD"):
                return _json(405, f"This path knows GET and HEAD, not {request.method}", {"Allow": "GET, HEAD"})
            return await self._operations.answer(path) if path else start_page(trace.end.prefix)
        return _json(404, "There is nothing at this path")

    def _preflight(self, request: Request) -> Response:
        headers = {
            "Access-Control-Allow-Methods": ALLOWED_METHODS,
            "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", "*"),
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }
        return Response(status_code=204, headers=headers)

    def _allow_origin(self, request: Request, response: Response) -> None:
        """Any page may call, without cookies: tokens travel in headers. The operator may narrow it."""
        if "*" in self._cors_origins:
            response.raw_headers += _ANY_ORIGIN
            return
        response.headers.add_vary_header("Origin")
        origin = request.headers.get("origin")
        if origin is not None and origin in self._cors_origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = EXPOSED


def _own_path(path: str, prefix: str) -> str:
    """The path, which is decoded, below the prefix: a proxy may have taken that off, and may as well have left it."""
    prefix = unquote(prefix)
    if not prefix or not path.startswith(prefix):
        return path
    rest = path[len(prefix) :]
    return rest if not rest.strip("/") or rest.startswith(_OWN_PATHS) else path


_OWN_PATHS: Final = (f"{PREFIX}/", *(Operations.paths))


def _json(status: int, sentence: str, headers: MutableMapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode({"error": sentence}), status, headers, media_type="application/json")


def _refusal(status: int, sentence: str) -> Response:
    """For what the HTTP server cannot take: no request, or one too many."""
    return _json(status, sentence, {"Retry-After": RETRY_SECONDS} if status == 503 else None)


def _bodiless(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


def _note(request: Request, trace: Trace, status: int, seconds: float) -> None:
    """One line a request. The query is left out: logins carry passwords in it."""
    facts: dict[str, Any] = {
        "request_id": trace.request_id,
        "method": request.method,
        "path": request.scope["path"],
        "status": status,
        "ms": round(seconds * 1000, 2),
        "user_id": trace.user_id,
        "address": trace.end.address,
    }
    if trace.failure is not None:
        _log.error("request failed", **facts, exc_info=trace.failure)
    else:
        _log.info("request", **facts)
