"""`keesa eco add|list|show|change|move|retire|reinstate`."""

from typing import Annotated, Final

import typer

from keesa.accounts.actors import SYSTEM
from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, possible_id, ready_database
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory.ecos import Eco, EcoChanges, EcosWanted, change_eco, create_eco, find_eco, list_ecos
from keesa.directory.pages import LONGEST_PAGE, PageAfter
from keesa.visible import visible

app = typer.Typer(help="Equipment at customers' sites.", no_args_is_help=True)

Id = Annotated[int, typer.Argument(help="Id of the ECO.", callback=possible_id)]
_HEADINGS: Final = ("id", "name", "customer_id")
_ALL_HEADINGS: Final = (*_HEADINGS, "retired")


@app.command()
def add(
    name: str,
    customer: Annotated[int, typer.Option(help="Id of the customer that it belongs to.", callback=possible_id)],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add an ECO."""
    by = operator()
    with ready_database(data, database_url) as database:
        eco_id = database.write(lambda tx: create_eco(tx, by, name, customer))
    print(visible(f"added ECO {eco_id}: {name}"))


@app.command("list")
def list_all(
    customer: Annotated[
        int | None, typer.Option(help="Only those of the customer with this id.", callback=possible_id)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Only those whose name contains this, in any case.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired too, marked so.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """List all ECOs that are in use, with the ids of the customers that they belong to."""
    wanted = EcosWanted(customer_id=customer, name=name, with_retired=retired)
    with ready_database(data, database_url) as database:
        ecos = database.read(lambda tx: _every(tx, wanted))
    _print(ecos, _ALL_HEADINGS if retired else _HEADINGS, as_json=as_json)


@app.command()
def show(
    eco_id: Id, as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """Show one ECO, retired or not."""
    with ready_database(data, database_url) as database:
        eco = database.read(lambda tx: find_eco(tx, SYSTEM, eco_id))
    _print([eco], _ALL_HEADINGS, as_json=as_json)


@app.command()
def change(
    eco_id: Id,
    name: Annotated[str, typer.Option(help="The new name.")],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Rename an ECO."""
    _change("changed", eco_id, EcoChanges(name=name), data, database_url)


@app.command()
def move(
    eco_id: Id,
    customer: Annotated[int, typer.Option(help="Id of the customer that it belongs to now.", callback=possible_id)],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Move an ECO to another customer; its old tickets stay those of the customer that they were raised for."""
    _change("moved", eco_id, EcoChanges(customer_id=customer), data, database_url)


@app.command()
def retire(eco_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Refuse new tickets for the ECO from now on; what there is stays."""
    _change("retired", eco_id, EcoChanges(retired=True), data, database_url)


@app.command()
def reinstate(eco_id: Id, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Take a retired ECO into use again."""
    _change("reinstated", eco_id, EcoChanges(retired=False), data, database_url)


def _change(done: str, eco_id: int, changes: EcoChanges, data: Data, database_url: DatabaseUrl) -> None:
    by = operator()
    with ready_database(data, database_url) as database:
        eco = database.write(lambda tx: change_eco(tx, by, eco_id, changes))
    whose = f", of customer {eco.customer_id}" if done == "moved" else ""
    print(visible(f"{done} ECO {eco.id}: {eco.name}{whose}"))


def _every(tx: Tx, wanted: EcosWanted) -> list[Eco]:
    """Those of all pages."""
    ecos: list[Eco] = []
    page = PageAfter(LONGEST_PAGE)
    while True:
        found = run_to_the_end(list_ecos(tx, SYSTEM, page, wanted))
        ecos += found.ecos
        if found.next_after is None:
            return ecos
        page = PageAfter(LONGEST_PAGE, found.next_after)


def _print(ecos: list[Eco], headings: tuple[str, ...], *, as_json: bool) -> None:
    print_list(headings, [{name: getattr(eco, name) for name in headings} for eco in ecos], as_json=as_json)
