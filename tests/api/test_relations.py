"""`/tickets/<id>/relations` and `close_children`: what is answered, and what a duplicate's notes do in every list."""

from typing import Any, Final

import pytest

from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGERS, TYPED
from keesa.accounts.sessions import Version
from keesa.db import Database
from unchanged import unchanged

EMPTY: Final[dict[str, object]] = {
    "duplicate_of": None,
    "duplicates": [],
    "caused_by": [],
    "causes": [],
    "parent": None,
    "children": [],
}
"""Of what is shown of a ticket without relations."""
TEXTS: Final = ["Going there with the Thursday ferry", "We wait at the jetty", "Here too"]


def relate(caller: Api, ticket: int, kind: object, other: object) -> Any:  # noqa: ANN401 - any answer
    return caller("POST", f"/tickets/{ticket}/relations", {"relation": {"kind": kind, "ticket_number": other}})


def shown(caller: Api, ticket: int) -> Any:  # noqa: ANN401 - any JSON
    answer = caller("GET", f"/tickets/{ticket}/relations")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["relations"]


def entry(number: int, status: str = "open") -> dict[str, object]:
    return {"id": number, "ticket_number": str(number), "title": f"Trouble {number}", "status": status}


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [("caused_by", "caused_by", "causes"), ("child_of", "parent", "children"), ("duplicate_of",) * 2 + ("duplicates",)],
)
def test_a_relation_is_made_shown_and_taken_back(api: ApiFor, kind: str, one: str, other: str) -> None:
    """201 with what was made, at either form of the number; 204 as often as one likes."""
    admin = api(ADMIN)
    for number in (STRANGERS, str(STRANGERS)):
        made = relate(admin, ASSIGNED, kind, number)
        assert (made.status_code, made.json()) == (201, {"kind": kind, "ticket_number": str(STRANGERS)})
    status = "closed" if kind == "duplicate_of" else "open"
    ends = {one: entry(STRANGERS, "on_hold"), other: entry(ASSIGNED, status)}
    for number, side in ((ASSIGNED, one), (STRANGERS, other)):
        single = side in ("duplicate_of", "parent")
        assert shown(admin, number) == EMPTY | {"unseen": 0, side: ends[side] if single else [ends[side]]}
    for _ in range(2):
        gone = admin("DELETE", f"/tickets/{ASSIGNED}/relations/{kind}/{STRANGERS}")
        assert (gone.status_code, gone.content) == (204, b"")
    assert shown(admin, ASSIGNED) == shown(admin, STRANGERS) == EMPTY | {"unseen": 0}


def test_who_asks_is_told_of_what_they_see(api: ApiFor) -> None:
    """The desk of how many there are beside, customers of duplicates alone."""
    admin = api(ADMIN)
    relate(admin, ASSIGNED, "caused_by", HIDDEN)
    relate(admin, ASSIGNED, "child_of", TYPED)
    assert shown(api(ENGINEER), ASSIGNED) == EMPTY | {"parent": entry(TYPED, "in_progress"), "unseen": 1}
    assert shown(api(CUSTOMER), ASSIGNED) == EMPTY | {"unseen": 0}
    relate(admin, STRANGERS, "duplicate_of", ASSIGNED)
    assert shown(api(CUSTOMER), ASSIGNED) == EMPTY | {"duplicates": [entry(STRANGERS, "closed")], "unseen": 0}
    assert shown(api(ENGINEER), ASSIGNED)["unseen"] == 2


def test_every_fault_is_told_by_its_path(api: ApiFor, database: Database) -> None:
    """And nothing is kept; what is out of sight is unknown like what is not there."""
    engineer = api(ENGINEER)
    with unchanged(database):
        answer = relate(engineer, ASSIGNED, "sister_of", None)
        assert (answer.status_code, list(answer.json()["errors"])) == (
            422,
            ["relation.kind", "relation.ticket_number"],
        )
        answers = [relate(engineer, ASSIGNED, "caused_by", other) for other in (HIDDEN, 2025999, "x", "-1", 2**70)]
        assert {answer.status_code for answer in answers} == {422}
        assert len({answer.text for answer in answers}) == 1
        assert list(answers[0].json()["errors"]) == ["relation.ticket_number"]
        for path in ("sister_of/2025001", "Caused_by/2025001", "%00/2025001"):
            answer = engineer("DELETE", f"/tickets/{ASSIGNED}/relations/{path}")
            assert (answer.status_code, answer.json()) == (404, {"error": "Relation not found"})
        for path in (f"caused_by/{HIDDEN}", "caused_by/x", "child_of/2025999"):
            answer = engineer("DELETE", f"/tickets/{ASSIGNED}/relations/{path}")
            assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})


