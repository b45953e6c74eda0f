"""The ASGI application of an API: a request is prepared without the database, and performed in a transaction.

To perform it is, in the transaction that the endpoint runs in: to check the session and the permission, to choose the
version, to read the input, to run the endpoint and to encode its reply. So an answer shows one state of the data, and a
change is made by who may make it at that moment.
"""

import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from keesa.clock import now
from keesa.db import Database, Steps, Tx
from keesa.errors import Invalid, KeesaError
from keesa.web import compression, csv_lists
from keesa.web.answer_cache import AnswerCache, Place, place_of
from keesa.web.answer_headers import AnswerHeaders
from keesa.web.application import Application, Caller
from keesa.web.bodies import Bodies
from keesa.web.calls import Call
from keesa.web.compression import Accepted
from keesa.web.conversions import Conversions
from keesa.web.csv_lists import Page
from keesa.web.fair_queue import FairQueue
from keesa.web.forms import Form
from keesa.web.http_errors import HttpError
from keesa.web.idempotency import KeyedCall, Turns
from keesa.web.ranges import Contents
from keesa.web.rates import Rates
from keesa.web.replies import JSON, Answered, Content, EncodedReply, encoded, raw_headers, response_of
from keesa.web.request_headers import HEADERS, HttpRequest
from keesa.web.requests import Preparation, PreparedRequest
from keesa.web.routes import ApiVersion, Prepare, Route, Runs
from keesa.web.trace import TRACE, Trace
from keesa.web.waiting import wait

_Made = tuple[EncodedReply, Place | None]
"""An answer, and where it may be kept."""


