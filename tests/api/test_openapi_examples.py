"""What each version's OpenAPI document shows of answers: examples to the key, in the order of the documents."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from documented_shapes import SHAPES_2021, SHAPES_2024, Shape
from keesa.accounts.sessions import Version
from openapi_documents import PATH, Node, medias, nodes, operations, read, resolved

SAMPLES_2021: Final = {
    "auth": "POST /auth",
    "refresh_token": "POST /auth/refresh_token",
    "raise_ticket": "POST /tickets",
    "tickets": "GET /tickets",
    "tickets_by_type": "GET /tickets/tickets_by_type",
    "ticket": "GET /tickets/{ticket}",
    "add_ticket_note": "POST /tickets/add_ticket_note",
    "get_ticket_notes": "GET /tickets/get_ticket_notes",
}
SAMPLES_2024: Final = {
    "login": "POST /auth/login",
    "refresh": "POST /auth/refresh",
    "logout": "DELETE /auth/logout",
    "logout_by_refresh": "DELETE /auth/logout_by_refresh",
    "create_ticket": "POST /tickets",
    "tickets": "GET /tickets",
    "ticket": "GET /tickets/{ticket}",
    "tickets_by_type": "GET /tickets/tickets_by_type",
    "tickets_by_category": "GET /tickets/tickets_by_category",
    "tickets_of_customer": "GET /tickets/tickets_of_customer",
    "status_update": "POST /tickets/{ticket}/status_update",
    "add_ticket_note": "POST /tickets/add_ticket_note",
    "get_ticket_notes": "GET /tickets/get_ticket_notes",
    "get_specific_ticket_for_bot": "GET /tickets/{ticket}/get_specific_ticket_for_bot",
}

SHAPES: Final = {"2021": (SHAPES_2021, SAMPLES_2021), "2024": (SHAPES_2024, SAMPLES_2024)}


@pytest.fixture(scope="module", params=["2021", "2024"])
def version(request: pytest.FixtureRequest) -> Version:
    chosen: Version = request.param
    return chosen


@pytest.fixture(scope="module")
def document(shared_client: TestClient, version: Version) -> Node:
    return read(shared_client, version)


def test_every_body_and_answer_has_an_example_that_its_schema_allows(
    shared_client: TestClient, version: Version
) -> None:
    """Of requests, of answers and of errors."""
    require_examples(shared_client.get(PATH, params={"version": version}).text)


@cache
def require_examples(text: str) -> None:
    """Once for a text, which is the same on both engines."""
    document: Node = json.loads(text)
    assert faults_of(document, [(where, media["schema"], media["example"]) for where, media in medias(document)]) == []


def faults_of(document: Node, examples: Sequence[tuple[str, Node, Any]]) -> list[str]:
    """What examples have that their schemas do not allow, of all of them at once: a validator looks through all
    components when it is made.
    """
    together = {"prefixItems": [schema for _, schema, _ in examples], "components": document["components"]}
    errors = jsonschema_rs.Draft202012Validator(together).iter_errors([example for *_, example in examples])
    return [f"{examples[int(error.instance_path[0])][0]}: {error.message}" for error in errors]


def test_examples_within_schemas_are_allowed_by_them(document: Node) -> None:
    """Of fields and of parameters."""
    found = [node for node in nodes(document) if isinstance(node.get("examples"), list)]
    assert found
    assert faults_of(document, [(str(schema), schema, each) for schema in found for each in schema["examples"]]) == []


def test_an_example_of_an_answer_has_all_its_keys_in_order(document: Node) -> None:
    """An example shows what is answered, to the key: none is missing, none has been taken away since."""
    faults: list[str] = []
    for where, media in medias(document):
        if "request" not in where and where != "GET /openapi.json 200":
            faults += misplaced(document, media["schema"], media["example"], where)
    assert faults == []


def test_answers_hold_the_documented_keys_in_the_documented_order(document: Node, version: Version) -> None:
    """2021 those alone, 2024 more behind them."""
    shapes, samples = SHAPES[version]
    assert set(samples) == set(shapes)
    faults: list[str] = []
    for sample, name in samples.items():
        responses = dict(operations(document))[name]["responses"]
        schema = responses[min(responses)]["content"]["application/json"]["schema"]
        faults += undocumented(document, schema, shapes[sample], name, extras=version == "2024")
    assert faults == []


def misplaced(document: Node, schema: Node, example: object, at: str) -> list[str]:
    """Where an example has other keys than its schema, or has them in another order."""
    found = resolved(document, schema)
    if isinstance(example, list | tuple):
        fields = found.get("prefixItems", [found.get("items")] * len(example))  # an array of its own values, or a list
        return [
            fault
            for one, item in zip(fields, example, strict=True)
            for fault in misplaced(document, one, item, f"{at}[]")
        ]
    if not isinstance(example, dict) or "properties" not in found:
        return []
    faults = [] if list(example) == list(found["properties"]) else [f"{at} has {list(example)}"]
    for key, value in example.items():
        faults += misplaced(document, found["properties"].get(key, {}), value, f"{at}.{key}")
    return faults


def undocumented(document: Node, schema: Node, shape: Shape, at: str, *, extras: bool) -> list[str]:
    """Where the schema's keys are not those of the documented shape."""
    found = resolved(document, schema)
    if isinstance(shape, list):
        return undocumented(document, found["items"], shape[0], f"{at}[]", extras=extras)
    if not isinstance(shape, dict):
        return []
    keys = list(found["properties"])
    if (keys[: len(shape)] if extras else keys) != list(shape) or not set(shape) <= set(found["required"]):
        return [f"{at} has {keys}, not {list(shape)}"]
    inner = [(found["properties"][key], part, f"{at}.{key}") for key, part in shape.items()]
    return [fault for part in inner for fault in undocumented(document, *part, extras=extras)]
