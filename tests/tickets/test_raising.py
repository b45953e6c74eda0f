"""Raising a ticket: what is kept of it, and whose it is."""

from dataclasses import replace
from typing import Any

import pytest

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BOT, BY, CUSTOMER, ENGINEER, HARBOUR, SCHOOL, STRANGERS, Person, at
from keesa.db import Tx
from keesa.directory.customers import CustomerChanges, change_customer, retire_customer
from keesa.directory.phones import FAULT
from keesa.errors import Forbidden, Invalid
from keesa.rich_text.html import LONGEST, rich_text
from keesa.tickets.finding import find_ticket
from keesa.tickets.lists import list_of_customer
from keesa.tickets.pages import Page
from keesa.tickets.raising import LONGEST_LINE, Draft, Raised, raise_ticket
from listing import tickets
from new_tickets import DRAFT

NOON = at("2025-03-10T12:00")


def raised(tx: Tx, draft: Draft, by: Person = ENGINEER) -> Raised:
    return raise_ticket(tx, actor_of(tx, by), draft, NOON, CLOCK, "yearly")


def _as_drafted(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with their description made safe."""
    return {name: rich_text(value) if name == "description" else value for name, value in fields.items()}


def kept(tx: Tx, number: int) -> dict[str, Any]:
    (row,) = rows(tx, "SELECT * FROM tickets WHERE id = :id", id=number)
    return row


def test_a_new_ticket_is_open_and_nobodys_yet(tx: Tx) -> None:
    """All that was given is kept, and the rest is null or zero."""
    found = raised(tx, replace(DRAFT, reference="PO-17"))
    assert found == replace(
        found,
        id=2025006,
        title="Link to the harbour office is down",
        description="No signal since the storm",
        status="open",
        category="network",
        ticket_type="customer_support",
        priority=3,
        customer_id=HARBOUR,
        product_id=3,
        raised_by_id=ENGINEER.id,
        raised_by="Hassan Waheed",
        raised_at=NOON,
    )
    there = kept(tx, 2025006)
    given = {
        "id": 2025006,
        "title": "Link to the harbour office is down",
        "description": "No signal since the storm",
        "status": "open",
        "priority": 3,
        "reference": "PO-17",
        "ticket_type": "customer_support",
        "category": "network",
        "customer_id": HARBOUR,
        "product_id": 3,
        "contact_name": "Ibrahim",
        "contact_number": 7771234,
        "raised_by_id": ENGINEER.id,
        "raised_at": NOON,
        "revision": there["revision"],
        "changed_at": NOON,
        "public_changed_at": NOON,
        "events": 1,
        "public_events": 1,
        "description_size": 25,
    }
    assert {name: value for name, value in there.items() if value} == given


def test_its_history_begins_with_its_raising(tx: Tx) -> None:
    """The first status is open, by who raised it."""
    number = raised(tx, DRAFT, by=BOT).id
    found = rows(tx, "SELECT status, changed_by_id, created_at FROM ticket_statuses WHERE ticket_id = :id", id=number)
    assert [tuple(row.values()) for row in found] == [("open", BOT.id, NOON)]


def test_the_description_is_sanitised_and_the_title_is_text(tx: Tx) -> None:
    """A title is never HTML, so it stays as it was written."""
    draft = replace(
        DRAFT, title="<b>1 < 2</b>", description=rich_text("<p onclick=x>Down<script>alert(1)</script></p>")
    )
    found = raised(tx, draft)
    assert (found.title, found.description) == ("<b>1 < 2</b>", "<p>Down</p>")
    assert kept(tx, found.id)["description"] == "<p>Down</p>"


@pytest.mark.parametrize(
    ("customer_id", "eco_id", "customer"), [(HARBOUR, None, HARBOUR), (None, 2, SCHOOL), (SCHOOL, 2, SCHOOL)]
)
def test_the_customer_is_that_of_the_eco_where_none_is_named(
    tx: Tx, customer_id: int | None, eco_id: int | None, customer: int
) -> None:
    """The ECO itself is kept too."""
    row = kept(tx, raised(tx, replace(DRAFT, customer_id=customer_id, eco_id=eco_id)).id)
    assert (row["customer_id"], row["eco_id"]) == (customer, eco_id)


@pytest.mark.parametrize(
    ("name", "number", "contact"),
    [
        (None, None, ("Ibrahim", 7771234)),
        ("Fathimath", None, ("Fathimath", 7771234)),
        (None, 0, ("Ibrahim", 0)),
        ("Fathimath", 7775678, ("Fathimath", 7775678)),
    ],
)
def test_the_customers_contact_stands_in_for_what_is_missing(
    tx: Tx, name: str | None, number: int | None, contact: tuple[str, int]
) -> None:
    """Each of the two fields by itself."""
    row = kept(tx, raised(tx, replace(DRAFT, contact_name=name, contact_number=number)).id)
    assert (row["contact_name"], row["contact_number"]) == contact


def test_the_customers_contact_is_kept_as_the_customer_s_was_written(tx: Tx) -> None:
    """And the ticket's own as its own."""
    tx.run("UPDATE customers SET contact_number = 9607771234, contact_phone = '+960 777-1234'")
    row = kept(tx, raised(tx, DRAFT).id)
    assert (row["contact_number"], row["contact_phone"]) == (9607771234, "+960 777-1234")
    row = kept(tx, raised(tx, replace(DRAFT, contact_number="0777123")).id)
    assert (row["contact_number"], row["contact_phone"]) == (777123, "0777123")


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"contact_number": ""}, {"contact_number": [FAULT]}),
        ({"contact_number": -1}, {"contact_number": [FAULT]}),
        ({"title": ""}, {"title": ["must not be empty"]}),
        ({"title": " \t\n"}, {"title": ["must not be empty"]}),
        ({"title": "x" * (LONGEST_LINE + 1)}, {"title": [f"must have at most {LONGEST_LINE} characters"]}),
        ({"description": ""}, {"description": ["must not be empty"]}),
        ({"description": "<p><br></p>&nbsp;"}, {"description": ["must not be empty"]}),
        ({"description": "<script>x</script>"}, {"description": ["must not be empty"]}),
        ({"description": "x" * (LONGEST + 1)}, {"description": [f"must have at most {LONGEST} characters"]}),
        ({"reference": "x" * (LONGEST_LINE + 1)}, {"reference": [f"must have at most {LONGEST_LINE} characters"]}),
        ({"title": "\u200b"}, {"title": ["must not be empty"]}),
        ({"title": "&nbsp;&ZeroWidthSpace;"}, {"title": ["must not be empty"]}),
        ({"reference": "\ufeff"}, {"reference": ["must not be empty"]}),
        ({"contact_name": " "}, {"contact_name": ["must not be empty"]}),
        ({"contact_name": "\u2060\u00ad\u3164"}, {"contact_name": ["must not be empty"]}),
        ({"description": "<p>\u200b</p>"}, {"description": ["must not be empty"]}),
        ({"customer_id": None}, {"customer_id": ["is missing: give it, or eco_id"]}),
        ({"customer_id": 99}, {"customer_id": ["is unknown"]}),
        ({"eco_id": 99}, {"eco_id": ["is unknown"]}),
        ({"eco_id": 2}, {"eco_id": ["belongs to another customer than 1"]}),
        ({"customer_id": 99, "eco_id": 98}, {"customer_id": ["is unknown"], "eco_id": ["is unknown"]}),
        (
            {"category": "fire"},
            {
                "category": [
                    "is unknown, must be one of service_order, fault, survey, network, hardware, software",
                ]
            },
        ),
    ],
)
def test_a_draft_that_breaks_a_rule_is_refused(tx: Tx, fields: dict[str, Any], faults: dict[str, list[str]]) -> None:
    """Nothing is kept of it, not even a number."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as error:
        raised(tx, replace(DRAFT, **_as_drafted(fields)))
    assert error.value.faults == faults
    assert tickets_as_kept(tx) == before


def test_every_fault_is_found(tx: Tx) -> None:
    """Not only the first one."""
    draft = Draft(
        title="", description=rich_text(" "), category="x", ticket_type="x", product_id=25, eco_id=9, contact_name=""
    )
    with pytest.raises(Invalid) as error:
        raised(tx, draft)
    assert set(error.value.faults) == {
        "title",
        "description",
        "category",
        "ticket_type",
        "product_id",
        "eco_id",
        "contact_name",
    }


@pytest.mark.parametrize(("length", "field"), [(LONGEST_LINE, "title"), (LONGEST, "description")])
def test_the_longest_text_is_kept_whole(tx: Tx, length: int, field: str) -> None:
    """Characters count, not bytes."""
    long: dict[str, Any] = {field: "ރ" * length}
    found = raised(tx, replace(DRAFT, **_as_drafted(long)))
    assert kept(tx, found.id)[field] == long[field]


def test_a_customers_user_raises_for_their_customer_alone(tx: Tx) -> None:
    """Another customer is refused, and another's ECO is unknown to them: its owner is not told."""
    assert kept(tx, raised(tx, replace(DRAFT, eco_id=1), by=CUSTOMER).id)["customer_id"] == HARBOUR
    before = tickets_as_kept(tx)
    with pytest.raises(Forbidden, match="You have nothing to do with this customer"):
        raised(tx, replace(DRAFT, customer_id=SCHOOL), by=CUSTOMER)
    with pytest.raises(Forbidden):
        raised(tx, replace(DRAFT, customer_id=99), by=CUSTOMER)
    with pytest.raises(Invalid) as error:
        raised(tx, replace(DRAFT, customer_id=None, eco_id=2), by=CUSTOMER)
    assert error.value.faults == {"eco_id": ["is unknown"]}
    assert tickets_as_kept(tx) == before


