"""Customers, their contacts, and the ECOs that belong to them."""

import pytest

from cast import HARBOUR, LONE, SCHOOL
from keesa.db import Tx
from keesa.directory.customers import (
    Customer,
    Eco,
    create_customer,
    create_eco,
    find_customer,
    find_eco,
    list_customers,
)
from keesa.errors import Invalid


def test_a_new_customer_has_the_next_id(tx: Tx) -> None:
    """It is found by it, with its contact."""
    customer_id = create_customer(tx, "Vilufushi Council", "Moosa", 7700101)
    assert customer_id == LONE + 1
    assert find_customer(tx, customer_id) == Customer(customer_id, "Vilufushi Council", "Moosa", 7700101, "7700101")


def test_a_customer_may_be_given_an_id(tx: Tx) -> None:
    """The next one that is made comes after it, once the database has been told."""
    assert create_customer(tx, "Customer A", "John", 7735241, customer_id=20) == 20
    tx.follow_given_ids("customers")
    assert create_customer(tx, "Customer X", "John", 7000111) == 21


def test_customers_are_listed_by_id(tx: Tx) -> None:
    """All of them."""
    assert [(customer.id, customer.name) for customer in list_customers(tx)] == [
        (HARBOUR, "Fulhadhoo Harbour"),
        (SCHOOL, "Dhonfanu School"),
        (LONE, "Quiet Island"),
    ]


@pytest.mark.parametrize("number", [0, 119, 9607771234, 10**15 - 1])
def test_a_contact_number_may_be_any_telephone_number(tx: Tx, number: int) -> None:
    """Up to the fifteen digits of an international one."""
    customer = find_customer(tx, create_customer(tx, "Vilufushi Council", "Moosa", number))
    assert customer
    assert (customer.contact_number, customer.contact_phone) == (number, str(number))


def test_a_contact_number_is_kept_as_it_was_written(tx: Tx) -> None:
    """Beside the integer, in the list too."""
    customer_id = create_customer(tx, "Vilufushi Council", "Moosa", "+960 770-0101")
    made = Customer(customer_id, "Vilufushi Council", "Moosa", 9607700101, "+960 770-0101")
    assert find_customer(tx, customer_id) == made
    assert made in list_customers(tx)


@pytest.mark.parametrize(
    ("name", "contact_name", "contact_number", "faulty"),
    [
        ("", "Moosa", 7700101, {"name"}),
        (" ", "Moosa", 7700101, {"name"}),
        ("two\nlines", "Moosa", 7700101, {"name"}),
        ("NUL\0", "Moosa", 7700101, {"name"}),
        ("Council", "\t", 7700101, {"contact_name"}),
        ("Council", "Moosa", -1, {"contact_number"}),
        ("Council", "Moosa", 10**15, {"contact_number"}),
        ("Council", "Moosa", "", {"contact_number"}),
        ("Council", "Moosa", "the office", {"contact_number"}),
        ("", "", 2**70, {"name", "contact_name", "contact_number"}),
    ],
)
def test_a_customer_that_breaks_a_rule_is_refused(
    tx: Tx, name: str, contact_name: str, contact_number: str | int, faulty: set[str]
) -> None:
    """Every fault is named, and no customer is made."""
    before = list_customers(tx)
    with pytest.raises(Invalid) as raised:
        create_customer(tx, name, contact_name, contact_number)
    assert set(raised.value.faults) == faulty
    assert list_customers(tx) == before


def test_an_eco_belongs_to_its_customer(tx: Tx) -> None:
    """It is found with whose it is."""
    eco_id = create_eco(tx, "Mast at the jetty", LONE)
    assert find_eco(tx, eco_id) == Eco(eco_id, "Mast at the jetty", LONE)


@pytest.mark.parametrize(
    ("name", "customer_id", "faulty"),
    [
        ("", HARBOUR, {"name"}),
        ("Mast\x07", HARBOUR, {"name"}),
        ("Mast", 99, {"customer_id"}),
        (" ", 99, {"name", "customer_id"}),
    ],
)
def test_an_eco_that_breaks_a_rule_is_refused(tx: Tx, name: str, customer_id: int, faulty: set[str]) -> None:
    """With every fault at once."""
    with pytest.raises(Invalid) as raised:
        create_eco(tx, name, customer_id)
    assert set(raised.value.faults) == faulty


@pytest.mark.parametrize("missing", [0, 99, -1, 2**63 - 1])
def test_who_is_not_there_is_not_found(tx: Tx, missing: int) -> None:
    """Neither a customer nor an ECO."""
    assert find_customer(tx, missing) is None
    assert find_eco(tx, missing) is None
