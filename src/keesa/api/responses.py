"""What an operation of an OpenAPI document may be answered with: statuses, headers, and examples of errors."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from keesa.accounts.permissions import Permission, lacking
from keesa.api.door import COOKIES_HEADER, MAINTENANCE, VERSION_HEADER
from keesa.api.failures import INTERNAL
from keesa.api.http import ApiVersion, Caller, Route
from keesa.api.inputs import read_fields
from keesa.api.problems import Problem
from keesa.api.schemas import Node, Schemas
from keesa.api.signing_in import ACCESS_COOKIE, CSRF_HEADER, REFRESH_COOKIE, Login
from keesa.api.table import NEWEST_FIRST
from keesa.api.trace import REQUEST_ID
from keesa.api.wording import STATUSES
from keesa.errors import Forbidden, Invalid, NotFound, TooManyAttempts, Unauthorized

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    REQUEST_ID: {
        "description": "Names this answer in the server's log",
        "schema": {"type": "string"},
        "required": True,
    },
    VERSION_HEADER: {
        "description": "The version that answers",
        "schema": {"type": "string", "enum": list(NEWEST_FIRST)},
        "required": True,
    },
    "WWW-Authenticate": {
        "description": "How to show who you are",
        "schema": {"const": "Bearer"},
        "required": True,
    },
    "Retry-After": {
        "description": "Seconds to wait before the same call may succeed",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    },
    "Accept-Encoding": {"description": "How a body may be encoded", "schema": {"const": "identity"}},
    CSRF_HEADER: {
        "description": "For pages with their tokens in cookies: what their next request that changes something shows",
        "schema": {"type": "string"},
    },
    "Set-Cookie": {
        "description": f"`{ACCESS_COOKIE}`, `{REFRESH_COOKIE}`: for pages that asked for cookies (`{COOKIES_HEADER}`)",
        "schema": {"type": "string"},
    },
}
_HEADERS_OF_SOME: Final[Mapping[int, str]] = {
    401: "WWW-Authenticate",
    415: "Accept-Encoding",
    429: "Retry-After",
    503: "Retry-After",
}
_ERRORS: Final[Mapping[int, Exception]] = {
    429: TooManyAttempts(900),
    500: Problem(500, INTERNAL),
    503: Problem(503, MAINTENANCE),
}


def statuses(route: Route) -> list[int]:
    """Every error that the route may answer, by what it takes."""
    found = {400, 500, 503, *route.errors}
    if route.caller is not Caller.ANYONE:
        found.add(401)
    if route.permission:
        found.add(403)
    if "{ticket}" in route.path:
        found.add(404)
    if route.body or route.takes_credentials:
        found |= {408, 413, 415}
    if route.body or route.query:
        found.add(422)
    return sorted(found - {route.status})


def response(route: Route, status: int, version: ApiVersion, schemas: Schemas) -> Node:
    kind, example = route.answer, route.example
    if status != route.status or kind is None:
        kind = version.invalid if status == 422 else version.error
        example = version.render_error(_error(route, status), route).body
    return {
        "description": STATUSES[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _header_names(route, status)},
        "content": {"application/json": {"schema": schemas.of(kind), "example": example}},
    }


def _header_names(route: Route, status: int) -> list[str]:
    names = [REQUEST_ID, VERSION_HEADER]
    if status in _HEADERS_OF_SOME:
        names.append(_HEADERS_OF_SOME[status])
    if status == route.status and (route.takes_credentials or route.caller is not Caller.ANYONE):
        names.append(CSRF_HEADER)
        if route.takes_credentials or route.path.startswith("/auth/"):
            names.append("Set-Cookie")
    return names


def _error(route: Route, status: int) -> Exception:
    """An error that the route answers with `status`: for 422 the first field of its input, badly filled."""
    if status == 401:
        return Unauthorized("Invalid credentials" if route.takes_credentials else "Your token has expired")
    if status == 403 and route.permission:
        permission = Permission("tickets", route.permission)
        return Forbidden(route.guard.sentence) if route.guard else lacking(permission)
    if status == 404:
        return NotFound("Ticket not found" if "{ticket}" in route.path or route.body else "Customer not found")
    if status == 422:
        model = route.body or route.query or Login
        first = msgspec.structs.fields(model)[0].encode_name
        return Invalid(read_fields(model, {first: {}}).faults)
    return _ERRORS.get(status) or Problem(status, STATUSES[status])
