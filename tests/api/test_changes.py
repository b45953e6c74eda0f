"""`GET /changes` and `/changes/start`: what happens to the tickets that its caller sees."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import replace
from struct import pack
from typing import Any, Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from account_rows import actor_of, join
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, SCHOOL, SECRET, STRANGER, STRANGERS, TYPED, Person
from keesa.api.feed_cursors import LENGTH, NO_CURSOR, FeedCursors
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.desk import begin_anew
from keesa.feed.positions import BEGINNING, last_position
from keesa.feed.reading import OTHER_STATE, TOO_OLD
from keesa.web import dispatcher

Told = dict[str, Any]
PUPIL: Final = Person(6, "school@keesa.example", "Aminath Adam", "Ami", "customer", "customer", SCHOOL)
"""SCHOOL's user."""
A_DAY: Final = 24 * 3600 * 1000


def begun(caller: Api) -> str:
    answer = caller("GET", "/changes/start")
    assert answer.status_code == 200, answer.text
    cursor: str = answer.json()["data"]["cursor"]
    return cursor


def told(caller: Api, cursor: str, query: str = "") -> Told:
    answer = caller("GET", f"/changes?after={cursor}{query}")
    assert answer.status_code == 200, answer.text
    data: Told = answer.json()["data"]
    return data


def test_what_happens_is_told_once(api: ApiFor) -> None:
    admin, engineer = api(ADMIN), api(ENGINEER)
    cursor = begun(admin)
    engineer("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "The cable was cut"}})
    engineer("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": "The cable was cut", "priority": 1}})
    first = told(admin, cursor)
    assert [(each["ticket_id"], each["kind"]) for each in first["changes"]] == [
        (ASSIGNED, "note_added"),
        (ASSIGNED, "edited"),
    ]
    row = admin("GET", "/tickets/rows?limit=50").json()["data"]["rows"]
    assert first["rows"] == [each for each in row if each[0] == ASSIGNED]
    assert (first["gone"], first["more"]) == ([], False)
    second = told(admin, first["next"])
    assert (second["changes"], second["rows"], second["more"]) == ([], [], False)


