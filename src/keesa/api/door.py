"""The way in: authenticate, pick the version, take its route, read the input, run the endpoint, render the answer."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from keesa import maintenance
from keesa.accounts import csrf
from keesa.accounts.permissions import require
from keesa.accounts.sessions import Version
from keesa.api.callers import find_caller, read_token
from keesa.api.http import ApiVersion, Call, Client, Desk, Reply, Route, Runs
from keesa.api.inputs import read_query
from keesa.api.problems import Problem, unreadable
from keesa.api.reading import read_input, takes_body
from keesa.api.signing_in import CSRF_HEADER
from keesa.api.table import NEWEST_FIRST, Table, choose
from keesa.api.trace import Trace
from keesa.clock import now
from keesa.db import Database, Tx

VERSION_HEADER: Final = "Keesa-Version"
COOKIES_HEADER: Final = "Keesa-Cookies"
VARY: Final = f"Authorization, Cookie, {VERSION_HEADER}"
MAINTENANCE: Final = "We're temporarily offline for maintenance. Please try again later."
MAINTENANCE_RETRY: Final = "120"
"""Seconds."""
LOGINS_AT_ONCE: Final = 4
"""Password checks that a process does at the same time: each takes 19 MiB and a core."""


@dataclass(slots=True)
class _Request:
    """One request on its way through the door."""

    http: Request
    routes: Mapping[Version, Route]
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    wanted: Version | None
    trace: Trace


class Door:
    """The ASGI application of the API, all versions of it."""

    def __init__(self, database: Database, desk: Desk, versions: Sequence[ApiVersion], *, body_limit: int) -> None:
        self._database = database
        self._desk = desk
        self._versions = {version.name: version for version in versions}
        self._table = Table(versions)
        self._body_limit = body_limit
        self._logins = ThreadPoolExecutor(LOGINS_AT_ONCE, "keesa-login")

    def close(self) -> None:
        self._logins.shutdown()

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
            return self._response(trace, failure.status, msgspec.json.encode(failure.body), failure.headers.items())

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
        body = await self._body(request) if any(takes_body(route) for route in routes.values()) else b""
        return await self._run(_Request(request, routes, parameters, query, body, wanted, trace))

    async def _run(self, request: _Request) -> Response:
        """Authenticate and read in one transaction, in which an endpoint that only reads has its run too."""

        def enter(tx: Tx) -> tuple[Route, Call[Any, Any], Response | None]:
            route, call = self._enter(tx, request)
            if route.runs is not Runs.READING:
                return route, call, None
            return route, call, self._reply(route, call, request.trace, route.endpoint(tx, call))

        route, call, response = await self._database.aread(enter)
        if response is not None:
            return response
        if route.runs is Runs.BLOCKING:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._logins, route.endpoint, self._database, call)
        else:
            answer = await self._database.awrite(lambda tx: route.endpoint(tx, call))
        return self._reply(route, call, request.trace, answer)

    def _enter(self, tx: Tx, request: _Request) -> tuple[Route, Call[Any, Any]]:
        if maintenance.is_on(tx):
            raise Problem(503, MAINTENANCE, {"Retry-After": MAINTENANCE_RETRY})
        trace, http = request.trace, request.http
        token = read_token(http, next(iter(request.routes.values())).caller, self._desk.signer)
        caller = find_caller(tx, token) if token else None
        trace.version, route = choose(request.routes, request.wanted or (caller[1].version if caller else None))
        trace.route = route
        if caller:
            trace.user_id = caller[0].id
            if route.permission:
                require(caller[0], "tickets", route.permission)
            if route.guard:
                route.guard(caller[0])
        query, body, credentials = read_input(tx, route, http, request.query, request.body, caller and caller[0])
        client = Client(
            trace.address,
            trace.secure,
            wants_cookies=http.headers.get(COOKIES_HEADER) == "true",
            has_cookies=token is not None and token.in_cookie,
        )
        return route, Call(self._desk, client, now(), request.path, query, body, credentials, caller)

    def _reply(self, route: Route, call: Call[Any, Any], trace: Trace, answer: msgspec.Struct | Reply) -> Response:
        reply = answer if isinstance(answer, Reply) else Reply(answer)
        body = reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)
        headers = list(reply.headers)
        if call.client.has_cookies and not any(name == CSRF_HEADER for name, _ in headers):
            headers.append((CSRF_HEADER, csrf.masked(call.session.csrf_secret)))
        return self._response(trace, route.status, body, headers)

    def _response(self, trace: Trace, status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
        response = Response(body, status, media_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        response.headers[VERSION_HEADER] = trace.version
        response.headers["Vary"] = VARY
        for name, value in headers:
            response.headers.append(name, value)
        return response

    async def _body(self, request: Request) -> bytes:
        """Raises `Problem` (413) as soon as the limit is passed."""
        too_large = Problem(413, f"The body must have at most {self._body_limit} bytes")
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > self._body_limit:
            raise too_large
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._body_limit:
                raise too_large
        return bytes(body)


def _asked_version(text: str | None) -> Version | None:
    if text is None:
        return None
    for version in NEWEST_FIRST:
        if text == version:
            return version
    raise unreadable(f"There is no such version: {VERSION_HEADER} must be {' or '.join(reversed(NEWEST_FIRST))}")
