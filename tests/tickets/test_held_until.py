"""Tickets on hold until a day: which days are good, and what becomes of the day."""

import json
from typing import Any

import pytest
from msgspec import UNSET

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ENGINEER, HIDDEN, STRANGERS, TYPED, Person, at
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.tickets.days import GivenDay
from keesa.tickets.finding import lock_ticket
from keesa.tickets.status import change_status
from listing import ticket

NOON = "2025-03-10T12:00"


def hold(
    tx: Tx,
    held_until: GivenDay = UNSET,
    status: str = "on_hold",
    *,
    number: int = TYPED,
    closed_date: str | None = None,
    by: Person = ADMIN,
    when: str = NOON,
) -> None:
    change_status(tx, actor_of(tx, by), number, status, closed_date, at(when), CLOCK, held_until)


def held(tx: Tx, number: int = TYPED) -> tuple[str, str | None]:
    found = lock_ticket(tx, actor_of(tx, ADMIN), number)
    return found.status, found.held_until


def told(tx: Tx, number: int = TYPED) -> list[Any]:
    """What the ticket's events of the status tell, in order, after those of before the test."""
    sql = "SELECT * FROM ticket_events WHERE ticket_id = :id AND kind = 'status' AND at >= :at ORDER BY number"
    found = rows(tx, sql, id=number, at=at(NOON))
    assert [row for row in found if row["public_number"] is None] == []
    return [json.loads(row["changes"]) for row in found]


def statuses(tx: Tx, number: int = TYPED) -> list[str]:
    return [row.status for row in ticket(tx, actor_of(tx, ADMIN), number).statuses]


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("2025-03-10", "2025-03-10"),  # today
        ("2025-04-01", "2025-04-01"),
        (" 2025-04-01 ", "2025-04-01"),
        ("2026-03-11", "2026-03-11"),  # 366 days ahead
        ("2026-03-11T23:59:59+05:00", "2026-03-11"),
        ("2025-03-31T19:00:00Z", "2025-04-01"),  # midnight at the desk
        ("2025-04-01T00:00:00.000+05:00", "2025-04-01"),
        ("2025-03-10T00:00", "2025-03-10"),
        ("", None),
        (" ", None),
        (None, None),
        (UNSET, None),
    ],
)
def test_a_ticket_is_held_until_a_day_of_the_desks_zone(tx: Tx, given: GivenDay, day: str | None) -> None:
    """From today on, or without one."""
    hold(tx, given)
    assert held(tx) == ("on_hold", day)
    assert told(tx) == [{"status": ["in_progress", "on_hold"]} | ({"held_until": [None, day]} if day else {})]
    assert statuses(tx) == ["open", "in_progress", "on_hold"]
    assert ticket(tx, actor_of(tx, ENGINEER), TYPED).held_until == day


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("2025-03-09", "must not be in the past"),
        ("2025-03-09T18:59:59Z", "must not be in the past"),
        ("0001-01-01", "must not be in the past"),
        ("2026-03-12", "must be within 366 days from today"),
        ("2026-03-11T19:00:00Z", "must be within 366 days from today"),
        ("9999-12-31", "must be within 366 days from today"),
        ("tomorrow", "must be a date like 2024-06-28, or a full time"),
        ("2025-02-30", "must be a date like 2024-06-28, or a full time"),
        ("9999-12-31T23:59:59-23:59", "must be a date like 2024-06-28, or a full time"),
    ],
)
def test_a_day_that_cannot_be_is_refused(tx: Tx, given: str, sentence: str) -> None:
    """Nothing of the ticket has changed then."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        hold(tx, given)
    assert raised.value.faults == {"held_until": [sentence]}
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("status", ["open", "in_progress"])
def test_no_other_status_has_a_day(tx: Tx, status: str) -> None:
    """Told, as nobody would look at the ticket on that day; null is none."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        hold(tx, "2025-04-01", status)
    assert raised.value.faults == {"held_until": ["goes with the status on_hold alone"]}
    assert tickets_as_kept(tx) == before
    hold(tx, None, status)
    assert held(tx) == (status, None)


def test_both_days_that_are_wrong_are_told_at_once(tx: Tx) -> None:
    """The one that is missing, and the one that is too many."""
    with pytest.raises(Invalid) as raised:
        hold(tx, "2025-04-01", "closed")
    assert raised.value.faults.keys() == {"closed_date", "held_until"}


def test_another_day_corrects_it_without_another_status(tx: Tx) -> None:
    """An event that customers see tells of it, and the documented list of statuses has no further row."""
    hold(tx, "2025-04-01")
    hold(tx, "2025-04-08", when="2025-03-11T12:00")
    hold(tx, None, when="2025-03-12T12:00")
    assert held(tx) == ("on_hold", None)
    assert told(tx)[1:] == [{"held_until": ["2025-04-01", "2025-04-08"]}, {"held_until": ["2025-04-08", None]}]
    assert statuses(tx) == ["open", "in_progress", "on_hold"]


@pytest.mark.parametrize("given", [UNSET, "2025-04-01", "2025-04-01T08:00"])
@pytest.mark.parametrize("when", ["2025-03-11T12:00", "2025-05-01T12:00"])
def test_the_day_that_it_has_is_no_change(tx: Tx, given: GivenDay, when: str) -> None:
    """Nor is the status alone, as clients send it that know no such day; also when the day is over."""
    hold(tx, "2025-04-01")
    before = tickets_as_kept(tx)
    hold(tx, given, when=when)
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("status", ["open", "in_progress", "closed"])
def test_another_status_takes_the_day_away(tx: Tx, status: str) -> None:
    """The event tells of both; who holds it again without a day holds it without one."""
    hold(tx, "2025-04-01")
    hold(tx, UNSET, status, closed_date="2025-03-10")
    assert held(tx) == (status, None)
    assert told(tx)[-1].keys() - {"closed_on"} == {"status", "held_until"}
    hold(tx)
    assert held(tx) == ("on_hold", None)


def test_a_closed_ticket_is_held_with_a_day(tx: Tx) -> None:
    """Its closing day goes, and its day of return comes, in one change."""
    hold(tx, "2025-04-01", number=HIDDEN)
    assert told(tx, HIDDEN) == [
        {"status": ["closed", "on_hold"], "closed_on": ["2025-03-08", None], "held_until": [None, "2025-04-01"]}
    ]


def test_a_ticket_that_was_held_without_a_day_gets_one(tx: Tx) -> None:
    """STRANGERS is on hold; its customer's revision moves, as they see the day."""
    before = lock_ticket(tx, actor_of(tx, ADMIN), STRANGERS)
    hold(tx, "2025-04-01", number=STRANGERS)
    after = lock_ticket(tx, actor_of(tx, ADMIN), STRANGERS)
    assert (after.held_until, after.status) == ("2025-04-01", "on_hold")
    assert (after.public_revision or after.revision) != (before.public_revision or before.revision)
