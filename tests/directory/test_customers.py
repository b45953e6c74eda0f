"""Customers with their contacts: made, and found by who may see them."""

from collections.abc import Callable

import pytest

from acting import actor_of, rows
from cast import ADMIN, BOT, BY, CUSTOMER, ENGINEER, HARBOUR, LONE, OPERATOR, SCHOOL, Person
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.directory.customers import (
    Customer,
    NewCustomer,
    create_customer,
    customer_by_id,
    find_customer,
    lock_customer,
    retire_customer,
)
from keesa.errors import Invalid, NotFound
from listed_customers import add

COUNCIL = NewCustomer(name="Vilufushi Council", contact_name="Moosa", contact_number=7700101)
Find = Callable[[Tx, Actor, int], Customer]


def test_a_new_customer_has_the_next_id(tx: Tx) -> None:
    """It is found by it, with its contact and a revision, and is in use."""
    customer_id = create_customer(tx, BY, COUNCIL)
    assert customer_id == LONE + 1
    found = find_customer(tx, OPERATOR, customer_id)
    assert found == Customer(
        id=customer_id,
        name="Vilufushi Council",
        contact_name="Moosa",
        contact_number=7700101,
        contact_phone="7700101",
        retired=False,
        revision=found.revision,
    )


def test_a_customer_may_be_given_an_id(tx: Tx) -> None:
    """The next one that is made comes after it, once the database has been told."""
    assert create_customer(tx, BY, COUNCIL, customer_id=20) == 20
    tx.follow_given_ids("customers")
    assert create_customer(tx, BY, COUNCIL) == 21


def test_new_customers_have_revisions_of_their_own(tx: Tx) -> None:
    """Drawn, so that one that was undone is not given again with its id."""
    revisions = {add(tx).revision for _ in range(5)}
    assert len(revisions) == 5
    assert all(2**32 < revision < 2**63 for revision in revisions)


@pytest.mark.parametrize("number", [0, 119, 9607771234, 10**15 - 1])
def test_a_contact_number_may_be_any_telephone_number(tx: Tx, number: int) -> None:
    """Up to the fifteen digits of an international one."""
    customer = add(tx, contact_number=number)
    assert (customer.contact_number, customer.contact_phone) == (number, str(number))


def test_a_contact_number_is_kept_as_it_was_written(tx: Tx) -> None:
    """Beside the integer."""
    customer = add(tx, contact_number="+960 770-0101")
    assert (customer.contact_number, customer.contact_phone) == (9607700101, "+960 770-0101")


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
    before = rows(tx, "SELECT * FROM customers ORDER BY id")
    with pytest.raises(Invalid) as raised:
        add(tx, name, contact_name, contact_number)
    assert set(raised.value.faults) == faulty
    assert rows(tx, "SELECT * FROM customers ORDER BY id") == before


@pytest.mark.parametrize("find", [find_customer, lock_customer])
@pytest.mark.parametrize("person", [ADMIN, ENGINEER, BOT])
def test_whoever_is_no_customers_user_finds_every_customer(tx: Tx, find: Find, person: Person) -> None:
    """Whether they may ask is a permission. One that is retired is found too."""
    retire_customer(tx, BY, LONE)
    found = [find(tx, actor_of(tx, person), customer_id) for customer_id in (HARBOUR, SCHOOL, LONE)]
    assert [(each.name, each.retired) for each in found] == [
        ("Fulhadhoo Harbour", False),
        ("Dhonfanu School", False),
        ("Quiet Island", True),
    ]


@pytest.mark.parametrize("find", [find_customer, lock_customer])
def test_a_customers_user_finds_their_own_alone(tx: Tx, find: Find) -> None:
    """Another one looks like one that is missing."""
    actor = actor_of(tx, CUSTOMER)
    assert find(tx, actor, HARBOUR).name == "Fulhadhoo Harbour"
    for other in (SCHOOL, LONE, 99):
        with pytest.raises(NotFound, match=r"^Customer not found$"):
            find(tx, actor, other)


@pytest.mark.parametrize("missing", [0, 99, -1, 2**63 - 1])
def test_who_is_not_there_is_not_found(tx: Tx, missing: int) -> None:
    """By nobody, and for no rule."""
    for find in (find_customer, lock_customer):
        with pytest.raises(NotFound, match=r"^Customer not found$"):
            find(tx, OPERATOR, missing)
    assert customer_by_id(tx, missing) is None


def test_a_rule_may_ask_about_any_customer(tx: Tx) -> None:
    """Of whoever's."""
    assert customer_by_id(tx, SCHOOL) == find_customer(tx, OPERATOR, SCHOOL)
