"""From the bytes of a request to the structs that its route declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from starlette.requests import Request

from keesa.accounts.actors import Actor
from keesa.api.credentials import read_credentials
from keesa.api.http import Route
from keesa.api.inputs import Reading, build, read_fields, read_json, require_readable
from keesa.db import Tx
from keesa.errors import Faults, Invalid

Input = tuple[Struct | None, Struct | None, Mapping[str, Any]]
"""The query, the body, and for logins the credentials."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a request holds for its route, read but not yet found good."""

    query: Reading
    body: Reading
    credentials: Mapping[str, Any]

    @property
    def faults(self) -> Faults:
        return {**self.query.faults, **self.body.faults}


def takes_body(route: Route) -> bool:
    return route.body is not None or route.takes_credentials


def read_input(route: Route, http: Request, query: Mapping[str, str], body: bytes) -> Given:
    """What the route declares, with every fault found in it; raises `Problem` for what is unreadable."""
    if route.takes_credentials:
        return Given(Reading(), Reading(), read_credentials(dict(query), body, dict(http.headers)))
    asked = read_fields(route.query, query) if route.query else Reading()
    return Given(asked, _read_body(route, http, query, body) if route.body else Reading(), {})


def require_good(tx: Tx, route: Route, given: Given, actor: Actor | None) -> Input:
    """The route's structs; raises `Invalid` with every fault, the domain's too where there are any and the route can
    find them.
    """
    body = given.body
    if body.faults and route.check and actor:
        body = Reading({}, route.check(tx, actor, body.values, body.faults))
    if faults := {**given.query.faults, **body.faults}:
        raise Invalid(faults)
    return built(route, given)


def built(route: Route, given: Given) -> Input:
    """The route's structs, of what has no fault."""
    return (
        build(route.query, given.query) if route.query else None,
        build(route.body, given.body) if route.body else None,
        given.credentials,
    )


def _read_body(route: Route, http: Request, query: Mapping[str, str], body: bytes) -> Reading:
    assert route.body is not None  # noqa: S101 - the caller looked
    if body.strip():
        require_readable(http.headers.get("content-type"), http.headers.get("content-encoding"))
    return read_fields(route.body, _completed(read_json(body), route, query))


def _completed(body: dict[str, Any], route: Route, query: Mapping[str, str]) -> dict[str, Any]:
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
