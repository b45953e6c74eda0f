"""`If-Match` of every change of a ticket: made from the state that the client has seen, or refused with what has
changed since, as far as they may know of it.
"""

from typing import Any, Final

import pytest

import cast
from acting import tickets_as_kept
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, LONE, NOTE, STRANGER, TYPED
from keesa.accounts.sessions import Version
from keesa.db import Database
from keesa.desk import begin_anew
from keesa.errors import CHANGED
from keesa.tickets.missed import MOST

PATH: Final = f"/tickets/{ASSIGNED}"
Act = tuple[str, str, Any]
CHANGES: Final[dict[str, Act]] = {
    "edit": ("PATCH", PATH, {"ticket": {"priority": 1}}),
    "status": ("POST", f"{PATH}/status_update", {"ticket": {"status": "in_progress"}}),
    "closing": (
        *("POST", f"{PATH}/status_update"),
        {"ticket": {"status": "closed", "closed_date": "2025-03-09", "close_children": True}},
    ),
    "assign": ("POST", f"{PATH}/assign", {"ticket": {"assigned_to_id": STRANGER.id}}),
    "documented note": (
        *("POST", "/tickets/add_ticket_note"),
        {"ticket_number": ASSIGNED, "ticket_note": {"note": "Back on line"}},
    ),
    "note": ("POST", f"{PATH}/notes", {"note": {"note": "Back on line", "internal": True}}),
    "note edit": ("PATCH", f"{PATH}/notes/{NOTE}", {"note": {"note": "Corrected"}}),
    "note withdrawal": ("DELETE", f"{PATH}/notes/{NOTE}", None),
    "duplicate": ("POST", f"{PATH}/relations", {"relation": {"kind": "duplicate_of", "ticket_number": cast.STRANGERS}}),
    "cause": ("POST", f"{PATH}/relations", {"relation": {"kind": "caused_by", "ticket_number": TYPED}}),
    "no cause": ("DELETE", f"{PATH}/relations/caused_by/{TYPED}", None),
    "parent": ("POST", f"{PATH}/relations", {"relation": {"kind": "child_of", "ticket_number": TYPED}}),
    "no parent": ("DELETE", f"{PATH}/relations/child_of/{TYPED}", None),
    "no duplicate": ("DELETE", f"{PATH}/relations/duplicate_of/{cast.STRANGERS}", None),
    "watcher": ("POST", f"{PATH}/watchers", {"watcher": {"user_id": ADMIN.id}}),
    "no watcher": ("DELETE", f"{PATH}/watchers/{ADMIN.id}", None),
    "tag": ("POST", f"{PATH}/tags", {"tag": {"id": cast.TAG}}),
    "no tag": ("DELETE", f"{PATH}/tags/{cast.TAG}", None),
}
"""What an admin does to ASSIGNED."""
OF_NOTES: Final = ("note", "note edit", "note withdrawal")
"""Their answers tell the state of a note, or none."""


def tag(caller: Api, path: str = PATH, coding: str = "identity") -> str:
    answer = caller("GET", path, Accept_Encoding=coding)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def refused(caller: Api, etag: str, act: str = "edit") -> dict[str, Any]:
    """The body of the refusal."""
    answer = caller(*CHANGES[act], If_Match=etag)
    assert answer.status_code == 412, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_a_ticket_may_be_made_from_a_state(api: ApiFor, database: Database, name: str) -> None:
    """Nothing is changed from another one; from that which the ticket has it is, and the answer tells the next."""
    admin = api(ADMIN)
    old = tag(admin)
    assert admin("POST", f"{PATH}/assign", {"ticket": {"assigned_to_id": ADMIN.id}}).is_success
    before = database.read(tickets_as_kept)
    told = refused(admin, old, name)
    assert database.read(tickets_as_kept) == before
    assert [(each["fields"], each["kind"], each["by"]) for each in told["changed"]] == [
        (["assigned_to_id"], "assigned", ADMIN.full_name)
    ]
    done = admin(*CHANGES[name], If_Match=tag(admin))
    assert done.is_success, done.text
    if name not in OF_NOTES:
        assert done.headers["ETag"] == tag(admin)


