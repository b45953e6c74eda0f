"""`GET /api/v1/openapi.json`: each version's document is valid, complete, and shows examples that it allows."""

import json
import re
from functools import cache
from typing import Final

import jsonschema_rs
import msgspec
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from starlette.testclient import TestClient

from keesa.accounts.actors import USER_TYPES
from keesa.accounts.sessions import Version
from keesa.api.session_calls import Login
from keesa.db import Database
from keesa.directory.reference import keys, products
from keesa.tickets.statuses import STATUSES as STATUS_NAMES
from keesa.web.bodies import RawBody
from keesa.web.body_streams import BodyStream
from keesa.web.forms import Form
from keesa.web.input.kinds import needs_any
from keesa.web.routes import Access, Route
from openapi_documents import PATH, Node, find, inlined, name_of, nodes, operations, read, resolved, routes_of

STATUSES: Final = {
    "POST /auth": {200, 400, 401, 408, 413, 415, 422, 429},
    "POST /auth/login": {200, 400, 401, 408, 413, 415, 422, 429},
    "POST /auth/refresh_token": {200, 400, 401, 422},
    "POST /auth/refresh": {200, 400, 401, 422},
    "DELETE /auth/logout": {200, 400, 401, 422},
    "DELETE /auth/logout_by_refresh": {200, 400, 401, 422},
    "POST /tickets": {400, 401, 403, 408, 413, 415, 422},
    "GET /tickets": {200, 304, 400, 401, 403, 422},
    "GET /tickets/rows": {200, 304, 400, 401, 403, 422},
    "GET /tickets/counts": {200, 304, 400, 401, 403, 422},
    "GET /tickets/search": {200, 304, 400, 401, 403, 422},
    "GET /changes": {200, 400, 401, 403, 410, 422},
    "GET /changes/start": {200, 400, 401, 403, 410, 422},
    "GET /tickets/tickets_by_type": {200, 304, 400, 401, 403, 408, 413, 415, 422},
    "GET /tickets/tickets_by_category": {200, 304, 400, 401, 403, 422},
    "GET /tickets/tickets_of_customer": {200, 304, 400, 401, 403, 404, 422},
    "GET /tickets/get_ticket_notes": {200, 304, 400, 401, 403, 404, 408, 413, 415, 422},
    "POST /tickets/add_ticket_note": {400, 401, 403, 404, 408, 412, 413, 415, 422},
    "GET /tickets/{ticket}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /tickets/{ticket}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "GET /tickets/{ticket}/history": {200, 304, 400, 401, 403, 404, 422},
    "GET /tickets/{ticket}/notes": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/notes": {201, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "GET /tickets/{ticket}/notes/{note}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /tickets/{ticket}/notes/{note}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /tickets/{ticket}/notes/{note}": {204, 400, 401, 403, 404, 412, 422},
    "GET /files/{address}": {200, 206, 304, 400, 404, 416, 422},
    "GET /tickets/{ticket}/images": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/images": {201, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "GET /tickets/{ticket}/images/{image}": {200, 304, 400, 401, 403, 404, 422},
    "DELETE /tickets/{ticket}/images/{image}": {204, 400, 401, 403, 404, 412, 422},
    "GET /tickets/{ticket}/files": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/files": {201, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "GET /tickets/{ticket}/files/{file}": {200, 304, 400, 401, 403, 404, 422},
    "DELETE /tickets/{ticket}/files/{file}": {204, 400, 401, 403, 404, 412, 422},
    "GET /tickets/{ticket}/get_specific_ticket_for_bot": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/status_update": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "POST /tickets/{ticket}/assign": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "GET /tickets/{ticket}/relations": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/relations": {201, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /tickets/{ticket}/relations/{kind}/{other}": {204, 400, 401, 403, 404, 412, 422},
    "GET /tickets/{ticket}/watchers": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/watchers": {201, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /tickets/{ticket}/watchers/{user}": {204, 400, 401, 403, 404, 412, 422},
    "GET /tickets/{ticket}/tags": {200, 304, 400, 401, 403, 404, 422},
    "POST /tickets/{ticket}/tags": {201, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /tickets/{ticket}/tags/{tag}": {204, 400, 401, 403, 404, 412, 422},
    "GET /tags": {200, 304, 400, 401, 403, 422},
    "POST /tags": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /tags/{tag}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /tags/{tag}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /tags/{tag}": {204, 400, 401, 403, 404, 412, 422},
    "POST /tickets/bulk": {200, 400, 401, 403, 408, 413, 415, 422},
    "GET /customers": {200, 304, 400, 401, 403, 422},
    "POST /customers": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /customers/{customer}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /customers/{customer}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /customers/{customer}": {204, 400, 401, 403, 404, 412, 422},
    "POST /auth/password": {204, 400, 401, 408, 413, 415, 422, 429},
    "GET /me": {200, 304, 400, 401, 422},
    "PATCH /me": {200, 400, 401, 403, 408, 412, 413, 415, 422},
    "PUT /me/password": {204, 400, 401, 403, 408, 413, 415, 422, 429},
    "GET /users": {200, 304, 400, 401, 403, 422},
    "GET /users/assignable": {200, 304, 400, 401, 403, 422},
    "POST /users": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /users/{user}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /users/{user}": {200, 400, 401, 403, 404, 408, 409, 412, 413, 415, 422},
    "DELETE /users/{user}": {204, 400, 401, 403, 404, 409, 412, 422},
    "POST /users/{user}/password_link": {201, 400, 401, 403, 404, 409, 422},
    "GET /roles": {200, 304, 400, 401, 403, 422},
    "POST /roles": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /roles/{role}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /roles/{role}": {200, 400, 401, 403, 404, 408, 409, 412, 413, 415, 422},
    "DELETE /roles/{role}": {204, 400, 401, 403, 404, 409, 412, 422},
    "GET /permissions": {200, 304, 400, 401, 403, 422},
    "GET /ecos": {200, 304, 400, 401, 403, 422},
    "POST /ecos": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /ecos/{eco}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /ecos/{eco}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /ecos/{eco}": {204, 400, 401, 403, 404, 412, 422},
    "GET /products": {200, 304, 400, 401, 403, 422},
    "POST /products": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /products/{product}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /products/{product}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /products/{product}": {204, 400, 401, 403, 404, 412, 422},
    "GET /ticket_types": {200, 304, 400, 401, 403, 422},
    "POST /ticket_types": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /ticket_types/{ticket_type}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /ticket_types/{ticket_type}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /ticket_types/{ticket_type}": {204, 400, 401, 403, 404, 412, 422},
    "GET /categories": {200, 304, 400, 401, 403, 422},
    "POST /categories": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /categories/{category}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /categories/{category}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /categories/{category}": {204, 400, 401, 403, 404, 412, 422},
    "GET /statuses": {200, 304, 400, 401, 403, 422},
    "GET /reports/tickets": {200, 304, 400, 401, 403, 422},
    "GET /reports/times": {200, 304, 400, 401, 403, 422},
    "GET /reports/workload": {200, 304, 400, 401, 403, 422},
    "GET /reports/oldest": {200, 304, 400, 401, 403, 422},
    "GET /canned_answers": {200, 304, 400, 401, 403, 422},
    "POST /canned_answers": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /canned_answers/{canned_answer}": {200, 304, 400, 401, 403, 404, 422},
    "PATCH /canned_answers/{canned_answer}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "DELETE /canned_answers/{canned_answer}": {204, 400, 401, 403, 404, 412, 422},
    "GET /audit": {200, 304, 400, 401, 403, 422},
    "GET /audit/{act}": {200, 304, 400, 401, 403, 404, 422},
    "GET /tokens": {200, 304, 400, 401, 403, 422},
    "POST /tokens": {201, 400, 401, 403, 408, 413, 415, 422},
    "GET /tokens/{token}": {200, 304, 400, 401, 404, 422},
    "PATCH /tokens/{token}": {200, 400, 401, 403, 404, 408, 412, 413, 415, 422},
    "POST /tokens/{token}/renew": {200, 400, 401, 403, 404, 422},
    "DELETE /tokens/{token}": {204, 400, 401, 403, 404, 412, 422},
    "GET /me/sessions": {200, 304, 400, 401, 403, 422},
    "DELETE /me/sessions/{session}": {204, 400, 401, 403, 404, 422},
    "GET /sessions": {200, 304, 400, 401, 403, 422},
    "DELETE /sessions/{session}": {204, 400, 401, 403, 404, 422},
    "OPTIONS /uploads": {204, 400, 422},
    "POST /uploads": {201, 400, 401, 403, 408, 412, 413, 415, 422, 460},
    "GET /uploads/{upload}": {200, 400, 401, 403, 404, 412, 422},
    "PATCH /uploads/{upload}": {204, 400, 401, 403, 404, 408, 409, 412, 413, 415, 422, 460},
    "DELETE /uploads/{upload}": {204, 400, 401, 403, 404, 412, 422},
    "GET /coffee": {400, 418, 422},
    "GET /openapi.json": {200, 304, 400, 422},
}
"""Beside 500 and 503, which any call may be answered with, and the success of what creates: 201, in 2021 200."""
_NOUNS: Final = {
    "/customers": "{customer}",
    "/ecos": "{eco}",
    "/products": "{product}",
    "/ticket_types": "{ticket_type}",
    "/categories": "{category}",
    "/users": "{user}",
    "/roles": "{role}",
    "/tokens": "{token}",
    "/tags": "{tag}",
    "/canned_answers": "{canned_answer}",
    "/tickets/{ticket}/notes": "{note}",
}
"""Lists with single things in them, each of which has a state."""
_OF_TICKETS: Final = ("tags", "watchers", "relations")
OWN_HEADERS: Final = {
    "GET /files/{address} 200": {"Accept-Ranges", "Content-Disposition"},
    "GET /files/{address} 206": {"Accept-Ranges", "Content-Disposition", "Content-Range"},
    "GET /files/{address} 416": {"Content-Range"},
    **{
        f"GET {path} 200": {"Link"}
        for path in (
            *("/tickets/rows", "/tickets/{ticket}/history", "/me/sessions", "/sessions", "/audit", "/users/assignable"),
            *("/tickets/search", "/changes/start"),
            *("/reports/tickets", "/reports/times", "/reports/workload", "/reports/oldest"),
            *("/permissions", "/statuses", "/tickets/{ticket}/images", "/tickets/{ticket}/files", *_NOUNS),
        )
    },
    **{f"POST {path} 201": {"ETag", "Location"} for path in _NOUNS},
    **{f"PATCH {path}/{one} 200": {"ETag"} for path, one in _NOUNS.items()},
    **{f"POST /tickets/{{ticket}}/{noun} 201": {"ETag"} for noun in _OF_TICKETS},
    **{
        f"DELETE /tickets/{{ticket}}/{part} 204": {"ETag"}
        for part in ("tags/{tag}", "watchers/{user}", "relations/{kind}/{other}")
    },
    **{f"POST /tickets/{{ticket}}/{noun} 201": {"ETag", "Location"} for noun in ("images", "files")},
    **{f"DELETE /tickets/{{ticket}}/{noun}s/{{{noun}}} 204": {"ETag"} for noun in ("image", "file")},
    "OPTIONS /uploads 204": {"Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"},
    "POST /uploads 201": {"Location", "Upload-Offset", "Upload-Expires"},
    "GET /uploads/{upload} 200": {"Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Metadata"},
    "PATCH /uploads/{upload} 204": {"Upload-Offset", "Upload-Expires"},
    "PATCH /me 200": {"ETag"},
    "PATCH /tickets/{ticket} 200": {"ETag"},
    "POST /tickets/{ticket}/status_update 200": {"ETag"},
    "POST /tickets/{ticket}/assign 200": {"ETag"},
    "POST /tickets/add_ticket_note 200": {"ETag"},
    "POST /tickets/add_ticket_note 201": {"ETag"},
}
"""Beside the state of what is read, and of what is in another one than a client knew."""
FEED: Final = ("GET /changes", "GET /changes/start")
"""They tell what happened, which is in no state."""
WITHOUT_KEY: Final = ("OPTIONS /uploads", "POST /uploads", "PATCH /uploads/{upload}")
"""They change nothing, or read a body that is gone then."""
STREAMS: Final = WITHOUT_KEY[1:]
"""Those that read it while they work with it."""
LOGINS: Final = ("POST /auth", "POST /auth/login")
"""They read their bodies themselves, and pass over what they do not know."""
FORMS_OF_FILES: Final = ("POST /tickets/{ticket}/images", "POST /tickets/{ticket}/files")
"""They read theirs too, and always tell of what they do not know."""


@pytest.fixture(scope="module", params=["2021", "2024"])
def version(request: pytest.FixtureRequest) -> Version:
    chosen: Version = request.param
    return chosen


@pytest.fixture(scope="module")
def document(shared_client: TestClient, version: Version) -> Node:
    return read(shared_client, version)


def test_each_version_has_a_document_of_its_own(document: Node, version: Version) -> None:
    """`?version=` chooses it, and it says which version it is of."""
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"].startswith(f"{version}, ")


@pytest.mark.parametrize(
    ("query", "headers", "version"),
    [
        ("", {}, "2024"),
        ("", {"Keesa-Version": "2021"}, "2021"),
        ("", {"Keesa-Version": "2024"}, "2024"),
        ("?version=2021", {}, "2021"),
        ("?version=2021", {"Keesa-Version": "2024"}, "2021"),
        ("?version=2024", {"Keesa-Version": "2021"}, "2024"),
    ],
)
def test_query_or_header_choose_the_version(
    shared_client: TestClient, query: str, headers: dict[str, str], version: Version
) -> None:
    """Without a token, the query before the header, and the current version where neither chooses."""
    answer = shared_client.get(f"{PATH}{query}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Keesa-Version"] == version
    assert answer.json() == read(shared_client, version)


@pytest.mark.parametrize("asked", ["2022", "", "v2024", "2021, 2024", "two thousand"])
def test_another_version_is_refused(shared_client: TestClient, asked: str) -> None:
    """400 names the two that there are, wherever the wrong one stood."""
    for answer in (
        shared_client.get(PATH, params={"version": asked}),
        shared_client.get(PATH, headers={"Keesa-Version": asked}),
    ):
        assert answer.status_code == 400
        assert "2021 or 2024" in answer.json()["error"]


def test_what_2024_answers_to_both_stands_alike_in_both(shared_client: TestClient) -> None:
    """With all that it refers to, but for the names of types and of the version: whoever has tried it by one document
    has tried it by the other.
    """
    older, newer = (read(shared_client, version) for version in ("2021", "2024"))
    shared = routes_of("2021", answered_by="2024")
    assert len(shared) > 80
    for route in shared:
        in_older, in_newer = (nameless(inlined(document, find(document, route))) for document in (older, newer))
        assert in_older.pop("description").startswith(in_newer.pop("description"))
        assert in_older == in_newer, name_of(route)


def nameless(operation: Node) -> Node:
    """Types that both versions have under one name are told apart by the version in it."""
    operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "Keesa-Version"]
    made: Node = json.loads(re.sub(r'"title": "(\w+)2024"', r'"title": "\1"', json.dumps(operation)))
    return made


def test_the_document_is_valid(shared_client: TestClient, version: Version) -> None:
    """It keeps the meta-schema of OpenAPI 3.1, and each of its schemas that of JSON Schema 2020-12."""
    require_valid(shared_client.get(PATH, params={"version": version}).text)


@cache
def require_valid(text: str) -> None:
    """Once for a text, which is the same on both engines."""
    document: Node = json.loads(text)
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    schemas = [node["schema"] for node in nodes(document) if isinstance(node.get("schema"), dict)]
    every = [*document["components"]["schemas"].values(), *schemas]
    jsonschema_rs.Draft202012Validator({"allOf": every, "components": document["components"]})


def test_every_reference_leads_somewhere(document: Node) -> None:
    """No `$ref` names what is not there, and nothing is there that none names."""
    names = {node["$ref"] for node in nodes(document) if "$ref" in node}
    named = {f"#/components/{kind}/{name}" for kind in ("schemas", "headers") for name in document["components"][kind]}
    assert names == named


def test_every_operation_has_a_name_of_its_own(document: Node) -> None:
    """Clients are generated from them: each is a word, and none comes twice."""
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


def test_every_schema_has_a_name_of_its_own(document: Node) -> None:
    """Clients call their classes by its title, which is its key too; nothing else has a title."""
    schemas = document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if schema["title"] != name] == []
    inside = [node for schema in schemas.values() for node in nodes(schema) if node is not schema]
    assert [node for node in inside if isinstance(node.get("title"), str)] == []
    classes = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in schemas]
    assert len(set(classes)) == len(classes)


