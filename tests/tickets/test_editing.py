"""Editing a ticket, and giving it to another customer: what is kept, and what is refused."""

import json
from typing import Any

import pytest

from acting import actor_of, by, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, RAISED, SCHOOL, TYPED, at
from keesa.accounts.actors import Actor
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Tx
from keesa.directory.customers import CustomerChanges, change_customer
from keesa.directory.ecos import retire_eco
from keesa.directory.keyed_lists import KeyedChanges, change_entry
from keesa.directory.phones import FAULT
from keesa.directory.products import ProductChanges, change_product
from keesa.errors import Forbidden, Invalid
from keesa.events.recording import Event
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from keesa.tickets import changing, transferring
from keesa.tickets.assigning import assign
from keesa.tickets.changing import FULL, change
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.status import change_status
from keesa.tickets.transferring import ANEW, MERGED, TOO_MANY_NOTES

NOON = at("2025-03-10T12:00")
TRANSFER: dict[str, Any] = {
    "customer_id": HARBOUR,
    "title": "For the harbour",
    "description": rich_text("<b>Anew</b>"),
}


def edit(tx: Tx, number: int, when: int = NOON, actor: Actor | None = None, **given: Any) -> None:  # noqa: ANN401 - fields of TicketChanges
    actor = actor or actor_of(tx, ADMIN)
    edit_ticket(tx, actor, lock_ticket(tx, actor, number), TicketChanges(**given), when)


def kept(tx: Tx, number: int) -> dict[str, Any]:
    [row] = rows(tx, "SELECT * FROM tickets WHERE id = :id", id=number)
    return row


def events(tx: Tx, number: int) -> list[dict[str, Any]]:
    """Behind those that the cast's world begins with."""
    found = rows(tx, "SELECT * FROM ticket_events WHERE ticket_id = :id ORDER BY number", id=number)
    return [row | {"changes": json.loads(row["changes"])} for row in found if row["at"] >= NOON]


def test_all_that_is_given_is_kept_with_one_event(tx: Tx) -> None:
    """Of every field what it was and is; of a number the digits and the writing."""
    given: dict[str, Any] = {
        "title": "Slow link",
        "priority": 1,
        "category": "network",
        "ticket_type": "eco_support",
        "product_id": 4,
        "reference": "PO-18",
        "contact_name": "Fathimath",
        "contact_number": "+960 777-5678",
        "eco_id": 2,
    }
    edit(tx, RAISED, description=rich_text("<b>Since</b> ފަހުން"), **given)
    row = kept(tx, RAISED)
    written = {"contact_number": 9607775678, "contact_phone": "+960 777-5678"}
    assert {field: row[field] for field in given} == given | {"contact_number": 9607775678}
    assert (row["description"], row["description_size"]) == ("<b>Since</b> ފަހުން", len("<b>Since</b> ފަހުން".encode()))
    assert row["contact_phone"] == "+960 777-5678"
    [event] = events(tx, RAISED)
    told = given | written | {"description": "<b>Since</b> ފަހުން"}
    assert {field: is_ for field, (_, is_) in event["changes"].items()} == told
    assert event["changes"]["title"] == ["Trouble 2025001", "Slow link"]
    assert event["changes"]["contact_phone"] == ["7771234", "+960 777-5678"]
    assert (event["kind"], event["public_number"], event["ticket_type"]) == ("edited", 2, "eco_support")
    assert event["had_ticket_type"] == "customer_support"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"title": "Trouble 2025001", "priority": 3, "eco_id": None, "reference": None, "customer_id": SCHOOL},
        {"description": rich_text("No signal since the storm")},
        {"contact_number": 7771234},
        {"contact_number": "7771234"},
    ],
)
def test_what_is_so_already_changes_nothing(tx: Tx, given: dict[str, Any]) -> None:
    """Neither a row nor a revision moves."""
    before = tickets_as_kept(tx)
    edit(tx, RAISED, **given)
    assert tickets_as_kept(tx) == before


