"""Changes of one ticket, or of one customer, on two nodes at once: each sees what the other has done."""

from typing import Any, Final

import pytest

from acting import CLOCK, actor_of, rows
from cast import ADMIN, ASSIGNED, BY, ENGINEER, HARBOUR, OPERATOR, RAISED
from keesa.accounts.actors import Actor
from keesa.clock import now
from keesa.db import Database, Tx, Work
from keesa.directory.customers import CustomerChanges, NewCustomer, change_customer, create_customer, lock_customer
from keesa.errors import Invalid
from keesa.notes import notes
from keesa.notes.changing import edit_note, lock_note, withdraw_note
from keesa.notes.notes import add_note, make_note
from keesa.notes.reading import TicketNote
from keesa.readiness import prove_writing
from keesa.rich_text.html import rich_text
from keesa.tickets.assigning import assign
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from meeting import Nodes
from new_tickets import DRAFT

TEXT: Final = rich_text("Going there with the Thursday ferry")
EDITED: Final = rich_text("Going there today")


@pytest.fixture
def admin(nodes: Nodes) -> Actor:
    return nodes.one.read(lambda tx: actor_of(tx, ADMIN))


def noting(admin: Actor, at: int) -> Work[str]:
    return lambda tx: add_note(tx, admin, ASSIGNED, TEXT, at)