def test_every_operation_says_what_it_does(document: Node) -> None:
    """In a tag that the document tells of, a summary and a description."""
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert tags == {
        *(
            "Sessions",
            "Oneself",
            "Tickets",
            "Tags",
            "Notes",
            "Pictures and files",
            "Uploads",
            "Canned answers",
            "Reports",
            "Customers",
            "Equipment",
            "Reference",
            "Users",
            "Roles",
            "Audit",
            "Tokens",
            "Server",
        )
    }
    for name, operation in operations(document):
        assert set(operation["tags"]) <= tags, name
        assert len(operation["tags"]) == 1, name
        assert operation["summary"], name
        first = operation["description"].split("\n\n")[0]
        assert first not in ("", operation["summary"]), f"{name} has no docstring"


def test_everything_is_explained(document: Node) -> None:
    """Each parameter, each header, each answer, and each field, by itself or as the component that it is."""
    dumb = [
        f"{name}.{key}"
        for name, schema in document["components"]["schemas"].items()
        for key, field in schema.get("properties", {}).items()
        if not (field.get("description") or resolved(document, field).get("description"))
    ]
    for name, operation in operations(document):
        dumb += [f"{name} {item['name']}" for item in operation["parameters"] if not item["description"]]
        dumb += [f"{name} {status}" for status, answer in operation["responses"].items() if not answer["description"]]
    dumb += [name for name, header in document["components"]["headers"].items() if not header["description"]]
    assert dumb == []


