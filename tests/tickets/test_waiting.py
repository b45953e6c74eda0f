"""What a customer's answer does to a ticket that is held or closed: it waits for the desk, or takes the ticket up."""

import json
from dataclasses import replace
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, STRANGER, STRANGERS, TYPED, Person, at
from deterministic import deterministic
from keesa.accounts.actors import SYSTEM
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.notes.notes import MOST_NOTES, add_note
from keesa.rich_text.html import rich_text
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket, lock_ticket
from keesa.tickets.status import change_status
from keesa.tickets.statuses import STATUSES, Status
from keesa.tickets.waiting import Reopening, after_note, reopens
from listing import ticket

NOON: Final = at("2025-03-10T12:00")
MINUTE: Final = 60_000


def note(
    tx: Tx,
    by: Person = CUSTOMER,
    when: int = NOON,
    reopening: Reopening = "off",
    number: int = STRANGERS,
) -> None:
    add_note(tx, actor_of(tx, by), number, rich_text("It is down again"), when, reopening)


def move(tx: Tx, status: str, number: int = STRANGERS, when: int = NOON, held_until: str | None = None) -> None:
    day = CLOCK.local(when).date().isoformat()
    change_status(tx, actor_of(tx, ADMIN), number, status, day, when, CLOCK, held_until)


def locked(tx: Tx, number: int = STRANGERS) -> LockedTicket:
    return lock_ticket(tx, actor_of(tx, ADMIN), number)


def last_events(tx: Tx, count: int, number: int = STRANGERS) -> list[dict[str, Any]]:
    sql = "SELECT * FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC LIMIT :count"
    return rows(tx, sql, id=number, count=count)[::-1]


@pytest.mark.parametrize("status", STATUSES)
def test_a_customers_answer_waits_where_nobody_works(tx: Tx, status: str) -> None:
    """On hold or closed; on another ticket it is seen by who works on it."""
    move(tx, status)
    note(tx, when=NOON + MINUTE)
    assert locked(tx).answered_at == (NOON + MINUTE if status in ("on_hold", "closed") else None)
    assert locked(tx).status == status


def test_it_waits_since_the_first_one(tx: Tx) -> None:
    """However often the customer asks again."""
    note(tx)
    note(tx, when=NOON + MINUTE)
    assert locked(tx).answered_at == NOON


def test_it_waits_from_the_time_of_the_note(tx: Tx) -> None:
    """Which is not before the ticket was raised, whatever the clock says."""
    note(tx, when=at("2025-03-01T09:00"))
    [added] = ticket(tx, actor_of(tx, ADMIN), STRANGERS).notes
    assert locked(tx).answered_at == added.created_at == at("2025-03-04T09:00")


@pytest.mark.parametrize("by", [ADMIN, STRANGER])
def test_a_note_of_the_desk_is_the_answer_to_it(tx: Tx, by: Person) -> None:
    """Whoever writes it; the next of the customer's waits anew."""
    note(tx)
    note(tx, by)
    assert locked(tx).answered_at is None
    note(tx, when=NOON + MINUTE)
    assert locked(tx).answered_at == NOON + MINUTE


def test_notes_of_the_desk_alone_wait_for_nobody(tx: Tx) -> None:
    """There is nothing to answer."""
    note(tx, STRANGER)
    assert locked(tx).answered_at is None


@pytest.mark.parametrize("status", ["open", "in_progress", "closed"])
def test_another_status_ends_the_wait(tx: Tx, status: str) -> None:
    """Somebody has looked at the ticket."""
    note(tx)
    move(tx, status)
    assert locked(tx).answered_at is None


def test_another_day_does_not_end_it(tx: Tx) -> None:
    """Of a ticket that stays on hold, or closed: that is no answer."""
    note(tx)
    move(tx, "on_hold", held_until="2025-04-01")
    assert locked(tx).answered_at == NOON
    move(tx, "closed")
    note(tx)
    move(tx, "closed", when=at("2025-03-09T12:00"))
    assert (locked(tx).closed_on, locked(tx).answered_at) == ("2025-03-09", NOON)


def test_what_is_internal_does_not_end_it(tx: Tx) -> None:
    """An event that customers do not see changes nothing that they could notice."""
    note(tx)
    before = locked(tx)
    change(tx, actor_of(tx, ADMIN), before, NOON, Event("note_added", internal=True), internal_notes=1)
    assert locked(tx).answered_at == NOON
    assert locked(tx).public_changed_at == before.public_changed_at


def test_a_note_that_is_refused_leaves_no_wait(tx: Tx) -> None:
    """Nor opens the ticket."""
    tx.run("UPDATE tickets SET notes_count = :most WHERE id = :id", most=MOST_NOTES, id=STRANGERS)
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid):
        note(tx, reopening="both")
    assert tickets_as_kept(tx) == before


def test_an_answer_takes_a_ticket_up_again_where_the_desk_wants_it(tx: Tx) -> None:
    """Keesa itself does it, behind the note, with all that a change of the status has; the answer goes on waiting."""
    move(tx, "on_hold", held_until="2025-04-01")
    note(tx, when=NOON + MINUTE, reopening="held")
    found = locked(tx)
    assert (found.status, found.held_until, found.answered_at) == ("in_progress", None, NOON + MINUTE)
    assert found.assigned_to_id == STRANGER.id
    added, moved = last_events(tx, 2)
    assert (added["kind"], added["actor_id"], added["public_number"]) == (
        "note_added",
        CUSTOMER.id,
        moved["number"] - 1,
    )
    assert (moved["kind"], moved["actor_id"], moved["at"]) == ("status", SYSTEM.id, added["at"])
    assert json.loads(moved["changes"]) == {"status": ["on_hold", "in_progress"], "held_until": ["2025-04-01", None]}
    sql = "SELECT status, changed_by_id, created_at FROM ticket_statuses WHERE ticket_id = :id ORDER BY id DESC LIMIT 1"
    assert rows(tx, sql, id=STRANGERS) == [
        {"status": "in_progress", "changed_by_id": SYSTEM.id, "created_at": NOON + MINUTE}
    ]
    note(tx, STRANGER)
    assert (locked(tx).answered_at, locked(tx).status) == (None, "in_progress")


