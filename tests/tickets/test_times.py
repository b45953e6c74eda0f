"""When a ticket was closed and first answered: what moves these times, and that the tickets of before have the same."""

from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from acting import CLOCK, actor_of, rows
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, RAISED, SCHOOL, STRANGERS, TYPED, Person, at
from deterministic import deterministic
from keesa.accounts.permissions import visible_to
from keesa.db import Tx
from keesa.db.migrate import migrations
from keesa.errors import Invalid, NotFound
from keesa.notes.changing import lock_note, withdraw_note
from keesa.notes.merging import merge
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.numbers import LARGEST
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


ACTS: Final = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(("open", "in_progress", "on_hold", "closed"))),
    st.tuples(st.just("note"), st.sampled_from((ADMIN, ENGINEER, CUSTOMER, BOT))),
    st.tuples(st.just("internal"), st.just(ADMIN)),
    st.tuples(st.just("give"), st.sampled_from((HARBOUR, SCHOOL))),
)


def act(tx: Tx, number: int, kind: str, value: Any, when: int) -> None:  # noqa: ANN401 - of an act
    if kind == "move":
        move(tx, number, value, when)
    elif kind == "give":
        give(tx, number, value, when)
    elif visible_to(actor_of(tx, value)):
        note(tx, number, value, when, internal=kind == "internal")


@deterministic(60)
@given(acts=st.lists(st.tuples(st.sampled_from((ASSIGNED, TYPED)), ACTS), min_size=1, max_size=12))
def test_tickets_of_before_get_what_changes_would_have_set(tx: Tx, acts: list[tuple[int, tuple[str, Any]]]) -> None:
    """The migration finds in the events what the program keeps with each change."""
    for number, (ticket, (kind, value)) in enumerate(acts):
        try:
            act(tx, ticket, kind, value, NOON + number * HOUR)
        except (Invalid, NotFound):
            continue
    kept = rows(tx, "SELECT id, closed_at, first_answer_at FROM tickets ORDER BY id")
    tx.run("UPDATE tickets SET closed_at = NULL, first_answer_at = NULL")
    [fill] = [each.sql for each in migrations("sqlite") if each.name == "times_of_before"]
    tx.run(fill, after=0, upto=LARGEST)
    assert rows(tx, "SELECT id, closed_at, first_answer_at FROM tickets ORDER BY id") == kept
