"""`keesa customer add|list|show|change|retire|reinstate`; `customer_contact.py` has `keesa customer contact`."""

from typing import Annotated, Final

import typer
from msgspec import UNSET

from keesa.accounts.actors import SYSTEM
from keesa.cli import customer_contact
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, possible_id, ready_database
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory.customers import (
    Customer,
    CustomerChanges,
    NewCustomer,
    change_customer,
    create_customer,
    find_customer,
    list_customers,
    retire_customer,
)
from keesa.directory.pages import LONGEST_PAGE, PageAfter
from keesa.visible import visible

app = typer.Typer(help="Those for whom tickets are raised.", no_args_is_help=True)
app.add_typer(customer_contact.app, name="contact")

Id = Annotated[int, typer.Argument(help="Id of the customer.", callback=possible_id)]
_HEADINGS: Final = ("id", "name", "contact_name", "contact_number", "contact_phone")
_ALL_HEADINGS: Final = (*_HEADINGS, "retired")


@app.command()
def add(
    name: str,
    contact_name: Annotated[str, typer.Option(help="Who is called about their tickets.")],
    contact_number: Annotated[str, typer.Option(help='The telephone number, such as 7771234 or "+960 777-1234".')],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add a customer."""
    new = NewCustomer(name=name, contact_name=contact_name, contact_number=contact_number)
    by = operator()
    with ready_database(data, database_url) as database:
        customer_id = database.write(lambda tx: create_customer(tx, by, new))
    print(visible(f"added customer {customer_id}: {name}"))


@app.command("list")
def list_all(
    name: Annotated[str | None, typer.Option(help="Only those whose name contains this, in any case.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired too, marked so.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List all customers that are in use."""
    with ready_database(data, database_url) as database:
        customers = database.read(lambda tx: _every(tx, name, with_retired=retired))
    _print(customers, _ALL_HEADINGS if retired else _HEADINGS, as_json=as_json)


@app.command()
def show(
    customer_id: Id,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Show one customer, retired or not."""
    with ready_database(data, database_url) as database:
        customer = database.read(lambda tx: find_customer(tx, SYSTEM, customer_id))
    _print([customer], _ALL_HEADINGS, as_json=as_json)


@app.command()
def change(
    customer_id: Id,
    name: Annotated[str | None, typer.Option(help="The new name, which their old tickets show too.")] = None,
    contact_name: Annotated[str | None, typer.Option(help="Who is called about new tickets.")] = None,
    contact_number: Annotated[str | None, typer.Option(help="The telephone number of new tickets.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Correct what is given, and leave the rest."""
    if name is contact_name is contact_number is None:
        raise typer.BadParameter("give --name, --contact-name or --contact-number")
    changes = CustomerChanges(
        name=UNSET if name is None else name,
        contact_name=UNSET if contact_name is None else contact_name,
        contact_number=UNSET if contact_number is None else contact_number,
    )
    by = operator()
    with ready_database(data, database_url) as database:
        customer = database.write(lambda tx: change_customer(tx, by, customer_id, changes))
    _say("changed", customer)


@app.command()
def retire(customer_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Refuse new tickets and ECOs for the customer from now on; what there is stays."""
    by = operator()
    with ready_database(data, database_url) as database:
        customer = database.write(lambda tx: retire_customer(tx, by, customer_id))
    _say("retired", customer)


@app.command()
def reinstate(customer_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Take a retired customer into use again."""
    changes = CustomerChanges(retired=False)
    by = operator()
    with ready_database(data, database_url) as database:
        customer = database.write(lambda tx: change_customer(tx, by, customer_id, changes))
    _say("reinstated", customer)


def _every(tx: Tx, name: str | None, *, with_retired: bool) -> list[Customer]:
    """Those of all pages."""
    customers: list[Customer] = []
    page = PageAfter(LONGEST_PAGE)
    while True:
        found = run_to_the_end(list_customers(tx, SYSTEM, page, name, with_retired=with_retired))
        customers += found.customers
        if found.next_after is None:
            return customers
        page = PageAfter(LONGEST_PAGE, found.next_after)


def _print(customers: list[Customer], headings: tuple[str, ...], *, as_json: bool) -> None:
    print_list(
        headings, [{name: getattr(customer, name) for name in headings} for customer in customers], as_json=as_json
    )


def _say(done: str, customer: Customer) -> None:
    print(visible(f"{done} customer {customer.id}: {customer.name}"))
