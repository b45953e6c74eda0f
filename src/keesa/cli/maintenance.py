"""`keesa maintenance on|off`."""

import typer

from keesa.accounts.audit.desk_acts import switch_maintenance
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, operator, ready_database

app = typer.Typer(help="Answer 503 while you work on the system.", no_args_is_help=True)


@app.command()
def on(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """From the next request on, every worker and node answers 503."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: switch_maintenance(tx, operator(), on=True))
    print("maintenance is on")


@app.command()
def off(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Answer again."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: switch_maintenance(tx, operator(), on=False))
    print("maintenance is off")
