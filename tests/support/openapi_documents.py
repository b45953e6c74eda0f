"""Reading an OpenAPI document: its operations, their bodies, and what its references lead to."""

from collections.abc import Iterator
from typing import Any, Final

from starlette.testclient import TestClient

from keesa.accounts.sessions import Version
from keesa.app import VERSIONS
from keesa.web.router import answering
from keesa.web.routes import Route

PATH: Final = "/api/v1/openapi.json"
Node = dict[str, Any]


def read(client: TestClient, version: Version) -> Node:
    document: Node = client.get(PATH, params={"version": version}).json()
    return document


WITHOUT_BODY: Final = ("204", "304")


def routes_of(name: Version, *, answered_by: Version | None = None) -> list[Route]:
    """The routes that a client of this version is answered by, and that the document shows; of those that one version
    answers, where it is given.
    """
    version = next(version for version in VERSIONS if version.name == name)
    return [
        route
        for answerer, route in answering(version, VERSIONS)
        if route.in_openapi and answered_by in (None, answerer.name)
    ]


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def find(document: Node, route: Route) -> Node:
    operation: Node = document["paths"][route.path][route.method.lower()]
    return operation


def medias(document: Node) -> Iterator[tuple[str, Node]]:
    """Everything that a body may be, with where it stands; of answers what is JSON, and of requests no mere bytes."""
    for name, operation in operations(document):
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            if media["schema"].get("format") != "binary":
                yield f"{name} request {kind}", media
        for status, answer in operation["responses"].items():
            if status not in WITHOUT_BODY and "application/json" in answer["content"]:
                yield f"{name} {status}", answer["content"]["application/json"]


def nodes(value: object) -> Iterator[Node]:
    """Every object in the document, but for those in examples."""
    if isinstance(value, dict):
        yield value
        for key, inner in value.items():
            if key not in ("example", "examples"):
                yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def component(document: Node, reference: str) -> Node:
    """What a `$ref` leads to."""
    _, _, kind, name = reference.split("/")
    found: Node = document["components"][kind][name]
    return found


def inlined(document: Node, value: Any) -> Any:  # noqa: ANN401 - whatever stands there
    """The same with what its references lead to in their places."""
    if isinstance(value, list):
        return [inlined(document, inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return inlined(document, component(document, value["$ref"]))
    return {key: inlined(document, inner) for key, inner in value.items()}


def resolved(document: Node, schema: Node) -> Node:
    """What the schema refers to; of what may be null, the rest."""
    if "$ref" in schema:
        return resolved(document, component(document, schema["$ref"]))
    several = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    return resolved(document, several[0]) if len(several) == 1 else schema
