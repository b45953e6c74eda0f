"""`keesa customer add|list`."""

from typing import Annotated, Final

import typer

from keesa.accounts.actors import Actor
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import Data, DatabaseUrl, ready_database
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory.customers import (
    LONGEST_PAGE,
    Customer,
    NewCustomer,
    PageAfter,
    create_customer,
    list_customers,
)
from keesa.visible import visible

app = typer.Typer(help="Those for whom tickets are raised.", no_args_is_help=True)

_OPERATOR: Final = Actor(
    id=0,
    email="",
    full_name="Keesa",
    nick_name="Keesa",
    user_type="admin",
    customer_id=None,
    roles=(),
    permissions={},
)
_HEADINGS: Final = ("id", "name", "contact_name", "contact_number", "contact_phone")


@app.command()
def add(
    name: str,
    contact_name: Annotated[str, typer.Option(help="Who is called about their tickets.")],
    contact_number: Annotated[str, typer.Option(help='The telephone number, such as 7771234 or "+960 777-1234".')],
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a customer."""
    new = NewCustomer(name=name, contact_name=contact_name, contact_number=contact_number)
    with ready_database(data, database_url) as database:
        customer_id = database.write(lambda tx: create_customer(tx, _OPERATOR, new))
    print(visible(f"added customer {customer_id}: {name}"))


@app.command("list")
def list_all(
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List all customers that are in use."""
    with ready_database(data, database_url) as database:
        customers = database.read(_every)
    _print(customers, _HEADINGS, as_json=as_json)


def _every(tx: Tx) -> list[Customer]:
    """Those of all pages."""
    customers: list[Customer] = []
    page = PageAfter(LONGEST_PAGE)
    while True:
        found = run_to_the_end(list_customers(tx, _OPERATOR, page))
        customers += found.customers
        if found.next_after is None:
            return customers
        page = PageAfter(LONGEST_PAGE, found.next_after)


def _print(customers: list[Customer], headings: tuple[str, ...], *, as_json: bool) -> None:
    print_list(
        headings, [{name: getattr(customer, name) for name in headings} for customer in customers], as_json=as_json
    )