def test_every_time_has_its_format(document: Node) -> None:
    """`date-time`, which generated clients read as one; but for the minute of `commented_on`, which no format knows."""
    for name, schema in document["components"]["schemas"].items():
        for key, field in schema.get("properties", {}).items():
            if key.endswith(("_at", "_on", "_date")) and key != "commented_on":
                choices = [part for part in field.get("anyOf", [field]) if part != {"type": "null"}]
                is_day = "StatusChange" in name or name.startswith("StatusOfMany")
                assert choices[0]["format"] == ("date" if is_day else "date-time"), f"{name}.{key}"


def test_no_field_of_a_body_has_a_default(document: Node) -> None:
    """A generator takes a field that has one for required; null means the same as leaving it out, and is no default."""
    assert [schema for schema in nodes(document["components"]["schemas"]) if "default" in schema] == []


def test_statuses_are_a_closed_list(document: Node) -> None:
    """Wherever a status stands it is of one schema, and that names all four; but in a change of many tickets, where the
    word names the change, and what HTTP says of each.
    """
    assert document["components"]["schemas"]["Status"]["enum"] == list(STATUS_NAMES)
    named = {"$ref": "#/components/schemas/Status"}
    for name, schema in document["components"]["schemas"].items():
        if name.startswith(("ChangeOfMany", "BulkResult")):
            continue
        status = schema.get("properties", {}).get("status", named)
        assert status == named or named in status["anyOf"], name


