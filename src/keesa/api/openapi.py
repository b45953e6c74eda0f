"""Each version's OpenAPI 3.1 document, made from the routes that answer its clients."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

import keesa
from keesa.accounts.sessions import Version
from keesa.api.http import ApiVersion, Call, Caller, Reply, Route
from keesa.api.signing_in import Login
from keesa.api.table import NEWEST_FIRST, served
from keesa.db import Tx

PREFIX: Final = "/api/v1"
_REF: Final = "#/components/schemas/{name}"

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
_RETRY_AFTER: Final = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait"}}
_SECURITY: Final[Mapping[Caller, list[dict[str, list[str]]]]] = {
    Caller.ANYONE: [],
    Caller.WITH_ACCESS: [{"access": []}, {"accessCookie": []}],
    Caller.WITH_ACCESS_EVER: [{"access": []}, {"accessCookie": []}],
    Caller.WITH_REFRESH: [{"refresh": []}, {"refreshCookie": []}],
}
_SCHEMES: Final = {
    "access": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "refresh": {"type": "apiKey", "in": "header", "name": "X-Refresh-Token"},
    "accessCookie": {"type": "apiKey", "in": "cookie", "name": "jwt_access"},
    "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "jwt_refresh"},
}


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
    def body() -> bytes:
        return msgspec.json.encode(document(version, [*served(version, versions), route]))

    def serve(_tx: Tx, _call: Call[Any, Any]) -> Reply:
        return Reply(body())

    route = Route(
        method="GET",
        path="/openapi.json",
        endpoint=serve,
        summary="This document; `version` chooses which",
        answer=OpenApi,
        caller=Caller.ANYONE,
        version_in_query=True,
    )
    return route


def document(version: ApiVersion, routes: Sequence[Route]) -> dict[str, Any]:
    """The document as JSON-ready values."""
    shown = [route for route in routes if route.shown]
    schemas, components = msgspec.json.schema_components(_types(version, shown), ref_template=_REF)
    refs = dict(zip(_types(version, shown), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, version, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keesa",
            "version": f"{version.name}, Keesa {keesa.__version__}",
            "description": "Support tickets: raised, assigned, discussed and closed.",
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
    }


def _types(version: ApiVersion, routes: Sequence[Route]) -> list[type[Struct]]:
    found: dict[type[Struct], None] = {version.error: None, version.invalid: None, Login: None}
    for route in routes:
        for kind in (route.answer, route.body):
            if kind is not None:
                found[kind] = None
    return list(found)


def _operation(route: Route, version: ApiVersion, refs: Mapping[type[Struct], Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": _parameters(route, version.name),
        "responses": _responses(route, version, refs),
        "security": _SECURITY[route.caller],
    }
    if route.body is not None:
        example = {} if route.body_example is None else {"example": route.body_example}
        operation["requestBody"] = {
            "required": not route.body_from_query,
            "content": {"application/json": {"schema": refs[route.body], **example}},
        }
    elif route.takes_credentials:
        media = {"schema": refs[Login], "example": {"user": "mariyam@example.com", "password": "a long password"}}
        forms = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
        operation["requestBody"] = {"required": False, "content": dict.fromkeys(forms, media)}
    return operation


def _operation_id(route: Route) -> str:
    words = [part.strip("{}").replace(".", "_") for part in route.path.split("/") if part]
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route, version: Version) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {
            "name": "Keesa-Version",
            "in": "header",
            "required": False,
            "description": "The version that answers, where it is not that of the session",
            "schema": {"type": "string", "enum": [version]},
        }
    ]
    if "{ticket}" in route.path:
        parameters.append(_parameter("ticket", "path", {"type": "string"}, "The ticket's id or number"))
    if route.query is not None:
        parameters += _query_parameters(route.query)
    for path, names in route.body_from_query.items():
        parameters += [
            _parameter(name, "query", {"type": "string"}, f"For {path}, where the body lacks it") for name in names
        ]
    if route.takes_credentials:
        parameters += [_parameter(name, "query", {"type": "string"}) for name in ("user", "password")]
    if route.version_in_query:
        parameters.append(_parameter("version", "query", {"type": "string", "enum": list(NEWEST_FIRST)}))
    return parameters


def _query_parameters(query: type[Struct]) -> list[dict[str, Any]]:
    found = []
    for field in msgspec.structs.fields(query):
        schema = msgspec.json.schema(field.type)
        if not field.required and field.default is not None:
            schema = {**schema, "default": field.default}
        found.append({"name": field.encode_name, "in": "query", "required": field.required, "schema": schema})
    return found


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


def _responses(route: Route, version: ApiVersion, refs: Mapping[type[Struct], Any]) -> dict[str, Any]:
    responses = {str(route.status): _success(route, version, refs)}
    for status in statuses(route):
        kind = version.invalid if status == 422 else version.error
        responses[str(status)] = {
            "description": _SENTENCES[status],
            "content": {"application/json": {"schema": refs[kind]}},
            **({"headers": _RETRY_AFTER} if status in (429, 503) else {}),
        }
    return responses


def _success(route: Route, version: ApiVersion, refs: Mapping[type[Struct], Any]) -> dict[str, Any]:
    media: dict[str, Any] = {"schema": refs[route.answer or version.error]}
    if route.example is not None:
        media["example"] = route.example
    return {"description": _SENTENCES[route.status], "content": {"application/json": media}}
