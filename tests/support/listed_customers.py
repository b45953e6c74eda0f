"""Customers made for a test, and their list, its steps run to their end."""

from cast import BY, OPERATOR
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory.customers import (
    Customer,
    CustomerPage,
    NewCustomer,
    create_customer,
    find_customer,
    list_customers,
)
from keesa.directory.pages import PageAfter


def add(
    tx: Tx, name: str = "Vilufushi Council", contact_name: str = "Moosa", contact_number: str | int = 7700101
) -> Customer:
    new = NewCustomer(name=name, contact_name=contact_name, contact_number=contact_number)
    return find_customer(tx, OPERATOR, create_customer(tx, BY, new))


def page_of(
    tx: Tx, actor: Actor, page: PageAfter, name: str | None = None, *, with_retired: bool = False
) -> CustomerPage:
    return run_to_the_end(list_customers(tx, actor, page, name, with_retired=with_retired))


def names(tx: Tx, actor: Actor, name: str | None = None, *, with_retired: bool = False) -> list[str]:
    """Of the first 500 customers."""
    return [each.name for each in page_of(tx, actor, PageAfter(500), name, with_retired=with_retired).customers]
