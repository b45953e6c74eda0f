"""Each version's OpenAPI 3.1 document, made from the routes that answer its clients."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct

import keesa
from keesa.accounts.actors import USER_TYPES
from keesa.accounts.sessions import Version
from keesa.api.door import COOKIES_HEADER, VERSION_HEADER
from keesa.api.http import ApiVersion, Call, Caller, Reply, Route
from keesa.api.responses import HEADERS, response, statuses
from keesa.api.schemas import Node, Schemas
from keesa.api.signing_in import ACCESS_COOKIE, CSRF_HEADER, REFRESH_COOKIE, Login
from keesa.api.table import NEWEST_FIRST, answering
from keesa.api.wording import FIELDS, TAGS, introduction
from keesa.db import Tx

PREFIX: Final = "/api/v1"

_SECURITY: Final[Mapping[Caller, list[dict[str, list[str]]]]] = {
    Caller.ANYONE: [],
    Caller.WITH_ACCESS: [{"access": []}, {"accessCookie": []}],
    Caller.WITH_ACCESS_EVER: [{"access": []}, {"accessCookie": []}],
    Caller.WITH_REFRESH: [{"refresh": []}, {"refreshCookie": []}],
}
_WITH_CSRF: Final = f"For browsers: every method but GET and HEAD needs {CSRF_HEADER} too, as the last answer gave it"
_TOKENS: Final[Mapping[Caller, str]] = {
    Caller.ANYONE: "Anybody may call it, without a token",
    Caller.WITH_ACCESS: "It needs an access token",
    Caller.WITH_ACCESS_EVER: "It needs an access token, which may have expired",
    Caller.WITH_REFRESH: "It needs a refresh token in `X-Refresh-Token`",
}
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
    tags: list[dict[str, str]]
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
        """The document of the version that `version` names, else of the one that the header `Keesa-Version` names,
        else of the current one.
        """
        found, body = made()
        if call.client.prefix:
            return Reply(msgspec.structs.replace(found, servers=[{"url": call.client.prefix + PREFIX}]))
        return Reply(body)

    route = Route(
        method="GET",
        path="/openapi.json",
        endpoint=serve,
        summary="Get this document; `version` chooses which",
        answer=OpenApi,
        example=OpenApi("3.1.0", _info(version), [{"url": PREFIX}], [], {}, {}),
        caller=Caller.ANYONE,
        version_in_query=True,
    )
    return route


def document(version: ApiVersion, routes: Sequence[tuple[ApiVersion, Route]]) -> OpenApi:
    """The document of `version`; each route comes beside the version that answers it."""
    shown = [(answerer, route) for answerer, route in routes if route.shown]
    schemas = Schemas(version.name, _types(shown))
    paths: dict[str, dict[str, Any]] = {}
    for answerer, route in shown:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, version, answerer, schemas)
    tags = dict(_tag(route) for _, route in shown)
    return OpenApi(
        openapi="3.1.0",
        info=_info(version),
        servers=[{"url": PREFIX}],
        tags=[{"name": name, "description": words} for name, words in tags.items()],
        paths=paths,
        components={"schemas": schemas.components, "headers": HEADERS, "securitySchemes": _SCHEMES},
    )


def _info(version: ApiVersion) -> dict[str, str]:
    return {
        "title": "Keesa",
        "version": f"{version.name}, Keesa {keesa.__version__}",
        "description": introduction(version.name, with_faults=version.invalid is not version.error),
    }


def _types(routes: Sequence[tuple[ApiVersion, Route]]) -> list[type[Struct]]:
    types: list[type[Struct]] = [Login]
    for version, route in routes:
        types += [version.error, version.invalid]
        types += [kind for kind in (route.answer, route.body) if kind is not None]
    return types


def _tag(route: Route) -> tuple[str, str]:
    """Name and description."""
    return TAGS[route.endpoint.__module__.rpartition(".")[2]]


def _operation(route: Route, version: ApiVersion, answerer: ApiVersion, schemas: Schemas) -> Node:
    operation: Node = {
        "tags": [_tag(route)[0]],
        "summary": route.summary,
        "description": _description(route, version, answerer),
        "operationId": _operation_id(route),
        "parameters": _parameters(route, version.name, schemas),
        "responses": {
            str(status): response(route, status, answerer, schemas) for status in (route.status, *statuses(route))
        },
        "security": _security(route),
    }
    if route.permission:
        operation["x-user-types"] = list(route.guard.user_types if route.guard else USER_TYPES)
    if route.body is not None:
        media = {"schema": schemas.of(route.body), "example": route.body_example}
        operation["requestBody"] = {"required": not route.body_from_query, "content": {"application/json": media}}
    elif route.takes_credentials:
        media = {"schema": schemas.of(Login), "example": _CREDENTIALS}
        operation["requestBody"] = {"required": False, "content": dict.fromkeys(_FORMS, media)}
    return operation


def _description(route: Route, version: ApiVersion, answerer: ApiVersion) -> str:
    """What the endpoint says of itself, who may call it, and whose shape the answer has."""
    parts = [inspect.getdoc(route.endpoint) or route.summary, _who(route)]
    if answerer.name != version.name:
        parts.append(f"{version.name} has no such call of its own: it is answered in the shape of {answerer.name}.")
    return "\n\n".join(parts)


def _who(route: Route) -> str:
    """Who may call the route, from what the route itself checks."""
    token = _TOKENS[route.caller]
    if route.permission is None:
        return f"{token}."
    types = "every type"
    if route.guard:
        types = f"the type {' or '.join(f'`{user_type}`' for user_type in route.guard.user_types)}"
    return f"{token} and the permission `{_permission(route)}`. It is for users of {types}."


def _security(route: Route) -> list[dict[str, list[str]]]:
    """The tokens of which one is needed, each with the permissions that its user must have."""
    permissions = [_permission(route)] if route.permission else []
    return [dict.fromkeys(need, permissions) for need in _SECURITY[route.caller]]


def _permission(route: Route) -> str:
    return f"tickets:{route.permission}"


def _operation_id(route: Route) -> str:
    words = [part.strip("{}").replace(".", "_") for part in route.path.split("/") if part]
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route, version: Version, schemas: Schemas) -> list[Node]:
    wanted = "The version that answers, where it is not that of the session"
    parameters = [_parameter(VERSION_HEADER, "header", schemas.words("KeesaVersion", [version]), wanted)]
    if "{ticket}" in route.path:
        digits = {"type": "string", "pattern": "^[0-9]+$"}
        parameters.append(_parameter("ticket", "path", digits, "The ticket's id or number"))
    if route.query is not None:
        parameters += _query_parameters(route.query, schemas)
    for path, names in route.body_from_query.items():
        schema, said = _field(route, path, schemas)
        said = f"{said.rstrip('.')}. Stands in for `{path}` where the body lacks it."
        parameters += [_parameter(name, "query", schema, said) for name in names]
    if route.takes_credentials:
        for name in _CREDENTIALS:
            parameters.append(_parameter(name, "query", {"type": "string"}, FIELDS[name]["description"]))
        wanted = "For browsers: the tokens in cookies too"
        parameters.append(_parameter(COOKIES_HEADER, "header", schemas.words("KeesaCookies", ["true"]), wanted))
    if route.version_in_query:
        known = schemas.words("DocumentVersion", NEWEST_FIRST)
        parameters.append(_parameter("version", "query", known, "The version whose document it is"))
    return parameters


def _query_parameters(query: type[Struct], schemas: Schemas) -> list[Node]:
    found = []
    for field in msgspec.structs.fields(query):
        schema, said = schemas.parameter(query, field)
        if not field.required and field.default is not None:
            schema = {**schema, "default": field.default}
        found.append({**_parameter(field.encode_name, "query", schema, said), "required": field.required})
    return found


def _field(route: Route, path: str, schemas: Schemas) -> tuple[Node, str]:
    """Schema and description of the field at a dotted path of the route's body."""
    struct: Any = route.body
    *parents, last = path.split(".")
    for parent in parents:
        struct = next(field.type for field in msgspec.structs.fields(struct) if field.encode_name == parent)
    field = next(field for field in msgspec.structs.fields(struct) if field.encode_name == last)
    return schemas.parameter(struct, field)


def _parameter(name: str, place: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": description}
