"""Around every application: request ids, CORS, HEAD, one log line a request, and the answer to what nobody foresaw."""

import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keesa.server.heads import REFUSAL
from keesa.web.clients import Clients
from keesa.web.dispatcher import TRACE
from keesa.web.http_errors import INTERNAL, NOTHING, RETRY_SECONDS, HttpError
from keesa.web.trace import REQUEST_ID, Trace, begin

ALLOWED_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED: Final = f"{REQUEST_ID}, Keesa-Version, Retry-After, Allow, WWW-Authenticate, ETag, Location"
PREFLIGHT_SECONDS: Final = "86400"

# as bytes, and added at the end of what is there, without a look for the same name in it
_ALWAYS: Final = [(b"x-content-type-options", b"nosniff")]
_ANY_ORIGIN: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode("ascii")),
]

_log = structlog.get_logger("keesa.request")


class Middleware:
    """The ASGI application that the server runs (lifespan apart)."""

    def __init__(self, app: ASGIApp, cors_origins: Sequence[str], clients: Clients) -> None:
        self._app = app
        self._cors_origins = cors_origins
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        trace = scope[TRACE] = begin(request.headers.get(REQUEST_ID), self._clients.client_of(request))
        answer = _Answer(send, self._headers(request, trace), is_head=request.method == "HEAD")
        started = time.perf_counter()
        try:
            await self._respond(scope, receive, answer.send)
        except ClientDisconnect:
            return
        except Exception as error:
            if not isinstance(error, HttpError | HTTPException):
                trace.failure = error
            if answer.status:  # too late for another one: the server cuts it off, so that nobody takes it for whole
                raise
            await _answer_to(error)(scope, receive, answer.send)
        finally:
            if answer.status:
                _note(request, trace, answer, time.perf_counter() - started)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises `HttpError` for what the HTTP server cannot take: no request, or one too many."""
        if REFUSAL in scope.get("extensions", ()):
            status, sentence = scope["extensions"][REFUSAL]
            raise HttpError(status, sentence, {"Retry-After": RETRY_SECONDS} if status == 503 else None)
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _headers(self, request: Request, trace: Trace) -> list[tuple[bytes, bytes]]:
        """Of every answer. Any page may call, without cookies: tokens travel in headers. The operator may narrow it."""
        always = [(b"x-request-id", trace.request_id.encode("ascii")), *_ALWAYS]
        if "*" in self._cors_origins:
            return always + _ANY_ORIGIN
        always.append((b"vary", b"Origin"))
        origin = request.headers.get("origin")
        if origin is not None and origin in self._cors_origins:
            always += [(b"access-control-allow-origin", origin.encode("latin-1")), _ANY_ORIGIN[1]]
        return always


class _Answer:
    """An answer on its way: it gets its headers, and for HEAD loses its body."""

    __slots__ = ("_headers", "_is_head", "_send", "is_complete", "status")

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], *, is_head: bool) -> None:
        self._send = send
        self._headers = headers
        self._is_head = is_head
        self.status = 0
        """0 before it has begun."""
        self.is_complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers]
        elif message["type"] == "http.response.body":
            self.is_complete = not message.get("more_body", False)
            if self._is_head:
                message["body"] = b""
        await self._send(message)


def _preflight(headers: Headers) -> Response:
    allowed = {
        "Access-Control-Allow-Methods": ALLOWED_METHODS,
        "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
        "Access-Control-Max-Age": PREFLIGHT_SECONDS,
    }
    return Response(status_code=204, headers=allowed)


def _answer_to(error: Exception) -> Response:
    """What is wrong outside of every application that has errors of its own."""
    status, sentence, headers = 500, INTERNAL, {}
    match error:
        case HttpError():
            status, sentence, headers = error.status, str(error), error.headers
        case HTTPException():  # of an application that stands on Starlette, such as one for static files
            status, sentence = error.status_code, NOTHING if error.status_code == 404 else error.detail
    return Response(msgspec.json.encode({"error": sentence}), status, headers, media_type="application/json")


def _note(request: Request, trace: Trace, answer: _Answer, seconds: float) -> None:
    """One line a request, when its answer has ended. The query is left out: logins carry passwords in it."""
    facts: dict[str, Any] = {
        "request_id": trace.request_id,
        "method": request.method,
        "path": request.scope["path"],
        "status": answer.status,
        "ms": round(seconds * 1000, 2),
        "user_id": trace.caller.user_id if trace.caller else None,
        "address": trace.client.address,
    }
    if not answer.is_complete:
        facts["cut_off"] = True
    if trace.failure is not None:
        _log.error("request failed", **facts, exc_info=trace.failure)
    else:
        _log.info("request", **facts)
