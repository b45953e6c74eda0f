"""`POST /tickets/<id>/assign`, which the documents lack: without it nobody could change a status."""

import pytest
from starlette.testclient import TestClient

from acting import tickets_as_kept
from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, TYPED, Person
from keesa.accounts.sessions import Version
from keesa.db import Database
from new_tickets import Body
from stopped_clock import stop_clock

DONE = {"message": "Ticket assigned successfully"}


def body(assigned_to_id: object) -> Body:
    return {"ticket": {"assigned_to_id": assigned_to_id}}


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_ticket_is_assigned_and_its_history_grows(
    api: ApiFor, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2024 shows in it who gave it to whom, and when it was taken away."""
    engineer = api(ENGINEER, version)
    for minute, assigned_to_id in ((10, STRANGER.id), (11, str(ENGINEER.id)), (12, None)):
        stop_clock(monkeypatch, f"2025-03-10T09:{minute}")
        answer = engineer("POST", f"/tickets/{RAISED}/assign", body(assigned_to_id))
        assert (answer.status_code, answer.json()) == (200, DONE), answer.text
    ticket = api(ENGINEER)("GET", f"/tickets/{RAISED}").json()["data"]["ticket"]
    assert ticket["assigned_to"] is None
    rows = ticket["ticket_assignments"]
    assert [list(row) for row in rows] == [["assigned_to", "assigned_by", "created_at"]] * 3
    assert [tuple(row.values()) for row in rows] == [
        ("Ibrahim Latheef", "Hassan Waheed", "2025-03-10T09:10:00.000+05:00"),
        ("Hassan Waheed", "Hassan Waheed", "2025-03-10T09:11:00.000+05:00"),
        (None, "Hassan Waheed", "2025-03-10T09:12:00.000+05:00"),
    ]


def test_whom_it_is_assigned_to_sees_it(api: ApiFor) -> None:
    """And does not any more, once it has changed hands."""
    admin, stranger = api(ADMIN), api(STRANGER)
    seen = []
    for to in (STRANGER, ADMIN):
        admin("POST", f"/tickets/{ASSIGNED}/assign", body(to.id))
        seen.append(stranger("GET", f"/tickets/{ASSIGNED}").status_code)
    assert seen == [200, 404]


@pytest.mark.parametrize(("number", "assigned_to_id"), [(ASSIGNED, ENGINEER.id), (HIDDEN, ADMIN.id), (RAISED, None)])
def test_who_has_it_already_is_no_change(
    shared_api: ApiFor, shared_database: Database, number: int, assigned_to_id: int | None
) -> None:
    """200, and no second row in its history."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)("POST", f"/tickets/{number}/assign", body(assigned_to_id))
    assert (answer.status_code, answer.json()) == (200, DONE)
    assert shared_database.read(tickets_as_kept) == before


def test_without_a_token_nothing_changes(shared_client: TestClient, shared_database: Database) -> None:
    """401, whatever the ticket and the body."""
    before = shared_database.read(tickets_as_kept)
    for number, sent in ((ASSIGNED, body(ADMIN.id)), (2025999, {})):
        assert shared_client.post(f"/api/v1/tickets/{number}/assign", json=sent).status_code == 401
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("person", [CUSTOMER, BOT])
@pytest.mark.parametrize("number", [ASSIGNED, HIDDEN, 2025999])
@pytest.mark.parametrize("sent", [body(ADMIN.id), {}])
def test_only_the_desk_may(
    shared_api: ApiFor, shared_database: Database, person: Person, number: int, sent: Body
) -> None:
    """403, whatever the ticket and the body."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(person)("POST", f"/tickets/{number}/assign", sent)
    assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize(
    ("person", "number"), [(STRANGER, ASSIGNED), (ENGINEER, HIDDEN), (ADMIN, 2025999), (ADMIN, "x"), (ADMIN, 2**63)]
)
@pytest.mark.parametrize("assigned_to_id", [STRANGER.id, CUSTOMER.id, None])
def test_a_ticket_out_of_sight_is_not_found(
    shared_api: ApiFor, shared_database: Database, person: Person, number: int | str, assigned_to_id: int | None
) -> None:
    """404, before the assignee is judged; nobody takes a ticket that they do not see."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(person)("POST", f"/tickets/{number}/assign", body(assigned_to_id))
    assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})
    assert shared_database.read(tickets_as_kept) == before


UNKNOWN = "is unknown, must be the id of a member of staff"
NO_ID = "must be an integer of 1 or more or null"


@pytest.mark.parametrize(
    ("ticket", "sentence"),
    [
        ({"assigned_to_id": CUSTOMER.id}, UNKNOWN),
        ({"assigned_to_id": BOT.id}, UNKNOWN),
        ({"assigned_to_id": 99}, UNKNOWN),
        ({"assigned_to_id": 2**63 - 1}, UNKNOWN),
        ({"assigned_to_id": 2**63}, NO_ID),
        ({"assigned_to_id": 0}, NO_ID),
        ({"assigned_to_id": "Hassan"}, NO_ID),
        ({"assigned_to_id": ""}, NO_ID),
        ({"assigned_to_id": True}, NO_ID),
        ({"assigned_to_id": 2.5}, NO_ID),
        ({"assigned_to_id": [2]}, NO_ID),
        ({"assigned_to_id": None}, "can be null only while the ticket is open"),
        ({}, "is missing"),
    ],
)
def test_an_assignment_that_breaks_a_rule_is_refused(
    shared_api: ApiFor, shared_database: Database, ticket: Body, sentence: str
) -> None:
    """422; the ticket stays as it is. To take it away null must be said, not left out."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)("POST", f"/tickets/{TYPED}/assign", {"ticket": ticket})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"ticket.assigned_to_id": [sentence]})
    assert shared_database.read(tickets_as_kept) == before