def test_the_desks_own_lists_are_open_ones(document: Node, shared_database: Database) -> None:
    """Types, categories and products: what a new desk begins with is named, and no client takes it for all there is."""
    lists = shared_database.read(lambda tx: (keys(tx, "ticket_types"), keys(tx, "ticket_categories"), products(tx)))
    known = {"ticket_type": lists[0], "category": lists[1], "product_id": list(lists[2].values())}
    found = dict.fromkeys(known, 0)
    for schema in document["components"]["schemas"].values():
        for field, names in known.items():
            said = schema.get("properties", {}).get(field, {"$ref": ""})
            if "$ref" not in said:  # which is an entry of such a list
                found[field] += 1
                assert [name for name in names if name not in said["description"]] == []
                assert "administrators may add to them" in said["description"]
                assert [node for node in nodes(said) if "enum" in node] == []
    assert all(found.values())


def test_it_introduces_itself(document: Node) -> None:
    """What `count` counts, what a `limit` above the largest becomes, and what every error means."""
    introduction = document["info"]["description"]
    assert "`count` is the number of objects in the array beside it" in " ".join(introduction.split())
    assert "501 becomes 500" in introduction
    for status in (400, 401, 403, 404, 405, 408, 413, 415, 418, 422, 429, 500, 503):
        assert f"| {status} |" in introduction
    for user_type in USER_TYPES:
        assert f"| `{user_type}` |" in introduction


