"""The lists by type, by category and of a customer: their filters, pages and fields."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

import plain_answers
from asking import Api, ApiFor
from cast import (
    ADMIN,
    ASSIGNED,
    BOT,
    CUSTOMER,
    ENGINEER,
    HARBOUR,
    HIDDEN,
    LONE,
    RAISED,
    SCHOOL,
    STRANGER,
    STRANGERS,
    TYPED,
    Person,
)
from keesa.accounts.sessions import Version
from keesa.db import Database
from kept_tickets import Shelved, shelve
from new_tickets import Body
from plain_answers import Question, World

VERSIONS: tuple[Version, ...] = ("2021", "2024")
TYPE, CATEGORY, CUSTOMERS = "/tickets/tickets_by_type", "/tickets/tickets_by_category", "/tickets/tickets_of_customer"
SHELF = list(range(2026030, 2026000, -1))
"""Thirty tickets of one type, category and customer, all open, newest first."""
LISTS = {
    "type": f"{TYPE}?type=remote_support&status=open",
    "category": f"{CATEGORY}?category=survey",
    "customer": f"{CUSTOMERS}?customer_id={LONE}",
}


@pytest.fixture(scope="module")
def full_database(shared_database: Database) -> Database:
    """With the thirty."""
    shelf = [Shelved(number=number, raised=f"2025-06-01T09:{number % 100:02}", customer_id=LONE) for number in SHELF]
    shared_database.write(lambda tx: shelve(tx, shelf))
    return shared_database


@pytest.fixture
def admin(full_database: Database, shared_api: ApiFor) -> Api:
    assert full_database
    return shared_api(ADMIN)


def ids(caller: Api, path: str, body: Body | None = None, version: Version = "2024") -> list[int]:
    answer = caller("GET", path, body, Keesa_Version=version)
    assert answer.status_code == 200, answer.text
    return [ticket["id"] for ticket in answer.json()["data"]["tickets"]]


@pytest.mark.parametrize(
    ("list_name", "version", "default"),
    [
        ("type", "2024", 20),
        ("type", "2021", 10),
        ("category", "2024", 20),
        ("category", "2021", 20),
        ("customer", "2024", 20),
        ("customer", "2021", 20),
    ],
)
def test_a_list_shows_its_newest_unless_a_limit_is_named(
    admin: Api, list_name: str, version: Version, default: int
) -> None:
    """Twenty; in 2021, by type, ten."""
    assert ids(admin, LISTS[list_name], version=version) == SHELF[:default]


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("limit=1", SHELF[:1]),
        ("limit=500", SHELF),
        ("limit=501", SHELF),
        ("limit=100000000000000000000", SHELF),
        ("limit=7&page=2", SHELF[7:14]),
        ("limit=7&page=5", SHELF[28:]),
        ("limit=7&page=6", []),
        ("limit=500&page=100000000000000000000", []),
        ("limit=30&order=desc", SHELF),
        ("limit=30&order=asc", SHELF[::-1]),
        ("limit=7&page=2&order=asc", SHELF[::-1][7:14]),
        ("limit=07&limit=7", SHELF[:7]),
    ],
)
def test_every_list_takes_a_limit_a_page_and_an_order(
    admin: Api, list_name: str, version: Version, query: str, wanted: list[int]
) -> None:
    """Each page by itself, newest first or oldest first."""
    assert ids(admin, f"{LISTS[list_name]}&{query}", version=version) == wanted


@pytest.mark.parametrize("list_name", LISTS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "all"),
        ("limit", ""),
        ("limit", "2.5"),
        ("limit", "%C2%B2"),
        ("page", "0"),
        ("page", "-3"),
        ("page", "last"),
        ("order", "up"),
        ("order", "ASC"),
        ("order", ""),
    ],
)
def test_a_limit_a_page_or_an_order_that_cannot_be_is_refused(
    shared_api: ApiFor, list_name: str, field: str, value: str
) -> None:
    """422 names the field."""
    answer = shared_api(ADMIN)("GET", f"{LISTS[list_name]}&{field}={value}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])


FILTER = {"type": "eco_support", "status": "in_progress"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {"ticket": FILTER}),
        ("?type=eco_support&status=in_progress", None),
        ("?ticket[type]=eco_support&ticket[status]=in_progress", None),
        ("?ticket%5Btype%5D=eco_support&ticket%5Bstatus%5D=in_progress", {}),
        ("?ticket[type]=eco_support&status=in_progress", None),
        ("?type=eco_support&ticket[status]=in_progress", {"ticket": None}),
        ("?type=eco_support", {"ticket": {"status": "in_progress"}}),
        ("?ticket[status]=in_progress", {"ticket": {"type": "eco_support", "status": None}}),
        ("?type=survey&status=closed", {"ticket": FILTER}),
        ("?type=survey&ticket[type]=eco_support&status=x&ticket[status]=in_progress", None),
        ("?status=1", {"ticket": {"type": "eco_support"}}),
        ("?type=eco_support&ticket[status]=1", None),
        ("", {"ticket": {"type": "eco_support", "status": 1}}),
        ("", {"ticket": {"type": "eco_support", "status": "1"}}),
        ("", {"ticket": {"type": "eco_support", "status": 1.0}}),
    ],
)
def test_the_type_and_the_status_may_stand_in_the_body_or_in_the_query(
    shared_api: ApiFor, version: Version, query: str, body: Body | None
) -> None:
    """In both spellings, mixed, the status by name or by position; what the body lacks the query gives."""
    assert ids(shared_api(ADMIN), f"{TYPE}{query}", body, version) == [TYPED]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("status", "wanted"),
    [("open", [ASSIGNED, RAISED]), ("0", [ASSIGNED, RAISED]), ("in_progress", []), ("2", []), ("closed", [])],
)
def test_a_type_and_a_status_must_both_fit(
    shared_api: ApiFor, version: Version, status: str, wanted: list[int]
) -> None:
    """The count is that of the tickets beside it."""
    answer = shared_api(ADMIN, version)("GET", f"{TYPE}?type=customer_support&status={status}").json()["data"]
    assert [ticket["id"] for ticket in answer["tickets"]] == wanted
    assert answer["count"] == len(wanted)


def test_the_count_is_that_of_the_page(admin: Api) -> None:
    """Not of all there are."""
    answer = admin("GET", f"{LISTS['type']}&limit=7&page=5").json()["data"]
    assert (list(answer), answer["count"]) == (["count", "tickets"], 2)


TYPES = (
    "is unknown, must be one of roc_support, project_support, remote_support, cross_department_support,"
    " customer_support, eco_support, routine_maintenance"
)
STATUSES = "is unknown, must be one of open, in_progress, on_hold, closed"
NEITHER = "must be a string or an integer"


@pytest.mark.parametrize(
    ("query", "body", "faults"),
    [
        ("", None, {"ticket.type": ["is missing"], "ticket.status": ["is missing"]}),
        ("?type=eco_support", None, {"ticket.status": ["is missing"]}),
        ("", {"ticket": {"status": "open"}}, {"ticket.type": ["is missing"]}),
        ("?type=eco_support&status=open", {"ticket": "x"}, {"ticket": ["must be an object"]}),
        ("?type=eco_support&status=done", None, {"ticket.status": [STATUSES]}),
        ("?type=eco_support&status=4", None, {"ticket.status": [f"{STATUSES}, or 0 to 3"]}),
        ("?type=eco_support&status=-1", None, {"ticket.status": [STATUSES]}),
        ("?type=eco_support&status=", None, {"ticket.status": [STATUSES]}),
        ("", {"ticket": {"type": "eco_support", "status": -1}}, {"ticket.status": [f"{STATUSES}, or 0 to 3"]}),
        ("", {"ticket": {"type": "eco_support", "status": True}}, {"ticket.status": [NEITHER]}),
        ("", {"ticket": {"type": "eco_support", "status": 0.5}}, {"ticket.status": [NEITHER]}),
        ("?type=fire&status=open", None, {"ticket.type": [TYPES]}),
        ("?type=&status=open", None, {"ticket.type": [TYPES]}),
        ("", {"ticket": {"type": 5, "status": []}}, {"ticket.type": ["must be a string"], "ticket.status": [NEITHER]}),
        ("?type=fire&status=done", None, {"ticket.type": [TYPES], "ticket.status": [STATUSES]}),
        ("?order=up&type=fire", None, {"order": ["must be one of asc, desc"], "ticket.status": ["is missing"]}),
    ],
)  # fmt: skip
def test_a_type_or_a_status_that_is_none_is_refused(
    shared_api: ApiFor, query: str, body: Body | None, faults: dict[str, list[str]]
) -> None:
    """422 with every fault by its field, and the valid ones."""
    answer = shared_api(ADMIN)("GET", f"{TYPE}{query}", body)
    assert (answer.status_code, answer.json()["errors"]) == (422, faults)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_category_has_the_tickets_that_one_sees(shared_api: ApiFor, version: Version) -> None:
    """In any status."""
    assert ids(shared_api(ADMIN, version), f"{CATEGORY}?category=fault") == [HIDDEN, STRANGERS, TYPED, ASSIGNED, RAISED]
    assert ids(shared_api(ENGINEER, version), f"{CATEGORY}?category=fault") == [TYPED, ASSIGNED, RAISED]
    assert ids(shared_api(ADMIN, version), f"{CATEGORY}?category=hardware") == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "is missing"),
        ("?category=", "is unknown, must be one of service_order, fault, survey, network, hardware, software"),
        ("?category=fire", "is unknown, must be one of service_order, fault, survey, network, hardware, software"),
        ("?category=Fault", "is unknown, must be one of service_order, fault, survey, network, hardware, software"),
        ("?category=fault%00", "must not contain NUL characters"),
    ],
)
def test_a_category_that_is_none_is_refused(shared_api: ApiFor, query: str, sentence: str) -> None:
    """422 names the valid ones."""
    answer = shared_api(ADMIN)("GET", f"{CATEGORY}{query}")
    assert (answer.status_code, answer.json()["errors"]) == (422, {"category": [sentence]})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("person", "query", "wanted"),
    [
        (ADMIN, f"customer_id={HARBOUR}", [STRANGERS, ASSIGNED]),
        (ADMIN, f"customer_id={SCHOOL}", [HIDDEN, TYPED, RAISED]),
        (ADMIN, f"customer_id={SCHOOL}&status=closed", [HIDDEN]),
        (ADMIN, f"customer_id={SCHOOL}&status=3", [HIDDEN]),
        (ADMIN, f"customer_id={SCHOOL}&status=on_hold", []),
        (ENGINEER, f"customer_id={SCHOOL}", [TYPED, RAISED]),
        (ENGINEER, f"customer_id={SCHOOL}&status=closed", []),
        (STRANGER, f"customer_id={HARBOUR}", [STRANGERS]),
        (STRANGER, f"customer_id={HARBOUR}&status=open", []),
        (CUSTOMER, f"customer_id={HARBOUR}", [STRANGERS, ASSIGNED]),
    ],
)
def test_a_customer_has_the_tickets_that_one_sees(
    shared_api: ApiFor, version: Version, person: Person, query: str, wanted: list[int]
) -> None:
    """Of one status, by name or position, or of all."""
    assert ids(shared_api(person), f"{CUSTOMERS}?{query}", version=version) == wanted


@pytest.mark.parametrize(
    ("person", "customer_id"),
    [(STRANGER, SCHOOL), (ENGINEER, 99), (CUSTOMER, SCHOOL), (CUSTOMER, 99), (BOT, HARBOUR), (BOT, 99)],
)
@pytest.mark.parametrize("status", ["", "&status=open"])
def test_a_customer_that_one_has_nothing_to_do_with_is_refused(
    shared_api: ApiFor, person: Person, customer_id: int, status: str
) -> None:
    """403, be that customer there or not."""
    answer = shared_api(person)("GET", f"{CUSTOMERS}?customer_id={customer_id}{status}")
    assert (answer.status_code, answer.json()) == (403, {"error": "You have nothing to do with this customer"})


def test_an_admin_is_told_that_a_customer_is_not_there(shared_api: ApiFor) -> None:
    """404: an admin has to do with every customer that is."""
    answer = shared_api(ADMIN)("GET", f"{CUSTOMERS}?customer_id=99")
    assert (answer.status_code, answer.json()) == (404, {"error": "Customer not found"})


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("", {"customer_id": ["is missing"]}),
        ("?customer_id=harbour", {"customer_id": ["must be an integer of 1 or more"]}),
        ("?customer_id=0", {"customer_id": ["must be an integer of 1 or more"]}),
        ("?customer_id=9223372036854775808", {"customer_id": ["must be an integer of 1 or more"]}),
        ("?customer_id=1&status=done", {"status": [STATUSES]}),
        ("?customer_id=1&status=9", {"status": [f"{STATUSES}, or 0 to 3"]}),
        ("?limit=x&page=0", {
            "customer_id": ["is missing"],
            "limit": ["must be an integer of 1 or more"],
            "page": ["must be an integer of 1 or more"],
        }),
    ],
)  # fmt: skip
def test_a_customer_or_a_status_that_cannot_be_is_refused(
    shared_api: ApiFor, query: str, faults: dict[str, list[str]]
) -> None:
    """422 with every fault by its field."""
    answer = shared_api(ADMIN)("GET", f"{CUSTOMERS}{query}")
    assert (answer.status_code, answer.json()["errors"]) == (422, faults)


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
def test_without_a_token_nothing_is_listed(shared_client: TestClient, path: str) -> None:
    """401."""
    assert shared_client.get(f"/api/v1{path}").status_code == 401


@pytest.mark.parametrize(
    ("version", "path", "query"),
    [
        ("2021", TYPE, {"type": "customer_support", "status": "open", "limit": 1}),
        ("2024", TYPE, {"type": "customer_support", "status": "open", "limit": 1}),
        ("2024", CATEGORY, {"category": "fault", "limit": 1, "page": 4}),
        ("2024", CUSTOMERS, {"customer_id": HARBOUR, "status": "open"}),
    ],
)
def test_a_list_shows_the_documented_fields(
    shared_api: ApiFor, shared_database: Database, version: Version, path: str, query: dict[str, Any]
) -> None:
    """Field for field, in their order, of a ticket that has notes."""
    caller, question = shared_api(ADMIN, version), Question(ADMIN, version, path, query=query)
    wanted = shared_database.read(lambda tx: plain_answers.answer(World(tx), caller.token, question))
    found = caller("GET", f"{path}?{urlencode(query)}")
    assert (found.status_code, found.text) == (wanted[0], json.dumps(wanted[1], separators=(",", ":")))
