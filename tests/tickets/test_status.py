"""Changing a status: what is needed, the day on which a ticket was closed, and the history."""

import pytest

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, TYPED, Person, at
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets.status import change_status
from keesa.tickets.statuses import STATUSES

NOON = "2025-03-10T12:00"
"""When the changes below are made: TYPED was raised on 2025-03-03 at 09:00, a week before."""


def change(
    tx: Tx,
    number: int | None,
    status: str,
    closed_date: str | None = None,
    by: Person = ADMIN,
    when: str = NOON,
) -> None:
    change_status(tx, actor_of(tx, by), number, status, closed_date, at(when), CLOCK)


def state_of(tx: Tx, number: int) -> tuple[str, str | None]:
    (row,) = rows(tx, "SELECT status, closed_on FROM tickets WHERE id = :id", id=number)
    return row["status"], row["closed_on"]


def history_of(tx: Tx, number: int) -> list[tuple[str, int, int]]:
    found = rows(
        tx,
        "SELECT status, changed_by_id, created_at FROM ticket_statuses WHERE ticket_id = :id ORDER BY id",
        id=number,
    )
    return [(row["status"], row["changed_by_id"], row["created_at"]) for row in found]


def test_each_change_adds_a_row_that_says_who_and_when(tx: Tx) -> None:
    """The history of a ticket is the list of its statuses, the first of them from when it was raised."""
    change(tx, ASSIGNED, "in_progress", by=ENGINEER, when="2025-03-10T12:00")
    change(tx, ASSIGNED, "closed", "2025-03-10", by=ADMIN, when="2025-03-10T13:00")
    change(tx, ASSIGNED, "on_hold", by=ENGINEER, when="2025-03-10T14:00")
    assert history_of(tx, ASSIGNED) == [
        ("open", ADMIN.id, at("2025-03-02T09:00")),
        ("in_progress", ENGINEER.id, at("2025-03-10T12:00")),
        ("closed", ADMIN.id, at("2025-03-10T13:00")),
        ("on_hold", ENGINEER.id, at("2025-03-10T14:00")),
    ]


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "closed"])
def test_reopening_clears_the_closing_day(tx: Tx, status: str) -> None:
    """Whatever status a closed ticket gets."""
    change(tx, HIDDEN, status)
    assert state_of(tx, HIDDEN) == (status, None)


@pytest.mark.parametrize("closed_date", ["2025-03-05", "1900-01-01", "nonsense", ""])
def test_a_closing_day_beside_another_status_is_ignored(tx: Tx, closed_date: str) -> None:
    """It is not even read."""
    change(tx, TYPED, "on_hold", closed_date)
    assert state_of(tx, TYPED) == ("on_hold", None)


@pytest.mark.parametrize(
    ("number", "status", "closed_date"),
    [(TYPED, "in_progress", None), (HIDDEN, "closed", "2025-03-08"), (HIDDEN, "closed", "2025-03-08T23:59")],
)
def test_the_status_that_it_has_changes_nothing(tx: Tx, number: int, status: str, closed_date: str | None) -> None:
    """Neither the ticket nor its history."""
    before = tickets_as_kept(tx)
    change(tx, number, status, closed_date)
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize(
    ("closed_date", "day"),
    [
        ("2025-03-05", "2025-03-05"),
        ("2025-03-03", "2025-03-03"),  # the day of its raising, though its midnight was before
        ("2025-03-10", "2025-03-10"),  # today
        (" 2025-03-05 ", "2025-03-05"),
        ("2025-03-03T09:00:00.000+05:00", "2025-03-03"),  # the moment of its raising
        ("2025-03-10T12:00:00.000+05:00", "2025-03-10"),  # now
        ("2025-03-10T07:00:00Z", "2025-03-10"),  # now
        ("2025-03-10T12:00:03+05:00", "2025-03-10"),  # now by a clock that is fast
        ("2025-03-10T23:59:59+05:00", "2025-03-10"),
        ("2025-03-10T00:00:00.000+05:00", "2025-03-10"),  # today's midnight, as the API writes it
        ("2025-03-09T19:00:00Z", "2025-03-10"),  # the same
        ("2025-03-03T00:00:00.000+05:00", "2025-03-03"),  # the midnight before its raising
        ("2025-03-03T09:00", "2025-03-03"),  # the minute of its raising
        ("2025-03-03T08:59:59.999+05:00", "2025-03-03"),
        ("2025-03-05t10:00:00z", "2025-03-05"),
        ("2025-03-05T22:00:00Z", "2025-03-06"),  # three in the morning at the desk
        ("2025-03-06T01:00:00+14:00", "2025-03-05"),  # four in the afternoon at the desk
        ("2025-03-05T10:00", "2025-03-05"),  # without an offset it is the desk's time
        ("2025-03-10T12:00", "2025-03-10"),
        ("2025-03-05 10:00:00", "2025-03-05"),
        ("2025-03-05T10:00:00.123456", "2025-03-05"),
        ("2025-03-05T22:00:00.123456789+0000", "2025-03-06"),
        ("2025-03-05T220000,5Z", "2025-03-06"),
        ("2025-03-05 22:00:00 UTC", "2025-03-06"),  # as Ruby prints times
        ("2025-03-06 01:00:00 +1400", "2025-03-05"),
        ("2025-03-05T22:00-03", "2025-03-06"),
    ],
)
def test_the_closing_day_is_that_of_the_desks_zone(tx: Tx, closed_date: str, day: str) -> None:
    """It may be a day or a full time, from the raising until now."""
    change(tx, TYPED, "closed", closed_date)
    assert state_of(tx, TYPED) == ("closed", day)