def test_staff_raise_for_any_customer(tx: Tx) -> None:
    """An admin does too."""
    for person in (ENGINEER, ADMIN):
        assert raised(tx, replace(DRAFT, customer_id=SCHOOL), by=person).customer_id == SCHOOL


@pytest.mark.parametrize("person", [ADMIN, ENGINEER, BOT, CUSTOMER])
@pytest.mark.parametrize(
    ("owner", "faults"),
    [
        ({}, {"customer_id": ["is retired"]}),
        ({"eco_id": 1}, {"customer_id": ["is retired"]}),
        ({"customer_id": None, "eco_id": 1}, {"eco_id": ["belongs to a customer that is retired"]}),
        ({"title": ""}, {"title": ["must not be empty"], "customer_id": ["is retired"]}),
    ],
)
def test_a_retired_customer_gets_no_new_ticket(
    tx: Tx, person: Person, owner: dict[str, Any], faults: dict[str, list[str]]
) -> None:
    """From nobody, named or by its ECO, until it is in use again; with every other fault."""
    retire_customer(tx, BY, HARBOUR)
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as error:
        raised(tx, replace(DRAFT, **owner), by=person)
    assert error.value.faults == faults
    assert tickets_as_kept(tx) == before
    change_customer(tx, BY, HARBOUR, CustomerChanges(retired=False))
    assert raised(tx, replace(DRAFT, **owner | {"title": "Link"}), by=person).customer_id == HARBOUR


