"""From the bytes of a request to the structs that its route declares."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from starlette.requests import Request

from keesa.accounts.actors import Actor
from keesa.api.credentials import read_credentials
from keesa.api.http import Route
from keesa.api.inputs import Reading, build, read_fields, read_json, require_readable
from keesa.db import Tx
from keesa.errors import Invalid

Input = tuple[Struct | None, Struct | None, Mapping[str, Any]]
"""The query, the body, and for logins the credentials."""


def takes_body(route: Route) -> bool:
    return route.body is not None or route.takes_credentials


def read_input(
    tx: Tx, route: Route, http: Request, query: Mapping[str, str], body: bytes, actor: Actor | None
) -> Input:
    """What the route declares; raises `Problem` for what is unreadable, and `Invalid` with every fault found."""
    if route.takes_credentials:
        return None, None, read_credentials(dict(query), body, dict(http.headers))
    asked = read_fields(route.query, query) if route.query else Reading()
    given = _read_body(tx, route, http, query, body, actor) if route.body else Reading()
    if faults := {**asked.faults, **given.faults}:
        raise Invalid(faults)
    return (
        build(route.query, asked) if route.query else None,
        build(route.body, given) if route.body else None,
        {},
    )


def _read_body(
    tx: Tx, route: Route, http: Request, query: Mapping[str, str], body: bytes, actor: Actor | None
) -> Reading:
    """With the domain's faults beside those of the reading, where there are any and the route can find them."""
    assert route.body is not None  # noqa: S101 - the caller looked
    if body.strip():
        require_readable(http.headers.get("content-type"), http.headers.get("content-encoding"))
    reading = read_fields(route.body, _completed(read_json(body), route, query))
    if reading.faults and route.check and actor:
        return Reading({}, route.check(tx, actor, reading.values, reading.faults))
    return reading


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
