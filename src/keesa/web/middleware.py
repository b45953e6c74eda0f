"""Around every application: request ids, CORS, HEAD, one log line a request, and the answer to what nobody foresaw."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from keesa.server.heads import REFUSAL
from keesa.web.clients import Clients
from keesa.web.http_errors import INTERNAL, NOTHING, HttpError, refusal
from keesa.web.observer import Observer
from keesa.web.request_headers import HEADERS, RequestHeaders
from keesa.web.trace import REQUEST_ID, TRACE, Trace, begin

ALLOWED_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED: Final = (
    f"{REQUEST_ID}, Keesa-Version, Retry-After, Allow, WWW-Authenticate, ETag, Location, Link, Accept-Encoding"
    ", Content-Disposition, Accept-Ranges, Content-Range, Idempotency-Replayed, Preference-Applied, RateLimit"
    ", RateLimit-Policy"
)
"""What a page of another origin may read: every header that the OpenAPI documents name but for what comes with
cookies, which such a page never has, and the name of a file.
"""
PREFLIGHT_SECONDS: Final = "86400"

# as bytes, and added at the end of what is there, without a look for the same name in it
_ALWAYS: Final = [(b"x-content-type-options", b"nosniff")]
_EXPOSING: Final = (b"access-control-expose-headers", EXPOSED.encode("ascii"))
_BY_ORIGIN: Final = (b"vary", b"Origin")
_FOR_ANY_ORIGIN: Final = [*_ALWAYS, (b"access-control-allow-origin", b"*"), _EXPOSING]
"""Any page may call, without cookies: tokens travel in headers. The operator may narrow it."""

_log = structlog.get_logger("keesa.request")


class Middleware:
    """The ASGI application that the server runs (lifespan apart)."""

    def __init__(self, app: ASGIApp, cors_origins: Sequence[str], clients: Clients, observer: Observer) -> None:
        self._app = app
        self._observer = observer
        self._cors_origins = cors_origins
        self._of_all = _FOR_ANY_ORIGIN if "*" in cors_origins else None
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope[HEADERS] = RequestHeaders(scope["headers"])
        answer = _Answer(scope, send, self._of_all or self._of_one(headers))
        answer.trace = trace = scope[TRACE] = begin(scope, headers, self._clients)
        observer = self._observer
        observer.in_flight += 1
        try:
            if REFUSAL in scope.get("extensions", ()):  # no request, or one too many
                await _answer_to(refusal(*scope["extensions"][REFUSAL]))(scope, receive, answer.send)
            elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                await _preflight(headers)(scope, receive, answer.send)
            else:
                await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            return
        except Exception as error:
            if not isinstance(error, HttpError | HTTPException):
                trace.failure = error
            if answer.status:  # too late for another one: the server cuts it off, so that nobody takes it for whole
                raise
            await _answer_to(error)(scope, receive, answer.send)
        finally:
            if not answer.has_ended:
                answer.break_off()
                observer.cut_off()
            observer.in_flight -= 1
            observer.ended(trace, scope["method"], answer.status, answer.seconds)

    def _of_one(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """What an answer carries where the operator has narrowed who may call."""
        origin = headers.get("origin")
        if origin is None or origin not in self._cors_origins:
            return [*_ALWAYS, _BY_ORIGIN]
        return [*_ALWAYS, _BY_ORIGIN, (b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSING]


class _Answer:
    """An answer on its way: it gets its headers, for HEAD loses its body, and has its log line when it ends."""

    __slots__ = ("_headers", "_is_head", "_scope", "_send", "_started", "has_ended", "seconds", "status", "trace")

    def __init__(self, scope: Scope, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._scope = scope
        self._send = send
        self._headers = headers
        self._is_head = scope["method"] == "HEAD"
        self._started = time.perf_counter()
        self.seconds = 0.0
        """From its request to its end, once that has come, without what it waited for something to tell."""
        self.trace: Trace
        self.status = 0
        """0 before it has begun."""
        self.has_ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (b"x-request-id", self.trace.request_id.encode("ascii"))
            message["headers"] = [*message.get("headers", ()), own, *self._headers]
        elif message["type"] == "http.response.body":
            if self._is_head:
                message["body"] = b""
            if not message.get("more_body", False):
                self.has_ended = True
                self.seconds = time.perf_counter() - self._started - self.trace.waited
                self.note()
        try:
            await self._send(message)
        except ConnectionResetError as error:  # while it waited for the client to fetch what was sent
            raise ClientDisconnect from error

    def break_off(self) -> None:
        """Where it has begun, it has its log line too."""
        self.seconds = time.perf_counter() - self._started - self.trace.waited
        if self.status:
            self.note()

    def note(self) -> None:
        """One line a request. The query is left out: logins carry passwords in it."""
        trace = self.trace
        facts: dict[str, Any] = {
            "request_id": trace.request_id,
            "method": self._scope["method"],
            "path": trace.path or self._scope["path"],
            "status": self.status,
            "ms": round(self.seconds * 1000, 2),
            "user_id": trace.caller.user_id if trace.caller else None,
            "address": trace.client.address,
        }
        if trace.caller is not None and trace.caller.token_id is not None:
            facts["token_id"] = trace.caller.token_id
        if trace.waited:
            facts["waited_ms"] = round(trace.waited * 1000, 2)
        if not self.has_ended:
            facts["cut_off"] = True
        if trace.failure is not None:
            _log.error("request failed", **facts, exc_info=trace.failure)
        else:
            _log.info("request", **facts)


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
