"""Canned answers over the API: listed, shown and filled in for a ticket, made, changed and retired."""

from typing import Final

import pytest

from asking import Api, ApiFor
from by_keesa import grant_permission
from cast import ADMIN, ASSIGNED, BOT, CANNED_ANSWER, CUSTOMER, ENGINEER, HIDDEN
from keesa.db import Database
from unchanged import unchanged

PATH: Final = f"/canned_answers/{CANNED_ANSWER}"
ON_MY_WAY: Final = {
    "id": CANNED_ANSWER,
    "name": "On my way",
    "text": "<p>Dear {{contact_name}}, {{my_name}} is on the way.</p>",
    "retired": False,
}


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def make(admin: Api, name: str, text: str = "Hello") -> int:
    answer = admin("POST", "/canned_answers", {"canned_answer": {"name": name, "text": text}})
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


def test_an_answer_is_made_and_shown(admin: Api) -> None:
    """As it is kept, with where it is and its `ETag`."""
    new = {"name": "Mended", "text": "<p onclick=x>{{title}} is mended</p>"}
    answer = admin("POST", "/canned_answers", {"canned_answer": new})
    made = answer.json()
    assert list(made.items()) == [
        ("id", made["id"]),
        ("name", "Mended"),
        ("text", "<p>{{title}} is mended</p>"),
        ("retired", False),
    ]
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/canned_answers/{made['id']}")
    shown = admin("GET", f"/canned_answers/{made['id']}")
    assert (shown.json(), shown.headers["ETag"]) == ({"data": {"canned_answer": made}}, answer.headers["ETag"])
    same = admin("GET", f"/canned_answers/{made['id']}", None, If_None_Match=answer.headers["ETag"])
    assert same.status_code == 304


def test_it_is_filled_in_for_a_ticket(api: ApiFor) -> None:
    """With the names of the ticket and of who asks, ready to be a note; otherwise it is as it was written."""
    engineer = api(ENGINEER)
    assert engineer("GET", PATH).json() == {"data": {"canned_answer": ON_MY_WAY}}
    answer = engineer("GET", f"{PATH}?ticket={ASSIGNED}")
    text = "<p>Dear Ibrahim, Hassan Waheed is on the way.</p>"
    assert answer.json() == {"data": {"canned_answer": ON_MY_WAY | {"text": text}}}
    note = {"ticket_note": {"note": text}, "ticket_number": ASSIGNED}
    assert engineer("POST", "/tickets/add_ticket_note", note).json()["success"]["comment"] == text


@pytest.mark.parametrize(("number", "status"), [(HIDDEN, 404), (2025999, 404), ("x", 422), (2**63, 422)])
def test_a_ticket_out_of_sight_is_not_found(api: ApiFor, number: int | str, status: int) -> None:
    """As one that is missing; what can be no ticket's number is a fault of the query."""
    answer = api(ENGINEER)("GET", f"{PATH}?ticket={number}")
    assert answer.status_code == status
    if status == 404:
        assert answer.json() == {"error": "Ticket not found"}


def test_the_state_of_the_text_is_that_of_the_text_as_it_was_written(admin: Api) -> None:
    """Who would write back what was filled in for a ticket is stopped: every other one would get its names."""
    ready = admin("GET", f"{PATH}?ticket={ASSIGNED}")
    change = {"canned_answer": {"text": ready.json()["data"]["canned_answer"]["text"]}}
    assert admin("PATCH", PATH, change, If_Match=ready.headers["ETag"]).status_code == 412
    assert admin("PATCH", PATH, change, If_Match=admin("GET", PATH).headers["ETag"]).status_code == 200


def test_a_change_changes_what_it_names(admin: Api) -> None:
    """Alone; a long text as well as a short one."""
    named = admin("PATCH", PATH, {"canned_answer": {"name": "Coming"}}).json()["data"]["canned_answer"]
    assert named == ON_MY_WAY | {"name": "Coming"}
    long = "Dear {{contact_name}}, " + "very " * 2_000
    changed = admin("PATCH", PATH, {"canned_answer": {"text": long}}).json()["data"]["canned_answer"]
    assert changed == named | {"text": long}
    assert admin("PATCH", PATH, {"canned_answer": {}}).json()["data"]["canned_answer"] == changed


def test_one_retires_and_comes_back(admin: Api) -> None:
    """It is left out of lists, and shown by itself."""
    assert [admin("DELETE", PATH).status_code for _ in range(2)] == [204, 204]
    assert admin("GET", "/canned_answers").json()["data"]["canned_answers"] == []
    listed = admin("GET", "/canned_answers?with_retired=true").json()["data"]["canned_answers"]
    assert listed == [{"id": CANNED_ANSWER, "name": "On my way", "retired": True}]
    assert admin("GET", PATH).json()["data"]["canned_answer"] == ON_MY_WAY | {"retired": True}
    assert admin("PATCH", PATH, {"canned_answer": {"retired": False}}).json()["data"]["canned_answer"] == ON_MY_WAY


def test_the_list_is_walked_by_its_cursor(admin: Api) -> None:
    """It has no texts, which are long."""
    second = make(admin, "Second")
    answer = admin("GET", "/canned_answers?limit=1")
    assert [list(each) for each in answer.json()["data"]["canned_answers"]] == [["id", "name", "retired"]]
    assert answer.headers["Link"].startswith("</api/v1/canned_answers?limit=1&after=")
    rest = admin("GET", answer.headers["Link"].removeprefix("</api/v1").partition(">")[0]).json()["data"]
    assert ([each["id"] for each in rest["canned_answers"]], rest["next"]) == ([second], None)


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, {"name": "is missing", "text": "is missing"}),
        ({"name": "On my way", "text": " "}, {"name": "is taken by another", "text": "must not be empty"}),
        ({"name": "", "text": "{{tea}}"}, {"name": "must have", "text": "must not contain {{tea}}: there are"}),
        ({"name": 7, "text": ["x"]}, {"name": "must be a string", "text": "must be a string"}),
        ({"name": "Long", "text": "x" * 65_537}, {"text": "must have at most 65536 characters"}),
        ({"name": "Link", "text": '<a href="{{title}}">x</a>'}, {"text": "must have its placeholders between tags"}),
    ],
)
def test_an_answer_that_breaks_a_rule_is_refused(
    shared_api: ApiFor, shared_database: Database, given: dict[str, object], faults: dict[str, str]
) -> None:
    """422 with every fault by its field, and nothing was made."""
    admin = shared_api(ADMIN)
    with unchanged(shared_database):
        answer = admin("POST", "/canned_answers", {"canned_answer": given})
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors.keys() == {f"canned_answer.{field}" for field in faults}
    assert all(errors[f"canned_answer.{field}"][0].startswith(sentence) for field, sentence in faults.items())


def test_they_are_the_desks_alone(api: ApiFor, database: Database) -> None:
    """To read with `tickets:read`, to write with `canned_answers:write`; no customer's and no bot's, by any role."""
    for role in ("customer", "bot", "harbour_crew"):
        for resource, action in (("tickets", "read"), ("canned_answers", "write")):
            database.write(lambda tx, role=role, of=resource, to=action: grant_permission(tx, role, of, to))  # type: ignore[misc]
    for person in (CUSTOMER, BOT):
        each = api(person)
        answers = [
            each("GET", "/canned_answers"),
            each("GET", PATH),
            each("POST", "/canned_answers", {}),
            each("PATCH", PATH, {}),
            each("DELETE", PATH),
        ]
        assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
            (403, "Only staff may do this")
        ] * 5
    assert make(api(ENGINEER), "Theirs")
