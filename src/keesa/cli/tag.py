"""`keesa tag list|add|rename|retire|reinstate`."""

from typing import Annotated, Final

import typer

from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, ready_database
from keesa.db import Tx
from keesa.directory.pages import LONGEST_PAGE
from keesa.directory.tags import Tag, TagChanges, add_tag, change_tag, find_tag_named, list_tags
from keesa.visible import visible

app = typer.Typer(help="The words that the desk puts on tickets.", no_args_is_help=True)

_HEADINGS: Final = ("id", "name")
_ALL_HEADINGS: Final = (*_HEADINGS, "retired")

Name = Annotated[str, typer.Argument(help="The tag's name, in whatever case.")]


@app.command("list")
def list_all(
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired too, marked so.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List the tags in the order in which they were made."""
    with ready_database(data, database_url) as database:
        tags = database.read(lambda tx: _tags(tx, with_retired=retired))
    headings = _ALL_HEADINGS if retired else _HEADINGS
    print_list(headings, [{heading: getattr(tag, heading) for heading in headings} for tag in tags], as_json=as_json)


@app.command()
def add(name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Add a tag."""
    by = operator()
    with ready_database(data, database_url) as database:
        added = database.write(lambda tx: add_tag(tx, by, name))
    print(visible(f"added tag {added.id}: {added.name}"))


@app.command()
def rename(
    name: Name, new_name: str, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Give a tag another name; the tickets that have it show it."""
    _change("renamed", name, TagChanges(name=new_name), data, database_url)


@app.command()
def retire(name: Name, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Put the tag on no further ticket from now on; those that have it keep it."""
    _change("retired", name, TagChanges(retired=True), data, database_url)


@app.command()
def reinstate(name: Name, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Take a retired tag into use again."""
    _change("reinstated", name, TagChanges(retired=False), data, database_url)


def _change(done: str, name: str, changes: TagChanges, data: Data, database_url: DatabaseUrl) -> None:
    by = operator()
    with ready_database(data, database_url) as database:
        tag = database.write(lambda tx: change_tag(tx, by, find_tag_named(tx, name).id, changes))
    print(visible(f"{done} tag {tag.id}: {tag.name}"))


def _tags(tx: Tx, *, with_retired: bool) -> list[Tag]:
    found: list[Tag] = []
    after: int | None = None
    while True:
        page = list_tags(tx, LONGEST_PAGE, after, with_retired=with_retired)
        found += page.tags
        if (after := page.next_after) is None:
            return found