# A duplicate's notes, wherever its main ticket shows notes


def everywhere(caller: Api, version: Version, number: int) -> dict[str, list[str]]:
    """The texts of the ticket's notes, by where they stand."""
    detail = data_of(caller, f"/tickets/{number}", version)["ticket"]
    listed = data_of(caller, "/tickets/tickets_by_type?type=customer_support&status=open", version)["tickets"]
    notes = data_of(caller, f"/tickets/get_ticket_notes?ticket_number={number}", version)["notes"]
    [in_list] = [ticket for ticket in listed if ticket["id"] == number]
    places = {"detail": detail["ticket_notes"], "list": in_list["ticket_notes"], "notes": notes}
    return {place: [note.get("note", note.get("comment")) for note in found] for place, found in places.items()}


def data_of(caller: Api, path: str, version: Version) -> dict[str, Any]:
    data: dict[str, Any] = caller("GET", path, Keesa_Version=version).json()["data"]
    return data


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_a_duplicate_s_notes_stand_in_every_documented_array(api: ApiFor, version: Version) -> None:
    """In both versions, for the desk and for the customer; what was kept ready is never stale."""
    admin, customer = api(ADMIN), api(CUSTOMER)
    said = {"ticket_note": {"note": "Here too"}, "ticket_number": STRANGERS}
    assert admin("POST", "/tickets/add_ticket_note", said).status_code == 201
    for expected, method, path, body in (
        (TEXTS[:2], "GET", f"/tickets/{STRANGERS}", None),
        (
            TEXTS,
            "POST",
            f"/tickets/{STRANGERS}/relations",
            {"relation": {"kind": "duplicate_of", "ticket_number": ASSIGNED}},
        ),
        ([*TEXTS, "Still"], "POST", "/tickets/add_ticket_note", said | {"ticket_note": {"note": "Still"}}),
        (TEXTS[:2], "DELETE", f"/tickets/{STRANGERS}/relations/duplicate_of/{ASSIGNED}", None),
    ):
        assert admin(method, path, body).is_success
        for caller in (admin, customer, admin):
            assert everywhere(caller, version, ASSIGNED) == dict.fromkeys(("detail", "list", "notes"), expected)


# Closing a ticket with its children


def close(caller: Api, **more: object) -> Any:  # noqa: ANN401 - any answer
    body = {"ticket": {"status": "closed", "closed_date": "2025-03-09", **more}}
    return caller("POST", f"/tickets/{ASSIGNED}/status_update", body)


def test_children_are_closed_where_that_is_asked_for(api: ApiFor) -> None:
    """The answer tells of each that is seen, and how many are not; the documented answer is as documented."""
    admin, engineer = api(ADMIN), api(ENGINEER)
    for child in (RAISED, TYPED, STRANGERS, HIDDEN):
        assert relate(admin, child, "child_of", ASSIGNED).status_code == 201
    done = {"message": "Ticket status changed successfully"}
    assert close(engineer).json() == close(engineer, close_children=False).json() == done
    answer = close(engineer, close_children=True)
    assert (answer.status_code, answer.json()) == (
        200,
        done
        | {
            "closed_children": [str(TYPED)],
            "children_left": [
                {
                    "ticket_number": str(RAISED),
                    "reason": "Please assign an engineer before changing the ticket status",
                }
            ],
            "children_unseen": 1,
        },
    )
    assert admin("GET", f"/tickets/{TYPED}").json()["data"]["ticket"]["status"] == "closed"
    assert close(admin, close_children=True).json()["closed_children"] == [str(STRANGERS)]


def test_children_are_closed_beside_closed_alone(api: ApiFor, database: Database) -> None:
    """422 names the field."""
    admin = api(ADMIN)
    with unchanged(database):
        answer = close(admin, status="on_hold", close_children=True)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["ticket.close_children"])
