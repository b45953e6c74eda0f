"""The way in: authenticate, pick the version, take its route, read the input, run the endpoint, render the answer."""

import asyncio
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from keesa import maintenance
from keesa.accounts import csrf
from keesa.accounts.actors import Actor
from keesa.accounts.attempts import network_of
from keesa.accounts.permissions import Permission, require
from keesa.accounts.session_cache import SessionState
from keesa.accounts.sessions import Version
from keesa.accounts.tokens import Signer
from keesa.api.callers import Token, find_caller, read_token
from keesa.api.cleaning import Cleaning, put_text, written_text
from keesa.api.failures import RETRY_SECONDS
from keesa.api.http import ApiVersion, Call, Caller, Client, Desk, Reply, Route, Runs
from keesa.api.inputs import read_query
from keesa.api.login_queue import LoginQueue
from keesa.api.problems import Problem, unreadable
from keesa.api.reading import Given, Input, built, read_input, require_good, takes_body
from keesa.api.rendered import PORTION
from keesa.api.signing_in import CSRF_HEADER
from keesa.api.table import NEWEST_FIRST, Table, choose
from keesa.api.trace import Trace
from keesa.clock import now
from keesa.db import Database, Steps, Tx
from keesa.errors import KeesaError, Unauthorized
from keesa.server.failures import BodyFailure
from keesa.tickets.html import RichText

VERSION_HEADER: Final = "Keesa-Version"
COOKIES_HEADER: Final = "Keesa-Cookies"
VARY: Final = f"Authorization, Cookie, {VERSION_HEADER}"
MAINTENANCE: Final = "We're temporarily offline for maintenance. Please try again later."
MAINTENANCE_RETRY: Final = "120"
"""Seconds."""
RETRY: Final = {"Retry-After": RETRY_SECONDS}
_HEADERS: Final = {
    version: [
        (b"cache-control", b"no-store"),
        (VERSION_HEADER.lower().encode("ascii"), version.encode("ascii")),
        (b"vary", VARY.encode("ascii")),
    ]
    for version in NEWEST_FIRST
}
LONGEST_NUMBER: Final = 10
"""Digits that are looked at to tell whether a list is long."""
_ANSWERS: Final = (msgspec.Struct, Reply)


@dataclass(slots=True)
class _Request:
    """One request on its way through the door."""

    http: Request
    routes: Mapping[Version, Route]
    path: Mapping[str, str]
    query: Mapping[str, str]
    wanted: Version | None
    trace: Trace
    body: bytes = b""
    text: RichText | str | None = None
    """The body's rich text, if it has one: as it was written, until it is made safe."""
    _token: Token | Unauthorized | None = None
    _read: bool = False

    def token(self, signer: Signer) -> Token | None:
        """Checked once; raises `Unauthorized`."""
        if not self._read:
            try:
                self._token = read_token(self.http, next(iter(self.routes.values())).caller, signer)
            except Unauthorized as error:
                self._token = error
            self._read = True
        if isinstance(self._token, Unauthorized):
            raise self._token
        return self._token

    def has_good_token(self, signer: Signer) -> bool:
        """Whether it has the token that it needs: else its body is not even read."""
        try:
            self.token(signer)
        except Unauthorized:
            return False
        return True


_Entered = tuple[Route, Call[Any, Any] | None, Response | None]
"""The route, the call unless a long text must be made safe first, and the answer if the route only reads."""