def test_a_closed_ticket_that_is_taken_up_loses_its_day(tx: Tx) -> None:
    """As by hand."""
    move(tx, "closed")
    note(tx, reopening="closed")
    assert (locked(tx).status, locked(tx).closed_on) == ("in_progress", None)
    assert json.loads(last_events(tx, 1)[0]["changes"])["closed_on"] == ["2025-03-10", None]


def test_it_is_taken_up_though_who_has_it_is_gone(tx: Tx) -> None:
    """It stays theirs: the desk sees it among what goes on."""
    tx.run("UPDATE users SET disabled_at = 1 WHERE id = :id", id=STRANGER.id)
    note(tx, reopening="both")
    assert (locked(tx).status, locked(tx).assigned_to_id) == ("in_progress", STRANGER.id)


def test_a_ticket_that_nobody_has_is_opened(tx: Tx) -> None:
    """As one of before Keesa may be that was closed with nobody assigned: none is in progress without somebody."""
    tx.run("UPDATE tickets SET assigned_to_id = NULL WHERE id = :id", id=STRANGERS)
    note(tx, reopening="both")
    assert locked(tx).status == "open"


@pytest.mark.parametrize(
    ("reopening", "status", "taken_up"),
    [
        ("off", "on_hold", False),
        ("off", "closed", False),
        ("held", "on_hold", True),
        ("held", "closed", False),
        ("closed", "on_hold", False),
        ("closed", "closed", True),
        ("both", "on_hold", True),
        ("both", "closed", True),
        ("both", "open", False),
        ("both", "in_progress", False),
    ],
)
def test_the_setting_says_which(tx: Tx, reopening: Reopening, status: Status, taken_up: bool) -> None:  # noqa: FBT001
    """Of the four statuses."""
    move(tx, status)
    note(tx, reopening=reopening)
    assert (locked(tx).status != status) is taken_up
    assert locked(tx).status in (status, "in_progress")


@pytest.mark.parametrize(("by", "number"), [(ADMIN, HIDDEN), (ENGINEER, TYPED), (STRANGER, STRANGERS)])
def test_notes_of_the_desk_take_nothing_up(tx: Tx, by: Person, number: int) -> None:
    """They are made while a ticket is held, and after it was closed."""
    move(tx, "on_hold", number)
    note(tx, by, reopening="both", number=number)
    assert locked(tx, number).status == "on_hold"


@pytest.fixture
def duplicate(tx: Tx) -> int:
    """STRANGERS, closed as a duplicate of ASSIGNED, of the same customer."""
    move(tx, "closed")
    main = "UPDATE tickets SET duplicates = 1 WHERE id = :id"
    tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", main=ASSIGNED, id=STRANGERS)
    tx.run(main, id=ASSIGNED)
    return STRANGERS


@pytest.mark.parametrize("status", ["in_progress", "closed"])
def test_what_is_said_on_a_duplicate_is_said_on_its_main_ticket(tx: Tx, duplicate: int, status: str) -> None:
    """Which shows it, and on which the desk works: the duplicate neither waits nor opens."""
    move(tx, status, ASSIGNED)
    note(tx, number=duplicate)
    assert (locked(tx, duplicate).answered_at, locked(tx, duplicate).status) == (None, "closed")
    assert locked(tx, ASSIGNED).answered_at == (NOON if status == "closed" else None)
    note(tx, number=duplicate, reopening="both")
    assert (locked(tx, duplicate).status, locked(tx, ASSIGNED).status) == ("closed", "in_progress")
    note(tx, ADMIN, number=duplicate)
    assert locked(tx, ASSIGNED).answered_at is None


PEOPLE: Final = (ADMIN, ENGINEER, CUSTOMER, BOT)


@deterministic(100)
@given(
    by=st.sampled_from(PEOPLE),
    status=st.sampled_from(STATUSES),
    since=st.none() | st.just(NOON - MINUTE),
    duplicate_of=st.none() | st.just(ASSIGNED),
    reopening=st.sampled_from(get_args(Reopening)),
)
def test_only_customers_answers_begin_a_wait_and_only_the_desk_ends_it(
    by: Person, status: Status, since: int | None, duplicate_of: int | None, reopening: Reopening
) -> None:
    """Whatever the ticket is like."""
    actor = replace(SYSTEM, id=by.id, user_type=by.user_type, customer_id=by.customer_id)
    found = structs.replace(A_TICKET, status=status, answered_at=since, duplicate_of_id=duplicate_of)
    columns = after_note(actor, found, NOON)
    after = structs.replace(found, **columns)
    if after.answered_at is not None and since is None:
        assert (by, duplicate_of) == (CUSTOMER, None)
        assert status in ("on_hold", "closed")
    if by in (ADMIN, ENGINEER):
        assert after.answered_at is None
    if by is BOT:
        assert columns == {}
    if reopens(actor, found, reopening):
        assert after.answered_at is not None
        assert reopening != "off"


A_TICKET: Final = LockedTicket(
    **dict.fromkeys(LockedTicket.__struct_fields__, 0) | {"id": STRANGERS, "customer_id": HARBOUR}  # type: ignore[arg-type]
)