def test_a_page_ends_at_its_limit(api: ApiFor) -> None:
    admin = api(ADMIN)
    cursor = begun(admin)
    for title in ("First", "Second", "Third"):
        admin("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"title": title}})
    titles, pages, more = [], 0, True
    while more:
        page = told(admin, cursor, "&limit=1")
        titles += [each["changes"][0]["to"] for each in page["changes"]]
        cursor, more, pages = page["next"], page["more"], pages + 1
    assert (titles, pages) == (["First", "Second", "Third"], 3)


def kinds(page: Told) -> list[tuple[int, str]]:
    return [(each["ticket_id"], each["kind"]) for each in page["changes"]]


def listed(caller: Api, *numbers: int) -> list[list[Any]]:
    """Their rows, as the list has them."""
    rows = caller("GET", "/tickets/rows?limit=50").json()["data"]["rows"]
    found = sorted((row for row in rows if row[0] in numbers), key=lambda row: numbers.index(row[0]))
    assert len(found) == len(numbers)
    return found


def edit(admin: Api, number: int, **said: object) -> None:
    answer = admin("PATCH", f"/tickets/{number}", {"ticket": said})
    assert answer.status_code == 200, answer.text


# The first copy


def test_a_first_copy_is_the_list_page_by_page(api: ApiFor) -> None:
    """Its first page alone has the cursor, behind which stands what happened while the others were read."""
    admin = api(ADMIN)
    path, rows, cursors = "/changes/start?limit=2", list[list[Any]](), list[str | None]()
    while path:
        answer = admin("GET", path)
        data = answer.json()["data"]
        rows += data["rows"]
        cursors.append(data["cursor"])
        path = f"/changes/start?limit=2&after={data['next']}" if data["next"] else ""
        assert ("Link" in answer.headers) == bool(path)
        edit(admin, ASSIGNED, title=f"Edit {len(cursors)}")
    whole = admin("GET", "/tickets/rows").json()["data"]
    assert [row[0] for row in rows] == [row[0] for row in whole["rows"]]
    assert data["columns"] == whole["columns"]
    assert cursors[0]
    assert cursors[1:] == [None, None]
    page = told(admin, cursors[0])
    assert kinds(page) == [(ASSIGNED, "edited")] * 3
    assert page["rows"] == listed(admin, ASSIGNED)


def test_neither_answer_is_a_state(api: ApiFor) -> None:
    """Nobody keeps them, and none has an `ETag`."""
    admin = api(ADMIN)
    cursor = begun(admin)
    for path in ("/changes/start", f"/changes?after={cursor}"):
        answer = admin("GET", path)
        assert (answer.headers["Cache-Control"], "ETag" in answer.headers) == ("no-store", False)
        head = admin("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")


def test_a_bot_sees_no_ticket_and_is_told_of_none(api: ApiFor) -> None:
    bot, admin = api(BOT), api(ADMIN)
    copy = bot("GET", "/changes/start").json()["data"]
    edit(admin, ASSIGNED, title="Another")
    page = told(bot, copy["cursor"])
    assert (copy["rows"], page["changes"], page["rows"], page["gone"]) == ([], [], [], [])


# What customers are told


def test_nothing_internal_is_told_to_a_customer(api: ApiFor) -> None:
    """Not that it happened, nor in the numbers of what did, nor with which token of the API."""
    admin, customer = api(ADMIN), api(CUSTOMER)
    cursor = begun(customer)
    note = f"/tickets/{ASSIGNED}/notes"
    internal = admin("POST", note, {"note": {"note": "For the desk alone", "internal": True}}).json()["id"]
    admin("PATCH", f"{note}/{internal}", {"note": {"note": "For the desk"}})
    admin("POST", f"/tickets/{ASSIGNED}/tags", {"tag": {"id": cast.TAG}})
    page = told(customer, cursor)
    assert (page["changes"], page["rows"], page["gone"], page["more"]) == ([], [], [], False)
    public = admin("POST", note, {"note": {"note": "We are coming"}}).json()["id"]
    admin("PATCH", f"{note}/{public}", {"note": {"note": "We come on Thursday"}})
    page = told(customer, page["next"])
    history = customer("GET", f"/tickets/{ASSIGNED}/history?order=desc&limit=2").json()["data"]["history"]
    assert page["changes"] == [{**each, "ticket_id": ASSIGNED} for each in reversed(history)]
    assert kinds(page) == [(ASSIGNED, "note_added"), (ASSIGNED, "note_edited")]
    assert [each["changes"] for each in page["changes"]] == [[], []]
    assert page["rows"] == listed(customer, ASSIGNED)


def test_a_ticket_that_is_given_away_is_gone_and_raised_for_its_next_customer(api: ApiFor, database: Database) -> None:
    """Who is told nothing of before; and comes back to the first as one that is new."""
    join(database, PUPIL)
    admin, customer, pupil = api(ADMIN), api(CUSTOMER), api(PUPIL)
    cursors = begun(customer), begun(pupil)
    edit(admin, ASSIGNED, title="A secret of the harbour")
    admin("POST", f"/tickets/{ASSIGNED}/notes", {"note": {"note": "Another one"}})
    edit(admin, ASSIGNED, customer_id=SCHOOL, title="Theirs", description="No signal")
    old, new = told(customer, cursors[0]), told(pupil, cursors[1])
    assert (old["changes"], old["rows"], old["gone"]) == ([], [], [ASSIGNED])
    assert [(*each, new["changes"][0]["number"], new["changes"][0]["changes"]) for each in kinds(new)] == [
        (ASSIGNED, "raised", 1, [])
    ]
    assert (new["rows"], new["gone"]) == (listed(pupil, ASSIGNED), [])
    assert "harbour" not in str(new)
    edit(admin, ASSIGNED, customer_id=HARBOUR, title="Ours again", description="None")
    old, new = told(customer, old["next"]), told(pupil, new["next"])
    assert (kinds(old), old["rows"], old["gone"]) == ([(ASSIGNED, "raised")], listed(customer, ASSIGNED), [])
    assert (new["changes"], new["rows"], new["gone"]) == ([], [], [ASSIGNED])


# What engineers are told


def test_an_assigned_ticket_comes_and_goes(api: ApiFor) -> None:
    """To whom it is assigned it comes with its row; from whom it is taken it is gone, and what they did not see behind
    it is not told.
    """
    admin, engineer = api(ADMIN), api(ENGINEER)
    cursor = begun(engineer)
    edit(admin, STRANGERS, title="Before")
    assign(admin, STRANGERS, ENGINEER)
    page = told(engineer, cursor)
    assert (kinds(page), page["gone"]) == ([(STRANGERS, "assigned")], [])
    assert page["rows"] == listed(engineer, STRANGERS)
    edit(admin, STRANGERS, title="Meanwhile")
    assign(admin, STRANGERS, STRANGER)
    edit(admin, STRANGERS, title="After")
    page = told(engineer, page["next"])
    assert (page["changes"], page["rows"], page["gone"]) == ([], [], [STRANGERS])


def assign(admin: Api, number: int, person: Person) -> None:
    answer = admin("POST", f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": person.id}})
    assert answer.status_code == 200, answer.text


def test_a_ticket_of_another_type_comes_and_goes(api: ApiFor) -> None:
    """For whom it is one of their roles' type."""
    admin, engineer = api(ADMIN), api(ENGINEER)
    cursor = begun(engineer)
    edit(admin, TYPED, ticket_type="project_support")
    page = told(engineer, cursor)
    assert (page["changes"], page["rows"], page["gone"]) == ([], [], [TYPED])
    edit(admin, TYPED, ticket_type="eco_support")
    page = told(engineer, page["next"])
    assert (kinds(page), page["rows"], page["gone"]) == ([(TYPED, "edited")], listed(engineer, TYPED), [])


@pytest.mark.parametrize(("person", "is_told"), [(ENGINEER, False), (CUSTOMER, True)])
def test_a_note_on_a_duplicate_brings_the_row_of_its_main_ticket(api: ApiFor, person: Person, is_told: bool) -> None:  # noqa: FBT001
    """Which shows it; also to who does not see the duplicate."""
    admin, reader = api(ADMIN), api(person)
    related = {"relation": {"kind": "duplicate_of", "ticket_number": ASSIGNED}}
    assert admin("POST", f"/tickets/{STRANGERS}/relations", related).status_code == 201
    cursor = begun(reader)
    admin("POST", f"/tickets/{STRANGERS}/notes", {"note": {"note": "It is the same"}})
    page = told(reader, cursor)
    assert kinds(page) == ([(STRANGERS, "note_added")] if is_told else [])
    shown = [ASSIGNED, STRANGERS] if is_told else [ASSIGNED]
    assert (page["rows"], page["gone"]) == (listed(reader, *shown), [])


# Cursors


@pytest.mark.parametrize("made", ["", "x", "{}A", "{}=", "../{}", "A" * (LENGTH - 1) + "!"])
def test_what_is_no_cursor_is_refused(api: ApiFor, made: str) -> None:
    admin = api(ADMIN)
    answer = admin("GET", f"/changes?after={made.format(begun(admin))}")
    assert (answer.status_code, answer.json()["errors"]) == (422, {"after": [NO_CURSOR]})


def test_without_a_cursor_nothing_is_told(api: ApiFor) -> None:
    answer = api(ADMIN)("GET", "/changes")
    assert (answer.status_code, answer.json()["errors"]) == (422, {"after": ["is missing"]})


def require_gone(answer: Response, sentence: str = OTHER_STATE) -> None:
    assert (answer.status_code, answer.json()) == (410, {"error": sentence})


def test_a_cursor_is_its_reader_s_own(api: ApiFor) -> None:
    """Nobody goes on with that of somebody else, nor with one that was made up."""
    callers = [api(person) for person in (ADMIN, ENGINEER, CUSTOMER)]
    cursors = [begun(caller) for caller in callers]
    for caller in callers:
        answers = [caller("GET", f"/changes?after={cursor}") for cursor in (*cursors, "A" * LENGTH)]
        assert [answer.status_code for answer in answers].count(200) == 1
        for answer in answers:
            if answer.status_code != 200:
                require_gone(answer)


def test_a_cursor_is_of_the_rights_that_its_reader_had(api: ApiFor) -> None:
    """With another role's types it is gone, with the same as before it is good; a new name is no other right."""
    admin, engineer = api(ADMIN), api(ENGINEER)
    cursor = begun(engineer)
    for roles, status in (["school_crew"], 410), (["harbour_crew", "school_crew"], 410), (["harbour_crew"], 200):
        assert admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"roles": roles}}).status_code == 200
        answer = engineer("GET", f"/changes?after={cursor}")
        assert answer.status_code == status
        if status == 410:
            require_gone(answer)
    admin("PATCH", f"/users/{ENGINEER.id}", {"user": {"full_name": "Hassan Anew"}})
    assert told(engineer, cursor)["changes"] == []


