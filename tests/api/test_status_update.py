"""`POST /tickets/<id>/status_update`."""

import pytest
from starlette.testclient import TestClient

from acting import tickets_as_kept
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, TYPED, Person
from keesa.accounts.sessions import Version
from keesa.db import Database
from new_tickets import Body
from stopped_clock import stop_clock

DONE = {"message": "Ticket status changed successfully"}
NOBODY = "Please assign an engineer before changing the ticket status"


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_status_is_changed_and_its_history_grows(
    api: ApiFor, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients of 2021, whose document lacks this, are answered as those of 2024."""
    stop_clock(monkeypatch, "2025-03-10T09:05:12.250")
    engineer = api(ENGINEER, version)
    answer = engineer("POST", f"/tickets/{ASSIGNED}/status_update", {"ticket": {"status": "in_progress"}})
    assert (answer.status_code, answer.json()) == (200, DONE)
    ticket = api(ENGINEER)("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]
    assert ticket["status"] == "in_progress"
    assert [(row["status"], row["created_at"]) for row in ticket["ticket_statuses"]] == [
        ("open", "2025-03-02T09:00:00.000+05:00"),
        ("in_progress", "2025-03-10T09:05:12.250+05:00"),
    ]


def test_a_ticket_is_closed_and_opened_again(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day is shown as its midnight, in both versions, until it is opened again."""
    stop_clock(monkeypatch, "2025-03-10T09:05")
    engineer, old = api(ENGINEER), api(ENGINEER, "2021")

    def change(**ticket: str) -> tuple[object, object]:
        assert engineer("POST", f"/tickets/{ASSIGNED}/status_update", {"ticket": ticket}).json() == DONE
        new, past = (each("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"] for each in (engineer, old))
        assert new["status"] == past["status"] == ticket["status"]
        return new["closed_date"], past["closed_date"]

    midnight = "2025-03-09T00:00:00.000+05:00"
    assert change(status="closed", closed_date="2025-03-09T18:30:00Z") == (midnight, midnight)
    assert change(status="in_progress", closed_date="2025-03-09") == (None, "not closed")


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_ticket_is_closed_with_the_day_that_the_api_gives(
    api: ApiFor, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`closed_date` as either version shows it, sent back: for that ticket, and for another one raised on that day."""
    stop_clock(monkeypatch, "2025-03-10T09:05")
    engineer = api(ENGINEER, version)
    path = f"/tickets/{ASSIGNED}/status_update"
    assert engineer("POST", path, {"ticket": {"status": "closed", "closed_date": "2025-03-02"}}).json() == DONE
    given = engineer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["closed_date"]
    assert given == "2025-03-02T00:00:00.000+05:00"
    for status in ("closed", "open", "closed"):
        assert engineer("POST", path, {"ticket": {"status": status, "closed_date": given}}).json() == DONE
    assert engineer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["closed_date"] == given


def test_a_corrected_day_shows_at_once(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both versions, and as a row of the ticket's history."""
    stop_clock(monkeypatch, "2025-03-10T09:05")
    admin, old = api(ADMIN), api(ADMIN, "2021")
    shown = [each("GET", f"/tickets/{HIDDEN}").json()["data"]["ticket"]["closed_date"] for each in (admin, old)]
    assert shown == ["2025-03-08T00:00:00.000+05:00"] * 2
    change = {"ticket": {"status": "closed", "closed_date": "2025-03-07"}}
    assert admin("POST", f"/tickets/{HIDDEN}/status_update", change).json() == DONE
    new, past = (each("GET", f"/tickets/{HIDDEN}").json()["data"]["ticket"] for each in (admin, old))
    assert new["closed_date"] == past["closed_date"] == "2025-03-07T00:00:00.000+05:00"
    assert [row["status"] for row in new["ticket_statuses"]] == ["open", "closed", "closed"]


def test_a_ticket_is_held_until_a_day(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """2024 shows the day behind all else, also to the customer; left out it stays, null takes it away. 2021, whose
    shapes are frozen, shows none.
    """
    stop_clock(monkeypatch, "2025-03-10T09:05")
    engineer, customer, old = api(ENGINEER), api(CUSTOMER), api(ENGINEER, "2021")

    def change(each: Api = engineer, **ticket: str | None) -> str | None:
        assert each("POST", f"/tickets/{ASSIGNED}/status_update", {"ticket": ticket}).json() == DONE
        assert "held_until" not in old("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]
        shown = engineer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]
        assert customer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"] == shown
        assert list(shown)[-1] == "held_until"
        day: str | None = shown["held_until"]
        return day

    assert change(status="on_hold", held_until="2025-04-01") == "2025-04-01"
    assert change(status="on_hold") == "2025-04-01"
    assert change(old, status="on_hold", held_until="2025-04-07T20:00:00Z") == "2025-04-08"
    assert change(status="on_hold", held_until=None) is None
    assert change(status="on_hold", held_until="2025-04-01") == "2025-04-01"
    assert change(status="in_progress") is None


def test_the_status_it_has_is_no_change(shared_api: ApiFor, shared_database: Database) -> None:
    """200, and no second row in its history."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)("POST", f"/tickets/{TYPED}/status_update", {"ticket": {"status": "in_progress"}})
    assert (answer.status_code, answer.json()) == (200, DONE)
    assert shared_database.read(tickets_as_kept) == before


def test_without_a_token_nothing_changes(shared_client: TestClient, shared_database: Database) -> None:
    """401, whatever the ticket and the body."""
    before = shared_database.read(tickets_as_kept)
    for number, body in ((ASSIGNED, {"ticket": {"status": "on_hold"}}), (2025999, {})):
        assert shared_client.post(f"/api/v1/tickets/{number}/status_update", json=body).status_code == 401
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("person", [CUSTOMER, BOT])
@pytest.mark.parametrize("number", [ASSIGNED, HIDDEN, 2025999])
@pytest.mark.parametrize("body", [{"ticket": {"status": "on_hold"}}, {}])
def test_only_the_desk_may(
    shared_api: ApiFor, shared_database: Database, person: Person, number: int, body: Body
) -> None:
    """403, whatever the ticket and the body: neither is told of."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(person)("POST", f"/tickets/{number}/status_update", body)
    assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize(
    ("person", "number"), [(STRANGER, ASSIGNED), (ENGINEER, HIDDEN), (ADMIN, 2025999), (ADMIN, "x"), (ADMIN, 2**63)]
)
@pytest.mark.parametrize("status", ["on_hold", "resolved", "closed"])
def test_a_ticket_out_of_sight_is_not_found(
    shared_api: ApiFor, shared_database: Database, person: Person, number: int | str, status: str
) -> None:
    """404, before the status is judged; it stays as it is."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(person)("POST", f"/tickets/{number}/status_update", {"ticket": {"status": status}})
    assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_somebody_must_be_assigned_first(shared_api: ApiFor, version: Version) -> None:
    """422 with the documented sentence."""
    answer = shared_api(ENGINEER, version)(
        "POST", f"/tickets/{RAISED}/status_update", {"ticket": {"status": "in_progress", "closed_date": "2024-06-28"}}
    )
    assert answer.status_code == 422
    assert answer.json() == {"error": NOBODY, "errors": {"ticket.status": [NOBODY]}}


STATUSES = "is unknown, must be one of open, in_progress, on_hold, closed"
MISSING = "is missing: a closed ticket needs it"
A_DATE = "must be a date like 2024-06-28, or a full time"


@pytest.mark.parametrize(
    ("ticket", "faults"),
    [
        ({}, {"ticket.status": "is missing"}),
        ({"status": None}, {"ticket.status": "is missing"}),
        ({"status": ""}, {"ticket.status": STATUSES}),
        ({"status": "Closed"}, {"ticket.status": STATUSES}),
        ({"status": "resolved"}, {"ticket.status": STATUSES}),
        ({"status": "3"}, {"ticket.status": STATUSES}),
        ({"status": 3}, {"ticket.status": "must be a string"}),
        ({"status": "on_hold\0"}, {"ticket.status": "must not contain NUL characters"}),
        ({"status": "closed"}, {"ticket.closed_date": MISSING}),
        ({"status": "closed", "closed_date": None}, {"ticket.closed_date": MISSING}),
        ({"status": "closed", "closed_date": ""}, {"ticket.closed_date": MISSING}),
        ({"status": "closed", "closed_date": "soon"}, {"ticket.closed_date": A_DATE}),
        ({"status": "closed", "closed_date": "2025-02-29"}, {"ticket.closed_date": A_DATE}),
        ({"status": "closed", "closed_date": "2025-03-02"}, {"ticket.closed_date": "must not be before the ticket"}),
        ({"status": "closed", "closed_date": "2999-01-01"}, {"ticket.closed_date": "must not be in the future"}),
        ({"status": "closed", "closed_date": 20250305}, {"ticket.closed_date": "must be a string"}),
        ({"status": "on_hold", "held_until": "2025-03-09"}, {"ticket.held_until": "must not be in the past"}),
        ({"status": "on_hold", "held_until": "2999-01-01"}, {"ticket.held_until": "must be within 366 days"}),
        ({"status": "on_hold", "held_until": "soon"}, {"ticket.held_until": A_DATE}),
        ({"status": "on_hold", "held_until": 20250401}, {"ticket.held_until": "must be a string"}),
        ({"status": "open", "held_until": "2025-04-01"}, {"ticket.held_until": "goes with the status on_hold alone"}),
        (
            {"status": "closed", "held_until": "2025-04-01"},
            {"ticket.closed_date": MISSING, "ticket.held_until": "goes with the status on_hold alone"},
        ),
        ({"status": ["open"], "closed_date": {}}, {"ticket.status": "must be", "ticket.closed_date": "must be"}),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused(
    shared_api: ApiFor, shared_database: Database, ticket: Body, faults: dict[str, str]
) -> None:
    """422 with every fault by its field; the ticket stays as it is."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)("POST", f"/tickets/{TYPED}/status_update", {"ticket": ticket})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors.keys() == faults.keys()
    assert all(errors[field][0].startswith(sentence) for field, sentence in faults.items())
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("body", [{}, {"ticket": None}, {"ticket": "closed"}, {"status": "closed"}])
def test_a_body_without_a_ticket_is_refused(shared_api: ApiFor, body: Body) -> None:
    """The status stands inside of it."""
    answer = shared_api(ADMIN)("POST", f"/tickets/{TYPED}/status_update", body)
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["ticket"]
