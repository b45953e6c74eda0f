"""Every error is JSON: one sentence for a person, and in 2024 the faults of a 422 by field."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import ApiFor
from keesa.accounts.sessions import Version
from keesa.api.feed_cursors import LENGTH

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
JSON: Final = "application/json"


class Case(NamedTuple):
    """A request of the engineer's that fails, and how."""

    status: int
    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = {}
    also: str | None = None
    """A header that the answer has because of its status."""


NEW: Final = {"ticket": {"title": "No signal"}}
LARGE: Final = {"ticket": {"title": "x" * (1024 * 1024)}}
WRONG: Final = {"user": cast.ENGINEER.email, "password": "wrong"}
CASES: Final = {
    "a query that is no UTF-8": Case(400, "GET", "/tickets?limit=%FF"),
    "a body of another type": Case(400, "POST", "/tickets", NEW, {"Content-Type": "text/plain"}),
    "another version": Case(400, "GET", "/tickets", headers={"Keesa-Version": "2000"}),
    "a bad token": Case(401, "GET", "/tickets", headers={"Authorization": "bad"}, also="WWW-Authenticate"),
    "a wrong password": Case(401, "POST", "/auth/login", WRONG, also="WWW-Authenticate"),
    "a customer of others": Case(403, "GET", f"/tickets/tickets_of_customer?customer_id={cast.LONE}"),
    "work of the bots": Case(403, "GET", f"/tickets/{cast.ASSIGNED}/get_specific_ticket_for_bot?customer_id=1"),
    "an unknown path": Case(404, "GET", "/nothing"),
    "a ticket out of sight": Case(404, "GET", f"/tickets/{cast.HIDDEN}"),
    "what can be no ticket": Case(404, "GET", "/tickets/nonsense"),
    "another method": Case(405, "PUT", "/tickets", also="Allow"),
    "a cursor of other rights": Case(410, "GET", f"/changes?after={'A' * LENGTH}"),
    "a large body": Case(413, "POST", "/tickets", LARGE),
    "a compressed body": Case(415, "POST", "/tickets", NEW, {"Content-Encoding": "gzip"}),
    "another charset": Case(415, "POST", "/tickets", NEW, {"Content-Type": f"{JSON}; charset=latin1"}),
    "a teapot": Case(418, "GET", "/coffee"),
}


def ask(api: ApiFor, case: Case, version: Version) -> Response:
    engineer = api(cast.ENGINEER, version)
    return engineer(case.method, case.path, case.body, **{"Keesa-Version": version, **case.headers})


def assert_is_a_sentence(text: object) -> None:
    """One line for a person, without the language of the program behind it."""
    assert isinstance(text, str)
    assert len(text.split()) > 1
    for foreign in ("\n", "Traceback", "Error(", "keesa.", "msgspec", "None", "<class"):
        assert foreign not in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CASES)
def test_an_error_is_one_sentence(shared_api: ApiFor, name: str, version: Version) -> None:
    """Under `error`, with no other key, in both versions; with what its status asks for in the headers."""
    case = CASES[name]
    answer = ask(shared_api, case, version)
    assert answer.status_code == case.status
    assert list(answer.json()) == ["error"]
    assert_is_a_sentence(answer.json()["error"])
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Keesa-Version"] in VERSIONS
    assert case.also is None or answer.headers[case.also]


def test_every_status_of_a_client_s_error_is_tried() -> None:
    """But those with a file of their own: 422 below, 429, and the server's 500 and 503."""
    assert {case.status for case in CASES.values()} == {400, 401, 403, 404, 405, 410, 413, 415, 418}


MANY_FAULTS: Final = {
    "ticket": {"title": 7, "description": None, "category": "none", "priority": 9, "product_id": "4x", "reference": []},
    "customer_id": 0,
}
FAULTS_2024: Final = {
    "customer_id",
    "ticket.title",
    "ticket.description",
    "ticket.category",
    "ticket.ticket_type",
    "ticket.priority",
    "ticket.product_id",
    "ticket.reference",
}


def test_422_names_every_fault_in_2024(shared_api: ApiFor) -> None:
    """By field, as the request names it: those of the types and those of the domain's rules together."""
    answer = shared_api(cast.ENGINEER)("POST", "/tickets", MANY_FAULTS)
    assert (answer.status_code, list(answer.json())) == (422, ["error", "errors"])
    assert set(answer.json()["errors"]) == FAULTS_2024
    for sentences in answer.json()["errors"].values():
        assert sentences
        for sentence in sentences:
            assert_is_a_sentence(sentence)


def test_422_is_one_sentence_in_2021(shared_api: ApiFor) -> None:
    """With every fault in it, and no `errors`."""
    answer = shared_api(cast.ENGINEER, "2021")("POST", "/tickets", MANY_FAULTS)
    assert (answer.status_code, list(answer.json())) == (422, ["error"])
    named = {part.split(" ", 1)[0] for part in answer.json()["error"].split("; ")}
    assert named >= (FAULTS_2024 - {"customer_id"}) | {"ticket.customer_name", "ticket.customer_contact"}


def test_2024_s_sentence_names_the_faults_too(shared_api: ApiFor) -> None:
    """Who shows only `error` to people shows all of it."""
    answer = shared_api(cast.ENGINEER)("POST", "/tickets", MANY_FAULTS).json()
    for field, [sentence] in answer["errors"].items():
        assert f"{field} {sentence}" in answer["error"]


@pytest.mark.parametrize(
    ("path", "faults"),
    [
        ("/tickets?limit=0&order=up&open_page=x", {"limit", "order", "open_page"}),
        ("/tickets/tickets_by_category?category=none", {"category"}),
        ("/tickets/tickets_by_category?limit=none", {"category", "limit"}),
        ("/tickets/tickets_of_customer?customer_id=1&status=none", {"status"}),
        ("/tickets/tickets_of_customer", {"customer_id"}),
        ("/tickets/tickets_by_type?type=none&status=open", {"ticket.type"}),
        ("/tickets/tickets_by_type?type=eco_support&status=none", {"ticket.status"}),
        ("/tickets/tickets_by_type", {"ticket.type", "ticket.status"}),
        ("/tickets/get_ticket_notes", {"ticket_number"}),
    ],
)
def test_faults_have_the_names_that_the_request_has(shared_api: ApiFor, path: str, faults: set[str]) -> None:
    """A query's fields are named as in the query; a body's by the path to them, wherever their values came from."""
    answer = shared_api(cast.ENGINEER)("GET", path)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == faults


def test_an_error_outside_the_api_has_the_same_shape(shared_client: TestClient) -> None:
    """Wherever a client gets lost."""
    for method, path, status in (("GET", "/nowhere", 404), ("POST", "/health", 405)):
        answer = shared_client.request(method, path)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
        assert answer.headers["X-Request-Id"]
