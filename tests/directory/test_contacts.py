"""The further contacts of a customer: kept in their order, replaced as a whole, and read for a page at once."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import pytest
from msgspec import convert

from acting import actor_of, by, rows
from cast import ADMIN, BY, HARBOUR, LONE, OPERATOR, SCHOOL
from keesa.db import Tx
from keesa.db.engine import Row
from keesa.directory.contacts import MOST_CONTACTS, Contact, NewContact
from keesa.directory.customers import (
    CustomerChanges,
    NewCustomer,
    change_customer,
    create_customer,
    customer_by_id,
    find_customer,
)
from keesa.directory.pages import PageAfter
from keesa.directory.phones import FAULT
from keesa.errors import Invalid
from listed_customers import page_of

ALI: Final = NewContact(name="Ali", contact_number="+960 777-1", email="ali@keesa.example")
MOOSA: Final = NewContact(name="Moosa", contact_number=7700101)
KEPT: Final = (Contact("Ali", 9607771, "+960 777-1", "ali@keesa.example"), Contact("Moosa", 7700101, "7700101"))


def give(tx: Tx, *contacts: NewContact, customer: int = LONE) -> int:
    """The revision that the customer has then."""
    return change_customer(tx, BY, customer, CustomerChanges(contacts=contacts)).revision


def contacts(tx: Tx, customer: int = LONE) -> tuple[Contact, ...]:
    return find_customer(tx, OPERATOR, customer).contacts


def test_a_customer_is_made_with_its_contacts(tx: Tx) -> None:
    """They are found in their order, behind its own, which stays as it is."""
    new = NewCustomer(name="Council", contact_name="Adam", contact_number=1, contacts=[ALI, MOOSA])
    customer = find_customer(tx, OPERATOR, create_customer(tx, BY, new))
    assert (customer.contact_name, customer.contact_number, customer.contacts) == ("Adam", 1, KEPT)


def test_all_are_replaced_at_once(tx: Tx) -> None:
    """By those that are given; the revision moves with each change, and with nothing else."""
    first = give(tx, MOOSA, ALI)
    assert contacts(tx) == KEPT[::-1]
    second = give(tx, ALI, MOOSA)
    assert contacts(tx) == KEPT
    assert give(tx, ALI, MOOSA) == second
    assert change_customer(tx, BY, LONE, CustomerChanges(contact_name="Ibrahim")).revision == second
    assert contacts(tx) == KEPT
    last = give(tx)
    assert contacts(tx) == ()
    assert len({first, second, last}) == 3


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE customer_contacts SET name = 'Adam' WHERE customer_id = 3",
        "DELETE FROM customer_contacts WHERE customer_id = 3",
        "INSERT INTO customer_contacts (customer_id, position, name, number) VALUES (3, 9, 'Adam', 1)",
    ],
)
def test_the_revision_moves_whoever_changes_a_contact(tx: Tx, change: str) -> None:
    """Also in a database shell; that of the others stays."""
    give(tx, ALI, customer=SCHOOL)
    before = give(tx, ALI), find_customer(tx, OPERATOR, SCHOOL).revision
    tx.run(change)
    assert find_customer(tx, OPERATOR, LONE).revision != before[0]
    assert find_customer(tx, OPERATOR, SCHOOL).revision == before[1]


def test_what_was_shown_may_be_sent_back(tx: Tx) -> None:
    """With both of its numbers: it stays written as it was."""
    before = give(tx, ALI, MOOSA)
    shown = [convert(asdict(contact), NewContact) for contact in contacts(tx)]
    assert give(tx, *shown) == before
    give(tx, replace(shown[0], contact_number=None, contact_phone="777 2"))
    assert contacts(tx)[0].contact_number == 7772


GOOD: Final[dict[str, Any]] = {"name": "Ali", "contact_number": 1}


@pytest.mark.parametrize(
    ("contact", "faults"),
    [
        ({"name": " "}, {"name": "must have something to read"}),
        ({"contact_number": "many"}, {"contact_number": FAULT}),
        ({"contact_number": None}, {"contact_number": FAULT}),
        ({"contact_phone": "many"}, {"contact_phone": FAULT}),
        ({"contact_phone": "2"}, {"contact_phone": "is another number than contact_number"}),
        ({"contact_number": "x", "contact_phone": "2"}, {"contact_phone": "is another number than contact_number"}),
        ({"email": "ali"}, {"email": "must be an email address"}),
        ({"name": "", "contact_number": -1, "email": ""}, {"name": "must", "contact_number": FAULT, "email": "must"}),
    ],
)
def test_every_fault_is_told_by_its_place(tx: Tx, contact: dict[str, Any], faults: dict[str, str]) -> None:
    """Beside those of the customer; nothing is kept."""
    bad = NewContact(**GOOD | contact)
    before = find_customer(tx, OPERATOR, LONE)
    with pytest.raises(Invalid) as raised:
        change_customer(tx, BY, LONE, CustomerChanges(name="", contacts=[MOOSA, bad]))
    found = {field: sentences[0] for field, sentences in raised.value.faults.items()}
    assert found.keys() == {"name", *(f"contacts.1.{field}" for field in faults)}
    for field, fault in faults.items():
        assert found[f"contacts.1.{field}"].startswith(fault)
    assert find_customer(tx, OPERATOR, LONE) == before


def test_there_are_not_more_than_fifty(tx: Tx) -> None:
    """One more is refused, and those stay."""
    give(tx, *[MOOSA] * MOST_CONTACTS)
    with pytest.raises(Invalid) as raised:
        give(tx, *[MOOSA] * (MOST_CONTACTS + 1))
    assert raised.value.faults == {"contacts": ["must be at most 50"]}
    assert len(contacts(tx)) == MOST_CONTACTS


def test_a_page_asks_once_for_all_contacts(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many customers it has; and rules that ask about one customer read none."""
    give(tx, ALI, MOOSA)
    give(tx, MOOSA, customer=HARBOUR)
    asked, every = list[str](), type(tx).all

    def told(tx: Tx, sql: str, /, **params: object) -> Sequence[Row]:
        asked.append(sql)
        return every(tx, sql, **params)

    monkeypatch.setattr(type(tx), "all", told)
    page = page_of(tx, OPERATOR, PageAfter(500))
    assert [customer.contacts for customer in page.customers] == [KEPT[1:], (), KEPT]
    assert len([sql for sql in asked if "customer_contacts" in sql]) == 1
    asked.clear()
    assert page_of(tx, OPERATOR, PageAfter(500), "nowhere").customers == []
    found = customer_by_id(tx, LONE)
    assert found is not None
    assert found.contacts == ()
    assert [sql for sql in asked if "customer_contacts" in sql] == []


def test_the_trail_keeps_people_apart(tx: Tx) -> None:
    """One row an act; who they are stands beside it, where it can be erased."""
    changes = CustomerChanges(contacts=[MOOSA], retired=True)
    change_customer(tx, by(actor_of(tx, ADMIN), 5), LONE, changes)
    change_customer(tx, by(actor_of(tx, ADMIN), 5), LONE, changes)
    found = rows(
        tx,
        "SELECT action, thing_id, audit.changes AS kept, audit_people.changes AS people FROM audit"
        " JOIN audit_people ON audit_people.audit_id = audit.id WHERE audit.at = 5",
    )
    assert found == [
        {
            "action": "customer.retire",
            "thing_id": "3",
            "kept": '{"retired":[false,true]}',
            "people": '{"contacts":[[],[{"name":"Moosa","contact_number":7700101,"contact_phone":"7700101",'
            '"email":null}]]}',
        }
    ]
