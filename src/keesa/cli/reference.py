"""`keesa reference list|add-product|add-type|add-category|rename|move|retire|reinstate|defaults`."""

from typing import Annotated, Any, Final, Literal

import typer
from msgspec import UNSET, UnsetType

from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, possible_id, ready_database
from keesa.db import Tx
from keesa.directory.keyed_lists import KeyedChanges, KeyedEntry, add_key, change_entry, list_entries
from keesa.directory.pages import LONGEST_PAGE
from keesa.directory.products import (
    NewProduct,
    Product,
    ProductChanges,
    ProductPlace,
    add_product,
    change_product,
    find_product,
    list_products,
)
from keesa.directory.reference import KeyedList
from keesa.errors import NotFound
from keesa.visible import visible

app = typer.Typer(help="The lists that tickets choose from.", no_args_is_help=True)

ListName = Literal["product", "ticket_type", "category"]
_TABLES: Final[dict[ListName, KeyedList]] = {"ticket_type": "ticket_types", "category": "ticket_categories"}
_HEADINGS: Final = ("list", "key", "name")
_ALL_HEADINGS: Final = (*_HEADINGS, "retired")

Key = Annotated[str, typer.Argument(help="As the API names it, such as site_survey.")]
Which = Annotated[ListName, typer.Argument(metavar="LIST", help="product, ticket_type or category.")]
Entry = Annotated[str, typer.Argument(metavar="KEY", help="A product's id, or the key of a type or category.")]


@app.command("list")
def list_all(
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired too, marked so.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List the products, ticket types and categories in their order, with the ids and keys that the API takes."""
    with ready_database(data, database_url) as database:
        rows = database.read(lambda tx: _entries(tx, with_retired=retired))
    headings = _ALL_HEADINGS if retired else _HEADINGS
    print_list(headings, [{heading: row[heading] for heading in headings} for row in rows], as_json=as_json)


@app.command("add-product")
def product(name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Add a product."""
    by = operator()
    with ready_database(data, database_url) as database:
        added = database.write(lambda tx: add_product(tx, by, NewProduct(name=name)))
    print(visible(f"added product {added.id}: {name}"))


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


@app.command()
def rename(
    which: Which, key: Entry, name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Give an entry another name; its key stays."""
    _change("renamed", which, key, {"name": name}, data, database_url)


@app.command()
def move(
    which: Which,
    key: Entry,
    position: Annotated[int, typer.Argument(help="Counted from 1, those that are retired too.")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Give an entry another place; those between move up."""
    _change(f"moved to {position}", which, key, {"position": position}, data, database_url)


@app.command()
def retire(
    which: Which, key: Entry, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Refuse new tickets with the entry from now on; those that have it keep it."""
    _change("retired", which, key, {"retired": True}, data, database_url)


@app.command()
def reinstate(
    which: Which, key: Entry, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Take a retired entry into use again."""
    _change("reinstated", which, key, {"retired": False}, data, database_url)


@app.command()
def defaults(
    product_id: Annotated[int, typer.Argument(help="The product's id.", callback=possible_id)],
    ticket_type: Annotated[str | None, typer.Option(help="A ticket type's key.")] = None,
    category: Annotated[str | None, typer.Option(help="A category's key.")] = None,
    no_ticket_type: Annotated[bool, typer.Option("--no-ticket-type", help="Take the type away.")] = False,
    no_category: Annotated[bool, typer.Option("--no-category", help="Take the category away.")] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Give a product the type and the category of tickets that a customer's user raises without; or print them."""
    changes = ProductChanges(
        default_ticket_type=_wanted(ticket_type, no_ticket_type, "ticket-type"),
        default_category=_wanted(category, no_category, "category"),
    )
    by = operator()
    with ready_database(data, database_url) as database:
        if changes == ProductChanges():
            found = database.read(lambda tx: find_product(tx, product_id))
        else:
            found = database.write(lambda tx: change_product(tx, by, product_id, changes))
    words = f"ticket type {found.default_ticket_type or 'none'}, category {found.default_category or 'none'}"
    print(visible(f"product {found.id} ({found.name}): {words}"))


def _wanted(given: str | None, nothing: bool, option: str) -> str | UnsetType | None:  # noqa: FBT001 - two options
    if given is not None and nothing:
        raise typer.BadParameter(f"give --{option} or --no-{option}")
    return None if nothing else UNSET if given is None else given


def _add(table: KeyedList, key: str, name: str, data: Data, database_url: DatabaseUrl) -> None:
    by = operator()
    with ready_database(data, database_url) as database:
        database.write(lambda tx: add_key(tx, by, table, key, name))
    print(visible(f"added {key}: {name}"))


def _change(
    done: str, which: ListName, key: str, changes: dict[str, Any], data: Data, database_url: DatabaseUrl
) -> None:
    by = operator()

    def work(tx: Tx) -> Product | KeyedEntry:
        if which == "product":
            return change_product(tx, by, _product_id(key), ProductChanges(**changes))
        return change_entry(tx, by, _TABLES[which], key, KeyedChanges(**changes))

    with ready_database(data, database_url) as database:
        entry = database.write(work)
    print(visible(f"{done} {which} {key}: {entry.name}"))


def _product_id(key: str) -> int:
    if not (key.isascii() and key.isdecimal()) or len(key) > len(str(2**63)) or int(key) >= 2**63:
        raise NotFound("Product not found")
    return int(key)


def _entries(tx: Tx, *, with_retired: bool) -> list[dict[str, str | int | bool]]:
    found: list[tuple[str, str | int, str, bool]] = []
    after: ProductPlace | None = None
    while True:
        page = list_products(tx, LONGEST_PAGE, after, with_retired=with_retired)
        found += [("product", each.id, each.name, each.retired) for each in page.products]
        if (after := page.next_after) is None:
            break
    for which, table in _TABLES.items():
        place: int | None = None
        while True:
            entries = list_entries(tx, table, LONGEST_PAGE, place, with_retired=with_retired)
            found += [(which, each.key, each.name, each.retired) for each in entries.entries]
            if (place := entries.next_after) is None:
                break
    return [dict(zip(_ALL_HEADINGS, row, strict=True)) for row in found]