def test_the_number_as_it_is_shown_leaves_how_it_was_written(tx: Tx) -> None:
    """A client sends back the integer that it was shown; another writing of the same number counts."""
    edit(tx, RAISED, contact_number="+960 777-5678")
    edit(tx, RAISED, contact_number=9607775678)
    assert kept(tx, RAISED)["contact_phone"] == "+960 777-5678"
    edit(tx, RAISED, contact_number="960 7775678")
    assert kept(tx, RAISED)["contact_phone"] == "960 7775678"
    assert list(events(tx, RAISED)[-1]["changes"]) == ["contact_phone"]


def test_null_takes_the_reference_and_the_eco_away(tx: Tx) -> None:
    """With an event for it."""
    edit(tx, RAISED, reference="PO-18", eco_id=2)
    edit(tx, RAISED, reference=None, eco_id=None)
    row = kept(tx, RAISED)
    assert (row["reference"], row["eco_id"]) == (None, None)
    assert events(tx, RAISED)[-1]["changes"] == {"reference": ["PO-18", None], "eco_id": [2, None]}


def test_every_fault_is_told_at_once(tx: Tx) -> None:
    """And nothing is changed."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as caught:
        edit(
            tx,
            RAISED,
            title=" ",
            description=rich_text(""),
            category="none",
            ticket_type="none",
            product_id=99,
            reference="x" * 256,
            contact_name="",
            contact_number="none",
            eco_id=1,
        )
    faults = {field: text for field, [text] in caught.value.faults.items()}
    for field in ("category", "ticket_type", "product_id"):
        assert faults.pop(field).startswith("is unknown, must be one of ")
    assert faults == {
        "title": "must not be empty",
        "description": "must not be empty",
        "reference": "must have at most 255 characters",
        "contact_name": "must not be empty",
        "contact_number": FAULT,
        "eco_id": f"belongs to another customer than {SCHOOL}",
    }
    assert tickets_as_kept(tx) == before


def test_what_has_retired_stays_and_is_not_given_anew(tx: Tx) -> None:
    """Of types, categories, products and ECOs."""
    edit(tx, RAISED, eco_id=2)
    asks = by(actor_of(tx, ADMIN))
    change_entry(tx, asks, "ticket_types", "customer_support", KeyedChanges(retired=True))
    change_entry(tx, asks, "ticket_categories", "fault", KeyedChanges(retired=True))
    change_product(tx, asks, 3, ProductChanges(retired=True))
    retire_eco(tx, asks, 2)
    had: dict[str, Any] = {"ticket_type": "customer_support", "category": "fault", "product_id": 3, "eco_id": 2}
    edit(tx, RAISED, title="Another", **had)
    edit(tx, RAISED, ticket_type="eco_support", category="network", product_id=4, eco_id=None)
    with pytest.raises(Invalid) as caught:
        edit(tx, RAISED, **had)
    assert {field: text[:10] for field, [text] in caught.value.faults.items()} == dict.fromkeys(had, "is retired")


def test_customers_and_bots_edit_nothing(tx: Tx) -> None:
    """The domain refuses them too."""
    customer = actor_of(tx, CUSTOMER)
    with pytest.raises(Forbidden):
        edit_ticket(tx, customer, lock_ticket(tx, customer, ASSIGNED), TicketChanges(title="Mine"), NOON)


def test_a_full_history_takes_no_edit(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the ticket, and changes nothing."""
    monkeypatch.setattr(changing, "LARGEST_HISTORY", 100)
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as caught:
        edit(tx, RAISED, title="x" * 200)
    assert caught.value.faults == {"ticket": [FULL]}
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("status", ["in_progress", "on_hold", "closed"])
def test_a_ticket_with_too_many_events_can_be_closed_and_no_more(
    tx: Tx, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Or statuses and assignments would go on for ever, and it is shown with all of them."""
    monkeypatch.setattr(changing, "MOST_EVENTS", lock_ticket(tx, actor_of(tx, ADMIN), ASSIGNED).public_events)
    admin, clock = actor_of(tx, ADMIN), Clock(DEFAULT_ZONE)
    with pytest.raises(Invalid) as caught:
        assign(tx, admin, ASSIGNED, ADMIN.id, NOON)
    assert caught.value.faults == {"ticket": [FULL]}
    if status == "closed":
        change_status(tx, admin, ASSIGNED, status, "2025-03-09", NOON, clock)
        with pytest.raises(Invalid, match="full"):
            change_status(tx, admin, ASSIGNED, "in_progress", None, NOON, clock)
        return
    with pytest.raises(Invalid) as caught:
        change_status(tx, admin, ASSIGNED, status, None, NOON, clock)
    assert caught.value.faults == {"ticket": [FULL]}


# To another customer


def test_a_transfer_takes_over_the_new_customer_s_own(tx: Tx) -> None:
    """Their contact, and neither the reference nor the ECO of before."""
    change_customer(
        tx, by(actor_of(tx, ADMIN)), HARBOUR, CustomerChanges(contact_name="Moosa", contact_number="+960 111")
    )
    edit(tx, RAISED, eco_id=2, reference="PO-18")
    edit(tx, RAISED, **TRANSFER)
    row = kept(tx, RAISED)
    fields = ("customer_id", "title", "description", "contact_name", "contact_number", "contact_phone", "product_id")
    assert [row[field] for field in fields] == [
        *(HARBOUR, "For the harbour", "<b>Anew</b>"),
        *("Moosa", 960111, "+960 111", 3),
    ]
    assert (row["reference"], row["eco_id"]) == (None, None)


def test_a_transfer_takes_what_is_given(tx: Tx) -> None:
    """An ECO of the new customer's."""
    given: dict[str, Any] = {
        "contact_name": "Ali",
        "contact_number": "999",
        "reference": "H-1",
        "eco_id": 1,
        "priority": 1,
    }
    edit(tx, RAISED, **TRANSFER, **given)
    row = kept(tx, RAISED)
    assert {field: row[field] for field in given} == given | {"contact_number": 999}


def test_a_transfer_begins_the_public_history_anew(tx: Tx) -> None:
    """The desk's event has what was; the public one, number 1, what is, and nothing else."""
    edit(tx, RAISED, priority=1)
    edit(tx, RAISED, NOON + 1, **TRANSFER)
    edit(tx, RAISED, NOON + 2, priority=2)
    _, desk, public, after = events(tx, RAISED)
    assert [desk["kind"], public["kind"], after["kind"]] == ["edited", "transferred", "edited"]
    assert [event["public_number"] for event in (desk, public, after)] == [None, 1, 2]
    assert desk["changes"]["customer_id"] == [SCHOOL, HARBOUR]
    assert desk["changes"]["title"] == ["Trouble 2025001", "For the harbour"]
    assert {was for was, _ in public["changes"].values()} == {None}
    assert (desk["had_customer_id"], desk["customer_id"]) == (SCHOOL, HARBOUR)
    row = kept(tx, RAISED)
    assert (row["public_since"], row["public_events"], row["events"]) == (public["number"], 2, after["number"])
    assert row["public_revision"] is None


def test_notes_of_before_become_internal(tx: Tx) -> None:
    """With their ids, their bytes and their times; those that come stay public."""
    before = rows(tx, "SELECT * FROM ticket_notes WHERE ticket_id = :id ORDER BY id", id=ASSIGNED)
    was = kept(tx, ASSIGNED)
    edit(tx, ASSIGNED, **(TRANSFER | {"customer_id": SCHOOL}))
    assert rows(tx, "SELECT * FROM internal_notes WHERE ticket_id = :id ORDER BY id", id=ASSIGNED) == before
    row = kept(tx, ASSIGNED)
    assert (row["notes_count"], row["notes_size"]) == (0, 0)
    assert (row["internal_notes"], row["internal_notes_size"]) == (2, was["notes_size"])
    add_note(tx, actor_of(tx, ADMIN), ASSIGNED, rich_text("Welcome"), NOON + 1)
    assert (kept(tx, ASSIGNED)["notes_count"], kept(tx, ASSIGNED)["notes_size"]) == (1, 7)


def test_who_may_not_transfer_is_refused(tx: Tx) -> None:
    """Though they may edit; and the customer that it has is no transfer."""
    engineer = actor_of(tx, ENGINEER)
    with pytest.raises(Forbidden, match="transfer tickets"):
        edit(tx, RAISED, actor=engineer, **TRANSFER)
    edit(tx, RAISED, actor=engineer, customer_id=SCHOOL, priority=1)
    assert kept(tx, RAISED)["priority"] == 1


@pytest.mark.parametrize("field", ["title", "description"])
def test_a_transfer_needs_its_texts_anew(tx: Tx, field: str) -> None:
    """The new customer reads none of before."""
    with pytest.raises(Invalid) as caught:
        edit(tx, RAISED, **{name: value for name, value in TRANSFER.items() if name != field})
    assert caught.value.faults == {field: [ANEW]}


def test_a_transfer_to_whom_none_goes_is_refused(tx: Tx) -> None:
    """Unknown, retired, and an ECO of the old one's."""
    change_customer(tx, by(actor_of(tx, ADMIN)), HARBOUR, CustomerChanges(retired=True))
    for customer_id, told in ((99, "is unknown"), (HARBOUR, "is retired")):
        with pytest.raises(Invalid) as caught:
            edit(tx, RAISED, **(TRANSFER | {"customer_id": customer_id}))
        assert caught.value.faults == {"customer_id": [told]}
    change_customer(tx, by(actor_of(tx, ADMIN)), HARBOUR, CustomerChanges(retired=False))
    with pytest.raises(Invalid) as caught:
        edit(tx, RAISED, **TRANSFER, eco_id=2)
    assert caught.value.faults == {"eco_id": [f"belongs to another customer than {HARBOUR}"]}


@pytest.mark.parametrize("columns", [{"duplicate_of_id": TYPED}, {"duplicates": 1}])
def test_what_is_merged_is_not_transferred(tx: Tx, columns: dict[str, int]) -> None:
    """The notes of both stand together."""
    admin = actor_of(tx, ADMIN)
    change(tx, admin, lock_ticket(tx, admin, RAISED), NOON, Event("related", thing_id=TYPED), **columns)
    with pytest.raises(Invalid) as caught:
        edit(tx, RAISED, **TRANSFER)
    assert caught.value.faults == {"customer_id": [MERGED]}


@pytest.mark.parametrize("bound", ["MOST_NOTES", "LARGEST_NOTES"])
def test_a_transfer_keeps_the_internal_notes_bounded(tx: Tx, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """Given to and fro, a ticket would gather notes without end."""
    monkeypatch.setattr(transferring, bound, 1)
    with pytest.raises(Invalid) as caught:
        edit(tx, ASSIGNED, **(TRANSFER | {"customer_id": SCHOOL}))
    assert caught.value.faults == {"customer_id": [TOO_MANY_NOTES]}


def test_a_note_s_id_is_never_given_again(tx: Tx) -> None:
    """To no other note, though those of before have left their table, and given to and fro."""
    admin, seen = actor_of(tx, ADMIN), [row["id"] for row in rows(tx, "SELECT id FROM ticket_notes")]
    for round_ in range(3):
        edit(tx, ASSIGNED, NOON + round_, **(TRANSFER | {"customer_id": (SCHOOL, HARBOUR)[round_ % 2]}))
        add_note(tx, admin, ASSIGNED, rich_text("Welcome"), NOON + round_)
        [note] = rows(tx, "SELECT id FROM ticket_notes WHERE ticket_id = :id", id=ASSIGNED)
        seen.append(note["id"])
    assert len({*seen}) == len(seen)


def test_a_note_that_was_cut_once_can_leave(tx: Tx) -> None:
    """Its whole text stays where it is."""
    sql = "INSERT INTO long_texts (ticket_id, note_id, body) SELECT ticket_id, id, 'long' FROM ticket_notes"
    tx.run(sql)
    before = rows(tx, "SELECT * FROM long_texts ORDER BY note_id")
    edit(tx, ASSIGNED, **(TRANSFER | {"customer_id": SCHOOL}))
    assert rows(tx, "SELECT * FROM long_texts ORDER BY note_id") == before