def test_it_tells_nothing_of_the_inside(shared_client: TestClient, version: Version) -> None:
    """Where both versions have a type of one name, the document tells them apart without naming a module."""
    text = shared_client.get(PATH, params={"version": version}).text
    assert "keesa.api" not in text
    names = set(read(shared_client, version)["components"]["schemas"])
    other = "2024" if version == "2021" else "2021"
    for name in ("Error", "Tokens", "RenewedToken"):
        assert {name, f"{name}{other}"} <= names
        assert f"{name}{version}" not in names


def test_every_route_that_answers_its_clients_is_in_it(document: Node, version: Version) -> None:
    """Those that only the other version has too, and none beside."""
    assert {name for name, _ in operations(document)} == {name_of(route) for route in routes_of(version)}


def test_every_input_is_in_it(document: Node, version: Version) -> None:
    """The path's and the query's fields, and the query fields that stand in for a body's."""
    said, taken = {}, {}
    for route in routes_of(version):
        parameters = find(document, route)["parameters"]
        said[name_of(route)] = {(item["in"], item["name"]): item["required"] for item in parameters}
        taken[name_of(route)] = inputs(route)
    assert said == taken


def test_every_body_is_in_it(document: Node, version: Version) -> None:
    """With the fields that the route reads, and those required that it requires; it may be left out where
    nothing in it is needed, or the query stands in for it. Logins take theirs as JSON or as either form.
    """
    for route in routes_of(version):
        if route.signature.body is Form:
            require_form(document, route)
            continue
        if route.signature.body is BodyStream:
            kinds = {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}}
            assert find(document, route)["requestBody"] == {"required": False, "content": kinds}
            continue
        model = Login if route.signature.body is RawBody else route.signature.body_struct
        if model is None:
            assert "requestBody" not in find(document, route)
            continue
        body = find(document, route)["requestBody"]
        read = route.signature.body_struct
        assert body["required"] is (read is not None and needs_any(read) and not route.body_from_query)
        assert set(body["content"]) == (FORMS if route.signature.body is RawBody else {"application/json"})
        for media in body["content"].values():
            assert differing(document, media["schema"], model, name_of(route)) == []


