"""When a ticket was closed and first answered: what moves these times, and that the tickets of before have the same."""

from typing import Final

from acting import CLOCK, actor_of, rows
from cast import ADMIN, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, RAISED, STRANGERS, TYPED, Person, at
from keesa.db import Tx
from keesa.notes.changing import lock_note, withdraw_note
from keesa.notes.merging import merge
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.status import change_status

NOON: Final = at("2025-03-10T12:00")
HOUR: Final = 3_600_000


def times(tx: Tx, number: int) -> tuple[int | None, int | None]:
    """When it was closed, and when first answered."""
    [row] = rows(tx, "SELECT closed_at, first_answer_at FROM tickets WHERE id = :id", id=number)
    return row["closed_at"], row["first_answer_at"]


def move(tx: Tx, number: int, status: str, when: int, day: str | None = None) -> None:
    day = day or CLOCK.local(when).date().isoformat()
    change_status(tx, actor_of(tx, ADMIN), number, status, day, when, CLOCK)


def note(tx: Tx, number: int, by: Person, when: int, *, internal: bool = False) -> int:
    return make_note(tx, actor_of(tx, by), number, rich_text("Soon"), when, internal=internal).id


def give(tx: Tx, number: int, customer_id: int, when: int) -> None:
    """To another customer."""
    changes = TicketChanges(title="Anew", description=rich_text("Anew"), customer_id=customer_id)
    edit_ticket(tx, actor_of(tx, ADMIN), lock_ticket(tx, actor_of(tx, ADMIN), number), changes, when)


def test_a_ticket_is_closed_at_the_time_of_the_change(tx: Tx) -> None:
    """Whatever day is given; a corrected day moves nothing, taking it up again clears it, and closing it again counts
    anew.
    """
    move(tx, TYPED, "closed", NOON, "2025-03-08")
    assert times(tx, TYPED)[0] == NOON
    move(tx, TYPED, "closed", NOON + HOUR, "2025-03-09")
    assert times(tx, TYPED)[0] == NOON
    move(tx, TYPED, "in_progress", NOON + 2 * HOUR)
    assert times(tx, TYPED)[0] is None
    move(tx, TYPED, "closed", NOON + 3 * HOUR)
    assert times(tx, TYPED)[0] == NOON + 3 * HOUR


def test_a_duplicate_is_closed_then(tx: Tx) -> None:
    """As it is by any other act."""
    merge(tx, actor_of(tx, ADMIN), RAISED, TYPED, NOON, CLOCK)
    assert times(tx, RAISED)[0] == NOON
    assert times(tx, TYPED)[0] is None


def test_the_first_answer_is_the_desk_s_first_public_note(tx: Tx) -> None:
    """No internal one, and none of a customer's; a later one, or a withdrawal, moves nothing."""
    note(tx, STRANGERS, CUSTOMER, NOON)
    note(tx, STRANGERS, ADMIN, NOON + HOUR, internal=True)
    assert times(tx, STRANGERS)[1] is None
    first = note(tx, STRANGERS, ADMIN, NOON + 2 * HOUR)
    note(tx, STRANGERS, ADMIN, NOON + 3 * HOUR)
    assert times(tx, STRANGERS)[1] == NOON + 2 * HOUR
    admin = actor_of(tx, ADMIN)
    later = NOON + 4 * HOUR
    withdraw_note(tx, admin, lock_note(tx, admin, STRANGERS, first, later), later)
    assert times(tx, STRANGERS)[1] == NOON + 2 * HOUR


def test_what_is_said_on_a_duplicate_answers_the_duplicate(tx: Tx) -> None:
    """Its main ticket, which shows it, waits for an answer of its own."""
    merge(tx, actor_of(tx, ADMIN), RAISED, TYPED, NOON, CLOCK)
    note(tx, RAISED, ENGINEER, NOON + HOUR)
    assert (times(tx, RAISED)[1], times(tx, TYPED)[1]) == (NOON + HOUR, None)


def test_what_was_said_to_another_customer_is_no_answer(tx: Tx) -> None:
    """A ticket that is given to another customer waits for the first note that they see; it stays closed as it was."""
    note(tx, HIDDEN, ADMIN, NOON)
    closed_at, answered_at = times(tx, HIDDEN)
    assert (closed_at is not None, answered_at) == (True, NOON)
    give(tx, HIDDEN, HARBOUR, NOON + HOUR)
    assert times(tx, HIDDEN) == (closed_at, None)
    note(tx, HIDDEN, ADMIN, NOON + 2 * HOUR)
    assert times(tx, HIDDEN) == (closed_at, NOON + 2 * HOUR)
