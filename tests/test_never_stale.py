"""No answer is older than the last change: two workers of one database are asked right after each kind of it.

Changes come through either worker, and as plain SQL from this process, of which no worker is told.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cast import (
    ADMIN,
    ASSIGNED,
    CUSTOMER,
    ENGINEER,
    HARBOUR,
    RAISED,
    SCHOOL,
    STRANGER,
    STRANGERS,
    TYPED,
    Person,
)
from keesa.clock import now
from keesa.db import Database
from places import Place
from plain_answers import Question
from two_workers_desk import (
    DISABLE,
    ENABLE,
    END_SESSIONS,
    GIVE_ROLE,
    GIVE_TYPE,
    MAY_ALL,
    MAY_READ,
    MAY_WRITE,
    MOVE_USER,
    RENAME_CUSTOMER,
    RENAME_USER,
    TAKE_ROLE,
    TAKE_TYPE,
    Desk,
    two_workers,
)


@pytest.fixture
def desk(place: Place, database: Database) -> Iterator[Desk]:
    """Two workers on the cast's database; everybody is logged in."""
    with two_workers(place, database) as opened:
        yield opened


def own_list(person: Person) -> Question:
    return Question(person, "2024", "/tickets")


def single(person: Person, number: int) -> Question:
    return Question(person, "2024", "/tickets/{ticket}", number)


def by_type(person: Person, key: str, status: str) -> Question:
    return Question(person, "2024", "/tickets/tickets_by_type", query={"type": key, "status": status})


def of_customer(person: Person, customer_id: int) -> Question:
    return Question(person, "2024", "/tickets/tickets_of_customer", query={"customer_id": customer_id})


def notes(person: Person, number: int) -> Question:
    return Question(person, "2024", "/tickets/get_ticket_notes", query={"ticket_number": number})


def everywhere_a_ticket_is(desk: Desk, number: int, *questions: Question) -> Iterator[dict[str, Any]]:
    """The ticket as each answer shows it, in a list or by itself; it must be in each."""
    for question in questions:
        for status, body in desk.everywhere(question):
            assert status == 200, (question, body)
            data = body["data"]
            found = [ticket for ticket in data.get("tickets", [data.get("ticket")]) if ticket["id"] == number]
            assert len(found) == 1, (question, body)
            yield found[0]


def assert_everywhere(desk: Desk, status: int, *questions: Question) -> None:
    for question in questions:
        assert [got for got, _ in desk.everywhere(question)] == [status] * 8, question


def assign(desk: Desk, worker: int, number: int, person: Person) -> None:
    body = {"ticket": {"assigned_to_id": person.id}}
    assert desk.act(worker, ADMIN, f"/tickets/{number}/assign", body)[0] == 200


def test_a_renamed_customer_shows_at_once(desk: Desk) -> None:
    """In lists and on the ticket itself."""
    questions = own_list(ENGINEER), by_type(ENGINEER, "customer_support", "open"), single(ENGINEER, ASSIGNED)
    for name in ("Fulhadhoo Jetty", "Jetty of Fulhadhoo", "Fulhadhoo Jetty"):
        desk.run(RENAME_CUSTOMER, name=name, id=HARBOUR)
        assert {ticket["customer"] for ticket in everywhere_a_ticket_is(desk, ASSIGNED, *questions)} == {name}


def test_a_renamed_user_shows_at_once(desk: Desk) -> None:
    """As who raised a ticket, whom it is assigned to and who spoke of it, in lists, on the ticket and in its notes."""
    assign(desk, 0, RAISED, ENGINEER)
    said = {"ticket_number": RAISED, "ticket_note": {"note": "On my way"}}
    assert desk.act(1, ENGINEER, "/tickets/add_ticket_note", said)[0] == 201
    questions = own_list(ENGINEER), by_type(ENGINEER, "customer_support", "open"), single(ENGINEER, RAISED)
    for full_name, nick_name in (("Hassan Ali", "Hassan"), ("Ali", "Hassan"), ("Ali", "Has"), ("Hassan Ali", "Has")):
        desk.run(RENAME_USER, full_name=full_name, nick_name=nick_name, id=ENGINEER.id)
        for ticket in everywhere_a_ticket_is(desk, RAISED, *questions):
            assert (ticket["raised_by"], ticket["assigned_to"]) == (full_name, full_name)
            assert [note["commented_by"] for note in ticket["ticket_notes"]] == [f"{full_name} ({nick_name})"]
        for _, body in desk.everywhere(notes(ENGINEER, RAISED)):
            (note,) = body["data"]["notes"]
            assert (note["user_name"], note["user_nick"]) == (full_name, nick_name)


