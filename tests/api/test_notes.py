"""`POST /tickets/add_ticket_note` and `GET /tickets/get_ticket_notes`."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from acting import tickets_as_kept
from asking import ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, TYPED, Person
from keesa.accounts.sessions import Version
from keesa.db import Database
from new_tickets import Body
from stopped_clock import stop_clock

VERSIONS: tuple[Version, ...] = ("2021", "2024")
NOTES = "/tickets/get_ticket_notes"
ADD = "/tickets/add_ticket_note"


def a_note(text: object, number: object = ASSIGNED) -> Body:
    return {"ticket_note": {"note": text}, "ticket_number": number}


def written(answer: object) -> str:
    """The answer as it must be written: these fields, in this order, and no other."""
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", [str(ASSIGNED), ASSIGNED, float(ASSIGNED)])
def test_a_note_is_added(shared_api: ApiFor, version: Version, number: object) -> None:
    """With the note as it was kept; a ticket's number may come as a number."""
    answer = shared_api(ENGINEER, version)("POST", ADD, a_note("Back on line", number))
    assert answer.status_code == {"2021": 200, "2024": 201}[version]
    assert answer.text == written({"success": {"ticket_number": str(ASSIGNED), "comment": "Back on line"}})


@pytest.mark.parametrize("version", VERSIONS)
def test_the_notes_of_a_ticket_are_listed_oldest_first(
    api: ApiFor, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Field for field, with their number beside them; the newest is the one that was just added."""
    stop_clock(monkeypatch, "2025-12-31T23:59:59.999")
    engineer = api(ENGINEER, version)
    engineer("POST", ADD, a_note("Back on line"))
    answer = engineer("GET", NOTES, {"ticket_number": str(ASSIGNED)})
    assert answer.status_code == 200
    first, second, third = (note["id"] for note in answer.json()["data"]["notes"])
    assert first < second < third
    hassan = {"user_name": "Hassan Waheed", "user_nick": "Hassan"}
    maree = {"user_name": "Mariyam Zahir", "user_nick": "Maree"}
    notes: list[dict[str, Any]] = [
        {
            "id": first,
            "note": "Going there with the Thursday ferry",
            **hassan,
            "commented_on": "10:30 03/05/2025",
        },
        {"id": second, "note": "We wait at the jetty", **maree, "commented_on": "11:45 03/05/2025"},
        {"id": third, "note": "Back on line", **hassan, "commented_on": "23:59 12/31/2025"},
    ]
    assert answer.text == written({"data": {"count": 3, "notes": notes}})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("query", "notes"),
    [
        ("", ["1", "2", "3"]),
        ("&limit=2", ["1", "2"]),
        ("&limit=2&page=2", ["3"]),
        ("&page=2&limit=1", ["2"]),
        ("&limit=3", ["1", "2", "3"]),
        ("&limit=501", ["1", "2", "3"]),
        ("&limit=2&page=3", []),
        ("&page=1", ["1", "2", "3"]),
        ("&page=2", []),
        ("&limit=500&page=1000000000000000000000000000", []),
    ],
)
def test_notes_come_in_pages(api: ApiFor, version: Version, query: str, notes: list[str]) -> None:
    """Oldest first; all of them without a limit. `count` is the number of notes beside it, also at a second look."""
    engineer = api(ENGINEER, version)
    for text in ("1", "2", "3"):
        engineer("POST", ADD, a_note(text, RAISED))
    for _ in range(2):
        for answer in (
            engineer("GET", f"{NOTES}?ticket_number={RAISED}{query}"),
            engineer("GET", f"{NOTES}?{query}", {"ticket_number": RAISED}),
        ):
            data = answer.json()["data"]
            assert [note["note"] for note in data["notes"]] == notes
            assert data["count"] == len(notes)
    assert len(engineer("GET", f"{NOTES}?ticket_number={RAISED}").json()["data"]["notes"]) == 3


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("field", ["limit", "page"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "", "1.5"])
def test_a_page_of_notes_that_cannot_be_is_refused(
    shared_api: ApiFor, version: Version, field: str, value: str
) -> None:
    """422 by the field."""
    answer = shared_api(ENGINEER, version)("GET", f"{NOTES}?ticket_number={ASSIGNED}&{field}={value}")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(f"{field} must be an integer of 1 or more")


def test_a_ticket_without_notes_has_none(shared_api: ApiFor) -> None:
    """An empty list, and a count of 0."""
    answer = shared_api(ADMIN)("GET", f"{NOTES}?ticket_number={TYPED}")
    assert answer.json() == {"data": {"count": 0, "notes": []}}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", {"ticket_number": str(TYPED)}),
        ("", {"ticket_number": TYPED}),
        (f"?ticket_number={TYPED}", None),
        (f"?ticket_number={TYPED}", {}),
        (f"?ticket_number={TYPED}", {"ticket_number": None}),
        (f"?ticket_number={HIDDEN}", {"ticket_number": TYPED}),
    ],
)
def test_the_number_may_stand_in_the_body_or_in_the_query(
    shared_api: ApiFor, version: Version, query: str, body: Body | None
) -> None:
    """What the body lacks the query gives: browsers and proxies drop the body of a GET."""
    answer = shared_api(ENGINEER, version)("GET", f"{NOTES}{query}", body)
    assert (answer.status_code, answer.json()["data"]["count"]) == (200, 0)


HTML = "<div><strong>Measured</strong><br>at the cabinet:</div><ul><li>port 3 &amp; 4</li></ul>"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (HTML, HTML),
        ("Tom & Jerry < 5 > 3, &lt; stays", "Tom & Jerry < 5 > 3, &lt; stays"),
        ("N Manadhoo\r\nM Muli", "N Manadhoo\r\nM Muli"),
        ("ރާއްޖެ 📡", "ރާއްޖެ 📡"),
        ("x\u2028\u0001\x7f", "x\u2028\u0001\x7f"),
        ('<p onclick="x">Up<script>alert(1)</script></p>', "<p>Up</p>"),
        ('<a href="javascript:alert(1)">click</a>', "<a>click</a>"),
    ],
)
def test_a_note_comes_back_as_written_but_for_what_could_harm(api: ApiFor, sent: str, kept: str) -> None:
    """In the answer, in the list of notes, in the ticket and in lists of tickets, to the byte."""
    engineer = api(ENGINEER)
    assert engineer("POST", ADD, a_note(sent, RAISED)).json()["success"]["comment"] == kept
    assert engineer("GET", f"{NOTES}?ticket_number={RAISED}").json()["data"]["notes"][0]["note"] == kept
    shown = engineer("GET", f"/tickets/{RAISED}").json()["data"]["ticket"]
    assert shown["ticket_notes"][0]["comment"] == kept
    listed = engineer("GET", "/tickets").json()["data"]["tickets"]
    assert [ticket["ticket_notes"][0]["comment"] for ticket in listed if ticket["id"] == RAISED] == [kept]


@pytest.mark.parametrize(("method", "path", "body"), [("POST", ADD, a_note("Hello")), ("GET", NOTES, a_note("Hello"))])
def test_without_a_token_nothing_is_told_or_kept(
    shared_client: TestClient, shared_database: Database, method: str, path: str, body: Body
) -> None:
    """401."""
    before = shared_database.read(tickets_as_kept)
    assert shared_client.request(method, f"/api/v1{path}", json=body).status_code == 401
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("person", "number"),
    [
        (STRANGER, ASSIGNED),
        (CUSTOMER, HIDDEN),
        (BOT, ASSIGNED),
        (ADMIN, 2025999),
        (ADMIN, "x"),
        (ADMIN, ""),
        (ADMIN, "2025002 "),
        (ADMIN, -ASSIGNED),
        (ADMIN, 2**63),
        (ADMIN, "9" * 400),
    ],
)
def test_a_ticket_out_of_sight_is_not_found(
    shared_api: ApiFor, shared_database: Database, version: Version, person: Person, number: object
) -> None:
    """404 with one sentence, to read its notes and to add one, be the note good or not."""
    before = shared_database.read(tickets_as_kept)
    caller = shared_api(person, version)
    answers = [
        caller("GET", NOTES, {"ticket_number": number}),
        caller("POST", ADD, a_note("Hello", number)),
        caller("POST", ADD, a_note("", number)),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, {"error": "Ticket not found"})] * 3
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (a_note(""), {"ticket_note.note": ["must not be empty"]}),
        (a_note("<div><br></div>"), {"ticket_note.note": ["must not be empty"]}),
        (a_note("<script>alert(1)</script>"), {"ticket_note.note": ["must not be empty"]}),
        (a_note("x" * 65_537), {"ticket_note.note": ["must have at most 65536 characters"]}),
        (a_note("<div>" * 100_000), {"ticket_note.note": ["must have at most 65536 characters"]}),
        (a_note("NUL \0"), {"ticket_note.note": ["must not contain NUL characters"]}),
        (a_note(None), {"ticket_note.note": ["is missing"]}),
        (a_note(5), {"ticket_note.note": ["must be a string"]}),
        (a_note(["x"], True), {  # noqa: FBT003
            "ticket_note.note": ["must be a string"],
            "ticket_number": ["must be a string or an integer"],
        }),
        ({}, {"ticket_note": ["is missing"], "ticket_number": ["is missing"]}),
        ({"ticket_note": "x", "ticket_number": None}, {
            "ticket_note": ["must be an object"],
            "ticket_number": ["is missing"],
        }),
        ({"ticket_note": {}, "ticket_number": [1]}, {
            "ticket_note.note": ["is missing"],
            "ticket_number": ["must be a string or an integer"],
        }),
        (a_note("x", 2025002.5), {"ticket_number": ["must be a string or an integer"]}),
        (a_note("x", "2025002\0"), {"ticket_number": ["must not contain NUL characters"]}),
    ],
)  # fmt: skip
def test_a_note_that_breaks_a_rule_is_refused(
    shared_api: ApiFor, shared_database: Database, body: Body, faults: dict[str, list[str]]
) -> None:
    """422 with every fault by its field; nothing is kept."""
    before = shared_database.read(tickets_as_kept)
    answer = shared_api(ENGINEER)("POST", ADD, body)
    assert (answer.status_code, answer.json()["errors"]) == (422, faults)
    assert shared_database.read(tickets_as_kept) == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("query", "body"), [("", None), ("", {}), ("?ticket=2025002", {"ticket_number": None})])
def test_notes_of_no_ticket_are_refused(shared_api: ApiFor, version: Version, query: str, body: Body | None) -> None:
    """422 says what is missing."""
    answer = shared_api(ENGINEER, version)("GET", f"{NOTES}{query}", body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "ticket_number is missing"