@pytest.mark.parametrize("name", CHANGES)
def test_no_change_needs_a_state(api: ApiFor, name: str) -> None:
    """Nor has who names none any by-product of it: but for the ticket itself, and a note, no answer tells one."""
    done = api(ADMIN)(*CHANGES[name])
    assert done.is_success, done.text
    assert ("ETag" in done.headers) == (name in ("edit", "note", "note edit"))


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_either_version_s_state_counts(api: ApiFor, version: Version) -> None:
    """A ticket is in one state, whoever shows it; any change of it takes the tag that either version gives."""
    etag = tag(api(ADMIN, version))
    for other in ("2021", "2024"):
        answer = api(ADMIN, other)(*CHANGES["documented note"], If_Match=etag)
        assert answer.is_success, answer.text
        etag = answer.headers["ETag"]
        assert tag(api(ADMIN, other)) == etag


def test_a_name_that_changes_refuses_nobody(api: ApiFor) -> None:
    """A tag moves with the names that a ticket shows, for who reads it; the ticket itself is as it was."""
    admin = api(ADMIN)
    etag = tag(admin)
    admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"name": "Another"}})
    admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"full_name": "Hassan Anew"}})
    assert tag(admin) != etag
    assert admin(*CHANGES["edit"], If_Match=etag).status_code == 200
    bulk = {"tickets": [{"ticket_number": ASSIGNED, "if_match": tag(admin)}], "change": {"edit": {"priority": 2}}}
    admin("PATCH", f"/customers/{HARBOUR}", {"customer": {"name": "A third"}})
    assert admin("POST", "/tickets/bulk", bulk).json()["data"]["changed"] == 1


def test_a_list_of_states_and_any_state_count(api: ApiFor) -> None:
    """`*`, and several tags; a weak one never does."""
    admin = api(ADMIN)
    assert admin(*CHANGES["edit"], If_Match="*").status_code == 200
    assert admin(*CHANGES["assign"], If_Match=f'"1", {tag(admin)}').status_code == 200
    assert admin(*CHANGES["status"], If_Match=f"W/{tag(admin)}").status_code == 412


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_the_state_of_a_compressed_answer_counts(api: ApiFor, coding: str) -> None:
    """It has a form of its own in each coding, and is the same state: good for a change, and known when it is past."""
    admin = api(ADMIN)
    admin("POST", f"{PATH}/notes", {"note": {"note": "Long enough to be compressed. " * 60}})
    etag = tag(admin, coding=coding)
    assert etag.endswith(f'-{coding}"')
    assert admin(*CHANGES["edit"], If_Match=etag).status_code == 200
    late = admin(*CHANGES["assign"], If_Match=etag)
    assert (late.status_code, [each["kind"] for each in late.json()["changed"]]) == (412, ["edited"])
    assert admin("GET", PATH, Accept_Encoding=coding, If_None_Match=tag(admin, coding=coding)).status_code == 304


def test_a_note_s_own_state_counts_too(api: ApiFor) -> None:
    """Where a note is edited: the ticket may have changed meanwhile."""
    admin = api(ADMIN)
    note = tag(admin, f"{PATH}/notes/{NOTE}")
    assert admin(*CHANGES["assign"]).is_success
    edited = admin(*CHANGES["note edit"], If_Match=note)
    assert edited.status_code == 200
    answer = admin("DELETE", f"{PATH}/notes/{NOTE}", If_Match=note)
    assert (answer.status_code, answer.json()["changed"]) == (412, [])
    assert answer.headers["ETag"] == edited.headers["ETag"]


# What a refusal tells


def test_a_refusal_names_what_changed_by_whom_and_when(api: ApiFor) -> None:
    """In the order in which it was done, with the fields as the history names them, and with its time."""
    admin, engineer = api(ADMIN), api(ENGINEER)
    old = tag(engineer)
    admin("PATCH", PATH, {"ticket": {"priority": 1, "title": "Other"}})
    engineer("POST", f"{PATH}/notes", {"note": {"note": "On my way"}})
    admin("POST", f"{PATH}/status_update", {"ticket": {"status": "closed", "closed_date": "2025-03-09"}})
    told = refused(engineer, old)
    history = engineer("GET", f"{PATH}/history?order=desc&limit=3").json()["data"]["history"][::-1]
    assert told == {
        "error": CHANGED,
        "changed": [
            {
                "fields": fields,
                "kind": entry["kind"],
                "by": entry["actor"],
                "at": entry["at"],
            }
            for fields, entry in zip((["title", "priority"], [], ["status", "closed_date"]), history, strict=True)
        ],
        "more": 0,
    }
    assert [each["by"] for each in told["changed"]] == [ADMIN.full_name, ENGINEER.full_name, ADMIN.full_name]


