"""One request, prepared: all that can be known of it without the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from keesa.clock import now
from keesa.errors import Faults, Unauthorized
from keesa.web.application import Application, Caller
from keesa.web.bodies import Bodies, RawBody
from keesa.web.body_streams import BodyStream
from keesa.web.conditions import Conditions, conditions_of
from keesa.web.conversions import Conversions
from keesa.web.forms import Form
from keesa.web.http_errors import NOTHING, HttpError, unreadable
from keesa.web.idempotency import SentKey, read_sent
from keesa.web.input.content_types import require_json
from keesa.web.input.fields import FieldValues, build, read_fields
from keesa.web.input.json_bodies import read_json
from keesa.web.input.preferences import Handling, handling_of
from keesa.web.input.queries import Query, read_query
from keesa.web.input.unknown import unknown_fields, unknown_words
from keesa.web.rate_windows import Subject
from keesa.web.rates import Rates
from keesa.web.replies import JSON, Answered, EncodedReply, raw_headers
from keesa.web.request_headers import HttpRequest, RequestHeaders
from keesa.web.router import Router
from keesa.web.routes import Access, ApiVersion, Route
from keesa.web.trace import Trace

VERSION_HEADER: Final = "Keesa-Version"
LONG_LIST: Final = 64
"""Objects from which on a list counts as a long one."""
LONGEST_NUMBER: Final = 10
"""Digits that are looked at to tell whether a list is long."""


_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Input(NamedTuple):
    """What a request holds for a route."""

    query: object = None
    """The struct, where nothing is wrong."""
    body: object = None
    """A struct likewise; or what the endpoint reads itself."""
    query_faults: Faults = _NOTHING
    """And the fields that are not known, those of the body too: of them the domain can judge nothing."""
    body_faults: Faults = _NOTHING
    good_values: Mapping[str, Any] = _NOTHING
    """Of a body with faults: what the domain can judge."""
    waiting: Mapping[str, str] = _NOTHING
    """By dotted path in the body: what has yet to be converted."""
    converted: Mapping[str, Any] = _NOTHING


NO_INPUT: Final = Input()


@dataclass(slots=True, eq=False)
class PreparedRequest:
    http: HttpRequest
    headers: RequestHeaders
    """Its own."""
    reads: bool
    """Whether it asks for something, as a GET does."""
    trace: Trace
    routes: Mapping[str, Route]
    """By version, the newest first: those that its method and path may mean."""
    parameters: Mapping[str, str]
    query: Query
    wanted: str | None
    """The version that it asks for."""
    token: Any = None
    """As the application reads it; None where the route is for anyone, and the `Unauthorized` where it is no good."""
    content: bytes | Form | BodyStream = b""
    sent: SentKey | None = None
    """The key under which a change is made once."""
    handling: Handling | None = None
    """How it wants fields to be handled that are not known."""
    prepared: Any = None
    """What its route has prepared for the change."""
    inputs: dict[int, Input] = field(default_factory=dict)
    """By the identity of the route that they were read for."""

    @property
    def may_be_long(self) -> bool:
        """Whether it is a long list that is asked for, or a whole one: who has no token is refused in no time."""
        limit = self.query.get("limit", "")
        long = len(limit) < LONGEST_NUMBER and limit.isdecimal() and int(limit) > LONG_LIST
        return (long or self.query.get("format") == "csv") and not isinstance(self.token, Unauthorized)

    @property
    def changes(self) -> bool:
        """Whether it changes something that a key can be kept for."""
        return next(iter(self.routes.values())).takes_key

    @property
    def cached_caller(self) -> Caller | None:
        """Who called last with the token, where that is known: whether it is still so, only the database knows."""
        return None if self.token is None or isinstance(self.token, Unauthorized) else self.token.cached

    @property
    def known_caller(self) -> Caller | None:
        """The same, or who was found to call this time, once the database has told."""
        return self.cached_caller or self.trace.caller

    @property
    def conditions(self) -> Conditions:
        """What the client knows of what it asks about, or is about to change."""
        return conditions_of(self.headers, reads=self.reads)

    def read(self, route: Route) -> Input:
        """Its input for the route, with every fault; raises `HttpError` for what is unreadable. Kept in `inputs`."""
        signature = route.signature
        if signature.body is None and not self.query:
            if signature.query is None:
                return NO_INPUT
            if signature.empty_query is not None:
                return Input(signature.empty_query)
        given = self._body_of(route) if signature.body_struct else _NOTHING
        query = read_fields(signature.query, self.query) if signature.query else FieldValues()
        body = read_fields(signature.body_struct, given) if signature.body_struct else FieldValues()
        unknown = self._unknown(route, given) if self._is_strict(route) else _NOTHING
        if query.faults or body.faults or unknown:
            read = Input(query_faults={**unknown, **query.faults}, body_faults=body.faults, good_values=body.values)
        else:
            read = Input(
                build(signature.query, query) if signature.query else None,
                build(signature.body_struct, body) if signature.body_struct else self._raw_body(route),
            )
        if signature.conversions:
            read = self._converted_at_once(route, body.values, read)
        self.inputs[id(route)] = read  # at the end: what is unreadable is so again when it is asked for again
        return read

    def applied(self) -> list[tuple[bytes, bytes]]:
        """The header that says how fields were handled that are not known, where the client has asked for that."""
        if self.handling is None or self.trace.route is None or not self.trace.route.knows_fields:
            return []
        return [(b"preference-applied", b"handling=%s" % self.handling.encode("ascii"))]

    def _is_strict(self, route: Route) -> bool:
        """Whether it is told of fields that are not known."""
        if self.handling is not None:
            return self.handling == "strict" and route.knows_fields
        return not route.documented and route.knows_fields

    def _unknown(self, route: Route, body: Mapping[str, Any]) -> Faults:
        found = unknown_words(route.query_words, self.query) if self.query else {}
        if route.signature.body_struct is None:
            return found
        return {**found, **unknown_fields(route.signature.body_struct, body)}

    async def convert(self, route: Route, conversions: Conversions) -> None:
        """What takes long, in a thread."""
        read = self.inputs[id(route)]
        converted = dict(read.converted)
        for path, written in read.waiting.items():
            converted[path] = await conversions.in_a_thread(route.signature.conversions[path], written)
        self.inputs[id(route)] = read._replace(waiting=_NOTHING, converted=converted)

    def values_to_judge(self, read: Input) -> Mapping[str, Any]:
        """The good values of a body with faults, the converted ones in place of what was written."""
        for path, value in read.converted.items():
            *parents, last = path.split(".")
            place: Any = read.good_values
            for name in parents:
                place = place[name]
            place[last] = value
        return read.good_values

    def _raw_body(self, route: Route) -> RawBody | Form | BodyStream | None:
        """What the endpoint reads itself."""
        if route.signature.body is None or not isinstance(self.content, bytes):
            return None if isinstance(self.content, bytes) else self.content
        return RawBody(self.content)

    def _converted_at_once(self, route: Route, values: Mapping[str, Any], read: Input) -> Input:
        """With what is a matter of a moment; the rest waits."""
        waiting, converted = dict[str, str](), dict[str, Any]()
        for path, conversion in route.signature.conversions.items():
            written: Any = values
            for name in path.split("."):
                written = written.get(name) if isinstance(written, dict) else None
            if isinstance(written, str) and conversion.is_quick(written):
                converted[path] = conversion.convert(written, None)
            elif isinstance(written, str):
                waiting[path] = written
        return read._replace(waiting=waiting, converted=converted)

    def _body_of(self, route: Route) -> dict[str, Any]:
        """The JSON, with what it lacks taken from the query where the route allows that."""
        content = self.content
        assert isinstance(content, bytes)  # noqa: S101 - the route takes no upload
        if content.strip():
            require_json(self.headers.get("content-type"), self.headers.get("content-encoding"))
        body = read_json(content)
        for path, names in route.body_from_query.items():
            given = next((self.query[name] for name in names if name in self.query), None)
            *parents, last = path.split(".")
            place: Any = body
            for parent in parents:
                if place.get(parent) is None:
                    place[parent] = {}
                place = place[parent]
                if not isinstance(place, dict):
                    return body  # no object where one must be: the reading of the fields says so
            if place.get(last) is None and given is not None:
                place[last] = given
        return body


class Preparation:
    """From a request to a `PreparedRequest`, in the order in which errors are told."""

    def __init__(
        self,
        application: Application[Any, Any],
        versions: Sequence[ApiVersion],
        bodies: Bodies,
        rates: Rates,
    ) -> None:
        self._application = application
        self._rates = rates
        self._newest_first = tuple(version.name for version in versions)
        self._router = Router(versions)
        self._bodies = bodies

    async def prepare(self, request: HttpRequest, path: str, trace: Trace) -> PreparedRequest:
        """Raises `HttpError`, and `Answered` for OPTIONS. No body is read without the token that is needed, nor of who
        asks too often.
        """
        try:
            prepared, takes_body = self._find(request, path, trace)
        except HttpError:
            token = self._read_token(request, Access.ACCESS_TOKEN)
            await self._rates.admit(_subject_of(token), trace, now())
            raise
        await self._rates.admit(_subject_of(prepared.token), trace, now())
        if takes_body:
            route = trace.route
            assert route is not None  # noqa: S101 - it was found
            self._bodies.refuse_announced(request, route)
            if not isinstance(prepared.token, Unauthorized):
                prepared.content = await self._bodies.read(request, route)
        if prepared.changes:
            prepared.sent = self._read_key(prepared, path)
        return prepared

    def _read_token(self, request: HttpRequest, access: Access) -> Any:  # noqa: ANN401 - as the application has it
        try:
            return self._application.read_token(request, access)
        except Unauthorized as error:
            return error

    def _find(self, request: HttpRequest, path: str, trace: Trace) -> tuple[PreparedRequest, bool]:
        """Without its body, and whether it takes one."""
        headers = request.headers
        wanted = self._version(headers.get(VERSION_HEADER))
        trace.version = wanted or self._newest_first[0]
        found = self._router.find(path)
        if found is None:
            raise HttpError(404, NOTHING)
        resource, parameters = found
        if resource.secret_path is not None:
            trace.path = request.scope["root_path"] + resource.secret_path
        method = request.method
        method = "GET" if method == "HEAD" else method
        if method == "OPTIONS" and method not in resource.methods:
            raise Answered(EncodedReply(204, b"", JSON, raw_headers([("Allow", resource.allow)])))
        if method not in resource.methods:
            raise HttpError(405, f"This path knows {resource.allow}, not {method}", {"Allow": resource.allow})
        routes = resource.methods[method]
        trace.version = wanted if wanted in routes else next(iter(routes))
        trace.route = route = routes[trace.version]
        query = read_query(request.scope["query_string"])
        if route.version_in_query and "version" in query:
            wanted = self._version(query["version"])
        prepared = PreparedRequest(request, headers, method == "GET", trace, routes, parameters, query, wanted)
        prepared.handling = handling_of(headers)
        prepared.token = self._read_token(request, route.access)
        return prepared, resource.takes_body[method]

    def _read_key(self, prepared: PreparedRequest, path: str) -> SentKey | None:
        """What is no key is no reason to keep a body."""
        content = prepared.content
        assert not isinstance(content, BodyStream)  # noqa: S101 - its route takes no key
        try:
            return read_sent(prepared.http, path, content)
        except BaseException:
            self.release(prepared)
            raise

    def release(self, prepared: PreparedRequest) -> None:
        """What lies in files of its body is gone."""
        if not isinstance(prepared.content, bytes):
            self._bodies.close(prepared.content)

    def _version(self, text: str | None) -> str | None:
        if text is None or text in self._newest_first:
            return text
        known = " or ".join(reversed(self._newest_first))
        raise unreadable(f"There is no such version: {VERSION_HEADER} must be {known}")


def _subject_of(token: Any) -> Subject | None:  # noqa: ANN401 - as above
    return None if token is None or isinstance(token, Unauthorized) else token.subject
