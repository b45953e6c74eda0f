"""`GET /tickets/<id or number>` in both versions."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, RAISED, STRANGER, TYPED, Person
from keesa.accounts.sessions import Version

HEAD_2021: dict[str, Any] = {
    "id": ASSIGNED,
    "title": "Trouble 2025002",
    "customer": "Fulhadhoo Harbour",
    "description": "No signal since the storm",
    "status": "open",
}
REST: dict[str, Any] = {
    "contact_number": 7771234,
    "contact_name": "Ibrahim",
    "raised_on": "2025-03-02T09:00:00.000+05:00",
    "raised_by": "Aishath Rasheed",
    "assigned_to": "Hassan Waheed",
    "ticket_type": "customer_support",
    "category": "fault",
    "image_urls": [],
}
NOTES = [
    {
        "comment": "Going there with the Thursday ferry",
        "added_on": "2025-03-05T10:30:00.000+05:00",
        "commented_by": "Hassan Waheed (Hassan)",
    },
    {
        "comment": "We wait at the jetty",
        "added_on": "2025-03-05T11:45:00.000+05:00",
        "commented_by": "Mariyam Zahir (Maree)",
    },
]


def text(ticket: dict[str, Any]) -> str:
    """The answer as it must be written: these fields, in this order, and no other."""
    return json.dumps({"data": {"ticket": ticket}}, separators=(",", ":"))


def test_2021_shows_the_documented_fields_alone(shared_api: ApiFor) -> None:
    """Neither a number nor a priority, and no history."""
    answer = shared_api(ENGINEER, "2021")("GET", f"/tickets/{ASSIGNED}")
    assert answer.status_code == 200
    assert answer.text == text({**HEAD_2021, **REST, "closed_date": "not closed", "ticket_notes": NOTES})


def test_2024_shows_the_documented_fields_and_then_our_own(shared_api: ApiFor) -> None:
    """The history of its statuses stands before the notes; our own are that of who had it, and the telephone number as
    it was written.
    """
    answer = shared_api(ENGINEER)("GET", f"/tickets/{ASSIGNED}")
    assert answer.status_code == 200
    (status,) = answer.json()["data"]["ticket"]["ticket_statuses"]
    assert answer.text == text(
        {
            "id": ASSIGNED,
            "ticket_number": "2025002",
            "title": "Trouble 2025002",
            "customer": "Fulhadhoo Harbour",
            "description": "No signal since the storm",
            "status": "open",
            "priority": 3,
            **REST,
            "closed_date": None,
            "ticket_statuses": [
                {"id": status["id"], "status": "open", "created_at": "2025-03-02T09:00:00.000+05:00"},
            ],
            "ticket_notes": NOTES,
            "ticket_assignments": [
                {
                    "assigned_to": "Hassan Waheed",
                    "assigned_by": "Aishath Rasheed",
                    "created_at": "2025-03-02T09:00:00.000+05:00",
                }
            ],
            "contact_phone": "7771234",
            "group": "open",
            "reference": None,
            "updated_at": "2025-03-05T11:45:00.000+05:00",
            "customer_id": HARBOUR,
            "product_id": 3,
            "eco_id": None,
            "held_until": None,
        }
    )


@pytest.mark.parametrize(
    ("version", "number", "closed_date"),
    [
        ("2021", HIDDEN, "2025-03-08T00:00:00.000+05:00"),
        ("2024", HIDDEN, "2025-03-08T00:00:00.000+05:00"),
        ("2021", TYPED, "not closed"),
        ("2024", TYPED, None),
    ],
)
def test_a_closed_ticket_shows_the_midnight_of_its_closing_day(
    shared_api: ApiFor, version: Version, number: int, closed_date: str | None
) -> None:
    """One that is not closed shows what its version says then."""
    ticket = shared_api(ADMIN, version)("GET", f"/tickets/{number}").json()["data"]["ticket"]
    assert ticket["closed_date"] == closed_date


def test_the_history_of_statuses_comes_oldest_first(shared_api: ApiFor) -> None:
    """From open on, each with a number that grows."""
    history = shared_api(ADMIN)("GET", f"/tickets/{HIDDEN}").json()["data"]["ticket"]["ticket_statuses"]
    assert [(row["status"], row["created_at"]) for row in history] == [
        ("open", "2025-03-05T09:00:00.000+05:00"),
        ("closed", "2025-03-08T08:00:00.000+05:00"),
    ]
    assert history[0]["id"] < history[1]["id"]


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_nobody_assigned_is_null(shared_api: ApiFor, version: Version) -> None:
    """In both versions."""
    assert shared_api(ADMIN, version)("GET", f"/tickets/{RAISED}").json()["data"]["ticket"]["assigned_to"] is None


@pytest.mark.parametrize("path", [f"/tickets/{ASSIGNED}/", f"/tickets/0{ASSIGNED}"])
def test_the_number_is_read_as_a_number(shared_api: ApiFor, path: str) -> None:
    """A slash behind it, or a zero before it, makes no other ticket of it."""
    assert shared_api(ENGINEER)("GET", path).json()["data"]["ticket"]["id"] == ASSIGNED


def test_without_a_token_nothing_is_shown(shared_client: TestClient) -> None:
    """401, whether the ticket is there or not."""
    for number in (ASSIGNED, 2025999):
        assert shared_client.get(f"/api/v1/tickets/{number}").status_code == 401


@pytest.mark.parametrize("version", ["2021", "2024"])
@pytest.mark.parametrize(
    ("person", "number"),
    [
        (STRANGER, ASSIGNED),
        (CUSTOMER, RAISED),
        (ENGINEER, HIDDEN),
        (BOT, ASSIGNED),
        (ADMIN, "2025999"),
        (ADMIN, "0"),
        (ADMIN, "-2025002"),
        (ADMIN, "+2025002"),
        (ADMIN, "2025002.0"),
        (ADMIN, "9223372036854775808"),
        (ADMIN, "9" * 400),
        (ADMIN, "%D9%A2%D9%A0%D9%A2%D9%A5%D9%A0%D9%A0%D9%A2"),
        (ADMIN, "2025002%00"),
        (ADMIN, "2025002%20OR%201=1"),
        (ADMIN, "unknown"),
    ],
)
def test_what_is_out_of_sight_looks_like_what_is_not_there(
    shared_api: ApiFor, version: Version, person: Person, number: int | str
) -> None:
    """And like what can be no ticket's number: 404 with one sentence."""
    answer = shared_api(person, version)("GET", f"/tickets/{number}")
    assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})