def test_a_cursor_is_of_the_desk_s_epoch(api: ApiFor, database: Database) -> None:
    """A desk that went on from an older state has another one: so does the first copy's `next`, which is refused."""
    admin = api(ADMIN)
    cursor = begun(admin)
    database.write(begin_anew)
    require_gone(admin("GET", f"/changes?after={cursor}"))
    assert told(admin, begun(admin))["changes"] == []


def test_a_cursor_is_of_an_event_that_is_there(api: ApiFor, database: Database) -> None:
    """A database that was brought back to an earlier time under a desk has it no more, or has another one there."""
    admin = api(ADMIN)
    edit(admin, ASSIGNED, title="One")
    cursor = begun(admin)
    database.write(without_the_last)
    require_gone(admin("GET", f"/changes?after={cursor}"))
    edit(admin, STRANGERS, title="Another")
    require_gone(admin("GET", f"/changes?after={cursor}"))
    assert told(admin, begun(admin))["changes"] == []


def without_the_last(tx: Tx) -> None:
    """As if the last event, of ASSIGNED, had never been."""
    last = last_position(tx)
    tx.run("DELETE FROM ticket_events WHERE id = :id", id=last.id)
    tx.run(
        "UPDATE tickets SET events = events - 1, public_events = public_events - 1 WHERE id = :id", id=last.ticket_id
    )


