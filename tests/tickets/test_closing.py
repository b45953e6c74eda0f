"""Closing a ticket together with its children: those that are seen and assigned, and what is told of the others."""

from typing import Any, Final

import pytest

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGERS, TYPED, at
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets.closing import Children, LeftChild, close_with_children
from keesa.tickets.relations import set_parent
from keesa.tickets.status import NOBODY_ASSIGNED, change_status

NOON: Final = at("2025-03-10T12:00")


@pytest.fixture
def family(tx: Tx) -> None:
    """RAISED (nobody's), TYPED (in progress), STRANGERS (on hold, which ENGINEER does not see) and HIDDEN (closed) are
    children of ASSIGNED.
    """
    for child in (RAISED, TYPED, STRANGERS, HIDDEN):
        set_parent(tx, actor_of(tx, ADMIN), child, ASSIGNED, NOON)


def states(tx: Tx) -> dict[int, tuple[str, str | None]]:
    found = rows(tx, "SELECT id, status, closed_on FROM tickets ORDER BY id")
    return {row["id"]: (row["status"], row["closed_on"]) for row in found}


def last_of(tx: Tx, sql: str, number: int) -> dict[str, Any]:
    return rows(tx, sql, id=number)[0]


@pytest.mark.usefixtures("family")
def test_children_that_are_seen_and_assigned_are_closed_too(tx: Tx) -> None:
    """Each with its own event and its row; the answer tells of each other one, and counts those out of sight."""
    engineer = actor_of(tx, ENGINEER)
    done = close_with_children(tx, engineer, ASSIGNED, "closed", "2025-03-09", NOON, CLOCK)
    assert done == Children([TYPED], [LeftChild(RAISED, NOBODY_ASSIGNED)], 1)
    assert states(tx) == {
        RAISED: ("open", None),
        ASSIGNED: ("closed", "2025-03-09"),
        TYPED: ("closed", "2025-03-09"),
        STRANGERS: ("on_hold", None),
        HIDDEN: ("closed", "2025-03-08"),
    }
    for number in (ASSIGNED, TYPED):
        event = last_of(tx, "SELECT * FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC", number)
        assert (event["kind"], event["actor_id"], event["at"]) == ("status", ENGINEER.id, NOON)
        status = last_of(tx, "SELECT * FROM ticket_statuses WHERE ticket_id = :id ORDER BY id DESC", number)
        assert (status["status"], status["changed_by_id"]) == ("closed", ENGINEER.id)


@pytest.mark.usefixtures("family")
def test_no_child_is_closed_before_it_was_raised(tx: Tx) -> None:
    """It gets the day of its raising, where its parent was closed before."""
    done = close_with_children(tx, actor_of(tx, ADMIN), ASSIGNED, "closed", "2025-03-02", NOON, CLOCK)
    assert done == Children([TYPED, STRANGERS], [LeftChild(RAISED, NOBODY_ASSIGNED)], 0)
    assert {number: states(tx)[number][1] for number in (ASSIGNED, TYPED, STRANGERS)} == {
        ASSIGNED: "2025-03-02",
        TYPED: "2025-03-03",
        STRANGERS: "2025-03-04",
    }


@pytest.mark.usefixtures("family")
def test_children_of_one_that_is_closed_already_are_closed(tx: Tx) -> None:
    """On the day that it has."""
    admin = actor_of(tx, ADMIN)
    change_status(tx, admin, ASSIGNED, "closed", "2025-03-09", NOON, CLOCK)
    assert close_with_children(tx, admin, ASSIGNED, "closed", "2025-03-09", NOON, CLOCK).closed == [TYPED, STRANGERS]
    before = tickets_as_kept(tx)
    assert close_with_children(tx, admin, ASSIGNED, "closed", "2025-03-09", NOON, CLOCK).closed == []
    assert tickets_as_kept(tx) == before


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize("status", ["open", "in_progress", "on_hold", "shut"])
def test_children_are_only_closed(tx: Tx, status: str) -> None:
    """With any other status it is refused."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as caught:
        close_with_children(tx, actor_of(tx, ADMIN), ASSIGNED, status, None, NOON, CLOCK)
    assert caught.value.faults.keys() == {"close_children"}
    assert tickets_as_kept(tx) == before


@pytest.mark.usefixtures("family")
def test_where_the_parent_is_not_closed_no_child_is(tx: Tx) -> None:
    """For want of a day, of anybody who has it, of sight, or of the right."""
    before, admin = tickets_as_kept(tx), actor_of(tx, ADMIN)
    with pytest.raises(Invalid):
        close_with_children(tx, admin, ASSIGNED, "closed", None, NOON, CLOCK)
    with pytest.raises(Invalid):
        close_with_children(tx, admin, RAISED, "closed", "2025-03-09", NOON, CLOCK)
    for number in (STRANGERS, 2025999, None):
        with pytest.raises(NotFound):
            close_with_children(tx, actor_of(tx, ENGINEER), number, "closed", "2025-03-09", NOON, CLOCK)
    with pytest.raises(Forbidden):
        close_with_children(tx, actor_of(tx, CUSTOMER), ASSIGNED, "closed", "2025-03-09", NOON, CLOCK)
    assert tickets_as_kept(tx) == before