def test_a_retired_customers_user_raises_nothing(tx: Tx) -> None:
    """Also where they need not name their customer; and they learn nothing of another that is retired."""
    for customer_id in (HARBOUR, SCHOOL):
        retire_customer(tx, BY, customer_id)
    with pytest.raises(Invalid) as error:
        raised(tx, replace(DRAFT, customer_id=None), by=CUSTOMER)
    assert error.value.faults == {"customer_id": ["is retired"]}
    with pytest.raises(Forbidden, match="You have nothing to do with this customer"):
        raised(tx, replace(DRAFT, customer_id=SCHOOL), by=CUSTOMER)
    with pytest.raises(Invalid) as error:
        raised(tx, replace(DRAFT, customer_id=None, eco_id=2), by=CUSTOMER)
    assert error.value.faults == {"eco_id": ["is unknown"]}


def test_a_customer_in_use_gets_tickets_beside_one_that_is_retired(tx: Tx) -> None:
    """An ECO of the retired one is another customer's, as before."""
    retire_customer(tx, BY, SCHOOL)
    assert raised(tx, DRAFT).customer_id == HARBOUR
    with pytest.raises(Invalid) as error:
        raised(tx, replace(DRAFT, eco_id=2))
    assert error.value.faults == {"eco_id": [f"belongs to another customer than {HARBOUR}"]}


def test_a_retired_customer_stays_on_its_tickets(tx: Tx) -> None:
    """They are listed and shown as before, to each who sees them."""

    def shown(person: Person) -> object:
        actor = actor_of(tx, person)
        return tickets(tx, list_of_customer(tx, actor, HARBOUR, None, Page())), find_ticket(tx, actor, ASSIGNED)

    before = [shown(person) for person in (ADMIN, CUSTOMER, ENGINEER)]
    assert {ticket.id for ticket in tickets(tx, list_of_customer(tx, actor_of(tx, ADMIN), HARBOUR, None, Page()))} == {
        ASSIGNED,
        STRANGERS,
    }
    retire_customer(tx, BY, HARBOUR)
    assert [shown(person) for person in (ADMIN, CUSTOMER, ENGINEER)] == before