@pytest.mark.parametrize(
    ("when", "closed_date", "day"),
    [
        ("2025-03-10T23:59:58", "2025-03-11T00:00:01+05:00", "2025-03-10"),
        ("2025-03-10T23:56", "2025-03-11T00:01", "2025-03-10"),
        ("2025-03-03T09:00", "2025-03-03T08:58", "2025-03-03"),
    ],
)
def test_a_clock_that_is_minutes_off_makes_no_other_day(tx: Tx, when: str, closed_date: str, day: str) -> None:
    """A full time of up to five minutes after now is now, though midnight lies between."""
    change(tx, TYPED, "closed", closed_date, when=when)
    assert state_of(tx, TYPED) == ("closed", day)


def test_a_clock_that_is_more_than_minutes_off_is_told(tx: Tx) -> None:
    """Tomorrow is the future."""
    with pytest.raises(Invalid, match="must not be in the future"):
        change(tx, TYPED, "closed", "2025-03-11T00:01:01", when="2025-03-10T23:56")


@pytest.mark.parametrize("raised", ["2025-03-10T00:00:01", "2025-03-10T00:04"])
def test_a_clock_that_is_slow_closes_on_the_day_of_raising(tx: Tx, raised: str) -> None:
    """Where the ticket was raised just after midnight."""
    tx.run("UPDATE tickets SET raised_at = :at WHERE id = :id", at=at(raised), id=TYPED)
    change(tx, TYPED, "closed", "2025-03-09T23:59:30", when="2025-03-10T00:05")
    assert state_of(tx, TYPED) == ("closed", "2025-03-10")


@pytest.mark.parametrize("closed_date", ["2025-03-03", "2025-03-03T09:00", "2025-03-03T00:00:00.000+05:00"])
def test_a_server_s_clock_that_jumps_back_leaves_a_day_to_close_on(tx: Tx, closed_date: str) -> None:
    """That of its raising; its history does not begin before it. A later day is the future."""
    with pytest.raises(Invalid, match="must not be in the future"):
        change(tx, TYPED, "closed", "2025-03-04", when="2025-03-01T12:00")
    with pytest.raises(Invalid, match="must not be before the ticket was raised"):
        change(tx, TYPED, "closed", "2025-03-01", when="2025-03-01T12:00")
    change(tx, TYPED, "closed", closed_date, when="2025-03-01T12:00")
    assert state_of(tx, TYPED) == ("closed", "2025-03-03")
    assert history_of(tx, TYPED)[-1] == ("closed", ADMIN.id, at("2025-03-03T09:00"))


@pytest.mark.parametrize("closed_date", ["2025-03-09", "2025-03-05", "2025-03-10T11:00"])
def test_another_day_corrects_that_of_a_closed_ticket(tx: Tx, closed_date: str) -> None:
    """With a row in its history and a new revision."""
    revision = "SELECT revision FROM tickets WHERE id = :id"
    before, history = rows(tx, revision, id=HIDDEN), history_of(tx, HIDDEN)
    change(tx, HIDDEN, "closed", closed_date, by=ADMIN)
    assert state_of(tx, HIDDEN) == ("closed", closed_date[:10])
    assert history_of(tx, HIDDEN) == [*history, ("closed", ADMIN.id, at(NOON))]
    assert rows(tx, revision, id=HIDDEN) != before


@pytest.mark.parametrize("closed_date", ["2025-03-04", "2025-03-11", "soon", None])
def test_a_correction_keeps_to_the_rules(tx: Tx, closed_date: str | None) -> None:
    """HIDDEN was raised on 2025-03-05."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid):
        change(tx, HIDDEN, "closed", closed_date)
    assert tickets_as_kept(tx) == before


def test_the_day_that_a_ticket_has_is_good_whatever_the_clock_says(tx: Tx) -> None:
    """It was closed before the clock jumped back."""
    before = tickets_as_kept(tx)
    change(tx, HIDDEN, "closed", "2025-03-08T00:00:00.000+05:00", when="2025-03-06T12:00")
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize(("when", "day"), [("2025-03-10T00:30", "2025-03-10"), ("2025-03-10T23:30", "2025-03-10")])
def test_today_is_the_desks_today(tx: Tx, when: str, day: str) -> None:
    """Just after the desk's midnight the day before has not ended in UTC; tomorrow is the future all day."""
    with pytest.raises(Invalid, match="must not be in the future"):
        change(tx, TYPED, "closed", "2025-03-11", when=when)
    change(tx, TYPED, "closed", day, when=when)
    assert state_of(tx, TYPED) == ("closed", day)