class Dispatcher:
    """`versions` with the newest first; `bodies` and `threads` are closed with it; `network_of` gives the network of
    an address, since networks take turns; `answers` are given again.
    """

    def __init__(
        self,
        database: Database,
        application: Application[Any, Any],
        versions: Sequence[ApiVersion],
        *,
        bodies: Bodies,
        network_of: Callable[[str], str],
        threads: FairQueue,
        rates: Rates,
        answers: AnswerCache,
    ) -> None:
        self._database = database
        self._application = application
        self._versions = {version.name: version for version in versions}
        self._newest_first = tuple(self._versions)
        self._preparation = Preparation(application, versions, bodies, rates)
        self._network_of = network_of
        self.threads = threads
        self.rates = rates
        self.answers = answers
        self._forms = bodies.forms
        self.conversions = Conversions()
        self.contents = Contents()
        self._turns = Turns()
        self._headers = {version: AnswerHeaders(version) for version in self._versions}

    def close(self) -> None:
        self.conversions.close()
        self.contents.close()
        self.threads.close()
        self._forms.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The path below `root_path` is the API's."""
        http, trace = HttpRequest(scope, receive, scope[HEADERS]), scope[TRACE]
        trace.version = self._newest_first[0]
        request = None
        try:
            request = await self._preparation.prepare(http, scope["path"][len(scope["root_path"]) :].rstrip("/"), trace)
            reply = await self._perform(request)
            if isinstance(reply.body, Content):
                reply = await self.contents.answer(reply, reply.body, scope["method"], http.headers)
        except ClientDisconnect:
            raise
        except Answered as answered:
            reply = answered.reply
        except Exception as error:  # noqa: BLE001 - each has its answer; the server's own are logged with the trace
            reply = self._failed(error, trace)
        finally:
            if request is not None:
                self._preparation.release(request)
        reads = scope["method"] in compression.METHODS
        if reads:
            reply = compression.as_accepted(reply, http.headers)
        headers = self._headers[trace.version].of(reply, trace.route, reads=reads)
        if request is not None and (applied := request.applied()):
            headers = [*headers, *applied]
        more = trace.caller.answer_headers() if trace.caller is not None and trace.caller.in_cookie else ()
        headers = [*headers, *trace.rate_headers]
        response = response_of(reply, self._database, headers, more, bodiless=scope["method"] == "HEAD")
        await response(scope, receive, send)

    async def _perform(self, request: PreparedRequest) -> EncodedReply:
        runs = next(iter(request.routes.values())).runs
        if runs is Runs.WRITING:
            return await self._write(request)
        if runs is Runs.IN_THREAD:
            return await self._once(request, lambda: self._run_in_thread(request))

        reply = await self._read_once(request)
        begun = time.perf_counter()
        while reply.waiting is not None and await wait(reply.waiting, begun, request.http.receive, request.trace):
            reply = await self._read_once(request)
        return reply

    async def _read_once(self, request: PreparedRequest) -> EncodedReply:
        wanted = compression.accepted(request.headers)
        long = bool(request.query) and request.may_be_long
        reply, place = await self._database.aread_in_steps(lambda tx: self._read(tx, request, wanted), long=long)
        return reply if place is None else self.answers.keep(place, reply, wanted)

    def _read(self, tx: Tx, request: PreparedRequest, wanted: Accepted) -> Steps[_Made]:
        """What `_find` gives, or that the client has it: an error would have the transaction undone, for which
        PostgreSQL is waited for.
        """
        try:
            return (yield from self._find(tx, request, wanted))
        except Answered as answered:
            return answered.reply, None

    def _find(self, tx: Tx, request: PreparedRequest, wanted: Accepted) -> Steps[_Made]:
        """What is kept of this state, else what the endpoint gives, and where that may be kept."""
        route, caller = self._authorize(tx, request)
        place = None
        if route.kept and not _may_be_csv(route, request) and (state := tx.state(caller.seen)) is not None:
            if request.content:
                request.read(route)  # by its headers it may be unreadable
            beside = self._application.circumstances(request.trace.client, request.headers, now())
            place = place_of(route, caller, request, wanted, beside, state)
            if (kept := self.answers.find(place, request.conditions)) is not None:
                return kept, None
        try:
            return (yield from self._read_anew(tx, request, route, caller)), place
        except Answered as answered:
            if place is not None:
                self.answers.still(place, answered.reply)
            raise

    def _read_anew(self, tx: Tx, request: PreparedRequest, route: Route, caller: Caller) -> Steps[EncodedReply]:
        call, path = self._call(tx, request, route, caller)
        if route.csv and csv_lists.is_asked_for(request.query, request.headers):
            return (yield from self._read_csv(tx, request))
        answer = route.endpoint(tx, call, **path)
        if isinstance(answer, Generator):
            answer = yield from answer
        return encoded(answer, route.status)

    def _read_csv(self, tx: Tx, request: PreparedRequest) -> Steps[EncodedReply]:
        """The whole list: its first page here, and each further one by itself, for who may still have it then."""

        def further(after: str | None) -> Callable[[Tx], Steps[Page]]:
            return lambda tx: self._read_csv_page(tx, request, after)

        first = yield from self._read_csv_page(tx, request, request.query.get("after"))
        route = request.trace.route
        assert route is not None  # noqa: S101 - whoever calls this has been admitted
        name = route.path.rpartition("/")[2]
        return csv_lists.reply(name, request.query, first, csv_lists.columns_of(route.signature.answer), further)

    def _read_csv_page(self, tx: Tx, request: PreparedRequest, after: str | None) -> Steps[Page]:
        route, call, path = self._admit(tx, request)
        call.query = msgspec.structs.replace(call.query, limit=csv_lists.PAGE, after=after)
        call.is_part = True
        answer = route.endpoint(tx, call, **path)
        if isinstance(answer, Generator):
            answer = yield from answer
        return (yield from csv_lists.page_of(answer, csv_lists.columns_of(route.signature.answer)))

    async def _write(self, request: PreparedRequest) -> EncodedReply:
        """What may have to be refused is refused by a read, which keeps nobody's write waiting; and a value that takes
        long is converted between the two, for who may send it.
        """
        if (route := self._expected(request)) is None:
            route = await self._database.aread(lambda tx: self._authorize(tx, request)[0])
        read = request.inputs.get(id(route)) or request.read(route)
        if read.waiting:
            await request.convert(route, self.conversions)
        if read.query_faults or read.body_faults:
            await self._database.aread(lambda tx: self._admit(tx, request))
        if route.prepares is not None and (reply := await self._prepare(request)) is not None:
            return reply

        def write(tx: Tx) -> EncodedReply:
            before = self._look_soon(tx, request)
            found, call, path = self._admit(tx, request)
            if before is not None and (reply := before(call)) is not None:
                return reply
            answer = found.endpoint(tx, call, **path)
            reply = encoded(answer, found.status)
            if before is not None:
                self._application.replays.keep(tx, call, answer, reply)
            return reply

        reply = await self._once(request, lambda: self._database.awrite(write))
        self._application.written()
        return reply

    async def _prepare(self, request: PreparedRequest) -> EncodedReply | None:
        """What the change needs that takes long, for who may make it; the answer where it was made before."""

        def look(tx: Tx) -> tuple[Prepare | None, EncodedReply | None]:
            (route, call, path), before = self._look(tx, request)
            if before is not None or route.prepares is None:
                return None, before
            return route.prepares(tx, call, **path), None

        prepare, before = await self._database.aread(look)
        if prepare is not None:
            request.prepared = await prepare()
        return before

    async def _run_in_thread(self, request: PreparedRequest) -> EncodedReply:
        """What fails may have been done meanwhile, by the same call sent twice."""
        (route, call, path), before = await self._database.aread(lambda tx: self._look(tx, request))
        if before is not None:
            return before
        network = self._network_of(request.trace.client.address)
        try:
            return await self.threads.run(
                network, lambda: encoded(route.endpoint(self._database, call, **path), route.status)
            )
        except KeesaError:
            if request.sent is None:
                raise
            _, before = await self._database.aread(lambda tx: self._look(tx, request))
            if before is None:
                raise
            return before

    async def _once(
        self, request: PreparedRequest, attempt: Callable[[], Coroutine[Any, Any, EncodedReply]]
    ) -> EncodedReply:
        """A call with a key waits for one that is at the same."""
        if request.sent is None:
            return await attempt()
        caller = request.known_caller
        return await self._turns.run(caller.user_id if caller else None, request.sent, attempt)

    def _look_soon(self, tx: Tx, request: PreparedRequest) -> Callable[[Call[Any, Any]], EncodedReply | None] | None:
        """What was answered under the key, for when the call has been admitted; None without one."""
        caller = request.known_caller
        if request.sent is None or caller is None or caller.user_id is None:
            return None
        return self._application.replays.look_soon(tx, caller.user_id, request.sent, now())

    def _look(self, tx: Tx, request: PreparedRequest) -> tuple[tuple[Route, Call[Any, Any], Any], EncodedReply | None]:
        """The call, admitted, and what was answered under its key."""
        admitted = self._admit(tx, request)
        return admitted, None if request.sent is None else self._application.replays.look(tx, admitted[1])

    def _expected(self, request: PreparedRequest) -> Route | None:
        """The route of a write whose session is cached, as long as nothing is known to be wrong with it: so that the
        database is asked once, by the write itself.
        """
        caller = request.cached_caller
        if caller is None:
            return None
        route = request.routes.get(request.wanted or caller.version or "") or next(iter(request.routes.values()))
        try:
            self._require_permission(route, caller)
            read = request.read(route)
        except (KeesaError, HttpError):
            return None
        return None if read.query_faults or read.body_faults else route

    def _admit(self, tx: Tx, request: PreparedRequest) -> tuple[Route, Call[Any, Any], dict[str, Any]]:
        """Route, call and parameters in the path: whoever calls may do so, and nothing is wrong with the input."""
        route, caller = self._authorize(tx, request)
        return route, *self._call(tx, request, route, caller)

    def _call(
        self, tx: Tx, request: PreparedRequest, route: Route, caller: Caller
    ) -> tuple[Call[Any, Any], dict[str, Any]]:
        """Raises `Invalid` with every fault, those of the domain too, as far as it can judge what is good."""
        path = {name: said.read(request.parameters[name]) for name, said in route.signature.parameters.items()}
        read = request.inputs.get(id(route)) or request.read(route)
        if read.query_faults or read.body_faults:
            found = read.body_faults
            if route.check and found and caller.actor:
                found = route.check(tx, caller.actor, request.values_to_judge(read), found)
            raise Invalid({**read.query_faults, **found})
        if isinstance(read.body, Form):
            read.body.rewind()  # a write that is run again reads it again
        call = self._application.call(
            caller,
            at=now(),
            client=request.trace.client,
            request_id=request.trace.request_id,
            method=request.http.method,
            headers=request.headers,
            raw_query=request.query,
            query=read.query,
            body=read.body,
            converted=read.converted,
            prepared=request.prepared,
            keyed=None if request.sent is None else KeyedCall(request.sent, request.trace.version, route, path),
        )
        return call, path

    def _authorize(self, tx: Tx, request: PreparedRequest) -> tuple[Route, Caller]:
        """The route of the version that the caller's session is for, once it is found that they may call it."""
        trace, routes = request.trace, request.routes
        trace.caller = caller = self._application.find_caller(tx, request.token)
        wanted = request.wanted or caller.version
        trace.version = wanted if wanted in routes else next(iter(routes))
        trace.route = route = routes[trace.version]
        self._require_permission(route, caller)
        return route, caller

    def _require_permission(self, route: Route, caller: Caller) -> None:
        """Raise `Forbidden` for whom the route is not."""
        if route.permission:
            self._application.require(caller, route.permission, *route.alternatives)
        if route.guard:
            route.guard(caller.actor)

    def _failed(self, error: Exception, trace: Trace) -> EncodedReply:
        failure = self._versions[trace.version].render_error(error, trace.route)
        if failure.status >= 500 and not isinstance(error, HttpError):
            trace.failure = error
        return EncodedReply(
            failure.status, msgspec.json.encode(failure.body), JSON, raw_headers([*failure.headers.items()])
        )


def _may_be_csv(route: Route, request: PreparedRequest) -> bool:
    return route.csv and ("format" in request.query or csv_lists.is_asked_for(request.query, request.headers))
