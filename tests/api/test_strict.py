"""Fields that a call does not know: documented calls ignore them unless they are asked to be strict; all others tell of
them by themselves.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from acting import tickets_as_kept
from asking import ApiFor
from cast import ADMIN, ASSIGNED, ENGINEER, HARBOUR, PASSWORD
from good_requests import Good, good_requests
from keesa.accounts.sessions import Version
from keesa.app import VERSIONS
from keesa.db import Database
from keesa.web.forms import Form
from keesa.web.input.unknown import NOT_KNOWN
from new_tickets import BODY_2021, BODY_2024
from openapi_documents import Node, find, inlined, name_of, nodes, read, routes_of
from refusing import sender

SAMPLES: Final = Path(__file__).parents[1] / "clients" / "curl"
"""Every call of the two documents, as they print it."""
APPLIED: Final = "Preference-Applied"
STRICT: Final = "handling=strict"
LENIENT: Final = "handling=lenient"
OWN_READERS: Final = ("/auth", "/auth/login")
"""They read their bodies themselves."""
ASKED: Final = [good for good in good_requests() if good.route.path not in (*OWN_READERS, "/coffee")]
NEW: Final = [good for good in ASKED if not good.route.documented]
DOCUMENTED: Final = [good for good in ASKED if good.route.documented]
FREE: Final = ("permissions",)
"""Objects with keys of the client's own."""


def documented(version: str) -> set[tuple[str, str]]:
    """Method and path of each call of the version's document, with a ticket's number in braces."""
    text = (SAMPLES / f"v{version}.sh").read_text()
    found = re.findall(r'^  request (\w+) "\$api(/[^"?]+)', text, re.MULTILINE)
    return {(method, re.sub(r"/\d+", "/{ticket}", path)) for method, path in found}


def test_the_calls_of_the_documents_are_marked_as_such() -> None:
    """Each of either document, and no other; but for coffee, of which the table of statuses tells."""
    marked = {
        version.name: {(route.method, route.path) for route in version.routes if route.documented}
        for version in VERSIONS
    }
    assert marked["2021"] == documented("2021")
    assert marked["2024"] == documented("2024") | {("GET", "/coffee"), ("BREW", "/coffee")}


# Calls that no document has


@pytest.mark.parametrize("good", NEW, ids=str)
def test_a_new_call_tells_of_what_it_does_not_know(
    shared_client: TestClient, shared_database: Database, good: Good
) -> None:
    """In its query and in each object of its body, whichever version's client calls; and changes nothing."""
    ask = sender(shared_client, shared_database, good)
    before = shared_database.read(tickets_as_kept)
    answer = ask(query=good.query | {"zzz": "1"})
    assert (answer.status_code, answer.json()["error"]) == (422, f"zzz {NOT_KNOWN}")
    for path, body in with_one_more(good.body):
        answer = ask(body=body)
        assert answer.status_code == 422, path
        assert [field for field, told in answer.json()["errors"].items() if told == [NOT_KNOWN]] == [path]
    assert APPLIED not in answer.headers
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("good", [good for good in NEW if good.route.method == "GET"], ids=str)
def test_a_new_call_passes_over_it_when_it_is_asked_to(
    shared_client: TestClient, shared_database: Database, good: Good
) -> None:
    """A client that is newer than its server, say."""
    ask = sender(shared_client, shared_database, good)
    answer = ask(query=good.query | {"zzz": "1"}, headers={"Prefer": LENIENT})
    assert (answer.status_code, answer.headers[APPLIED]) == (200, LENIENT)