def test_2021_tells_it_in_its_sentence(api: ApiFor) -> None:
    """An error of 2021 has one, and nothing else."""
    admin, old = api(ADMIN), api(ENGINEER, "2021")
    etag = tag(old)
    admin(*CHANGES["edit"])
    answer = old(*CHANGES["documented note"], If_Match=etag)
    at = admin("GET", f"{PATH}/history?order=desc&limit=1").json()["data"]["history"][0]["at"]
    sentence = f"{CHANGED} (edited priority by {ADMIN.full_name} at {at})"
    assert (answer.status_code, answer.json()) == (412, {"error": sentence})


def test_the_last_changes_are_told_and_how_many_came_before(api: ApiFor) -> None:
    """At most twenty."""
    admin = api(ADMIN)
    old = tag(admin)
    for number in range(MOST + 3):
        admin("PATCH", PATH, {"ticket": {"reference": f"PO-{number}"}})
    told = refused(admin, old)
    assert (len(told["changed"]), told["more"]) == (MOST, 3)
    newest = admin("GET", f"{PATH}/history?order=desc&limit=1").json()["data"]["history"][0]
    assert told["changed"][-1]["at"] == newest["at"]


def test_a_customer_learns_of_nothing_internal(api: ApiFor) -> None:
    """What was internal has changed nothing for them; of the rest they are told, counted in their own numbers."""
    customer, admin = api(CUSTOMER), api(ADMIN)
    add = CHANGES["documented note"]
    old = tag(customer)
    for act in ("tag", "note", "watcher", "cause"):
        assert admin(*CHANGES[act]).is_success
    answer = customer(*add, If_Match=old)
    assert answer.status_code == 201, answer.text
    last = answer.headers["ETag"]
    for act in ("no tag", "edit", "no cause"):
        assert admin(*CHANGES[act]).is_success
    refusal = customer(*add, If_Match=last)
    assert refusal.status_code == 412
    assert [(each["fields"], each["kind"]) for each in refusal.json()["changed"]] == [(["priority"], "edited")]
    assert refusal.json()["more"] == 0
    assert "note_added" in [each["kind"] for each in customer(*add, If_Match=old).json()["changed"]]


def test_a_customer_learns_of_nothing_from_before_a_ticket_was_theirs(api: ApiFor) -> None:
    """The new customer, whatever number they name, is told of what came since; the old one finds no ticket."""
    customer, admin = api(CUSTOMER), api(ADMIN)
    old = tag(customer)
    given = {"ticket": {"customer_id": LONE, "title": "Theirs", "description": "Anew"}}
    assert admin("PATCH", PATH, given).is_success
    assert customer(*CHANGES["documented note"], If_Match=old).status_code == 404
    back = {"ticket": {"customer_id": HARBOUR, "title": "Back", "description": "Again"}}
    assert admin("PATCH", PATH, back).is_success
    admin("PATCH", PATH, {"ticket": {"priority": 2}})
    for number in range(1, 20):
        told = customer(*CHANGES["documented note"], If_Match=f'"1.2-3.{number:x}"').json()["changed"]
        assert [each["kind"] for each in told] == (["edited"] if number == 1 else [])


def test_a_state_that_is_unknown_is_told_nothing(api: ApiFor, database: Database) -> None:
    """One of another desk or time, one that is none, one of an event that is still to come."""
    admin = api(ADMIN)
    old = tag(admin)
    admin(*CHANGES["assign"])
    own = old.rpartition("-")[2]
    for etag in ('"old"', '"1.1-1.ff"', '"1.1-1.0"', '"', f'"1.1-{own[:-1]}.77"', '"1.1-1.fffffffffffffffff"'):
        assert (refused(admin, etag)["changed"], refused(admin, etag)["more"]) == ([], 0), etag
    database.write(begin_anew)
    assert refused(admin, old)["changed"] == []


def test_who_may_not_read_tickets_is_told_nothing(api: ApiFor, database: Database) -> None:
    """A token that only writes learns that it has changed, and no more."""
    admin = api(ADMIN)
    old = tag(admin)
    admin(*CHANGES["assign"])
    writer = Api(admin.client, cast.api_token(database, ADMIN, permissions=["tickets:write"]))
    assert refused(writer, old) == {"error": CHANGED, "changed": [], "more": 0}


def test_a_change_of_another_thing_tells_its_sentence_alone(api: ApiFor) -> None:
    """What is no ticket has no history to tell of."""
    answer = api(ADMIN)("PATCH", f"/customers/{LONE}", {"customer": {"name": "Mine"}}, If_Match='"1"')
    assert (answer.status_code, answer.json()) == (412, {"error": CHANGED})
