"""Each version's OpenAPI 3.1 document, made from the routes that answer its clients."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

import keesa
from keesa.accounts.sessions import Version
from keesa.api.door import COOKIES_HEADER, VERSION_HEADER
from keesa.api.http import ApiVersion, Call, Caller, Reply, Route
from keesa.api.inputs import read_fields
from keesa.api.problems import Problem
from keesa.api.signing_in import ACCESS_COOKIE, CSRF_HEADER, REFRESH_COOKIE, Login
from keesa.api.table import NEWEST_FIRST, answering
from keesa.api.trace import REQUEST_ID
from keesa.db import Tx
from keesa.errors import Invalid

PREFIX: Final = "/api/v1"
_REF: Final = "#/components/schemas/{name}"
_QUALIFIED: Final = re.compile(r"keesa\.api\.v(\d{4})\.\w+\.(\w+)")
"""How msgspec names a type whose name both versions have."""

_SENTENCES: Final[Mapping[int, str]] = {
    200: "Done",
    201: "Created",
    400: "The request cannot be read, or names an unknown version",
    401: "The token is missing, expired or ended; or the credentials are wrong",
    403: "You may not do this",
    404: "There is no such thing, or it is out of your sight",
    413: "The body is too large",
    415: "The body is compressed, or in another charset than UTF-8",
    418: "The server is a teapot",
    422: "The input is well-formed and breaks a rule",
    429: "Too many failed logins",
    500: "The server has failed",
    503: "The server is offline for maintenance, or its database is",
}
_HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    REQUEST_ID: {"description": "Names this answer in the server's log", "schema": {"type": "string"}},
    VERSION_HEADER: {"description": "The version that answers", "schema": {"enum": list(NEWEST_FIRST)}},
    "WWW-Authenticate": {"description": "How to show who you are", "schema": {"const": "Bearer"}},
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}},
}
_HEADERS_OF_SOME: Final[Mapping[int, str]] = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
_SECURITY: Final[Mapping[Caller, list[dict[str, list[str]]]]] = {
    Caller.ANYONE: [],
    Caller.WITH_ACCESS: [{"access": []}, {"accessCookie": []}],
    Caller.WITH_ACCESS_EVER: [{"access": []}, {"accessCookie": []}],
    Caller.WITH_REFRESH: [{"refresh": []}, {"refreshCookie": []}],
}
_WITH_CSRF: Final = f"For browsers: every method but GET and HEAD needs {CSRF_HEADER} too, as the last answer gave it"
_SCHEMES: Final = {
    "access": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "refresh": {"type": "apiKey", "in": "header", "name": "X-Refresh-Token"},
    "accessCookie": {"type": "apiKey", "in": "cookie", "name": ACCESS_COOKIE, "description": _WITH_CSRF},
    "refreshCookie": {"type": "apiKey", "in": "cookie", "name": REFRESH_COOKIE, "description": _WITH_CSRF},
}
_CREDENTIALS: Final = {"user": "mariyam@example.com", "password": "a long password"}
_FORMS: Final = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


class OpenApi(Struct):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, str]
    servers: list[dict[str, str]]
    paths: dict[str, dict[str, Any]]
    components: dict[str, Any]


def with_document(versions: Sequence[ApiVersion]) -> tuple[ApiVersion, ...]:
    """The versions, each with a route that serves its document, in which that route stands too."""
    return tuple(replace(version, routes=[*version.routes, _route(version, versions)]) for version in versions)


def _route(version: ApiVersion, versions: Sequence[ApiVersion]) -> Route:
    @cache
    def made() -> tuple[OpenApi, bytes]:
        found = document(version, [*answering(version, versions), (version, route)])
        return found, msgspec.json.encode(found)

    def serve(_tx: Tx, call: Call[Any, Any]) -> Reply:
        found, body = made()
        if call.client.prefix:
            return Reply(msgspec.structs.replace(found, servers=[{"url": call.client.prefix + PREFIX}]))
        return Reply(body)

    route = Route(
        method="GET",
        path="/openapi.json",
        endpoint=serve,
        summary="This document; `version` chooses which",
        answer=OpenApi,
        example=OpenApi("3.1.0", _info(version), [{"url": PREFIX}], {}, {}),
        caller=Caller.ANYONE,
        version_in_query=True,
    )
    return route


def document(version: ApiVersion, routes: Sequence[tuple[ApiVersion, Route]]) -> OpenApi:
    """The document of `version`; each route comes beside the version that answers it."""
    shown = [(answerer, route) for answerer, route in routes if route.shown]
    refs, components = _schemas(shown)
    paths: dict[str, dict[str, Any]] = {}
    for answerer, route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, version.name, answerer, refs)
    headers = {name: {**header, "required": True} for name, header in _HEADERS.items()}
    return OpenApi(
        openapi="3.1.0",
        info=_info(version),
        servers=[{"url": PREFIX}],
        paths=paths,
        components={"schemas": components, "headers": headers, "securitySchemes": _SCHEMES},
    )


def _info(version: ApiVersion) -> dict[str, str]:
    return {
        "title": "Keesa",
        "version": f"{version.name}, Keesa {keesa.__version__}",
        "description": "Support tickets: raised, assigned, discussed and closed.",
    }


def _schemas(routes: Sequence[tuple[ApiVersion, Route]]) -> tuple[dict[type[Struct], Any], dict[str, Any]]:
    """What stands for each type of the routes, and the components that it refers to."""
    types: dict[type[Struct], None] = {Login: None}
    for version, route in routes:
        types |= dict.fromkeys((version.error, version.invalid))
        types |= dict.fromkeys(kind for kind in (route.answer, route.body) if kind is not None)
    made = msgspec.json.encode(msgspec.json.schema_components(types, ref_template=_REF)).decode()
    schemas, components = msgspec.json.decode(_QUALIFIED.sub(r"\2\1", made))
    return dict(zip(types, schemas, strict=True)), components


def _operation(
    route: Route, version: Version, answerer: ApiVersion, refs: Mapping[type[Struct], Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": _parameters(route, version),
        "responses": {
            str(status): _response(route, status, answerer, refs) for status in (route.status, *statuses(route))
        },
        "security": _SECURITY[route.caller],
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": not route.body_from_query,
            "content": {"application/json": {"schema": refs[route.body], "example": route.body_example}},
        }
    elif route.takes_credentials:
        media = {"schema": refs[Login], "example": _CREDENTIALS}
        operation["requestBody"] = {"required": False, "content": dict.fromkeys(_FORMS, media)}
    return operation


def _operation_id(route: Route) -> str:
    words = [part.strip("{}").replace(".", "_") for part in route.path.split("/") if part]
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route, version: Version) -> list[dict[str, Any]]:
    wanted = "The version that answers, where it is not that of the session"
    parameters = [_parameter(VERSION_HEADER, "header", {"type": "string", "enum": [version]}, wanted)]
    if "{ticket}" in route.path:
        digits = {"type": "string", "pattern": "^[0-9]+$"}
        parameters.append(_parameter("ticket", "path", digits, "The ticket's id or number"))
    if route.query is not None:
        parameters += _query_parameters(route.query)
    for path, names in route.body_from_query.items():
        parameters += [
            _parameter(name, "query", {"type": "string"}, f"For {path}, where the body lacks it") for name in names
        ]
    if route.takes_credentials:
        parameters += [_parameter(name, "query", {"type": "string"}) for name in _CREDENTIALS]
        wanted = "For browsers: the tokens in cookies too"
        parameters.append(_parameter(COOKIES_HEADER, "header", {"type": "string", "enum": ["true"]}, wanted))
    if route.version_in_query:
        parameters.append(_parameter("version", "query", {"type": "string", "enum": list(NEWEST_FIRST)}))
    return parameters


def _query_parameters(query: type[Struct]) -> list[dict[str, Any]]:
    found = []
    for field in msgspec.structs.fields(query):
        schema = _without_null(msgspec.json.schema(field.type))
        if not field.required and field.default is not None:
            schema = {**schema, "default": field.default}
        found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query cannot say null; what may be null in it may be left out."""
    kept = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    if len(kept) == 1:
        return dict(kept[0])
    return {**schema, "anyOf": kept} if kept else schema


def _parameter(name: str, place: str, schema: Mapping[str, Any], description: str = "") -> dict[str, Any]:
    described = {"description": description} if description else {}
    return {"name": name, "in": place, "required": place == "path", "schema": schema, **described}


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
        found |= {413, 415}
    if route.body or route.query:
        found.add(422)
    return sorted(found - {route.status})


def _response(route: Route, status: int, version: ApiVersion, refs: Mapping[type[Struct], Any]) -> dict[str, Any]:
    kind, example = route.answer, route.example
    if status != route.status or kind is None:
        kind = version.invalid if status == 422 else version.error
        example = version.render_error(_error(route, status), route).body
    names = [REQUEST_ID, VERSION_HEADER, *([_HEADERS_OF_SOME[status]] if status in _HEADERS_OF_SOME else [])]
    return {
        "description": _SENTENCES[status],
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {"application/json": {"schema": refs[kind], "example": example}},
    }


def _error(route: Route, status: int) -> Exception:
    """An error that the route answers with `status`: for 422 the first field of its input, badly filled."""
    if status != 422:
        return Problem(status, _SENTENCES[status])
    model = route.body or route.query or Login
    first = msgspec.structs.fields(model)[0].encode_name
    return Invalid(read_fields(model, {first: {}}).faults)