def with_one_more(body: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """The body with a further key in one of its objects, and the path of that."""
    if isinstance(body, dict):
        yield f"{path}zzz", body | {"zzz": None}
        for key, value in body.items():
            for inner, changed in with_one_more(value, f"{path}{key}.") if key not in FREE else ():
                yield inner, body | {key: changed}
    elif isinstance(body, list):
        for place, item in enumerate(body):
            for inner, changed in with_one_more(item, f"{path}{place}."):
                yield inner, [*body[:place], changed, *body[place + 1 :]]


def test_a_misspelt_filter_answers_nothing(shared_api: ApiFor) -> None:
    """Rather than everything; the sentence says what may have been meant."""
    answer = shared_api(ADMIN)("GET", "/tickets/rows?statuss=open&limit=5")
    assert answer.status_code == 422
    assert answer.json()["errors"] == {"statuss": [f"{NOT_KNOWN}: is status meant?"]}


def test_what_a_list_takes_beside_its_filters_is_known(shared_api: ApiFor) -> None:
    """The form that it is answered in, and a document's version."""
    admin = shared_api(ADMIN)
    for path in ("/tickets/rows?format=csv&bom=true", "/openapi.json?version=2021", "/users?format=json"):
        assert admin("GET", path).status_code == 200


# Calls of the documents


@pytest.mark.parametrize("good", DOCUMENTED, ids=str)
def test_a_documented_call_tells_of_it_only_when_it_is_asked_to(
    client: TestClient, database: Database, good: Good
) -> None:
    """As of every other fault: in 2024 by field, in 2021 in the sentence. What it knows is good as ever."""
    ask = sender(client, database, good)
    before = database.read(tickets_as_kept)
    wrong: list[tuple[str, Mapping[str, Any]]] = [("zzz", {"query": good.query | {"zzz": "1"}})]
    wrong += [(path, {"body": body}) for path, body in with_one_more(good.body)]
    for path, sent in wrong:
        answer = ask(**sent, headers={"Prefer": f"respond-async, {STRICT}"})
        assert (answer.status_code, answer.headers[APPLIED]) == (422, STRICT), path
        assert f"{path} {NOT_KNOWN}" in answer.json()["error"]
        assert answer.json().get("errors", {path: [NOT_KNOWN]}) == {path: [NOT_KNOWN]}
    assert database.read(tickets_as_kept) == before
    answer = ask(headers={"Prefer": STRICT})
    assert answer.is_success, answer.text
    assert answer.headers[APPLIED] == STRICT


@pytest.mark.parametrize("good", [good for good in DOCUMENTED if "auth" not in good.route.path], ids=str)
def test_a_documented_call_passes_over_it_by_itself(client: TestClient, database: Database, good: Good) -> None:
    """As it always did: old clients send what they like."""
    ask = sender(client, database, good)
    for prefer in ({}, {"Prefer": LENIENT}, {"Prefer": "handling=other"}):
        answer = ask(query=good.query | {"zzz": "1"}, body=good.body and good.body | {"zzz": {}}, headers=prefer)
        assert answer.is_success, answer.text
        assert answer.headers.get(APPLIED) == (LENIENT if LENIENT in prefer.values() else None)


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("2024", "/tickets?limit=1&page=1&order=asc&open_page=1&active_page=1&closed_page=1&updated_since=2025-03-04"),
        ("2024", "/tickets/tickets_by_type?ticket[type]=eco_support&ticket[status]=open&limit=1"),
        ("2021", "/tickets/tickets_by_type?type=eco_support&status=open&page=1"),
        ("2024", f"/tickets/tickets_of_customer?customer_id={HARBOUR}&status=open"),
        ("2021", f"/tickets/get_ticket_notes?ticket_number={ASSIGNED}&limit=1&page=1"),
    ],
)
def test_whatever_a_documented_query_takes_is_known(shared_api: ApiFor, version: Version, path: str) -> None:
    """Also the forms that stand in for a body."""
    answer = shared_api(ENGINEER, version)("GET", path, Prefer=STRICT)
    assert answer.status_code == 200, answer.text


def test_the_contact_of_a_ticket_is_known_in_both_versions(api: ApiFor) -> None:
    """And either place of its customer."""
    given_in: dict[Version, Any] = {"2021": BODY_2021, "2024": BODY_2024}
    for version, given in given_in.items():
        body = deepcopy(given)
        body["ticket"] |= {"customer_name": "Ali", "customer_contact": "+960 777-1234", "customer_id": HARBOUR}
        body["customer_id"] = HARBOUR
        answer = api(ADMIN, version)("POST", "/tickets", body, Prefer=STRICT)
        assert answer.is_success, answer.text


def test_every_fault_is_told_beside_it(shared_api: ApiFor) -> None:
    """Those of what is known, of the domain too, under the names that the body has."""
    sent = {"ticket": {"titel": "", "title": "x", "product_id": 99, "description": "x"}, "title": "x"}
    answer = shared_api(ADMIN)("POST", "/tickets", sent | {"customer_id": "x"}, Prefer=STRICT)
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors["ticket.titel"] == [f"{NOT_KNOWN}: is title meant?"]
    assert errors["title"] == [f"{NOT_KNOWN}: is ticket.title meant?"]
    assert {"ticket.product_id", "customer_id"} <= errors.keys()


def test_a_login_reads_what_it_needs_and_says_so(shared_client: TestClient) -> None:
    """It takes three kinds of bodies, and is never strict: nothing was applied."""
    sent = {"user": ADMIN.email, "password": PASSWORD, "zzz": 1}
    for path in OWN_READERS:
        answer = shared_client.post(f"/api/v1{path}", json=sent, headers={"Prefer": STRICT})
        assert (answer.status_code, answer.headers.get(APPLIED)) == (200, None)


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_openapi_tells_which_bodies_take_no_further_key(shared_client: TestClient, version: Version) -> None:
    """Every object in the body of a new call, and none in that of a documented one, or in an answer."""
    document = read(shared_client, version)
    for route in routes_of(version):
        operation = find(document, route)
        answer = operation["responses"][str(route.status)].get("content", {}).get("application/json", {})
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        for schema in objects(document, answer.get("schema", {})):
            assert "additionalProperties" not in schema, name_of(route)
        if route.signature.body is Form:
            content = None  # what stands in one beside its files is told by its endpoint
        for schema in objects(document, content["schema"]) if content else ():
            closed = schema.get("additionalProperties") is False
            assert closed is not route.documented, (name_of(route), schema["title"])


def objects(document: Node, schema: Node) -> list[Node]:
    return [node for node in nodes(inlined(document, schema)) if "properties" in node and "title" in node]