@pytest.mark.parametrize(("days", "status"), [(29, 200), (31, 410)])
def test_what_happened_too_long_ago_is_not_told(
    client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch, days: int, status: int
) -> None:
    """The first event behind the cursor decides: as long as nothing happens a cursor is good."""
    admin = Api(client, cast.api_token(database, ADMIN))
    quiet = begun(admin)
    later = now() + days * A_DAY
    monkeypatch.setattr(dispatcher, "now", lambda: later)
    assert told(admin, quiet)["changes"] == []
    monkeypatch.undo()
    edit(admin, ASSIGNED, title="Long ago")
    monkeypatch.setattr(dispatcher, "now", lambda: later)
    answer = admin("GET", f"/changes?after={quiet}")
    assert answer.status_code == status
    if status == 410:
        require_gone(answer, TOO_OLD)
    assert told(admin, begun(admin))["changes"] == []


def test_a_cursor_from_before_all_events_is_too_old(api: ApiFor, database: Database) -> None:
    cursor = FeedCursors(SECRET.encode()).seal(BEGINNING, actor_of(database, ADMIN.id), 0)
    require_gone(api(ADMIN)("GET", f"/changes?after={cursor}"), TOO_OLD)


def test_a_cursor_tells_nothing(api: ApiFor, database: Database) -> None:
    """Neither of the place where it is, nor whether that is another one than before: each is a new one."""
    customer = api(CUSTOMER)
    first, second = (begun(customer) for _ in range(2))
    edit(api(ADMIN), TYPED, title="Another customer's")
    third = told(customer, second)["next"]
    position = database.read(last_position)
    for one, other in ((first, second), (second, third), (first, third)):
        assert len(one) == len(other) == LENGTH
        assert sum(here == there for here, there in zip(one, other, strict=True)) < LENGTH / 4
    for cursor in (first, second, third):
        assert [number for number in position if number and pack(">Q", number)[4:] in urlsafe_b64decode(cursor)] == []


Change = Callable[[Config], Config]
OTHER: Final = "another secret for tests alone, as long as the first"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda config: replace(config, secret=OTHER, secret_previous=(SECRET,)), 200),
        (lambda config: replace(config, secret=OTHER), 410),
    ],
    ids=["kept", "forgotten"],
)
def test_a_cursor_outlives_its_key_where_that_is_kept(
    api: ApiFor, database: Database, config: Config, change: Change, status: int
) -> None:
    """As tokens do."""
    cursor = begun(api(ENGINEER))
    edit(api(ADMIN), ASSIGNED, title="Another")
    with TestClient(serve_from(database, change(config))) as client:
        engineer = Api(client, cast.api_token(database, ENGINEER))
        answer = engineer("GET", f"/changes?after={cursor}")
        assert answer.status_code == status
        if status == 200:
            assert kinds(answer.json()["data"]) == [(ASSIGNED, "edited")]
            assert told(engineer, answer.json()["data"]["next"])["changes"] == []
        else:
            require_gone(answer)
