"""Changes of many tickets on two nodes at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
import pytest

from acting import CLOCK, actor_of, rows
from cast import ADMIN, ASSIGNED, ENGINEER, RAISED, STRANGER, TYPED
from keesa.accounts.actors import Actor
from keesa.clock import now
from keesa.db import Tx, Work
from keesa.notes.notes import add_note, add_note_to
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assigning
from keesa.tickets.bulk import Change, Chosen, change_each
from keesa.tickets.finding import LockedTicket
from keesa.tickets.status import change_status_of
from meeting import Nodes
from waiting import wait_until

TEXT: Final = rich_text("Going there with the Thursday ferry")
WAITS: Final = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
NOTING: Final = "INSERT INTO ticket_notes"


@pytest.fixture
def admin(nodes: Nodes) -> Actor:
    return nodes.one.read(lambda tx: actor_of(tx, ADMIN))


def changing(admin: Actor, make: Callable[[Tx], Change], *numbers: int) -> Work[Any]:
    return lambda tx: change_each(tx, admin, [Chosen(number) for number in numbers], make(tx))


def noting(admin: Actor, *numbers: int) -> Work[Any]:
    return changing(admin, lambda tx: lambda ticket: add_note_to(tx, admin, ticket, TEXT, now()), *numbers)


class Runs:
    """Works that count how often they are run: once more for each deadlock that was ended by undoing them."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, work: Work[Any]) -> Work[Any]:
        def counted(tx: Tx) -> Any:  # noqa: ANN401 - whatever the work gives
            self.count += 1
            return work(tx)

        return counted


def counts(nodes: Nodes) -> dict[int, int]:
    return {row["id"]: row["notes_count"] for row in nodes.one.read(lambda tx: rows(tx, "SELECT * FROM tickets"))}


def make_duplicate(nodes: Nodes, duplicate: int, main: int) -> None:
    def work(tx: Tx) -> None:
        tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", id=duplicate, main=main)
        tx.run("UPDATE tickets SET duplicates = 1 WHERE id = :id", id=main)

    nodes.one.write(work)


@pytest.mark.parametrize(
    ("duplicate", "main", "free"),
    [(None, None, {ASSIGNED, TYPED}), (TYPED, RAISED, {ASSIGNED}), (RAISED, TYPED, {ASSIGNED, TYPED})],
)
def test_duplicates_are_held_first_and_then_the_others_in_the_order_of_their_ids(
    nodes: Nodes, admin: Actor, duplicate: int | None, main: int | None, free: set[int]
) -> None:
    """Whatever the order of the request: while somebody has the second of three, what comes after it is free."""
    if duplicate is not None and main is not None:
        make_duplicate(nodes, duplicate, main)
    before, all_three = counts(nodes), (TYPED, ASSIGNED, RAISED)
    assert nodes.place.url is not None
    with psycopg.connect(nodes.place.url) as somebody, ThreadPoolExecutor(1) as thread:
        somebody.execute("SELECT 1 FROM tickets WHERE id = %s FOR UPDATE", [ASSIGNED])
        done = thread.submit(nodes.one.write, noting(admin, *all_three))
        wait_until(lambda: bool(somebody.execute(WAITS).fetchall()))
        found = somebody.execute("SELECT id FROM tickets WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED", [[*all_three]])
        assert {row[0] for row in found} == free
        somebody.rollback()
        assert done.result() == [None] * 3
    more = dict.fromkeys(all_three, 1) | ({} if main is None else {main: 2})
    assert counts(nodes) == before | {number: before[number] + added for number, added in more.items()}


@pytest.mark.parametrize("order", [(RAISED, TYPED), (TYPED, RAISED)])
def test_a_duplicate_is_held_before_its_main_ticket(nodes: Nodes, admin: Actor, order: tuple[int, int]) -> None:
    """As a note to the duplicate alone holds them, whichever has the larger id."""
    duplicate, main = order
    make_duplicate(nodes, duplicate, main)
    before, runs = counts(nodes), Runs()
    met = nodes.meet(
        runs.of(lambda tx: add_note(tx, admin, duplicate, TEXT, now())),
        r"FROM tickets WHERE id = :id \$for_update",
        lambda other: other.write(runs.of(noting(admin, main, duplicate))),
    )
    assert met.waited
    assert met.errors == []
    assert counts(nodes) == before | {duplicate: before[duplicate] + 2, main: before[main] + 3}
    assert runs.count == 2


def test_what_another_has_done_meanwhile_counts(nodes: Nodes, admin: Actor) -> None:
    """Who waited for a ticket sees it as it has become: one that nobody has any more is refused, the others go on."""

    def moving(tx: Tx) -> Change:
        return lambda ticket: change_status_of(tx, admin, ticket, "on_hold", None, now(), CLOCK)

    nodes.one.write(changing(admin, lambda tx: assigning(tx, admin, ENGINEER.id, now()), RAISED))
    met = nodes.meet(
        changing(admin, lambda tx: assigning(tx, admin, None, now()), ASSIGNED),
        "UPDATE tickets",
        lambda other: other.write(changing(admin, moving, TYPED, ASSIGNED, RAISED)),
    )
    assert met.waited
    assert [each is None for each in met.second.value] == [True, False, True]


def test_what_goes_out_of_sight_meanwhile_is_not_found(nodes: Nodes) -> None:
    """The ticket is judged by whom it belongs to once it is held."""
    stranger = nodes.one.read(lambda tx: actor_of(tx, STRANGER))
    admin = nodes.one.read(lambda tx: actor_of(tx, ADMIN))
    nodes.one.write(changing(admin, lambda tx: assigning(tx, admin, STRANGER.id, now()), ASSIGNED, TYPED))
    met = nodes.meet(
        changing(admin, lambda tx: assigning(tx, admin, ADMIN.id, now()), ASSIGNED),
        "UPDATE tickets",
        lambda other: other.write(noting(stranger, TYPED, ASSIGNED)),
    )
    assert met.waited
    assert [str(each) for each in met.second.value] == ["None", "Ticket not found"]


def test_a_deadlock_is_run_again_whole(nodes: Nodes, admin: Actor) -> None:
    """It is no ticket's own refusal: nothing of the first try stays, and each ticket is changed once."""
    before, runs = counts(nodes), Runs()

    def make(tx: Tx) -> Change:
        def note(ticket: LockedTicket) -> None:
            add_note_to(tx, admin, ticket, TEXT, now())
            if runs.count == 1 and ticket.id == RAISED:
                raise psycopg.errors.DeadlockDetected

        return note

    assert nodes.one.write(runs.of(changing(admin, make, ASSIGNED, RAISED, TYPED))) == [None] * 3
    assert runs.count == 2
    assert counts(nodes) == before | {number: before[number] + 1 for number in (ASSIGNED, RAISED, TYPED)}
