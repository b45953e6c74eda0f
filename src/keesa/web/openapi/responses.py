"""What an operation may be answered with: statuses, headers, and examples of errors."""

import msgspec

from keesa.errors import CHANGED, Invalid, NotFound, Unauthorized
from keesa.web.csv_lists import CSV
from keesa.web.http_errors import HttpError
from keesa.web.idempotency import REPLAYED
from keesa.web.input.fields import read_fields
from keesa.web.input.unknown import NOT_KNOWN
from keesa.web.openapi.schemas import Node, Schemas
from keesa.web.openapi.wording import Wording
from keesa.web.rates import RATE_HEADERS
from keesa.web.requests import VERSION_HEADER
from keesa.web.routes import FOR_ANYONE, ApiVersion, Route
from keesa.web.trace import REQUEST_ID

_HEADERS_OF_SOME = {401: "WWW-Authenticate", 415: "Accept-Encoding", 429: "Retry-After", 503: "Retry-After"}
_WITHOUT_BODY = (204, 304)


def statuses(route: Route) -> list[int]:
    """Every error that the route may answer, by what it takes; and 304."""
    found = {400, 429, 500, 503, *route.errors}
    if route.access not in FOR_ANYONE:
        found.add(401)
    if route.permission or route.guard:
        found.add(403)
    if route.signature.parameters:
        found.add(404)
    if route.signature.body:
        found |= {408, 413, 415}
    if route.knows_fields:
        found.add(422)
    if route.takes_key:
        found |= {409, 422}  # of a key that is in use, or was another request's
    if route.conditional:
        found.add(304 if route.method == "GET" else 412)
    if route.in_ranges:
        found |= {206, 416}
    return sorted(found - {route.status})


def response(route: Route, status: int, version: ApiVersion, schemas: Schemas, wording: Wording) -> Node:
    found: Node = {
        "description": wording.statuses[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _header_names(route, status, wording)},
    }
    if status in _WITHOUT_BODY:
        return found
    if status in (route.status, 206) and route.answer_type is not None:
        schema = {"type": "string"}
        if not route.answer_type.startswith("text/"):
            schema["format"] = "binary"
        return found | {"content": {route.answer_type: {"schema": schema}}}
    kind, example = route.signature.answer, route.example
    if status != route.status or kind is None:
        example = version.render_error(_error(route, status, wording), route).body
        kind = type(example)
    content: Node = {"application/json": {"schema": schemas.of(kind), "example": example}}
    if status == route.status and route.csv:
        content[CSV] = {"schema": {"type": "string"}}
    return found | {"content": content}


def _header_names(route: Route, status: int, wording: Wording) -> list[str]:
    names = [REQUEST_ID, VERSION_HEADER, *RATE_HEADERS]
    names += [name for name, _ in route.answer_headers if not name.startswith("Access-Control-")]
    if status in _HEADERS_OF_SOME:
        names.append(_HEADERS_OF_SOME[status])
    if route.conditional and status in (route.status, 206, 304, 412) and status != 204:
        names.append("ETag")
    if route.takes_key and status in (route.status, 409):
        names.append(REPLAYED)
    if route.knows_fields and status in (route.status, 206, 422):
        names.append("Preference-Applied")
    if status in (206, 416):
        names.append("Content-Range")
    if status in (route.status, 206):
        if route.access not in FOR_ANYONE:
            names += wording.headers_with_token
        names += [name for name in route.headers if name not in names]
    return names


def _error(route: Route, status: int, wording: Wording) -> Exception:
    """An error that the route answers with `status`: for 422 the first field of its input, badly filled."""
    sentence = route.errors.get(status) or (route.guard.sentence if status == 403 and route.guard else None)
    match status:
        case 401:
            return Unauthorized(sentence or "Your token has expired")
        case 403 if route.permission and not sentence:
            return wording.lacking(*route.permissions)
        case 404:
            missing = [said.missing for said in route.signature.parameters.values()]
            return NotFound(sentence or missing[-1])
        case 412:
            return route.outdated or HttpError(412, CHANGED)
        case 422:
            return _invalid(route)
    return wording.errors.get(status) or HttpError(status, sentence or wording.statuses[status])


def _invalid(route: Route) -> Invalid:
    model = route.signature.body_struct or route.signature.query or route.body_schema
    if model is None:
        return Invalid({"limitt": [NOT_KNOWN]})
    first = msgspec.structs.fields(model)[0].encode_name
    return Invalid(read_fields(model, {first: {}}).faults)