def require_form(document: Node, route: Route) -> None:
    """As a form, its texts and its files, of which none can be null; as JSON the texts alone. Nothing else is known."""
    content = find(document, route)["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/json"}
    form, texts = (content[kind]["schema"] for kind in ("multipart/form-data", "application/json"))
    assert route.body_schema is not None
    assert differing(document, texts, route.body_schema, name_of(route)) == []
    known = resolved(document, texts)
    assert list(form["properties"]) == [*known["properties"], route.file_part]
    assert "null" not in str(form)
    assert form["additionalProperties"] is known["additionalProperties"] is False


def test_every_caller_is_in_it(document: Node, version: Version) -> None:
    """Which token an operation needs, in which header or cookie, with which permissions; and which need none."""
    schemes = {name: scheme["type"] for name, scheme in document["components"]["securitySchemes"].items()}
    assert schemes == {"access": "http", "refresh": "apiKey", "accessCookie": "apiKey", "refreshCookie": "apiKey"}
    for route in routes_of(version):
        needs = find(document, route)["security"]
        named = [(name, permissions) for need in needs for name, permissions in need.items()]
        needed = [[str(permission)] for permission in route.permissions] or [[]]
        assert named == [(name, each) for each in needed for name in CALLERS[route.access]], name_of(route)