@pytest.mark.parametrize(
    ("closed_date", "sentence"),
    [
        (None, "is missing: a closed ticket needs it"),
        ("", "is missing: a closed ticket needs it"),
        ("  ", "is missing: a closed ticket needs it"),
        ("2025-03-02", "must not be before the ticket was raised"),
        ("2025-03-02T23:59+05:00", "must not be before the ticket was raised"),
        ("2025-03-02T18:59:59Z", "must not be before the ticket was raised"),
        ("0001-01-01", "must not be before the ticket was raised"),
        ("1970-01-01T00:00:00Z", "must not be before the ticket was raised"),
        ("2025-03-11", "must not be in the future"),
        ("2025-03-11T00:00", "must not be in the future"),
        ("2025-03-10T19:00:00Z", "must not be in the future"),
        ("9999-12-31", "must not be in the future"),
        ("9999-12-31T23:59:59-23:59", "must be a date like 2024-06-28, or a full time"),
        ("0001-01-01T00:00:00+23:59", "must be a date like 2024-06-28, or a full time"),
        ("0000-01-01", "must be a date like 2024-06-28, or a full time"),
        ("2025-02-30", "must be a date like 2024-06-28, or a full time"),
        ("2025-13-01", "must be a date like 2024-06-28, or a full time"),
        ("2025-3-5", "must be a date like 2024-06-28, or a full time"),
        ("20250305", "must be a date like 2024-06-28, or a full time"),
        ("2025-W10-3", "must be a date like 2024-06-28, or a full time"),
        ("05/03/2025", "must be a date like 2024-06-28, or a full time"),
        ("yesterday", "must be a date like 2024-06-28, or a full time"),
        ("1741158000", "must be a date like 2024-06-28, or a full time"),
        ("-2025-03-05", "must be a date like 2024-06-28, or a full time"),
        ("+002025-03-05", "must be a date like 2024-06-28, or a full time"),
        ("2025-03-05T", "must be a date like 2024-06-28, or a full time"),
        ("2025-03-05T25:00", "must be a date like 2024-06-28, or a full time"),
        ("2025-03-05T10:00+25:00", "must be a date like 2024-06-28, or a full time"),
        ("2025-03-05T10:00 Indian/Maldives", "must be a date like 2024-06-28, or a full time"),
        ("\u0662\u0660\u0662\u0665-\u0660\u0663-\u0660\u0665", "must be a date like 2024-06-28, or a full time"),
        *(
            (f"2025-03-05{rest}", "must be a date like 2024-06-28, or a full time")
            for rest in (
                "10",
                "/10",
                ".10",
                "-07",
                "x10:15",
                "+05:00",
                "T10",
                "T10:15+",
                "T10:15:60",
                "T10:15:00.",
                "Z",
            )
        ),
        (f"2025-03-05T10:15:00.{'1' * 900_000}", "must be a date like 2024-06-28, or a full time"),
        ("2025-03-05" * 10_000, "must be a date like 2024-06-28, or a full time"),
    ],
)
def test_a_closing_day_that_cannot_be_is_refused(tx: Tx, closed_date: str | None, sentence: str) -> None:
    """Nothing of the ticket has changed then."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        change(tx, TYPED, "closed", closed_date)
    assert raised.value.faults == {"closed_date": [sentence]}
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("status", STATUSES)
def test_somebody_must_be_assigned_first(tx: Tx, status: str) -> None:
    """The sentence is the documented one, whatever the status."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid, match=r"^Please assign an engineer before changing the ticket status$"):
        change(tx, RAISED, status, "2025-03-10")
    assert tickets_as_kept(tx) == before


def test_an_unknown_status_is_refused(tx: Tx) -> None:
    """With the names of the known ones."""
    with pytest.raises(Invalid) as raised:
        change(tx, TYPED, "resolved")
    assert raised.value.faults == {"status": ["is unknown, must be one of open, in_progress, on_hold, closed"]}


@pytest.mark.parametrize(("by", "number"), [(STRANGER, TYPED), (ENGINEER, HIDDEN), (ADMIN, 2025999), (ADMIN, None)])
def test_a_ticket_out_of_sight_is_not_found(tx: Tx, by: Person, number: int | None) -> None:
    """It looks like one that is missing, and stays as it is."""
    before = tickets_as_kept(tx)
    with pytest.raises(NotFound, match=r"^Ticket not found$"):
        change(tx, number, "on_hold", by=by)
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("by", [CUSTOMER, BOT])
@pytest.mark.parametrize("number", [ASSIGNED, HIDDEN])
def test_only_the_desk_changes_a_status(tx: Tx, by: Person, number: int) -> None:
    """Others are refused before anything is looked up: what they see makes no difference."""
    before = tickets_as_kept(tx)
    with pytest.raises(Forbidden, match="Only staff may do this"):
        change(tx, number, "on_hold", by=by)
    assert tickets_as_kept(tx) == before