def test_a_renamed_user_shows_at_once_in_assignments(desk: Desk) -> None:
    """As who was assigned and who assigned, also where the ticket has gone to somebody else since."""
    assign(desk, 0, RAISED, ENGINEER)
    assign(desk, 1, RAISED, ADMIN)
    for name in ("Ali", "Hassan Ali", "Ali"):
        for person in (ENGINEER, ADMIN):
            desk.run(RENAME_USER, full_name=f"{name} {person.id}", nick_name="Nick", id=person.id)
        for ticket in everywhere_a_ticket_is(desk, RAISED, single(ENGINEER, RAISED)):
            if "ticket_assignments" in ticket:
                to_and_by = [(row["assigned_to"], row["assigned_by"]) for row in ticket["ticket_assignments"]]
                assert to_and_by == [(f"{name} 2", f"{name} 1"), (f"{name} 1", f"{name} 1")]


def test_two_users_who_swap_names_show_at_once(desk: Desk) -> None:
    """Each in their own place: the same names are on the ticket as before."""
    assign(desk, 0, RAISED, STRANGER)
    for one_name, other_name in (("Ali", "Hassan"), ("Hassan", "Ali"), ("Ali", "Hassan")):
        desk.run(RENAME_USER, full_name=one_name, nick_name="Nick", id=ENGINEER.id)
        desk.run(RENAME_USER, full_name=other_name, nick_name="Nick", id=STRANGER.id)
        for ticket in everywhere_a_ticket_is(desk, RAISED, own_list(STRANGER), single(STRANGER, RAISED)):
            assert (ticket["raised_by"], ticket["assigned_to"]) == (one_name, other_name)


def test_a_role_that_loses_a_ticket_type_hides_tickets_at_once(desk: Desk) -> None:
    """From lists, by themselves and their notes; given back, it shows them again."""
    crew = desk.role_id(ENGINEER.role)
    assert_sees_typed(desk, sees=True)
    for sql, sees in ((TAKE_TYPE, False), (GIVE_TYPE, True), (TAKE_TYPE, False)):
        desk.run(sql, role_id=crew, key="eco_support")
        assert_sees_typed(desk, sees=sees)


def test_a_user_who_loses_a_role_loses_its_tickets_at_once(desk: Desk) -> None:
    """Those of its ticket types; given back, it shows them again."""
    crew = desk.role_id(ENGINEER.role)
    desk.run(GIVE_ROLE, user_id=ENGINEER.id, role_id=desk.role_id("reader"))
    assert_sees_typed(desk, sees=True)
    for sql, sees in ((TAKE_ROLE, False), (GIVE_ROLE, True), (TAKE_ROLE, False)):
        desk.run(sql, user_id=ENGINEER.id, role_id=crew)
        assert_sees_typed(desk, sees=sees)


def assert_sees_typed(desk: Desk, *, sees: bool) -> None:
    """Whether ENGINEER sees the ticket that is theirs by its type alone."""
    listed = by_type(ENGINEER, "eco_support", "in_progress")
    assert [str(TYPED) in json.dumps(body) for _, body in desk.everywhere(own_list(ENGINEER))] == [False, sees] * 4
    assert [f'"id": {TYPED}' in json.dumps(body) for _, body in desk.everywhere(listed)] == [sees] * 8
    assert_everywhere(desk, 200 if sees else 404, single(ENGINEER, TYPED), notes(ENGINEER, TYPED))


def test_a_role_that_loses_its_permission_is_refused_at_once(desk: Desk) -> None:
    """403 wherever tickets are read; given back, it reads them again."""
    questions = own_list(ENGINEER), single(ENGINEER, ASSIGNED), notes(ENGINEER, ASSIGNED)
    assert_everywhere(desk, 200, *questions)
    for permissions, status in ((MAY_WRITE, 403), (MAY_READ, 200), ((), 403), (MAY_ALL, 200)):
        desk.permit(ENGINEER.role, permissions)
        assert_everywhere(desk, status, *questions)


def test_a_disabled_user_is_out_at_once(desk: Desk) -> None:
    """401, though the row of the session stays: enabled again, its token is good again."""
    questions = own_list(ENGINEER), single(ENGINEER, ASSIGNED), notes(ENGINEER, ASSIGNED)
    assert_everywhere(desk, 200, *questions)
    for _ in range(2):
        desk.run(DISABLE, at=now(), id=ENGINEER.id)
        assert_everywhere(desk, 401, *questions)
        desk.run(ENABLE, id=ENGINEER.id)
        assert_everywhere(desk, 200, *questions)