class Door:
    """The ASGI application of the API, all versions of it."""

    def __init__(self, database: Database, desk: Desk, versions: Sequence[ApiVersion], *, body_limit: int) -> None:
        self._database = database
        self._desk = desk
        self._versions = {version.name: version for version in versions}
        self._table = Table(versions)
        self._body_limit = body_limit
        self._logins = LoginQueue()
        self._cleaning = Cleaning()

    def close(self) -> None:
        self._cleaning.close()
        self._logins.close()

    async def answer(self, request: Request, path: str, trace: Trace) -> Response:
        """The answer to a request for `path` below the API's prefix, errors among them."""
        trace.version = NEWEST_FIRST[0]
        try:
            return await self._answer(request, path, trace)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - each has its answer; the server's own are logged with the trace
            failure = self._versions[trace.version].render_error(error, trace.route)
            if failure.status >= 500 and not isinstance(error, Problem):
                trace.failure = error
            headers = [*failure.headers.items(), *_csrf(trace)]
            return self._response(trace, failure.status, msgspec.json.encode(failure.body), headers)

    async def _answer(self, request: Request, path: str, trace: Trace) -> Response:
        wanted = _asked_version(request.headers.get(VERSION_HEADER))
        trace.version = wanted or trace.version
        found = self._table.find(path)
        if found is None:
            raise Problem(404, "There is nothing at this path")
        resource, parameters = found
        method = "GET" if request.method == "HEAD" else request.method
        if method == "OPTIONS":
            return self._response(trace, 204, b"", [("Allow", resource.allow)])
        if method not in resource.methods:
            raise Problem(405, f"This path knows {resource.allow}, not {method}", {"Allow": resource.allow})
        routes = resource.methods[method]
        trace.version, trace.route = choose(routes, wanted)
        query = read_query(request.scope["query_string"])
        if trace.route.version_in_query and "version" in query:
            wanted = _asked_version(query["version"])
        asked = _Request(request, routes, parameters, query, wanted, trace)
        if any(takes_body(route) for route in routes.values()):
            limit = min(self._body_limit, trace.route.body_limit or self._body_limit)
            _refuse_announced(request, limit)
            if asked.has_good_token(self._desk.signer):
                asked.body = await _read_body(request, limit, trace.route.body_seconds)
        return await self._run(asked)

    async def _run(self, request: _Request) -> Response:
        """Whatever is done is done in one transaction with the look at who asks for it."""
        if (expected := self._expected(request)) is not None:
            return await self._write(request, *expected)

        def enter(tx: Tx) -> "Steps[_Entered]":  # a string costs nothing here
            route, call = self._enter(tx, request)
            if call is None or route.runs is not Runs.READING:
                return route, call, None
            answer = route.endpoint(tx, call)
            if isinstance(answer, Generator):
                answer = yield from answer
            return route, call, self._reply(route, call, request.trace, answer)

        route, call, response = await self._database.aread_in_steps(enter, long=self._asks_for_much(request))
        if response is not None:
            return response
        if call is None:
            await self._clean(request)
            return await self._run(request)
        if route.runs is Runs.WRITING:
            return await self._write(request, request.trace.version, route, call)
        answer = await self._logins.run(
            network_of(request.trace.end.address), lambda: self._log_in(request, route, call)
        )
        return self._reply(route, call, request.trace, answer)

    def _asks_for_much(self, request: _Request) -> bool:
        """Whether it is a long list that is asked for: who has no token is refused in no time."""
        limit = request.query.get("limit", "")
        return (
            len(limit) < LONGEST_NUMBER
            and limit.isdecimal()
            and int(limit) > PORTION
            and request.has_good_token(self._desk.signer)
        )

    def _log_in(self, request: _Request, route: Route, call: Call[Any, Any]) -> "msgspec.Struct | Reply":
        """In a thread of its own: what stands in the body is not looked at before."""
        given = read_input(route, request.http, request.query, request.body)
        answer: msgspec.Struct | Reply = route.endpoint(self._database, replace(call, credentials=given.credentials))
        return answer

    async def _write(self, request: _Request, version: Version, route: Route, call: Call[Any, Any]) -> Response:
        """Everything that was found out before may have changed since, but for the input."""
        cleaned = await self._clean(request) if isinstance(request.text, str) else request.text

        def write(tx: Tx) -> Response:
            admitted = replace(call, standing=self._standing(tx, request), cleaned=cleaned)
            request.trace.version, request.trace.route = version, route
            request.trace.user_id = admitted.actor.id
            _require_permission(route, admitted.actor)
            answer = route.endpoint(tx, admitted)
            if not isinstance(answer, _ANSWERS):  # a generator, say, of which nothing has run
                raise TypeError(f"{route.endpoint!r} has not answered, but given {answer!r}")
            return self._reply(route, admitted, request.trace, answer)  # what cannot be encoded is undone

        return await self._database.awrite(write)

    def _expected(self, request: _Request) -> tuple[Version, Route, Call[Any, Any]] | None:
        """Version, route and call of a write whose caller is remembered, as long as nothing is wrong with it: so
        that the database is asked once, by the write itself. None for all else, which is looked at in its order.
        """
        try:
            token = request.token(self._desk.signer)
            caller = self._desk.session_cache.remembered(token.uid) if token else None
            if caller is None:
                return None
            version, route = choose(request.routes, request.wanted or caller[1].version)
            if route.runs is not Runs.WRITING or route.caller is not Caller.WITH_ACCESS:
                return None
            given = read_input(route, request.http, request.query, request.body)
            if given.faults:
                return None
            self._find_text(request, route, given)
            if isinstance(request.text, str):
                _require_permission(route, caller[0])  # before it takes a thread's time
        except (KeesaError, Problem):
            return None
        standing = SessionState(offline=False, names=0, caller=caller)
        in_cookie = token is not None and token.in_cookie
        return version, route, self._call(request, built(route, given), standing, in_cookie=in_cookie)

    def _enter(self, tx: Tx, request: _Request) -> tuple[Route, Call[Any, Any] | None]:
        """No call where a long text must be made safe first, to find its faults with the others."""
        standing = self._standing(tx, request)
        token = request.token(self._desk.signer)
        caller, trace = standing.caller, request.trace
        trace.version, route = choose(request.routes, request.wanted or (caller[1].version if caller else None))
        trace.route = route
        if caller:
            trace.user_id = caller[0].id
            _require_permission(route, caller[0])
        read: Input = None, None, {}
        if route.runs is not Runs.BLOCKING:
            given = read_input(route, request.http, request.query, request.body)
            self._find_text(request, route, given)
            if given.body.faults and request.text is not None:
                if isinstance(request.text, str):
                    return route, None
                put_text(route, given.body.values, request.text)
            read = require_good(tx, route, given, caller and caller[0])
        return route, self._call(request, read, standing, in_cookie=token is not None and token.in_cookie)

    def _find_text(self, request: _Request, route: Route, given: Given) -> None:
        """Keep the rich text for the write, made safe already where that is quick."""
        if request.text is None and (written := written_text(route, given.body.values)) is not None:
            request.text = self._cleaning.at_once(written) or written

    async def _clean(self, request: _Request) -> RichText | None:
        if isinstance(request.text, str):
            request.text = await self._cleaning.in_a_thread(request.text)
        return request.text

    def _standing(self, tx: Tx, request: _Request) -> SessionState:
        """Raises `Problem` (503) while the API is offline, before anything is said of the token."""
        try:
            token = request.token(self._desk.signer)
        except Unauthorized:
            _refuse_offline(offline=maintenance.is_on(tx))
            raise
        standing = find_caller(tx, token, self._desk.session_cache)
        _refuse_offline(offline=standing.offline)
        if token is not None and token.in_cookie and standing.caller is not None:
            request.trace.csrf_secret = standing.caller[1].csrf_secret
        return standing

    def _call(self, request: _Request, read: Input, standing: SessionState, *, in_cookie: bool) -> Call[Any, Any]:
        client = Client(
            *request.trace.end,
            wants_cookies=request.http.headers.get(COOKIES_HEADER) == "true",
            has_cookies=in_cookie,
        )
        return Call(self._desk, client, now(), request.path, *read, standing)

    def _reply(self, route: Route, call: Call[Any, Any], trace: Trace, answer: msgspec.Struct | Reply) -> Response:
        reply = answer if isinstance(answer, Reply) else Reply(answer)
        body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        headers = list(reply.headers)
        if call.client.has_cookies and not any(name == CSRF_HEADER for name, _ in headers):
            headers += _csrf(trace)
        return self._response(trace, route.status, body, headers)

    def _response(self, trace: Trace, status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
        response = Response(body, status, media_type="application/json")
        response.raw_headers += _HEADERS[trace.version]
        for name, value in headers:
            response.headers.append(name, value)
        return response


async def _read_body(request: Request, limit: int, seconds: int) -> bytes:
    """Raises `Problem`: 413 as soon as the limit is passed, 408 for what does not arrive in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError as error:
        raise Problem(408, f"The body must arrive within {seconds} seconds") from error
    except BodyFailure as failure:
        raise Problem(failure.status, str(failure), RETRY if failure.status == 503 else None) from failure
    return bytes(body)


def _refuse_announced(request: Request, limit: int) -> None:
    """Raises `Problem` (413) for a body that says itself that it is too large."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Problem:
    return Problem(413, f"The body must have at most {limit} bytes")


def _csrf(trace: Trace) -> list[tuple[str, str]]:
    """A new mask of the session's CSRF token, for the page that sent its token in a cookie."""
    return [(CSRF_HEADER, csrf.masked(trace.csrf_secret))] if trace.csrf_secret else []


def _refuse_offline(*, offline: bool) -> None:
    if offline:
        raise Problem(503, MAINTENANCE, {"Retry-After": MAINTENANCE_RETRY})


def _require_permission(route: Route, actor: Actor) -> None:
    """Raise `Forbidden` for whom the route is not."""
    if route.permission:
        require(actor, Permission("tickets", route.permission))
    if route.guard:
        route.guard(actor)


def _asked_version(text: str | None) -> Version | None:
    if text is None:
        return None
    for version in NEWEST_FIRST:
        if text == version:
            return version
    raise unreadable(f"There is no such version: {VERSION_HEADER} must be {' or '.join(reversed(NEWEST_FIRST))}")
