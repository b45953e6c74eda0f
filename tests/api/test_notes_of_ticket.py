"""`/tickets/{ticket}/notes`: listing, adding, editing and withdrawing, with the conditions and headers of each."""

import csv
import io
from typing import Any, Final

import pytest
from httpx2 import Response

from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, NOTE, RAISED, STRANGER, Person
from stopped_clock import stop_clock

NOTES: Final = f"/tickets/{ASSIGNED}/notes"
KEYS: Final = ["id", "ticket_number", "note", "author", "internal", "created_at", "edited_at", "withdrawn_at"]


def add(api: Api, text: str, *, internal: bool = False, path: str = NOTES) -> Response:
    return api("POST", path, {"note": {"note": text, "internal": internal}})


def texts(answer: Response) -> list[str]:
    return [note["note"] for note in answer.json()["data"]["notes"]]


def test_a_note_is_added_and_shown(api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """201 with the note, its place and its state; there it is found, and in the list."""
    stop_clock(monkeypatch, "2025-03-10T12:00")
    engineer = api(ENGINEER)
    answer = add(engineer, "<b onclick=x>Back</b> on line")
    assert answer.status_code == 201
    made = answer.json()
    assert list(made) == [*KEYS, "mentioned"]
    assert made == {
        "id": made["id"],
        "ticket_number": str(ASSIGNED),
        "note": "<b>Back</b> on line",
        "author": {"id": ENGINEER.id, "full_name": "Hassan Waheed", "nick_name": "Hassan"},
        "internal": False,
        "created_at": "2025-03-10T12:00:00.000+05:00",
        "edited_at": None,
        "withdrawn_at": None,
        "mentioned": [],
    }
    assert answer.headers["Location"].endswith(f"/api/v1{NOTES}/{made['id']}")
    shown = engineer("GET", f"{NOTES}/{made['id']}")
    assert shown.json() == {"data": {"note": {key: made[key] for key in KEYS}}}
    assert shown.headers["ETag"] == answer.headers["ETag"]
    assert engineer("GET", NOTES).json()["data"]["notes"][-1] == shown.json()["data"]["note"]
    again = engineer("GET", f"{NOTES}/{made['id']}", If_None_Match=shown.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_notes_are_listed_page_by_page(api: ApiFor) -> None:
    """Oldest first unless newest is asked for; the cursor goes on where the page ended, in JSON and in `Link`."""
    engineer = api(ENGINEER)
    path = f"/tickets/{RAISED}/notes"
    for number in range(5):
        add(engineer, str(number), internal=number % 2 == 1, path=path)
    for order, expected in (("asc", ["0", "1", "2", "3", "4"]), ("desc", ["4", "3", "2", "1", "0"])):
        first = engineer("GET", f"{path}?limit=3&order={order}")
        after = first.json()["data"]["next"]
        assert f"{path}?limit=3&order={order}&after={after}" in first.headers["Link"]
        add_between = engineer("GET", f"{path}?limit=3&order={order}&after={after}")
        assert texts(first) + texts(add_between) == expected
        assert (add_between.json()["data"]["next"], "Link" in add_between.headers) == (None, False)
    assert texts(engineer("GET", path)) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("query", ["limit=0", "order=up", "after=nonsense", "after=WzFd"])
def test_a_page_that_cannot_be_is_refused(shared_api: ApiFor, query: str) -> None:
    """422 by the field."""
    answer = shared_api(ENGINEER)("GET", f"{NOTES}?{query}")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


def test_notes_are_answered_as_csv(api: ApiFor) -> None:
    """A line each, whoever wrote it as JSON."""
    answer = api(CUSTOMER)("GET", f"{NOTES}?format=csv&limit=1")
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert lines[0] == KEYS
    assert [line[2] for line in lines[1:]] == ["Going there with the Thursday ferry", "We wait at the jetty"]
    assert lines[1][3] == '{"id":2,"full_name":"Hassan Waheed","nick_name":"Hassan"}'


def test_customers_get_public_notes_alone(api: ApiFor) -> None:
    """Internal ones and withdrawn ones are to them as if they had never been."""
    engineer, customer = api(ENGINEER), api(CUSTOMER)
    before = customer("GET", NOTES).content
    internal = add(engineer, "They never pay", internal=True)
    public = add(engineer, "Wrong ticket").json()["id"]
    assert engineer("DELETE", f"{NOTES}/{public}").status_code == 204
    assert customer("GET", NOTES).content == before
    assert texts(engineer("GET", NOTES))[-2:] == ["They never pay", ""]
    for note_id in (internal.json()["id"], public, 999):
        for method, body in (("GET", None), ("PATCH", {"note": {"note": "x"}}), ("DELETE", None)):
            answer = customer(method, f"{NOTES}/{note_id}", body)
            assert (answer.status_code, answer.json()) == (404, {"error": "Note not found"})


@pytest.mark.parametrize("note", [{"note": "x", "internal": True}, {"note": 5, "internal": True}, {"internal": True}])
@pytest.mark.parametrize("number", [ASSIGNED, RAISED, 2025999])
def test_customers_write_no_internal_notes(shared_api: ApiFor, number: int, note: Any) -> None:  # noqa: ANN401 - any JSON
    """403, whatever the ticket, and before what else is wrong."""
    answer = shared_api(CUSTOMER)("POST", f"/tickets/{number}/notes", {"note": note})
    assert (answer.status_code, answer.json()) == (403, {"error": "Only staff may write internal notes"})


def test_who_is_mentioned_is_told_to_who_wrote(api: ApiFor) -> None:
    """Those alone who see the ticket; customers mention nobody."""
    assert add(api(ENGINEER), "@Aishu, @Ibbe, @nobody", internal=True).json()["mentioned"] == [ADMIN.id]
    assert add(api(CUSTOMER), "@Aishu").json()["mentioned"] == []


def test_a_note_is_edited(api: ApiFor) -> None:
    """By who knows its state; every list of the documents has the new text."""
    engineer = api(ENGINEER)
    made = add(engineer, "Going")
    path = f"{NOTES}/{made.json()['id']}"
    edited = engineer("PATCH", path, {"note": {"note": "<i>Gone"}}, If_Match=made.headers["ETag"])
    assert edited.status_code == 200
    note = edited.json()["data"]["note"]
    assert (note["note"], note["edited_at"] is None, note["internal"]) == ("<i>Gone</i>", False, False)
    assert edited.headers["ETag"] == engineer("GET", path).headers["ETag"] != made.headers["ETag"]
    late = engineer("PATCH", path, {"note": {"note": "Later"}}, If_Match=made.headers["ETag"])
    assert late.status_code == 412
    assert engineer("DELETE", path, If_Match=made.headers["ETag"]).status_code == 412
    shown = engineer("GET", f"/tickets/{ASSIGNED}").json()["data"]["ticket"]["ticket_notes"]
    listed = engineer("GET", "/tickets/get_ticket_notes", {"ticket_number": ASSIGNED}).json()["data"]["notes"]
    assert (shown[-1]["comment"], listed[-1]["note"]) == ("<i>Gone</i>", "<i>Gone</i>")


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_withdrawn_note_is_gone_from_the_documented_lists(api: ApiFor, version: Any) -> None:  # noqa: ANN401 - a Version
    """In each version, and its count with it."""
    engineer = api(ENGINEER, version)
    made = add(engineer, "Wrong ticket").json()["id"]
    path = f"{NOTES}/{made}"
    assert engineer("GET", "/tickets/get_ticket_notes", {"ticket_number": ASSIGNED}).json()["data"]["count"] == 3
    assert engineer("DELETE", path).status_code == 204
    assert engineer("DELETE", path).status_code == 204
    assert engineer("GET", "/tickets/get_ticket_notes", {"ticket_number": ASSIGNED}).json()["data"]["count"] == 2
    assert "Wrong ticket" not in engineer("GET", f"/tickets/{ASSIGNED}").text
    assert "Wrong ticket" not in engineer("GET", "/tickets").text
    answer = engineer("PATCH", path, {"note": {"note": "Back"}})
    assert (answer.status_code, answer.json()["error"]) == (
        422,
        "note.note was withdrawn, and stays so: write another one",
    )


@pytest.mark.parametrize(("person", "status"), [(ENGINEER, 403), (CUSTOMER, 403), (STRANGER, 404), (ADMIN, 200)])
def test_an_old_note_is_the_administrators_to_change(api: ApiFor, person: Person, status: int) -> None:
    """The cast's are of last year."""
    answer = api(person)("PATCH", f"{NOTES}/{NOTE}", {"note": {"note": "Changed"}})
    assert answer.status_code == status
    if status == 403:
        sentence = "Only who wrote a note may change it, within 15 minutes; administrators may at any time"
        assert answer.json() == {"error": sentence}


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("POST", {"note": {"note": " "}}, "note.note must not be empty"),
        ("POST", {"note": {}}, "note.note is missing"),
        ("POST", {}, "note.note is missing"),
        ("POST", {"note": {"note": "x", "internal": "perhaps"}}, "note.internal must be true or false"),
        ("PATCH", {"note": {"note": " "}}, "note.note must not be empty"),
        ("PATCH", {"note": {}}, "note.note is missing"),
    ],
)
def test_a_note_that_is_none_is_refused(api: ApiFor, method: str, body: Any, error: str) -> None:  # noqa: ANN401 - any JSON
    """422, and nothing is changed."""
    admin = api(ADMIN)
    before = admin("GET", NOTES).content
    answer = admin(method, NOTES if method == "POST" else f"{NOTES}/{NOTE}", body)
    assert (answer.status_code, answer.json()["error"]) == (422, error)
    assert admin("GET", NOTES).content == before


def test_what_a_note_is_for_never_changes(api: ApiFor) -> None:
    """An internal one stays internal, whatever a change names beside its text."""
    admin = api(ADMIN)
    path = f"{NOTES}/{add(admin, 'Internal', internal=True).json()['id']}"
    sent = {"note": {"note": "Changed", "internal": False}}
    assert admin("PATCH", path, sent).status_code == 422
    answer = admin("PATCH", path, sent, Prefer="handling=lenient")
    assert (answer.status_code, answer.json()["data"]["note"]["internal"]) == (200, True)
    assert api(CUSTOMER)("GET", path).status_code == 404
