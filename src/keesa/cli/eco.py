"""`keesa eco add|list`."""

from typing import Annotated, Final

import typer

from keesa.cli.listing import AsJson, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, possible_id, ready_database
from keesa.directory.ecos import create_eco, list_ecos
from keesa.visible import visible

app = typer.Typer(help="Equipment at customers' sites.", no_args_is_help=True)

_HEADINGS: Final = ("id", "name", "customer_id")


@app.command()
def add(
    name: str,
    customer: Annotated[int, typer.Option(help="Id of the customer that it belongs to.", callback=possible_id)],
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Add an ECO."""
    with ready_database(data, database_url) as database:
        eco_id = database.write(lambda tx: create_eco(tx, name, customer))
    print(visible(f"added ECO {eco_id}: {name}"))


@app.command("list")
def list_all(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List all ECOs, with the ids of the customers that they belong to."""
    with ready_database(data, database_url) as database:
        ecos = database.read(list_ecos)
    print_list(_HEADINGS, [{name: getattr(eco, name) for name in _HEADINGS} for eco in ecos], as_json=as_json)
