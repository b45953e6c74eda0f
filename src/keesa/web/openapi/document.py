"""One version's document: its operations, each from a route."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from keesa.db import Tx
from keesa.web.body_streams import BodyStream
from keesa.web.calls import Call
from keesa.web.csv_lists import FORMATS
from keesa.web.forms import MULTIPART, Form
from keesa.web.idempotency import HEADER as KEY
from keesa.web.idempotency import LONGEST
from keesa.web.input.kinds import fields_of, needs_any, structs_in
from keesa.web.openapi.responses import response, statuses
from keesa.web.openapi.schemas import Node, Schemas
from keesa.web.openapi.wording import Wording
from keesa.web.replies import Reply
from keesa.web.requests import VERSION_HEADER
from keesa.web.router import answering
from keesa.web.routes import Access, ApiVersion, Parameter, Route

_FORMAT: Final = (
    "`csv`: the whole list from `after` on, whatever its `limit`, as a file (RFC 4180), as with `Accept: text/csv`"
)
_BOM: Final = "Whether CSV begins with a byte-order mark, by which Excel knows that it is UTF-8"
_KEY: Final = (
    "Any text that is new for each change, such as a UUID: sent again under it within seven days, the change is made"
    " once and answered as it was"
)
_PREFER: Final = {
    True: "`handling=strict`: fields that this call does not know are 422, not ignored (RFC 7240)",
    False: "`handling=lenient`: fields that this call does not know are ignored, not 422 (RFC 7240)",
}
"""By whether the call is documented."""
_RANGES: Final = (
    Parameter("Range", "header", "The part that is wanted: `bytes=0-1023`, `bytes=1024-` or `bytes=-512`; one alone"),
    Parameter("If-Range", "header", "The `ETag` of what you have parts of: if it is another by now, the whole is sent"),
)
_BINARY: Final = {"type": "string", "format": "binary"}


class OpenApi(Struct):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, str]
    servers: list[dict[str, str]]
    tags: list[dict[str, str]]
    paths: dict[str, dict[str, Any]]
    components: dict[str, Any]


def with_document(versions: Sequence[ApiVersion], wording: Wording) -> tuple[ApiVersion, ...]:
    """The versions, each with a route that serves its document, in which that route stands too."""
    return tuple(replace(version, routes=[*version.routes, _route(version, versions, wording)]) for version in versions)


def _route(version: ApiVersion, versions: Sequence[ApiVersion], wording: Wording) -> Route:
    @cache
    def made() -> tuple[OpenApi, bytes, str]:
        found = document(version, [*answering(version, versions), (version, route)], wording)
        body = msgspec.json.encode(found)
        return found, body, f'"{blake2b(body, digest_size=12).hexdigest()}"'

    def serve(_tx: Tx, call: Call[None, None]) -> Reply[OpenApi]:
        """The document of the version that `version` names, else of the one that the header `Keesa-Version` names,
        else of the current one.
        """
        found, body, etag = made()
        if call.client.prefix:
            return Reply(msgspec.structs.replace(found, servers=[{"url": call.client.prefix + wording.prefix}]))
        call.conditions.require(etag)
        return Reply(body, etag=etag)

    route = Route(
        method="GET",
        path="/openapi.json",
        endpoint=serve,
        summary="Get this document; `version` chooses which",
        kept=True,
        example=OpenApi("3.1.0", wording.info(version), [{"url": wording.prefix}], [], {}, {}),
        access=Access.ANYONE,
        conditional=True,
        version_in_query=True,
    )
    return route


def document(version: ApiVersion, routes: Sequence[tuple[ApiVersion, Route]], wording: Wording) -> OpenApi:
    """The document of `version`; each route comes beside the version that answers it."""
    found = [(answerer, route) for answerer, route in routes if route.in_openapi]
    writer = _Writer(version, wording, Schemas(version.name, _types(found), wording.fields, _closed(found)))
    names = sorted({version.name, *(answerer.name for answerer, _ in routes)}, reverse=True)
    paths: dict[str, dict[str, Any]] = {}
    for answerer, route in found:
        paths.setdefault(route.path, {})[route.method.lower()] = writer.operation(route, answerer, names)
    tags = dict(writer.tag(route) for _, route in found)
    return OpenApi(
        openapi="3.1.0",
        info=wording.info(version),
        servers=[{"url": wording.prefix}],
        tags=[{"name": name, "description": words} for name, words in tags.items()],
        paths=paths,
        components={
            "schemas": writer.schemas.components,
            "headers": {name: said for name, said in wording.headers.items() if name in _headers_of(paths)},
            "securitySchemes": wording.schemes,
        },
    )


def _types(routes: Sequence[tuple[ApiVersion, Route]]) -> list[type[Struct]]:
    types: list[type[Struct]] = []
    for version, route in routes:
        types += [version.error, version.invalid]
        if route.outdated is not None:
            types.append(type(version.render_error(route.outdated, route).body))
        signature = route.signature
        types += [kind for kind in (signature.answer, signature.body_struct, route.body_schema) if kind is not None]
    return types


def _closed(routes: Sequence[tuple[ApiVersion, Route]]) -> set[type[Struct]]:
    """What stands in the bodies of calls that tell of what they do not know, and nowhere else: answers may grow."""
    closed, open_ones = set[type[Struct]](), set[type[Struct]]()
    for _, route in routes:
        signature = route.signature
        if signature.body_struct is not None:
            (open_ones if route.documented else closed).update(structs_in(signature.body_struct))
        if signature.body is Form and route.body_schema is not None:
            closed.update(structs_in(route.body_schema))
        if signature.answer is not None:
            open_ones.update(structs_in(signature.answer))
    return closed - open_ones


class _Writer:
    """Writes the operations of one document."""

    def __init__(self, version: ApiVersion, wording: Wording, schemas: Schemas) -> None:
        self._version = version
        self._wording = wording
        self.schemas = schemas

    def tag(self, route: Route) -> tuple[str, str]:
        """Name and description: those of the innermost package or module of the endpoint that has a tag."""
        names = reversed(route.endpoint.__module__.split("."))
        return next(self._wording.tags[name] for name in names if name in self._wording.tags)

    def operation(self, route: Route, answerer: ApiVersion, versions: Sequence[str]) -> Node:
        operation: Node = {
            "tags": [self.tag(route)[0]],
            "summary": route.summary,
            "description": self._description(route, answerer),
            "operationId": _operation_id(route),
            "parameters": self._parameters(route, versions),
            "responses": {
                str(status): response(route, status, answerer, self.schemas, self._wording)
                for status in (route.status, *statuses(route))
            },
            "security": self._security(route),
        }
        if route.permission:
            operation["x-user-types"] = list(route.guard.user_types if route.guard else self._wording.user_types)
        if (body := self._body(route)) is not None:
            operation["requestBody"] = body
        return operation

    def _body(self, route: Route) -> Node | None:
        signature = route.signature
        if signature.body is None:
            return None
        if signature.body is BodyStream:
            return {"required": False, "content": {kind: {"schema": _BINARY} for kind in route.media_types}}
        if signature.body is Form:
            return self._form(route)
        struct = signature.body_struct or route.body_schema
        assert struct is not None  # noqa: S101 - a body that an endpoint reads itself has a schema
        media = {"schema": self.schemas.of(struct), "example": route.body_example}
        struct = signature.body_struct
        required = struct is not None and needs_any(struct) and not route.body_from_query
        return {"required": required, "content": dict.fromkeys(route.media_types, media)}

    def _form(self, route: Route) -> Node:
        """Its texts beside its files; or as JSON, without any."""
        struct = route.body_schema
        assert struct is not None  # noqa: S101 - as of any body that an endpoint reads itself
        files = {route.file_part: {"type": "array", "items": _BINARY}}
        with_files = {"schema": self.schemas.form(struct, files), "example": route.body_example}
        without = {"schema": self.schemas.of(struct), "example": route.body_example}
        return {"required": True, "content": {MULTIPART: with_files, "application/json": without}}

    def _description(self, route: Route, answerer: ApiVersion) -> str:
        """What the endpoint says of itself, who may call it, and whose shape the answer has."""
        parts = [inspect.getdoc(route.endpoint) or route.summary, self._who(route)]
        if answerer.name != self._version.name:
            own = self._version.name
            parts.append(f"{own} has no such call of its own: it is answered in the shape of {answerer.name}.")
        return "\n\n".join(parts)

    def _who(self, route: Route) -> str:
        """Who may call the route, from what the route itself checks."""
        token = self._wording.access[route.access]
        if route.permission is None:
            return f"{token}."
        types = "every type"
        if route.guard:
            types = f"the type {' or '.join(f'`{user_type}`' for user_type in route.guard.user_types)}"
        needed = " or ".join(f"`{_named(permission)}`" for permission in route.permissions)
        return f"{token} and the permission {needed}. It is for users of {types}."

    def _security(self, route: Route) -> list[dict[str, list[str]]]:
        """The tokens of which one is needed, each with the permission that its user must have; again for each other
        permission that does as well.
        """
        permissions = [[_named(permission)] for permission in route.permissions] or [[]]
        tokens = self._wording.security[route.access]
        return [dict.fromkeys(need, permission) for permission in permissions for need in tokens]

    def _parameters(self, route: Route, versions: Sequence[str]) -> list[Node]:
        wanted = "The version that answers, where it is not that of the session"
        known = self.schemas.words("KeesaVersion", [self._version.name])
        parameters = [_parameter(VERSION_HEADER, "header", known, wanted)]
        if route.knows_fields:
            parameters.append(_parameter("Prefer", "header", {"type": "string"}, _PREFER[route.documented]))
        for name, said in route.signature.parameters.items():
            parameters.append(_parameter(name, "path", dict(said.schema), said.description))
        if route.takes_key:
            key: Node = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^[!-~]+$"}
            parameters.append(_parameter(KEY, "header", key, _KEY))
        if route.conditional:
            parameters.append(_condition(route))
        if route.signature.query is not None:
            parameters += self._query_parameters(route.signature.query)
        if route.csv:
            formats = self.schemas.words("ListFormat", FORMATS)
            parameters.append(_parameter("format", "query", formats, _FORMAT))
            parameters.append(_parameter("bom", "query", {"type": "boolean"}, _BOM))
        for path, names in route.body_from_query.items():
            schema, text = self._field(route, path)
            text = f"{text.rstrip('.')}. Stands in for `{path}` where the body lacks it."
            parameters += [_parameter(name, "query", schema, text) for name in names]
        for more in (*route.parameters, *(_RANGES if route.in_ranges else ())):
            schema = self.schemas.words(more.title, more.words) if more.words else {"type": "string"}
            parameters.append(_parameter(more.name, more.place, schema, more.description))
        if route.version_in_query:
            known = self.schemas.words("DocumentVersion", versions)
            parameters.append(_parameter("version", "query", known, "The version whose document it is"))
        return parameters

    def _query_parameters(self, query: type[Struct]) -> list[Node]:
        found = []
        for field in msgspec.structs.fields(query):
            schema, said = self.schemas.parameter(query, field)
            if not field.required and field.default not in (None, msgspec.NODEFAULT, msgspec.UNSET):
                schema = {**schema, "default": field.default}
            found.append({**_parameter(field.encode_name, "query", schema, said), "required": field.required})
        return found

    def _field(self, route: Route, path: str) -> tuple[Node, str]:
        """Schema and description of the field at a dotted path of the route's body."""
        struct: Any = route.signature.body_struct
        *parents, last = path.split(".")
        for parent in parents:
            struct = next(field.kind.struct for field in fields_of(struct) if field.key == parent)
        field = next(field for field in msgspec.structs.fields(struct) if field.encode_name == last)
        return self.schemas.parameter(struct, field)


def _headers_of(paths: dict[str, dict[str, Any]]) -> set[str]:
    """The names of all headers that an answer has."""
    answers = [
        answer for item in paths.values() for operation in item.values() for answer in operation["responses"].values()
    ]
    return {name for answer in answers for name in answer["headers"]}


def _named(permission: Any) -> str:  # noqa: ANN401 - as the route has it
    return f"{permission.resource}:{permission.action}"


def _condition(route: Route) -> Node:
    schema: Node = {"type": "string"}
    if route.method == "GET":
        said = "The `ETag` of the state that you have: where it is still that, the answer is 304 and without a body"
        return _parameter("If-None-Match", "header", schema, said)
    said = "The `ETag` of the state that you have seen: where it is another by now, nothing is changed (412)"
    return _parameter("If-Match", "header", schema, said)


def _operation_id(route: Route) -> str:
    words = [part.strip("{}").replace(".", "_") for part in route.path.split("/") if part]
    return "_".join([route.method.lower(), *words])


def _parameter(name: str, place: str, schema: Node, description: str) -> Node:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": description}
