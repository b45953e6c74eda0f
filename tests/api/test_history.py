"""`GET /tickets/<id>/history`: what became of a ticket, as who asks may know of it."""

from typing import Any, Final, get_args

import pytest

import cast
from acting import actor_of
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, BY, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, RAISED, STRANGER, STRANGERS, TYPED
from keesa.accounts.actors import SYSTEM
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.directory.tags import add_tag
from keesa.events import history
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import lock_ticket
from keesa.tickets.relations import Side

Entry = dict[str, Any]
PATH: Final = f"/tickets/{ASSIGNED}/history"
KINDS: Final = ["raised", "assigned", "note_added", "note_added"]
"""Of what the cast's world tells of ASSIGNED."""


def entries(caller: Api, path: str = PATH) -> list[Entry]:
    answer = caller("GET", path)
    assert answer.status_code == 200, answer.text
    found: list[Entry] = answer.json()["data"]["history"]
    return found


def walked(caller: Api, query: str) -> list[Entry]:
    """Page by page, as `next` says."""
    found, after = [], ""
    while True:
        answer = caller("GET", f"{PATH}?{query}{after}")
        found += answer.json()["data"]["history"]
        cursor = answer.json()["data"]["next"]
        if cursor is None:
            return found
        assert f"after={cursor}" in answer.headers["Link"]
        after = f"&after={cursor}"


def add_events(database: Database, number: int, *events: Event) -> None:
    def work(tx: Tx) -> None:
        actor = actor_of(tx, ADMIN)
        for event in events:
            change(tx, actor, lock_ticket(tx, actor, number), now(), event)

    database.write(work)


def test_it_begins_with_what_the_ticket_was_raised_with(api: ApiFor) -> None:
    """Whatever has been edited since, and by whom."""
    engineer = api(ENGINEER)
    engineer("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": "Second", "priority": 1}})
    engineer("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": "Third", "reference": "PO-18"}})
    first, *_, second, third = entries(engineer)
    assert (first["number"], first["kind"], first["actor"]) == (1, "raised", ADMIN.full_name)
    told = {each["field"]: each["to"] for each in first["changes"]}
    assert told == {
        "status": "open",
        "title": "Trouble 2025002",
        "description": "No signal since the storm",
        "priority": 3,
        "category": "fault",
        "ticket_type": "customer_support",
        "product_id": 3,
        "contact_name": "Ibrahim",
        "contact_number": 7771234,
        "contact_phone": "7771234",
        "customer_id": HARBOUR,
    }
    assert second["changes"] == [
        {"field": "title", "from": "Trouble 2025002", "to": "Second"},
        {"field": "priority", "from": 3, "to": 1},
    ]
    assert third["changes"] == [
        {"field": "title", "from": "Second", "to": "Third"},
        {"field": "reference", "from": None, "to": "PO-18"},
    ]


