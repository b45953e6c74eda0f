"""The ASGI application of an API: a request is prepared without the database, and performed in a transaction.

Prepared: version, path, method, query, token, body. Performed, all of it in the transaction that the endpoint runs in:
the caller, the version that their session is for, their permission, the input, the endpoint, its reply. So an answer
shows one state of the data, and a change is made by who may make it at that moment.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from keesa.clock import now
from keesa.db import Database, Steps, Tx
from keesa.errors import Invalid, KeesaError, Unauthorized
from keesa.web.application import Application, Caller
from keesa.web.bodies import Bodies, Upload
from keesa.web.calls import Call
from keesa.web.conditions import conditions_of
from keesa.web.conversions import Conversions
from keesa.web.fair_queue import FairQueue
from keesa.web.http_errors import NOTHING, HttpError, unreadable
from keesa.web.input.queries import read_query
from keesa.web.replies import JSON, Answered, EncodedReply, encoded, response_of
from keesa.web.requests import PreparedRequest
from keesa.web.router import Router, choose
from keesa.web.routes import ApiVersion, Route, Runs
from keesa.web.trace import Trace

VERSION_HEADER: Final = "Keesa-Version"
VARY: Final = f"Authorization, Cookie, {VERSION_HEADER}"
TRACE: Final = "keesa.trace"
"""In a scope: the request's `Trace`."""


