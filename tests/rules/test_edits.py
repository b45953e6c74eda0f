"""Edits of one ticket on two nodes at once: none is lost, and a ticket has one customer."""

from typing import Any

import pytest

from acting import actor_of, rows
from cast import ADMIN, ASSIGNED, HARBOUR, LONE, SCHOOL
from keesa.accounts.actors import Actor
from keesa.clock import now
from keesa.db import Tx, Work
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from meeting import Nodes


@pytest.fixture
def admin(nodes: Nodes) -> Actor:
    return nodes.one.read(lambda tx: actor_of(tx, ADMIN))


def editing(admin: Actor, **given: Any) -> Work[object]:  # noqa: ANN401 - fields of TicketChanges
    return lambda tx: edit_ticket(tx, admin, lock_ticket(tx, admin, ASSIGNED), TicketChanges(**given), now())


def transferring(admin: Actor, customer_id: int) -> Work[object]:
    return editing(admin, customer_id=customer_id, title=f"Of {customer_id}", description=rich_text("Anew"))


def kept(nodes: Nodes, sql: str) -> list[dict[str, Any]]:
    return nodes.one.read(lambda tx: rows(tx, sql, id=ASSIGNED))


def test_two_edits_at_once_are_both_told(nodes: Nodes, admin: Actor) -> None:
    """The second one's `from` is what the first has made."""
    met = nodes.meet(
        editing(admin, priority=1), "UPDATE tickets", lambda other: other.write(editing(admin, priority=2, title="Two"))
    )
    assert (met.errors, met.waited) == ([], True)
    told = kept(nodes, "SELECT changes FROM ticket_events WHERE ticket_id = :id AND kind = 'edited' ORDER BY number")
    assert [row["changes"] for row in told] == [
        '{"priority":[3,1]}',
        '{"title":["Trouble 2025002","Two"],"priority":[1,2]}',
    ]
    [ticket] = kept(nodes, "SELECT first_edits FROM tickets WHERE id = :id")
    assert ticket["first_edits"] in ('{"title":6,"priority":5}', '{"priority":5,"title":6}')


def test_two_transfers_at_once_come_one_after_the_other(nodes: Nodes, admin: Actor) -> None:
    """The ticket is the second one's, and none of the first one's is theirs to see."""
    met = nodes.meet(
        transferring(admin, SCHOOL),
        "INSERT INTO internal_notes",
        lambda other: other.write(transferring(admin, LONE)),
    )
    assert (met.errors, met.waited) == ([], True)
    [ticket] = kept(nodes, "SELECT customer_id, events, public_events, public_since FROM tickets WHERE id = :id")
    assert (ticket["customer_id"], ticket["public_events"], ticket["public_since"]) == (LONE, 1, ticket["events"])
    moved = kept(
        nodes, "SELECT had_customer_id, customer_id FROM ticket_events WHERE ticket_id = :id AND kind = 'transferred'"
    )
    assert sorted(tuple(row.values()) for row in moved) == [(HARBOUR, SCHOOL), (SCHOOL, LONE)]


@pytest.mark.parametrize("first", ["note", "transfer"])
def test_a_note_written_meanwhile_is_one_customer_s(nodes: Nodes, admin: Actor, first: str) -> None:
    """Of before, and so internal, or of after; counted where it is."""

    def noting(tx: Tx) -> object:
        return add_note(tx, admin, ASSIGNED, rich_text("Now"), now())

    works: dict[str, Work[object]] = {"note": noting, "transfer": transferring(admin, SCHOOL)}
    [other_work] = [work for name, work in works.items() if name != first]
    met = nodes.meet(works[first], "UPDATE tickets", lambda other: other.write(other_work))
    assert (met.errors, met.waited) == ([], True)
    [ticket] = kept(nodes, "SELECT notes_count, internal_notes FROM tickets WHERE id = :id")
    public = kept(nodes, "SELECT body FROM ticket_notes WHERE ticket_id = :id")
    internal = kept(nodes, "SELECT body FROM internal_notes WHERE ticket_id = :id")
    assert (ticket["notes_count"], ticket["internal_notes"]) == (len(public), len(internal))
    assert len(internal) == (3 if first == "note" else 2)
