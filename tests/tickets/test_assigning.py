"""Assigning a ticket: to whom, when it may be taken away, and the history."""

import pytest

from acting import actor_of, rows, tickets_as_kept
from by_keesa import disable_user
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
    add_person,
    at,
)
from keesa.accounts.actors import SYSTEM
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets.assigning import assign

NOON = at("2025-03-10T12:00")
GONE = Person(6, "gone@keesa.example", "Ali Gone", "Ali", "staff", "harbour_crew")


def give(tx: Tx, number: int | None, to_id: int | None, by: Person = ADMIN, when: int = NOON) -> None:
    assign(tx, actor_of(tx, by), number, to_id, when)


def assignee_of(tx: Tx, number: int) -> int | None:
    (row,) = rows(tx, "SELECT assigned_to_id FROM tickets WHERE id = :id", id=number)
    found: int | None = row["assigned_to_id"]
    return found


def test_each_assignment_adds_a_row_that_says_who_and_when(tx: Tx) -> None:
    """To somebody, to somebody else, and to nobody."""
    give(tx, RAISED, STRANGER.id, by=ENGINEER, when=NOON)
    give(tx, RAISED, ADMIN.id, by=ADMIN, when=NOON + 1)
    give(tx, RAISED, None, by=ADMIN, when=NOON + 2)
    found = rows(
        tx,
        "SELECT assigned_to_id, actor_id, at FROM ticket_events"
        " WHERE ticket_id = :id AND kind = 'assigned' ORDER BY number",
        id=RAISED,
    )
    assert [tuple(row.values()) for row in found] == [
        (STRANGER.id, ENGINEER.id, NOON),
        (ADMIN.id, ADMIN.id, NOON + 1),
        (None, ADMIN.id, NOON + 2),
    ]
    assert assignee_of(tx, RAISED) is None


@pytest.mark.parametrize("number", [ASSIGNED, TYPED, STRANGERS, HIDDEN])
@pytest.mark.parametrize("to", [ADMIN, ENGINEER, STRANGER])
def test_a_ticket_may_change_hands_in_any_status(tx: Tx, number: int, to: Person) -> None:
    """To anybody of the desk."""
    give(tx, number, to.id)
    assert assignee_of(tx, number) == to.id


@pytest.mark.parametrize(("number", "to_id"), [(ASSIGNED, ENGINEER.id), (HIDDEN, ADMIN.id), (RAISED, None)])
def test_who_has_it_already_gets_no_second_row(tx: Tx, number: int, to_id: int | None) -> None:
    """Neither the ticket nor its history changes."""
    before = tickets_as_kept(tx)
    give(tx, number, to_id)
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("number", [TYPED, STRANGERS, HIDDEN])
def test_a_ticket_that_is_worked_on_is_not_taken_away(tx: Tx, number: int) -> None:
    """Only an open one may be nobody's."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        give(tx, number, None)
    assert raised.value.faults == {"assigned_to_id": ["can be null only while the ticket is open"]}
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("to_id", [CUSTOMER.id, BOT.id, GONE.id, SYSTEM.id, 999, 2**63 - 1])
def test_nobody_but_the_desk_is_assigned(tx: Tx, to_id: int) -> None:
    """A customer's user, a bot, who has left, Keesa itself, and who never was."""
    add_person(tx, GONE)
    disable_user(tx, GONE.email, NOON)
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        give(tx, ASSIGNED, to_id)
    assert raised.value.faults == {"assigned_to_id": ["is unknown, must be the id of a member of staff"]}
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize(("by", "number"), [(STRANGER, TYPED), (ENGINEER, HIDDEN), (ADMIN, 2025999), (ADMIN, None)])
def test_a_ticket_out_of_sight_cannot_be_given(tx: Tx, by: Person, number: int | None) -> None:
    """Not even to oneself; it stays as it is."""
    before = tickets_as_kept(tx)
    with pytest.raises(NotFound, match=r"^Ticket not found$"):
        give(tx, number, by.id, by=by)
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("by", [CUSTOMER, BOT])
@pytest.mark.parametrize("number", [ASSIGNED, HIDDEN])
def test_only_the_desk_assigns(tx: Tx, by: Person, number: int) -> None:
    """Others are refused before anything is looked up."""
    before = tickets_as_kept(tx)
    with pytest.raises(Forbidden, match="Only staff may do this"):
        give(tx, number, ADMIN.id, by=by)
    assert tickets_as_kept(tx) == before
