"""`keesa migrate`."""

from keesa.cli.options import Data, DatabaseUrl, configured
from keesa.db import open_database
from keesa.db.migrate import latest
from keesa.db.migrate import migrate as bring_up
from keesa.visible import visible


def migrate(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Bring the database to this version's schema; `serve` does it too. Safe to run from several places at once."""
    config = configured(data, database_url)
    database = open_database(config.data, config.database_url)
    try:
        for name in bring_up(database):
            print(f"applied {name}")
        print(visible(f"{database.describe()}: schema {latest()}"))
    finally:
        database.close()
