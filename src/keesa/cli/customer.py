"""`keesa customer add|list`."""

from typing import Annotated, Final

import typer

from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import Data, DatabaseUrl, ready_database
from keesa.directory.customers import create_customer, list_customers
from keesa.visible import visible

app = typer.Typer(help="Those for whom tickets are raised.", no_args_is_help=True)

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
    with ready_database(data, database_url) as database:
        customer_id = database.write(lambda tx: create_customer(tx, name, contact_name, contact_number))
    print(visible(f"added customer {customer_id}: {name}"))


@app.command("list")
def list_all(as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List all customers."""
    with ready_database(data, database_url) as database:
        customers = database.read(list_customers)
    print_list(
        _HEADINGS, [{name: getattr(customer, name) for name in _HEADINGS} for customer in customers], as_json=as_json
    )
