"""`GET /tickets/<id>/get_specific_ticket_for_bot`: whether a ticket is a customer's."""

import json

import pytest
from starlette.testclient import TestClient

from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, LONE, SCHOOL, STRANGER, Person
from keesa.accounts.sessions import Version


@pytest.mark.parametrize("version", ["2021", "2024"])
@pytest.mark.parametrize("person", [BOT, ADMIN])
@pytest.mark.parametrize("query", [f"customer_id={HARBOUR}", "customer_id=01", "customer_id=9&customer_id=1&x=y"])
def test_a_bot_learns_that_the_ticket_is_the_customers(
    shared_api: ApiFor, version: Version, person: Person, query: str
) -> None:
    """Field for field; clients of 2021 are answered as those of 2024. Of a repeated field the last counts."""
    answer = shared_api(person, version)("GET", f"/tickets/{ASSIGNED}/get_specific_ticket_for_bot?{query}")
    assert answer.status_code == 200
    ticket = {
        "id": ASSIGNED,
        "ticket_number": "2025002",
        "title": "Trouble 2025002",
        "customer_id": HARBOUR,
        "status": "open",
        "description": "No signal since the storm",
    }
    assert answer.text == json.dumps({"data": {"ticket": ticket}}, separators=(",", ":"))


def test_a_bot_may_ask_for_tickets_that_nobody_else_sees(shared_api: ApiFor) -> None:
    """It must know the customer; elsewhere it sees none."""
    bot = shared_api(BOT)
    answer = bot("GET", f"/tickets/{HIDDEN}/get_specific_ticket_for_bot?customer_id={SCHOOL}")
    assert answer.json()["data"]["ticket"]["status"] == "closed"
    assert bot("GET", f"/tickets/{HIDDEN}").status_code == 404


def test_without_a_token_nothing_is_told(shared_client: TestClient) -> None:
    """401."""
    path = f"/api/v1/tickets/{ASSIGNED}/get_specific_ticket_for_bot?customer_id={HARBOUR}"
    assert shared_client.get(path).status_code == 401


@pytest.mark.parametrize("person", [ENGINEER, STRANGER, CUSTOMER])
@pytest.mark.parametrize("query", [f"?customer_id={HARBOUR}", f"?customer_id={SCHOOL}", "", "?customer_id=x"])
@pytest.mark.parametrize("number", [ASSIGNED, 2025999])
def test_people_are_refused(shared_api: ApiFor, person: Person, query: str, number: int) -> None:
    """403, even for a ticket that they see, and whatever they ask."""
    answer = shared_api(person)("GET", f"/tickets/{number}/get_specific_ticket_for_bot{query}")
    assert (answer.status_code, answer.json()) == (403, {"error": "Only bots may do this"})


@pytest.mark.parametrize("person", [BOT, ADMIN])
@pytest.mark.parametrize(
    ("number", "customer_id"),
    [(ASSIGNED, SCHOOL), (ASSIGNED, LONE), (ASSIGNED, 99), (ASSIGNED, 2**63 - 1), (2025999, HARBOUR), ("x", HARBOUR)],
)
def test_another_customers_ticket_is_not_found(
    shared_api: ApiFor, person: Person, number: int | str, customer_id: int
) -> None:
    """404, as for one that is not there."""
    answer = shared_api(person)("GET", f"/tickets/{number}/get_specific_ticket_for_bot?customer_id={customer_id}")
    assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "is missing"),
        ("?customer_id=", "must be an integer of 1 or more"),
        ("?customer_id=harbour", "must be an integer of 1 or more"),
        ("?customer_id=0", "must be an integer of 1 or more"),
        ("?customer_id=-1", "must be an integer of 1 or more"),
        ("?customer_id=1.0", "must be an integer of 1 or more"),
        ("?customer_id=9223372036854775808", "must be an integer of 1 or more"),
        ("?customer_id=1%00", "must not contain NUL characters"),
    ],
)
def test_the_customer_must_be_named(shared_api: ApiFor, query: str, sentence: str) -> None:
    """422."""
    answer = shared_api(BOT)("GET", f"/tickets/{ASSIGNED}/get_specific_ticket_for_bot{query}")
    assert (answer.status_code, answer.json()["errors"]) == (422, {"customer_id": [sentence]})