def test_a_user_who_moves_to_another_customer_sees_theirs_at_once(desk: Desk) -> None:
    """And no longer those of the one before."""
    for old, new, gone, come in ((HARBOUR, SCHOOL, STRANGERS, TYPED), (SCHOOL, HARBOUR, TYPED, STRANGERS)):
        assert_everywhere(desk, 200, single(CUSTOMER, gone), of_customer(CUSTOMER, old))
        assert_everywhere(desk, 404, single(CUSTOMER, come))
        assert_everywhere(desk, 403, of_customer(CUSTOMER, new))
        desk.run(MOVE_USER, user_type="customer", customer_id=new, id=CUSTOMER.id)
        assert_everywhere(desk, 404, single(CUSTOMER, gone))
        assert_everywhere(desk, 403, of_customer(CUSTOMER, old))
        assert_everywhere(desk, 200, single(CUSTOMER, come), of_customer(CUSTOMER, new))


def test_an_ended_session_is_out_at_once(desk: Desk) -> None:
    """Whether its row went behind the workers' backs or by a logout at the other one."""
    for worker in (0, 1):
        assert_everywhere(desk, 200, own_list(ENGINEER), own_list(CUSTOMER))
        desk.run(END_SESSIONS, id=CUSTOMER.id)
        assert desk.act(worker, ENGINEER, "/auth/logout", None, method="DELETE")[0] == 200
        assert_everywhere(desk, 401, own_list(ENGINEER), own_list(CUSTOMER))
        desk.log_in(ENGINEER)
        desk.log_in(CUSTOMER)


def test_a_note_shows_at_once_through_the_other_worker(desk: Desk) -> None:
    """In lists, on the ticket and among its notes, whichever worker took it."""
    questions = own_list(ENGINEER), by_type(ENGINEER, "customer_support", "open"), single(ENGINEER, ASSIGNED)
    said = [note["body"] for note in desk.world().notes]
    for worker, text in ((0, "At the jetty"), (1, "<div>The <b>link</b> is back</div>"), (0, "Bye")):
        for ticket in everywhere_a_ticket_is(desk, ASSIGNED, *questions):
            assert [note["comment"] for note in ticket["ticket_notes"]] == said
        body = {"ticket_number": ASSIGNED, "ticket_note": {"note": text}}
        assert desk.act(worker, CUSTOMER, "/tickets/add_ticket_note", body)[0] == 201
        said.append(text)
        for ticket in everywhere_a_ticket_is(desk, ASSIGNED, *questions):
            assert [note["comment"] for note in ticket["ticket_notes"]] == said
        for _, answered in desk.everywhere(notes(ENGINEER, ASSIGNED)):
            assert [note["note"] for note in answered["data"]["notes"]] == said


def test_a_status_shows_at_once_through_the_other_worker(desk: Desk) -> None:
    """On the ticket and in the list of its status, and no longer in that of the one before."""
    before = "open"
    for worker, status in ((0, "in_progress"), (1, "closed"), (0, "open"), (1, "on_hold")):
        old, new = (by_type(ENGINEER, "customer_support", each) for each in (before, status))
        assert_everywhere(desk, 200, new, single(ENGINEER, ASSIGNED))
        body = {"ticket": {"status": status, "closed_date": "2025-03-10"}}
        assert desk.act(worker, ENGINEER, f"/tickets/{ASSIGNED}/status_update", body)[0] == 200
        shown = everywhere_a_ticket_is(desk, ASSIGNED, single(ENGINEER, ASSIGNED), new)
        assert {ticket["status"] for ticket in shown} == {status}
        assert not any(str(ASSIGNED) in json.dumps(answered) for answered in desk.everywhere(old))
        before = status


def test_an_assignee_shows_at_once_through_the_other_worker(desk: Desk) -> None:
    """On the ticket, in the list of whoever has it now, and in nothing of whoever saw it as theirs alone before."""
    for worker, given, taken in ((0, STRANGER, ENGINEER), (1, ENGINEER, STRANGER), (0, STRANGER, ENGINEER)):
        assert_everywhere(desk, 200, own_list(given), single(taken, ASSIGNED), of_customer(taken, HARBOUR))
        assign(desk, worker, ASSIGNED, given)
        for ticket in everywhere_a_ticket_is(desk, ASSIGNED, own_list(given), single(given, ASSIGNED)):
            assert ticket["assigned_to"] == given.full_name
        assert_everywhere(desk, 404, single(taken, ASSIGNED))
        if taken is ENGINEER:  # who sees no other ticket of that customer
            assert_everywhere(desk, 403, of_customer(taken, HARBOUR))