def test_it_says_who_may_call(document: Node, version: Version) -> None:
    """What the route checks stands in each operation: the permission and the types of users, for programs too."""
    for route in routes_of(version):
        operation = find(document, route)
        if route.permission is None:
            assert "x-user-types" not in operation
            continue
        types = route.guard.user_types if route.guard else USER_TYPES
        assert operation["x-user-types"] == list(types)
        assert f"the permission {' or '.join(f'`{each}`' for each in route.permissions)}" in operation["description"]
        whom = f"the type {' or '.join(f'`{name}`' for name in types)}" if route.guard else "every type"
        assert f"It is for users of {whom}." in operation["description"]


def test_every_status_is_in_it(document: Node, version: Version) -> None:
    """The good one and each that an error may have."""
    said = {name: {int(status) for status in operation["responses"]} for name, operation in operations(document)}
    done = {200} if version == "2021" else {201}
    expected = {name: statuses | {429, 500, 503} for name, statuses in STATUSES.items()}
    for name in ("POST /tickets", "POST /tickets/add_ticket_note"):
        expected[name] |= done
    for name in expected:
        if not name.startswith("GET") and name not in WITHOUT_KEY:
            expected[name] |= {409, 422}
    assert said == expected


def test_every_answer_names_its_headers(document: Node) -> None:
    """The request's id, the version and the caller's rate on each; how to sign in on 401, how long to wait on 429 and
    503; and what the pages that have their tokens in cookies get.
    """
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            more = HEADERS.get(status, set())
            if status in ("200", "201", "204") and name != "GET /openapi.json":
                more = {"X-CSRF-Token", "Set-Cookie"} if " /auth" in name else {"X-CSRF-Token"}
                more = set() if name in ("POST /auth/password", "GET /files/{address}") else more
            own = {"X-Request-Id", "Keesa-Version", "RateLimit-Policy", "RateLimit"} | OWN_HEADERS.get(
                f"{name} {status}", set()
            )
            if " /uploads" in name:
                own.add("Tus-Resumable")
            if name == "OPTIONS /uploads" and status == "204":
                more = set()
            if not name.startswith("GET") and name not in WITHOUT_KEY and status in ("200", "201", "204", "409"):
                own.add("Idempotency-Replayed")
            shows = status in ("304", "412") or (name.startswith("GET ") and status in ("200", "206"))
            if " /uploads" not in name and name not in FEED and shows:
                own.add("ETag")
            takes_fields = name not in LOGINS + FORMS_OF_FILES + STREAMS
            if status in ("200", "201", "204", "206", "418", "422") and takes_fields:
                own.add("Preference-Applied")
            assert set(answer["headers"]) == own | more, f"{name} {status}"
    required = {name for name, header in document["components"]["headers"].items() if header.get("required")}
    assert required == {"X-Request-Id", "Keesa-Version", "WWW-Authenticate", "Retry-After"}


