"""`keesa reference add-product|add-type|add-category`."""

from typing import Annotated

import typer

from keesa.cli.options import Data, DatabaseUrl, ready_database
from keesa.directory.reference import KeyedList, add_key, add_product

app = typer.Typer(help="The lists that tickets choose from.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="As the API names it, such as site_survey.")]


@app.command("add-product")
def product(name: str, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add a product."""
    with ready_database(data, database_url) as database:
        product_id = database.write(lambda tx: add_product(tx, name))
    print(f"added product {product_id}: {name}")


@app.command("add-type")
def ticket_type(key: Key, name: str, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add a ticket type."""
    _add("ticket_types", key, name, data, database_url)


@app.command("add-category")
def category(key: Key, name: str, data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Add a ticket category."""
    _add("ticket_categories", key, name, data, database_url)


def _add(table: KeyedList, key: str, name: str, data: Data, database_url: DatabaseUrl) -> None:
    with ready_database(data, database_url) as database:
        database.write(lambda tx: add_key(tx, table, key, name))
    print(f"added {key}: {name}")