def test_each_change_says_who_when_and_with_what(api: ApiFor, database: Database) -> None:
    """An API token by its id, to the desk alone; Keesa itself by its name."""
    token = cast.api_token(database, ADMIN)
    admin, customer = api(ADMIN), api(CUSTOMER)
    Api(admin.client, token)("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"priority": 1}})
    database.write(lambda tx: change(tx, SYSTEM, lock_ticket(tx, SYSTEM, ASSIGNED), now(), Event("edited")))
    by_token, by_keesa = entries(admin)[-2:]
    assert [by_token[key] for key in ("kind", "actor_id", "actor", "actor_nick")] == [
        *("edited", ADMIN.id, ADMIN.full_name, ADMIN.nick_name)
    ]
    assert by_token["token_id"] is not None
    assert (by_keesa["actor_id"], by_keesa["actor"], by_keesa["token_id"]) == (0, "Keesa", None)
    assert entries(customer)[-2]["token_id"] is None


def test_who_has_it_is_told_by_name(api: ApiFor) -> None:
    """As tickets show it, so to customers too; of the rest the desk alone."""
    admin = api(ADMIN)
    admin("POST", f"/tickets/{ASSIGNED}/assign", {"ticket": {"assigned_to_id": STRANGER.id}})
    admin("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"product_id": 4}})
    given = {"field": "assigned_to_id", "from": ENGINEER.id, "to": STRANGER.id}
    names = {"from_name": ENGINEER.full_name, "to_name": STRANGER.full_name}
    product = {"field": "product_id", "from": 3, "to": 4}
    assert [entry["changes"] for entry in entries(admin)[-2:]] == [
        [given | names],
        [product | {"from_name": "Router", "to_name": "WIFI"}],
    ]
    assert [entry["changes"] for entry in entries(api(CUSTOMER))[-2:]] == [[given | names], [product]]


def test_a_closing_day_is_told_as_the_ticket_shows_it(api: ApiFor) -> None:
    """As the midnight that begins it."""
    admin = api(ADMIN)
    admin("POST", f"/tickets/{ASSIGNED}/status_update", {"ticket": {"status": "closed", "closed_date": "2025-03-10"}})
    assert entries(admin)[-1]["changes"] == [
        {"field": "status", "from": "open", "to": "closed"},
        {"field": "closed_date", "from": None, "to": "2025-03-10T00:00:00.000+05:00"},
    ]


@pytest.mark.parametrize("person", [ADMIN, CUSTOMER])
@pytest.mark.parametrize("internal_from", [0, 3])
def test_pages_hold_each_change_once(api: ApiFor, database: Database, person: cast.Person, internal_from: int) -> None:
    """In either order, whatever their size, with internal ones between or not; numbers have no gap."""
    caller = api(person)
    for number in range(8):
        if internal_from and number >= internal_from:
            add_events(database, ASSIGNED, Event("watched", thing_id=ADMIN.id, internal=True))
        add_events(database, ASSIGNED, Event("edited", {"priority": (number, number + 1)}))
    whole = entries(caller, f"{PATH}?limit=500")
    assert [entry["number"] for entry in whole] == list(range(1, len(whole) + 1))
    edits = [entry["changes"][0]["to"] for entry in whole if entry["kind"] == "edited"]
    assert edits == list(range(1, 9))
    for limit in (1, 2, 3, 7):
        assert walked(caller, f"limit={limit}") == whole
        assert walked(caller, f"limit={limit}&order=desc") == whole[::-1]


def test_customers_learn_of_nothing_internal(api: ApiFor, database: Database) -> None:
    """Their answer is the same to the byte, and their cursors are."""
    customer = api(CUSTOMER)
    before = [customer("GET", f"{PATH}?limit={limit}").text for limit in (2, 20)]
    add_events(
        database,
        ASSIGNED,
        Event("tagged", thing_id=1, internal=True),
        Event("note_added", thing_id=2**52, internal=True),
    )
    assert [customer("GET", f"{PATH}?limit={limit}").text for limit in (2, 20)] == before
    assert [entry["kind"] for entry in entries(api(ENGINEER))] == [*KINDS, "tagged", "note_added"]
    add_events(database, ASSIGNED, Event("edited", {"priority": (3, 1)}))
    assert [(entry["number"], entry["kind"]) for entry in entries(customer)][-2:] == [(4, "note_added"), (5, "edited")]


def test_a_note_is_named_and_its_old_text_is_the_desk_s(api: ApiFor, database: Database) -> None:
    """Customers are told that it was changed."""
    notes = api(CUSTOMER)("GET", f"/tickets/get_ticket_notes?ticket_number={ASSIGNED}").json()["data"]["notes"]
    note_id = notes[-1]["id"]
    edited = Event("note_edited", {"note": ("We wait", "We wait at the jetty")}, thing_id=note_id)
    add_events(database, ASSIGNED, edited, Event("note_withdrawn", {"note": ("We wait at the jetty", None)}, note_id))
    desk, customer = entries(api(ENGINEER)), entries(api(CUSTOMER))
    assert [entry["thing_id"] for entry in desk[2:]] == [notes[0]["id"], note_id, note_id, note_id]
    assert [entry["changes"] for entry in desk[-2:]] == [
        [{"field": "note", "from": "We wait", "to": "We wait at the jetty"}],
        [{"field": "note", "from": "We wait at the jetty", "to": None}],
    ]
    assert [(entry["kind"], entry["thing_id"], entry["changes"]) for entry in customer[-2:]] == [
        *(("note_edited", note_id, []), ("note_withdrawn", note_id, []))
    ]


@pytest.mark.parametrize("side", get_args(Side))
def test_a_ticket_out_of_sight_is_not_named(api: ApiFor, database: Database, side: Side) -> None:
    """Neither as what a change is about, nor as what it was or is to the ticket, on any side of any relation."""
    for other in (TYPED, STRANGERS):
        add_events(database, ASSIGNED, Event("related", {side: (None, other)}, thing_id=other))
        add_events(database, ASSIGNED, Event("unrelated", {side: (other, None)}, thing_id=other))
    for person, seen in ((ADMIN, [TYPED, STRANGERS]), (ENGINEER, [TYPED, None]), (CUSTOMER, [None, STRANGERS])):
        found = entries(api(person))[-4:]
        assert [entry["thing_id"] for entry in found[::2]] == [entry["thing_id"] for entry in found[1::2]] == seen
        assert [entry["changes"][0]["to"] for entry in found[::2]] == seen
        assert [entry["changes"][0]["from"] for entry in found[1::2]] == seen


@pytest.mark.parametrize("kind", ["caused_by", "child_of", "duplicate_of"])
def test_a_related_ticket_out_of_sight_is_not_named(api: ApiFor, kind: str) -> None:
    """Whatever the verb of a relation has told the history, made or taken back."""
    admin, number = api(ADMIN), str(HIDDEN)
    one, other = (TYPED, HIDDEN) if kind == "duplicate_of" else (ASSIGNED, HIDDEN)
    for ticket, related in ((one, other), (other, one)):
        relation = {"relation": {"kind": kind, "ticket_number": related}}
        assert admin("POST", f"/tickets/{ticket}/relations", relation).status_code == 201
        assert number in admin("GET", f"/tickets/{one}/history").text
        assert number not in api(ENGINEER)("GET", f"/tickets/{one}/history").text
        assert admin("DELETE", f"/tickets/{ticket}/relations/{kind}/{related}").status_code == 204
    assert number not in api(ENGINEER)("GET", f"/tickets/{one}/history").text


def test_what_tags_and_watchers_are_called(api: ApiFor, database: Database) -> None:
    """Now, whatever they were called then."""
    tag = database.write(lambda tx: add_tag(tx, BY, "fibre").id)
    tagged = Event("tagged", thing_id=tag, internal=True)
    add_events(database, ASSIGNED, tagged, Event("watched", thing_id=STRANGER.id, internal=True))
    assert [(entry["thing_id"], entry["thing"]) for entry in entries(api(ENGINEER))[-2:]] == [
        *((tag, "fibre"), (STRANGER.id, STRANGER.full_name))
    ]


def test_a_page_of_long_texts_ends_early(api: ApiFor, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """And goes on where it ended; one that is longer than a page stands on a page of its own."""
    monkeypatch.setattr(history, "LARGEST_PAGE", 1000)
    for number in range(4):
        add_events(database, ASSIGNED, Event("edited", {"title": ("x" * 400 * number, "")}))
    admin = api(ADMIN)
    pages = entries(admin, f"{PATH}?limit=500")
    assert 4 < len(pages) < 8
    assert [entry["number"] for entry in walked(admin, "limit=500")] == list(range(1, 9))
    assert [entry["number"] for entry in walked(admin, "limit=500&order=desc")] == list(range(8, 0, -1))


def test_it_is_a_csv_file_too(api: ApiFor) -> None:
    """Whole, a line for each change."""
    answer = api(CUSTOMER)("GET", f"{PATH}?format=csv&limit=1")
    lines = answer.text.splitlines()
    assert lines[0] == "number,kind,at,actor_id,actor,actor_nick,token_id,thing_id,thing,changes"
    assert [line.split(",")[:2] for line in lines[1:]] == [[str(at), kind] for at, kind in enumerate(KINDS, 1)]


@pytest.mark.parametrize("cursor", ["x", "WzFd", "LTE", "MA", "OTk5OTk5OQ"])
def test_any_cursor_is_answered(shared_api: ApiFor, cursor: str) -> None:
    """What is none is 422; one behind the end, or before the beginning, is a page of what is there."""
    for order in ("asc", "desc"):
        answer = shared_api(CUSTOMER)("GET", f"{PATH}?after={cursor}&order={order}")
        assert answer.status_code == (422 if cursor in ("x", "WzFd") else 200), answer.text


def test_out_of_sight_it_is_not_there(shared_api: ApiFor) -> None:
    """404, like a ticket that is not."""
    for number in (RAISED, 2025999):
        answer = shared_api(CUSTOMER)("GET", f"/tickets/{number}/history")
        assert (answer.status_code, answer.json()) == (404, {"error": "Ticket not found"})


def test_of_thousands_a_page_reads_a_page(shared_api: ApiFor, shared_database: Database) -> None:
    """A customer's, far behind many internal ones, in few statements that an index answers."""

    def many(tx: Tx) -> None:
        actor = actor_of(tx, ADMIN)
        for _ in range(150):
            watched = [Event("watched", thing_id=ADMIN.id, internal=True) for _ in range(3)]
            change(tx, actor, lock_ticket(tx, actor, ASSIGNED), now(), *watched, Event("edited"))

    shared_database.write(many)
    caller = shared_api(CUSTOMER)
    numbers = [entry["number"] for entry in walked(caller, "limit=100")]
    assert numbers == list(range(1, 155))
    assert [entry["number"] for entry in walked(caller, "limit=100&order=desc")] == numbers[::-1]
