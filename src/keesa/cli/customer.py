"""`keesa customer add|list`."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from keesa.cli.options import Data, DatabaseUrl, ready_database
from keesa.directory.customers import create_customer, list_customers

app = typer.Typer(help="Those for whom tickets are raised.", no_args_is_help=True)


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
    print(f"added customer {customer_id}: {name}")


@app.command("list")
def list_all(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """List all customers."""
    with ready_database(data, database_url) as database:
        customers = database.read(list_customers)
    table = Table("id", "name", "contact", "number")
    for customer in customers:
        table.add_row(str(customer.id), customer.name, customer.contact_name, customer.contact_phone)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
