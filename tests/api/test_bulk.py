"""`POST /tickets/bulk`."""

from typing import Any, Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from acting import rows, tickets_as_kept
from asking import Api, ApiFor
from cast import (
    ADMIN,
    ASSIGNED,
    BOT,
    CUSTOMER,
    ENGINEER,
    HIDDEN,
    RAISED,
    STRANGER,
    STRANGERS,
    TYPED,
    Person,
    at,
)
from keesa.api.v2024.tickets import bulk
from keesa.db import Database
from keesa.tickets.bulk import Change
from kept_tickets import Shelved, shelve
from new_tickets import Body
from stopped_clock import stop_clock

PATH: Final = "/tickets/bulk"
NOBODY: Final = "Please assign an engineer before changing the ticket status"
CHANGED: Final = "This has changed since you read it: read it again, and decide anew"
NOTE: Final = {"note": {"note": "Back on line"}}
FIRST: Final = 2024101


def ask(api: Api, change: object, *tickets: Any) -> Response:  # noqa: ANN401 - numbers, or objects with more
    chosen = [each if isinstance(each, dict) else {"ticket_number": each} for each in tickets]
    return api("POST", PATH, {"tickets": chosen, "change": change})


def statuses(answer: Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    found = [result["status"] for result in data["results"]]
    assert (data["changed"], data["failed"]) == (found.count(200), len(found) - found.count(200))
    return found


def events_of(database: Database, *numbers: int) -> list[tuple[int, str, int]]:
    """Those of this test's, in the order in which they came: ticket, kind and who did it."""
    found = database.read(lambda tx: rows(tx, "SELECT * FROM ticket_events ORDER BY id"))
    since = at("2026-01-01T00:00")
    return [
        (row["ticket_id"], row["kind"], row["actor_id"])
        for row in found
        if row["ticket_id"] in numbers and row["at"] > since
    ]


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"assign": {"assigned_to_id": STRANGER.id}}, "assigned"),
        ({"status": {"status": "on_hold"}}, "status"),
        (NOTE, "note_added"),
    ],
)
def test_every_ticket_gets_the_change_and_an_event(
    api: ApiFor, database: Database, change: Body, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results and events come in the order of the request, and each ticket shows the change at once."""
    stop_clock(monkeypatch, "2026-03-10T09:05")
    admin = api(ADMIN)
    shown = {number: admin("GET", f"/tickets/{number}").json() for number in (TYPED, ASSIGNED)}
    answer = ask(admin, change, str(TYPED), ASSIGNED)
    assert answer.json() == {
        "data": {
            "results": [
                {"ticket_number": str(number), "status": 200, "error": None, "errors": None}
                for number in (TYPED, ASSIGNED)
            ],
            "changed": 2,
            "failed": 0,
        }
    }
    assert events_of(database, TYPED, ASSIGNED) == [(TYPED, kind, ADMIN.id), (ASSIGNED, kind, ADMIN.id)]
    for number, before in shown.items():
        assert admin("GET", f"/tickets/{number}").json() != before


def test_a_day_closes_many(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """`closed_date` as at a single ticket, and each by its own rule: one was raised after that day, one is nobody's."""
    stop_clock(monkeypatch, "2025-03-10T09:05")
    answer = ask(
        api(ADMIN), {"status": {"status": "closed", "closed_date": "2025-03-02"}}, ASSIGNED, TYPED, RAISED, HIDDEN
    )
    assert statuses(answer) == [200, 422, 422, 422]
    results = answer.json()["data"]["results"]
    day = ["must not be before the ticket was raised"]
    assert results[1]["errors"] == {"change.status.closed_date": day}
    assert results[2] == {
        "ticket_number": str(RAISED),
        "status": 422,
        "error": NOBODY,
        "errors": {"change.status.status": [NOBODY]},
    }
    assert api(ADMIN)("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["status"] == "closed"


def test_what_one_refuses_leaves_the_others_changed(api: ApiFor, database: Database) -> None:
    """200, with what became of each: out of sight, missing and no number look alike, and those stay as they were."""
    before = database.read(tickets_as_kept)
    answer = ask(api(ENGINEER), NOTE, HIDDEN, ASSIGNED, 2025999, "none", TYPED)
    assert statuses(answer) == [404, 200, 404, 404, 200]
    results = answer.json()["data"]["results"]
    assert [result["ticket_number"] for result in results] == [
        *(str(HIDDEN), str(ASSIGNED), "2025999", "none", str(TYPED))
    ]
    assert {result["error"] for result in results if result["status"] == 404} == {"Ticket not found"}
    after = database.read(tickets_as_kept)
    assert len(after["ticket_notes"]) == len(before["ticket_notes"]) + 2
    assert [row for row in after["tickets"] if row["id"] not in (ASSIGNED, TYPED)] == [
        row for row in before["tickets"] if row["id"] not in (ASSIGNED, TYPED)
    ]


def test_all_may_fail(shared_api: ApiFor, shared_database: Database) -> None:
    """Still 200, and nothing has changed."""
    before = shared_database.read(tickets_as_kept)
    assert statuses(ask(shared_api(STRANGER), NOTE, HIDDEN, ASSIGNED, 2025999)) == [404] * 3
    unknown = ask(shared_api(ADMIN), {"assign": {"assigned_to_id": BOT.id}}, TYPED, ASSIGNED)
    assert statuses(unknown) == [422, 422]
    assert unknown.json()["data"]["results"][0]["errors"] == {
        "change.assign.assigned_to_id": ["is unknown, must be the id of a member of staff"]
    }
    assert shared_database.read(tickets_as_kept) == before


def test_each_ticket_has_its_own_condition(api: ApiFor) -> None:
    """Who read another state of a ticket is told so, and changes the others."""
    admin = api(ADMIN)
    known = {"ticket_number": ASSIGNED, "if_match": admin("GET", f"/tickets/{ASSIGNED}").headers["etag"]}
    any_state, old = {"ticket_number": TYPED, "if_match": "*"}, {"ticket_number": HIDDEN, "if_match": '"1", W/"2"'}
    answer = ask(admin, NOTE, known, any_state, old, {"ticket_number": RAISED, "if_match": None})
    assert statuses(answer) == [200, 200, 412, 200]
    assert answer.json()["data"]["results"][2]["error"] == CHANGED
    assert statuses(ask(admin, NOTE, known, any_state)) == [412, 200]


def test_a_condition_tells_nothing_of_what_is_out_of_sight(shared_api: ApiFor) -> None:
    """404, as without one."""
    assert statuses(ask(shared_api(STRANGER), NOTE, {"ticket_number": HIDDEN, "if_match": '"1"'})) == [404]


def test_what_is_so_already_is_no_change(shared_api: ApiFor, shared_database: Database) -> None:
    """200, and no event: to send it again is harmless, but for notes."""
    before = shared_database.read(tickets_as_kept)
    admin = shared_api(ADMIN)
    assert statuses(ask(admin, {"status": {"status": "in_progress"}}, TYPED)) == [200]
    assert statuses(ask(admin, {"assign": {"assigned_to_id": ADMIN.id}}, TYPED, HIDDEN)) == [200, 200]
    assert shared_database.read(tickets_as_kept) == before


TWO: Final = [{"ticket_number": TYPED}, {"ticket_number": f"0{TYPED}"}]
LONG: Final = "x" * 65_536
WHOLE: Final[dict[str, tuple[Body, dict[str, str]]]] = {
    "no tickets": ({"tickets": [], "change": NOTE}, {"tickets": "must be a list of 1 to 100 items"}),
    "too many": (
        {"tickets": [{"ticket_number": number} for number in range(1, 102)], "change": NOTE},
        {"tickets": "must be a list of 1 to 100 items"},
    ),
    "nothing": ({}, {"tickets": "is missing", "change": "is missing"}),
    "plain numbers": ({"tickets": [TYPED], "change": NOTE}, {"tickets.0": "must be an object"}),
    "one twice": (
        {"tickets": [{"ticket_number": RAISED}, *TWO], "change": NOTE},
        {f"tickets.{place}.ticket_number": "stands in the list more than once" for place in (1, 2)},
    ),
    "no change": (
        {"tickets": [{"ticket_number": TYPED}], "change": {"note": None}},
        {"change": "must have exactly one of assign, status, note, edit, tag, untag"},
    ),
    "two changes, and one ticket twice": (
        {"tickets": TWO, "change": NOTE | {"status": {"status": "open"}}},
        {
            "change": "must have exactly one of assign, status, note, edit, tag, untag",
            **{f"tickets.{place}.ticket_number": "stands in the list more than once" for place in (0, 1)},
        },
    ),
    "an unknown status": (
        {"tickets": [{"ticket_number": TYPED}], "change": {"status": {"status": "resolved"}}},
        {"change.status.status": "is unknown, must be one of open, in_progress, on_hold, closed"},
    ),
    "a missing field, and one ticket twice": (
        {"tickets": TWO, "change": {"assign": {}}},
        {
            "change.assign.assigned_to_id": "is missing",
            **{f"tickets.{place}.ticket_number": "stands in the list more than once" for place in (0, 1)},
        },
    ),
    "an empty note": (
        {"tickets": [{"ticket_number": TYPED}], "change": {"note": {"note": "<b> </b>"}}},
        {"change.note.note": "must not be empty"},
    ),
    "an empty note, and a ticket without a number": (
        {"tickets": [{}], "change": {"note": {"note": " "}}},
        {"tickets.0.ticket_number": "is missing", "change.note.note": "must not be empty"},
    ),
    "a note that is too long for so many": (
        {
            "tickets": [{"ticket_number": number} for number in range(1, 18)],
            "change": {"note": {"note": LONG}},
        },
        {"change.note.note": "is too long for 17 tickets at once: it may have 61680 bytes"},
    ),
}


@pytest.mark.parametrize(("body", "faults"), WHOLE.values(), ids=WHOLE)
def test_what_is_wrong_whichever_tickets_they_are_changes_nothing(
    shared_api: ApiFor, shared_database: Database, body: Body, faults: dict[str, str]
) -> None:
    """422 for the whole, with every fault at once."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ADMIN)("POST", PATH, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"] == {path: [sentence] for path, sentence in faults.items()}
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("person", [CUSTOMER, BOT])
@pytest.mark.parametrize("change", [NOTE, {}])
def test_only_the_desk_may(shared_api: ApiFor, shared_database: Database, person: Person, change: Body) -> None:
    """403, whatever the tickets and the change: a customer's user adds notes to one ticket at a time."""
    before = shared_database.read(tickets_as_kept)
    answer = ask(shared_api(person), change, ASSIGNED, STRANGERS)
    assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may do this"})
    assert shared_database.read(tickets_as_kept) == before


def test_without_a_token_nothing_changes(shared_client: TestClient, shared_database: Database) -> None:
    """401, whatever the body."""
    before = shared_database.read(tickets_as_kept)
    for body in ({"tickets": [{"ticket_number": ASSIGNED}], "change": NOTE}, {}):
        assert shared_client.post(f"/api/v1{PATH}", json=body).status_code == 401
    assert shared_database.read(tickets_as_kept) == before


def test_a_failure_that_is_no_ticket_s_undoes_all(
    api: ApiFor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second ticket meets a database that refuses: 500, and the first stays as it was, too."""

    def failing(tx: Any, call: Any, wanted: Any) -> Change:  # noqa: ANN401 - as the table has them
        note = noting(tx, call, wanted)

        def change(ticket: Any) -> None:  # noqa: ANN401 - likewise
            note(ticket)
            if ticket.id == ASSIGNED:
                tx.run("INSERT INTO ticket_events (ticket_id) VALUES (NULL)")

        return change

    noting = bulk.CHANGES["note"]
    monkeypatch.setattr(bulk, "CHANGES", dict(bulk.CHANGES) | {"note": failing})
    before = database.read(tickets_as_kept)
    answer = ask(api(ADMIN), NOTE, TYPED, ASSIGNED, RAISED)
    assert answer.status_code == 500
    assert database.read(tickets_as_kept) == before


def test_a_hundred_at_once(api: ApiFor, database: Database) -> None:
    """With as long a note as they may have together, and each its own condition."""
    numbers = range(FIRST, FIRST + 100)
    database.write(lambda tx: shelve(tx, [Shelved(number=number) for number in numbers]))
    note = {"note": {"note": "x" * (1_048_576 // 100)}}
    tickets = [{"ticket_number": str(number), "if_match": "*"} for number in reversed(numbers)]
    answer = ask(api(ADMIN), note, *tickets)
    assert statuses(answer) == [200] * 100
    assert [result["ticket_number"] for result in answer.json()["data"]["results"]] == [
        str(number) for number in reversed(numbers)
    ]
    kept = database.read(lambda tx: rows(tx, "SELECT notes_count, notes_size FROM tickets WHERE id < 2025000"))
    assert kept == [{"notes_count": 1, "notes_size": 10_485}] * 100
