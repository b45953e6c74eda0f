"""`keesa report`."""

import typer

from keesa.cli.options import ConfigFile, Data, DatabaseUrl, loaded, ready_database
from keesa.clock import Clock
from keesa.reports import recounting

app = typer.Typer(help="How many tickets there are.", no_args_is_help=True)


@app.command()
def recount(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Have all tickets counted anew, by the days of this zone, while the desk runs: the server does it in small steps.
    Until then reports answer 503.
    """
    zone = loaded(data, database_url).config.zone
    with ready_database(data, database_url) as database:
        database.write(lambda tx: recounting.begin_anew(tx, Clock(zone)))
    print(f"the server counts all tickets anew, by the days of {zone}")
