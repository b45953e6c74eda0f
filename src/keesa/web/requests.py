"""One request, prepared: all that can be known of it without the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request

from keesa.errors import Faults, Unauthorized
from keesa.web.application import Application
from keesa.web.bodies import RawBody, Upload
from keesa.web.conversions import MARK, Conversions, put_at, value_at
from keesa.web.input.content_types import require_json
from keesa.web.input.fields import FieldValues, build, read_fields
from keesa.web.input.json_bodies import read_json
from keesa.web.input.kinds import marked
from keesa.web.input.queries import Query
from keesa.web.router import choose
from keesa.web.routes import Route, Runs
from keesa.web.trace import Trace

LONG_LIST: Final = 64
"""Objects from which on a list counts as a long one."""
LONGEST_NUMBER: Final = 10
"""Digits that are looked at to tell whether a list is long."""


@dataclass(slots=True)
class Input:
    """What a request holds for its route, read but not yet found good."""

    query: FieldValues
    body: FieldValues
    waiting: list[str] = field(default_factory=list)
    """Paths in the body of values that have yet to be converted."""
    converted: dict[str, Any] = field(default_factory=dict)

    @property
    def faults(self) -> Faults:
        return {**self.query.faults, **self.body.faults}

    def good_values(self) -> dict[str, Any]:
        """The good values of the body for the domain to judge, the converted ones in place of what was written."""
        for path, value in self.converted.items():
            put_at(self.body.values, path, value)
        return self.body.values


@dataclass(slots=True, eq=False)
class PreparedRequest:
    http: Request
    trace: Trace
    routes: Mapping[str, Route]
    """By version: those that its method and path may mean."""
    parameters: Mapping[str, str]
    query: Query
    wanted: str | None
    """The version that it asks for."""
    content: bytes | Upload = b""
    token: Any = None
    """As the application reads it; None where the route is for anyone, and the `Unauthorized` where it is no good."""
    _inputs: dict[int, Input] = field(default_factory=dict)

    @property
    def runs(self) -> Runs:
        """The same for every version."""
        return next(iter(self.routes.values())).runs

    def read_token(self, application: Application[Any, Any]) -> None:
        try:
            self.token = application.read_token(self.http, next(iter(self.routes.values())).access)
        except Unauthorized as error:
            self.token = error

    @property
    def may_be_long(self) -> bool:
        """Whether it is a long list that is asked for: who has no token is refused in no time."""
        limit = self.query.get("limit", "")
        return (
            len(limit) < LONGEST_NUMBER
            and limit.isdecimal()
            and int(limit) > LONG_LIST
            and not isinstance(self.token, Unauthorized)
        )

    def choose(self, pinned: str | None, newest_first: Sequence[str]) -> tuple[str, Route]:
        """The version that answers a session of the `pinned` one, and its route."""
        return choose(self.routes, self.wanted or pinned, newest_first)

    def input(self, route: Route) -> Input:
        """With every fault that is found in it; raises `HttpError` for what is unreadable. Read once a route."""
        known = self._inputs.get(id(route))
        if known is None:
            known = self._inputs[id(route)] = self._read(route)
        return known

    async def convert(self, route: Route, conversions: Conversions) -> None:
        """What takes long, in a thread."""
        read = self.input(route)
        marks = marked(route.signature.body_struct, MARK) if route.signature.body_struct else {}
        for path in read.waiting:
            read.converted[path] = await conversions.in_a_thread(marks[path], value_at(read.body.values, path))
        read.waiting.clear()

    def path_of(self, route: Route) -> dict[str, Any]:
        """The parameters in the path, as the endpoint takes them."""
        return {name: said.read(self.parameters[name]) for name, said in route.signature.parameters.items()}

    def structs(self, route: Route) -> dict[str, Any]:
        """Query and body of the call, of an input that has no fault."""
        read, signature = self.input(route), route.signature
        body: object = None
        if signature.body_struct is not None:
            body = build(signature.body_struct, read.body)
        elif signature.body is not None:
            body = self.content if isinstance(self.content, Upload) else RawBody(self.content)
        return {
            "query": build(signature.query, read.query) if signature.query else None,
            "body": body,
            "converted": read.converted,
        }

    def _read(self, route: Route) -> Input:
        signature = route.signature
        query = read_fields(signature.query, self.query) if signature.query else FieldValues()
        if signature.body_struct is None or isinstance(self.content, Upload):
            return Input(query, FieldValues())
        if self.content.strip():
            require_json(self.http.headers.get("content-type"), self.http.headers.get("content-encoding"))
        given = _completed(read_json(self.content), route, self.query)
        read = Input(query, read_fields(signature.body_struct, given))
        for path, conversion in marked(signature.body_struct, MARK).items():
            written = value_at(read.body.values, path)
            if isinstance(written, str) and conversion.is_quick(written):
                read.converted[path] = conversion.convert(written, lambda: None)
            elif isinstance(written, str):
                read.waiting.append(path)
        return read


def _completed(body: dict[str, Any], route: Route, query: Query) -> dict[str, Any]:
    """The body, with what it lacks taken from the query where the route allows that."""
    for path, names in route.body_from_query.items():
        *parents, last = path.split(".")
        place: Any = body
        for parent in parents:
            if place.get(parent) is None:
                place[parent] = {}
            place = place[parent]
            if not isinstance(place, dict):
                return body  # no object where one must be: the reading of the fields says so
        given = next((query[name] for name in names if name in query), None)
        if place.get(last) is None and given is not None:
            place[last] = given
    return body