class Dispatcher:
    """`versions` with the newest first; `body_limit` in bytes, for routes without one of their own; `network_of` tells
    of an address with whom it shares its turns.
    """

    def __init__(
        self,
        database: Database,
        application: Application[Any, Any],
        versions: Sequence[ApiVersion],
        *,
        body_limit: int,
        network_of: Callable[[str], str],
    ) -> None:
        self._database = database
        self._application = application
        self._versions = {version.name: version for version in versions}
        self._newest_first = tuple(self._versions)
        self._router = Router(versions)
        self._network_of = network_of
        self._threads = FairQueue()
        self._conversions = Conversions()
        self._bodies = Bodies(body_limit)
        self._headers = {name: _headers_of(name, "no-store") for name in self._versions}
        self._of_states = {name: _headers_of(name, "private, no-cache") for name in self._versions}
        """Of answers that name the state which they show: a browser keeps them, and asks whether it is still that."""

    def close(self) -> None:
        self._conversions.close()
        self._threads.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The path below `root_path` is the API's."""
        request = Request(scope, receive)
        trace: Trace = scope[TRACE]
        trace.version = self._newest_first[0]
        prepared = None
        try:
            prepared = await self._prepare(request, scope["path"][len(scope["root_path"]) :].rstrip("/"), trace)
            reply = await self._perform(prepared)
        except ClientDisconnect:
            raise
        except Answered as answered:
            reply = answered.reply
        except Exception as error:  # noqa: BLE001 - each has its answer; the server's own are logged with the trace
            reply = self._failed(error, trace)
        finally:
            if prepared is not None and isinstance(prepared.content, Upload):
                self._bodies.close(prepared.content)
        await self._response(request, trace, reply)(scope, receive, send)

    async def _prepare(self, request: Request, path: str, trace: Trace) -> PreparedRequest:
        """Raises `HttpError`, and `Answered` for what OPTIONS asks."""
        wanted = self._asked_version(request.headers.get(VERSION_HEADER))
        trace.version = wanted or trace.version
        found = self._router.find(path)
        if found is None:
            raise HttpError(404, NOTHING)
        resource, parameters = found
        method = "GET" if request.method == "HEAD" else request.method
        if method == "OPTIONS":
            raise Answered(EncodedReply(204, b"", JSON, [("Allow", resource.allow)]))
        if method not in resource.methods:
            raise HttpError(405, f"This path knows {resource.allow}, not {method}", {"Allow": resource.allow})
        routes = resource.methods[method]
        trace.version, trace.route = choose(routes, wanted, self._newest_first)
        query = read_query(request.scope["query_string"])
        if trace.route.version_in_query and "version" in query:
            wanted = self._asked_version(query["version"])
        prepared = PreparedRequest(request, trace, routes, parameters, query, wanted)
        prepared.read_token(self._application)
        if any(route.signature.body is not None for route in routes.values()):
            self._bodies.refuse_announced(request, trace.route)
            if not isinstance(prepared.token, Unauthorized):  # else it is not even read
                prepared.content = await self._bodies.read(request, trace.route)
        return prepared

    async def _perform(self, request: PreparedRequest) -> EncodedReply:
        match request.runs:
            case Runs.READING:
                return await self._database.aread_in_steps(
                    lambda tx: self._reply_in_steps(tx, request), long=request.may_be_long
                )
            case Runs.WRITING:
                return await self._write(request)
            case Runs.IN_THREAD:
                route, call = await self._database.aread(lambda tx: self._admit(tx, request))
                network = self._network_of(request.trace.client.address)
                return await self._threads.run(network, lambda: _reply(route, self._database, call, request))

    async def _write(self, request: PreparedRequest) -> EncodedReply:
        """What may have to be refused is refused by a read, which keeps nobody's write waiting; and a value that takes
        long is converted between the two, for who may send it.
        """
        if (route := self._expected(request)) is None:
            route = await self._database.aread(lambda tx: self._authorize(tx, request))
        await request.convert(route, self._conversions)
        if request.input(route).faults:
            await self._database.aread(lambda tx: self._admit(tx, request))

        def write(tx: Tx) -> EncodedReply:
            found, call = self._admit(tx, request)
            return _reply(found, tx, call, request)

        return await self._database.awrite(write)

    def _expected(self, request: PreparedRequest) -> Route | None:
        """The route of a write whose caller is remembered, as long as nothing is known to be wrong with it: so that the
        database is asked once, by the write itself.
        """
        token = request.token
        if (
            token is None
            or isinstance(token, Unauthorized)
            or (caller := self._application.cached_caller(token)) is None
        ):
            return None
        _, route = request.choose(caller.version, self._newest_first)
        try:
            _require_permission(route, caller)
            return None if request.input(route).faults else route
        except (KeesaError, HttpError):
            return None

    def _reply_in_steps(self, tx: Tx, request: PreparedRequest) -> Steps[EncodedReply]:
        route, call = self._admit(tx, request)
        answer = route.endpoint(tx, call, **request.path_of(route))
        if isinstance(answer, Generator):
            answer = yield from answer
        return encoded(answer, route.status)

    def _admit(self, tx: Tx, request: PreparedRequest) -> tuple[Route, Call[Any, Any]]:
        """Whoever calls may make this call, and nothing is wrong with it. Raises `Invalid` with every fault, those of
        the domain too, as far as it can judge what is good of the input.
        """
        route = self._authorize(tx, request)
        read, caller = request.input(route), request.trace.caller
        assert caller is not None  # noqa: S101 - who was authorized
        if faults := read.faults:
            if route.check and read.body.faults and caller.actor:
                faults = {**read.query.faults, **route.check(tx, caller.actor, read.good_values(), read.body.faults)}
            raise Invalid(faults)
        call = self._application.call(
            caller,
            at=now(),
            client=request.trace.client,
            headers=request.http.headers,
            raw_query=request.query,
            conditions=conditions_of(request.http.headers, reads=route.runs is Runs.READING),
            **request.structs(route),
        )
        return route, call

    def _authorize(self, tx: Tx, request: PreparedRequest) -> Route:
        """The route of the version that the caller's session is for, once it is found that they may call it."""
        trace = request.trace
        trace.caller = caller = self._application.find_caller(tx, request.token)
        trace.version, route = request.choose(caller.version, self._newest_first)
        trace.route = route
        _require_permission(route, caller)
        return route

    def _asked_version(self, text: str | None) -> str | None:
        if text is None or text in self._versions:
            return text
        known = " or ".join(reversed(self._newest_first))
        raise unreadable(f"There is no such version: {VERSION_HEADER} must be {known}")

    def _failed(self, error: Exception, trace: Trace) -> EncodedReply:
        failure = self._versions[trace.version].render_error(error, trace.route)
        if failure.status >= 500 and not isinstance(error, HttpError):
            trace.failure = error
        return EncodedReply(failure.status, msgspec.json.encode(failure.body), JSON, [*failure.headers.items()])

    def _response(self, request: Request, trace: Trace, reply: EncodedReply) -> Response:
        names = {name for name, _ in reply.headers} if reply.headers else ()
        headers = (self._of_states if "ETag" in names else self._headers)[trace.version]
        response = response_of(reply, self._database, headers, bodiless=request.method == "HEAD")
        if trace.caller is not None:
            for name, value in trace.caller.answer_headers():
                if name not in names:
                    response.headers.append(name, value)
        return response


def _reply(route: Route, runner: Tx | Database, call: Call[Any, Any], request: PreparedRequest) -> EncodedReply:
    """Encoded where the endpoint runs: in a transaction, what cannot be encoded is undone."""
    return encoded(route.endpoint(runner, call, **request.path_of(route)), route.status)


def _require_permission(route: Route, caller: Caller) -> None:
    """Raise `Forbidden` for whom the route is not."""
    if route.permission:
        caller.require(route.permission)
    if route.guard:
        route.guard(caller.actor)


def _headers_of(version: str, cache_control: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"cache-control", cache_control.encode("ascii")),
        (VERSION_HEADER.lower().encode("ascii"), version.encode("ascii")),
        (b"vary", VARY.encode("ascii")),
    ]