@pytest.mark.parametrize(
    ("version", "route", "keys"),
    [
        ("2021", "POST /tickets", ["error"]),
        ("2021", "POST /tickets/{ticket}/assign", ["error", "errors"]),
        ("2024", "POST /tickets", ["error", "errors"]),
        ("2024", "POST /auth", ["error"]),
    ],
    indirect=["version"],
)
def test_an_error_has_the_shape_of_the_version_that_answers(document: Node, route: str, keys: list[str]) -> None:
    """A route that only the other version has tells of faults as that one does."""
    answer = dict(operations(document))[route]["responses"]["422"]["content"]["application/json"]
    assert list(resolved(document, answer["schema"])["properties"]) == keys
    assert list(answer["example"]) == keys


HEADERS: Final = {
    "401": {"WWW-Authenticate"},
    "415": {"Accept-Encoding"},
    "429": {"Retry-After"},
    "503": {"Retry-After"},
}
FORMS: Final = {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}
CALLERS: Final = {
    Access.ANYONE: [],
    Access.ACCESS_TOKEN: ["access", "accessCookie"],
    Access.EXPIRED_ACCESS_TOKEN: ["access", "accessCookie"],
    Access.SIGNED_ADDRESS: [],
    Access.REFRESH_TOKEN: ["refresh", "refreshCookie"],
}


def inputs(route: Route) -> dict[tuple[str, str], bool]:
    """The parameters that the route takes, and whether each is required."""
    found = {("header", "Keesa-Version"): False}
    found |= {("path", part[1:-1]): True for part in route.path.split("/") if part.startswith("{")}
    if route.signature.query:
        found |= {
            ("query", field.encode_name): field.required for field in msgspec.structs.fields(route.signature.query)
        }
    if route.takes_key:
        found |= {("header", "Idempotency-Key"): False}
    if route.conditional:
        found |= {("header", "If-None-Match" if route.method == "GET" else "If-Match"): False}
    found |= {("query", name): False for names in route.body_from_query.values() for name in names}
    if " /uploads" in name_of(route) and route.method != "OPTIONS":
        own = {"POST": ("Length", "Metadata", "Checksum"), "PATCH": ("Offset", "Checksum")}.get(route.method, ())
        found |= {("header", name): False for name in ("Tus-Resumable", *(f"Upload-{each}" for each in own))}
    if route.signature.body is RawBody:
        found |= {("query", "user"): False, ("query", "password"): False, ("header", "Keesa-Cookies"): False}
    elif route.knows_fields:
        found |= {("header", "Prefer"): False}
    if route.in_ranges:
        found |= {("header", "Range"): False, ("header", "If-Range"): False}
    if route.csv:
        found |= {("query", "format"): False, ("query", "bom"): False}
    if route.version_in_query:
        found |= {("query", "version"): False}
    return found


def differing(document: Node, schema: Node, model: type[msgspec.Struct], at: str) -> list[str]:
    """Where the schema has other fields than the model, or requires others."""
    found = resolved(document, schema)
    fields = msgspec.structs.fields(model)
    faults = []
    if list(found["properties"]) != [field.encode_name for field in fields]:
        faults.append(f"{at} has {list(found['properties'])}")
    if found.get("required", []) != [field.encode_name for field in fields if field.required]:
        faults.append(f"{at} requires {found.get('required')}")
    for field in fields:
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            where = f"{at}.{field.encode_name}"
            faults += differing(document, found["properties"][field.encode_name], field.type, where)
    return faults