def test_notes_at_once_never_pass_the_most(nodes: Nodes, admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a ticket that may have one more, one of two gets it."""
    had = nodes.one.read(lambda tx: tx.value("SELECT notes_count AS value FROM tickets WHERE id = :id", id=ASSIGNED))
    monkeypatch.setattr(notes, "MOST_NOTES", had + 1)
    met = nodes.meet(noting(admin, now()), "INSERT INTO ticket_notes", lambda other: other.write(noting(admin, now())))
    assert [type(error) for error in met.errors] == [Invalid]
    kept = nodes.one.read(lambda tx: rows(tx, "SELECT * FROM ticket_notes WHERE ticket_id = :id", id=ASSIGNED))
    assert len(kept) == had + 1


def test_notes_at_once_come_in_the_order_in_which_they_are_told(nodes: Nodes, admin: Actor) -> None:
    """Who waited for the ticket comes behind, though their time is from before."""
    at = now()
    met = nodes.meet(noting(admin, at), "INSERT INTO ticket_notes", lambda other: other.write(noting(admin, at - 5000)))
    assert met.errors == []
    times = times_of(nodes, "ticket_notes", ASSIGNED)
    assert times == sorted(times)
    assert times[-2:] == [at, at]


def test_internal_notes_at_once_never_pass_the_most(
    nodes: Nodes, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have the same bound by themselves."""
    monkeypatch.setattr(notes, "MOST_NOTES", 1)

    def work(tx: Tx) -> int:
        return make_note(tx, admin, ASSIGNED, TEXT, now(), internal=True).id

    met = nodes.meet(work, "INSERT INTO internal_notes", lambda other: other.write(work))
    assert [type(error) for error in met.errors] == [Invalid]
    assert len(times_of(nodes, "internal_notes", ASSIGNED)) == 1


def test_an_edit_and_a_withdrawal_at_once_are_one_after_the_other(nodes: Nodes, admin: Actor) -> None:
    """Who comes second finds the note as the first one left it: withdrawn, and counted no more."""
    made = nodes.one.write(lambda tx: make_note(tx, admin, ASSIGNED, TEXT, now()))

    def edit(tx: Tx) -> TicketNote:
        return edit_note(tx, admin, lock_note(tx, admin, ASSIGNED, made.id, now(), EDITED), EDITED, now())

    def withdraw(tx: Tx) -> None:
        withdraw_note(tx, admin, lock_note(tx, admin, ASSIGNED, made.id, now()), now())

    met = nodes.meet(withdraw, "UPDATE ticket_notes", lambda other: other.write(edit))
    assert [type(error) for error in met.errors] == [Invalid]
    sql = (
        "SELECT notes_count, (SELECT count(*) FROM ticket_notes WHERE ticket_id = tickets.id AND withdrawn_at IS NULL)"
    )
    [row] = nodes.one.read(lambda tx: rows(tx, f"{sql} AS kept FROM tickets WHERE id = :id", id=ASSIGNED))
    assert row["notes_count"] == row["kept"]


def test_a_mention_at_once_with_another_is_kept_once(nodes: Nodes, admin: Actor) -> None:
    """The ticket tells of it once."""
    text = rich_text("@Hassan")

    def work(tx: Tx) -> str:
        return add_note(tx, admin, ASSIGNED, text, now())

    met = nodes.meet(work, "INSERT INTO ticket_watchers", lambda other: other.write(work))
    assert met.errors == []
    assert [event["thing_id"] for event in events_of(nodes, ASSIGNED) if event["kind"] == "watched"] == [ENGINEER.id]


def moving(admin: Actor, name: str, at: int) -> Work[None]:
    return lambda tx: change_status(tx, admin, ASSIGNED, name, None, at, CLOCK)


def test_a_history_is_in_the_order_of_its_changes(nodes: Nodes, admin: Actor) -> None:
    """Two statuses and two assignments at once: the later row of each never has the earlier time."""
    at = now()

    def giving(person: int, when: int) -> Work[None]:
        return lambda tx: assign(tx, admin, RAISED, person, when)

    status = nodes.meet(
        moving(admin, "in_progress", at), "UPDATE tickets", lambda other: other.write(moving(admin, "on_hold", at - 99))
    )
    assigned = nodes.meet(
        giving(ADMIN.id, at), "UPDATE tickets", lambda other: other.write(giving(ENGINEER.id, at - 99))
    )
    assert [*status.errors, *assigned.errors] == []
    assert times_of(nodes, "ticket_statuses", ASSIGNED)[-2:] == [at, at]
    assert [row["at"] for row in events_of(nodes, RAISED)][-2:] == [at, at]


def events_of(nodes: Nodes, ticket: int) -> list[dict[str, Any]]:
    """In order."""
    sql = "SELECT * FROM ticket_events WHERE ticket_id = :id ORDER BY number"
    return nodes.one.read(lambda tx: rows(tx, sql, id=ticket))


def times_of(nodes: Nodes, table: str, ticket: int) -> list[int]:
    """In the order of the rows."""
    sql = f"SELECT created_at FROM {table} WHERE ticket_id = :id ORDER BY id"
    return [row["created_at"] for row in nodes.one.read(lambda tx: rows(tx, sql, id=ticket))]


def test_the_same_status_at_once_is_one_change(nodes: Nodes, admin: Actor) -> None:
    """The second finds it made already, and adds no row."""
    at = now()
    met = nodes.meet(
        moving(admin, "on_hold", at), "UPDATE tickets", lambda other: other.write(moving(admin, "on_hold", at))
    )
    assert met.errors == []
    kept = nodes.one.read(lambda tx: statuses_of(tx, ASSIGNED))
    assert kept == ["open", "on_hold"]


def statuses_of(tx: Tx, ticket: int) -> list[str]:
    found = rows(tx, "SELECT status FROM ticket_statuses WHERE ticket_id = :id ORDER BY id", id=ticket)
    return [row["status"] for row in found]


def test_a_ticket_under_way_is_never_nobody_s(nodes: Nodes, admin: Actor) -> None:
    """Of who takes an open ticket away and who begins to work on it at once, one is refused."""
    at = now()
    met = nodes.meet(
        lambda tx: assign(tx, admin, ASSIGNED, None, at),
        "UPDATE tickets",
        lambda other: other.write(moving(admin, "in_progress", at)),
    )
    assert [type(error) for error in met.errors] == [Invalid]
    kept = nodes.one.read(lambda tx: rows(tx, "SELECT status, assigned_to_id FROM tickets WHERE id = :id", id=ASSIGNED))
    assert kept == [{"status": "open", "assigned_to_id": None}]


def changing(expected: int, **changes: Any) -> Work[bool]:  # noqa: ANN401 - fields of CustomerChanges
    """As `If-Match` does it: whether the customer was as expected, and so was changed."""

    def work(tx: Tx) -> bool:
        if lock_customer(tx, OPERATOR, HARBOUR).revision != expected:
            return False
        change_customer(tx, BY, HARBOUR, CustomerChanges(**changes))
        return True

    return work


def test_one_of_two_changes_of_the_same_state_is_made(nodes: Nodes) -> None:
    """The other one hears that the customer has changed."""
    expected = nodes.one.read(revision_of_harbour)
    met = nodes.meet(
        changing(expected, name="Fulhadhoo Old Harbour"),
        "UPDATE customers",
        lambda other: other.write(changing(expected, contact_name="Moosa")),
    )
    assert met.errors == []
    assert (met.first.value, met.second.value) == (True, False)
    kept = nodes.one.read(lambda tx: rows(tx, "SELECT name, contact_name FROM customers WHERE id = :id", id=HARBOUR))
    assert kept == [{"name": "Fulhadhoo Old Harbour", "contact_name": "Ibrahim"}]


def revision_of_harbour(tx: Tx) -> int:
    found: int = tx.value("SELECT revision AS value FROM customers WHERE id = :id", id=HARBOUR)
    return found


def test_a_customer_changes_while_tickets_are_raised_for_it(nodes: Nodes, admin: Actor) -> None:
    """However many, one after the other: who changes it waits for none of them, nor they for who does."""

    def raise_and_linger(tx: Tx) -> None:
        raise_ticket(tx, admin, DRAFT, now(), CLOCK, "yearly")
        tx.all("SELECT 1 AS lingering")

    def change_and_linger(tx: Tx) -> None:
        change_customer(tx, BY, HARBOUR, CustomerChanges(name="Harbour"))
        tx.all("SELECT 1 AS lingering")

    raising = nodes.meet(raise_and_linger, "lingering", lambda other: other.write(change_and_linger))
    changing = nodes.meet(change_and_linger, "lingering", lambda other: other.write(raise_and_linger))
    assert [*raising.errors, *changing.errors] == []
    assert (raising.waited, changing.waited) == (False, False)


def test_a_node_that_hangs_while_it_proves_itself_keeps_no_other_from_being_ready(nodes: Nodes) -> None:
    """Each proves with a row of its own."""
    met = nodes.meet(prove_writing, "ROLLBACK TO", lambda other: other.write(prove_writing))
    assert met.errors == []
    assert not met.waited


def test_customers_made_at_once_are_two(nodes: Nodes) -> None:
    """Names of customers need not differ."""
    new = NewCustomer(name="Kudahuvadhoo Clinic", contact_name="Ibrahim", contact_number=7771234)

    def make(tx: Tx) -> int:
        return create_customer(tx, BY, new)

    def make_on(other: Database) -> int:
        return other.write(make)

    met = nodes.meet(make, "INSERT INTO customers", make_on)
    assert len(set(met.values)) == 2
