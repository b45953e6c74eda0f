"""One change of many tickets: each of them as if it had been changed by itself."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, STRANGERS, TYPED, Person, at
from deterministic import deterministic
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Conflict, Forbidden, Invalid, KeesaError, NotFound, Outdated, Unavailable
from keesa.events.recording import Event
from keesa.notes.notes import add_note, add_note_to
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign, assigning
from keesa.tickets.bulk import Change, Chosen, change_each
from keesa.tickets.changing import change
from keesa.tickets.finding import LockedTicket, lock_ticket
from keesa.tickets.status import change_status, change_status_of

NOW: Final = at("2025-04-01T09:00")
TEXT: Final = rich_text("Back on line")
MISSING: Final = 2025999
ALL: Final = (RAISED, ASSIGNED, TYPED, STRANGERS, HIDDEN)


def chosen(*numbers: int | None) -> list[Chosen]:
    return [Chosen(number) for number in numbers]


def priority(tx: Tx, actor: Actor, value: int) -> Change:
    """The least that changes a ticket."""

    def set_it(ticket: LockedTicket) -> None:
        change(tx, actor, ticket, NOW, Event("edited", {"priority": (ticket.priority, value)}), priority=value)

    return set_it


def priorities(tx: Tx) -> dict[int, int]:
    return {row["id"]: row["priority"] for row in rows(tx, "SELECT id, priority FROM tickets")}


@pytest.mark.parametrize("error", [NotFound("No"), Forbidden("No"), Conflict("No"), Outdated(), Invalid({"x": ["no"]})])
def test_what_one_ticket_refuses_is_undone_of_it_alone(tx: Tx, error: KeesaError) -> None:
    """Also where it was changed before it refused."""
    admin = actor_of(tx, ADMIN)
    before = priorities(tx)
    set_it = priority(tx, admin, 1)

    def refuse_one(ticket: LockedTicket) -> None:
        set_it(ticket)
        if ticket.id == ASSIGNED:
            raise error

    assert change_each(tx, admin, chosen(TYPED, ASSIGNED, RAISED), refuse_one) == [None, error, None]
    assert priorities(tx) == before | {TYPED: 1, RAISED: 1}
    assert rows(tx, "SELECT ticket_id FROM ticket_events WHERE kind = 'edited' ORDER BY id") == [
        {"ticket_id": TYPED},
        {"ticket_id": RAISED},
    ]


@pytest.mark.parametrize("error", [Unavailable("The database does not answer now"), RuntimeError("a fault of ours")])
def test_what_is_no_ticket_s_ends_all(tx: Tx, error: Exception) -> None:
    """It goes on, so that the transaction is undone."""
    admin = actor_of(tx, ADMIN)

    def fail(ticket: LockedTicket) -> None:
        if ticket.id == ASSIGNED:
            raise error

    with pytest.raises(type(error)):
        change_each(tx, admin, chosen(TYPED, ASSIGNED, RAISED), fail)


def test_what_is_missing_or_out_of_sight_is_not_found(tx: Tx) -> None:
    """The two look alike, and neither is changed."""
    engineer = actor_of(tx, ENGINEER)
    before = priorities(tx)
    told = change_each(tx, engineer, chosen(None, HIDDEN, MISSING, ASSIGNED), priority(tx, engineer, 1))
    assert [str(each) for each in told] == ["Ticket not found"] * 3 + ["None"]
    assert priorities(tx) == before | {ASSIGNED: 1}
    assert change_each(tx, engineer, chosen(None), priority(tx, engineer, 2)) != [None]


@pytest.mark.parametrize("person", [CUSTOMER, BOT])
def test_it_is_the_desks(tx: Tx, person: Person) -> None:
    """Whatever the tickets."""
    actor = actor_of(tx, person)
    with pytest.raises(Forbidden):
        change_each(tx, actor, chosen(ASSIGNED), priority(tx, actor, 1))


def test_each_has_its_own_condition(tx: Tx) -> None:
    """Judged by what the ticket was before anything was changed."""
    admin = actor_of(tx, ADMIN)
    known = lock_ticket(tx, admin, TYPED).revision
    asked = [Chosen(number, lambda ticket: ticket.revision == known) for number in (RAISED, TYPED)]
    assert [type(each) for each in change_each(tx, admin, asked, priority(tx, admin, 1))] == [Outdated, type(None)]


def make_duplicate(tx: Tx, duplicate: int, main: int) -> None:
    tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", id=duplicate, main=main)
    tx.run("UPDATE tickets SET duplicates = duplicates + 1 WHERE id = :id", id=main)


@pytest.mark.parametrize("order", [(RAISED, TYPED, HIDDEN), (TYPED, RAISED, HIDDEN), (HIDDEN, TYPED, RAISED)])
def test_a_main_ticket_counts_what_its_duplicates_got(tx: Tx, order: tuple[int, ...]) -> None:
    """Whichever of them comes first: its row is read anew when its turn comes."""
    admin = actor_of(tx, ADMIN)
    make_duplicate(tx, TYPED, RAISED)
    make_duplicate(tx, HIDDEN, RAISED)
    sql = "SELECT notes_count AS value FROM tickets WHERE id = :id"
    before = tx.value(sql, id=RAISED)
    told = change_each(tx, admin, chosen(*order), lambda ticket: add_note_to(tx, admin, ticket, TEXT, NOW))
    assert told == [None] * 3
    assert tx.value(sql, id=RAISED) == before + 3


Alone = Callable[[Tx, Actor, int], object]


@st.composite
def changes(draw: st.DrawFn) -> tuple[Alone, Callable[[Tx, Actor], Change]]:
    """A change of one ticket by itself, and the same of many."""
    match draw(st.sampled_from(["assign", "status", "note"])):
        case "assign":
            to = draw(st.sampled_from([None, ADMIN.id, STRANGER.id, CUSTOMER.id, 99]))
            return (
                lambda tx, actor, number: assign(tx, actor, number, to, NOW),
                lambda tx, actor: assigning(tx, actor, to, NOW),
            )
        case "status":
            status = draw(st.sampled_from(["open", "in_progress", "on_hold", "closed"]))
            day = draw(st.sampled_from([None, "2025-03-08", "2025-03-04", "2030-01-01", "soon"]))
            return (
                lambda tx, actor, number: change_status(tx, actor, number, status, day, NOW, CLOCK),
                lambda tx, actor: lambda ticket: change_status_of(tx, actor, ticket, status, day, NOW, CLOCK),
            )
        case _:
            text = rich_text(draw(st.sampled_from(["Going there", "<b>Done</b>", " "])))
            return (
                lambda tx, actor, number: add_note(tx, actor, number, text, NOW),
                lambda tx, actor: lambda ticket: add_note_to(tx, actor, ticket, text, NOW),
            )


class Undone(Exception):
    """What undoes an example."""


def undo() -> NoReturn:
    raise Undone


@deterministic(60)
@given(
    person=st.sampled_from([ADMIN, ENGINEER, STRANGER]),
    numbers=st.lists(st.sampled_from([*ALL, MISSING]), min_size=1, unique=True),
    either=changes(),
)
def test_many_are_changed_as_each_by_itself(
    tx: Tx, person: Person, numbers: list[int], either: tuple[Alone, Callable[[Tx, Actor], Change]]
) -> None:
    """The same refusals in the same words, and the same rows afterwards."""
    actor = actor_of(tx, person)
    alone, together = either

    def one_by_one() -> list[str | None]:
        return [refused(partial(alone, tx, actor, number)) for number in numbers]

    def at_once() -> list[str | None]:
        told = change_each(tx, actor, chosen(*numbers), together(tx, actor))
        return [None if each is None else repr(each) for each in told]

    assert undone(tx, at_once) == undone(tx, one_by_one)


def refused(call: Callable[[], object]) -> str | None:
    try:
        call()
    except KeesaError as error:
        return repr(error)
    return None


def undone(tx: Tx, work: Callable[[], Any]) -> tuple[Any, Any]:
    """What the work gives, and what is kept then; nothing of it stays."""
    found: list[Any] = []
    try:
        with tx.part():
            found += [work(), comparable(tickets_as_kept(tx))]
            undo()
    except Undone:
        return found[0], found[1]


def comparable(kept: dict[str, list[dict[str, Any]]]) -> object:
    """Without what is drawn anew each time."""
    drawn = {"revision", "thing_id"}
    return {
        table: [
            {column: value for column, value in row.items() if column not in drawn and (column, table) not in IDS}
            for row in found
        ]
        for table, found in kept.items()
    }


IDS: Final = {("id", table) for table in ("ticket_notes", "ticket_statuses", "ticket_events")}
