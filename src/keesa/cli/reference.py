"""`keesa reference list|add-product|add-type|add-category`."""

from typing import Annotated, Final

import typer

from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, ready_database
from keesa.db import Tx
from keesa.directory.reference import KeyedList, add_key, add_product, named_keys, products
from keesa.visible import visible

app = typer.Typer(help="The lists that tickets choose from.", no_args_is_help=True)

_HEADINGS: Final = ("list", "key", "name")

Key = Annotated[str, typer.Argument(help="As the API names it, such as site_survey.")]


@app.command("list")
def list_all(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List the products, ticket types and categories, with the ids and keys that the API takes."""
    with ready_database(data, database_url) as database:
        rows = database.read(_entries)
    print_list(_HEADINGS, rows, as_json=as_json)


def _entries(tx: Tx) -> list[dict[str, str | int]]:
    return [
        *_rows("product", products(tx)),
        *_rows("ticket_type", named_keys(tx, "ticket_types")),
        *_rows("category", named_keys(tx, "ticket_categories")),
    ]


def _rows(name: str, entries: dict[int, str] | dict[str, str]) -> list[dict[str, str | int]]:
    return [{"list": name, "key": key, "name": entry} for key, entry in entries.items()]


@app.command("add-product")
def product(name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Add a product."""
    with ready_database(data, database_url) as database:
        product_id = database.write(lambda tx: add_product(tx, name))
    print(visible(f"added product {product_id}: {name}"))


@app.command("add-type")
def ticket_type(
    key: Key, name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Add a ticket type."""
    _add("ticket_types", key, name, data, database_url)


@app.command("add-category")
def category(
    key: Key, name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Add a ticket category."""
    _add("ticket_categories", key, name, data, database_url)


def _add(table: KeyedList, key: str, name: str, data: Data, database_url: DatabaseUrl) -> None:
    with ready_database(data, database_url) as database:
        database.write(lambda tx: add_key(tx, table, key, name))
    print(visible(f"added {key}: {name}"))
