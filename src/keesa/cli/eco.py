"""`keesa eco add`."""

from typing import Annotated

import typer

from keesa.cli.options import Data, DatabaseUrl, possible_id, ready_database
from keesa.directory.customers import create_eco

app = typer.Typer(help="Equipment at customers' sites.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Equipment at customers' sites."""


@app.command()
def add(
    name: str,
    customer: Annotated[int, typer.Option(help="Id of the customer that it belongs to.", callback=possible_id)],
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Add an ECO."""
    with ready_database(data, database_url) as database:
        eco_id = database.write(lambda tx: create_eco(tx, name, customer))
    print(f"added ECO {eco_id}: {name}")
