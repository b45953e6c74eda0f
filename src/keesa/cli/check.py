"""`keesa check`."""

from keesa.cli.options import Data, DatabaseUrl, configured
from keesa.db import open_database
from keesa.db.migrate import check_schema, latest
from keesa.db.opening import SQLITE_FILE
from keesa.errors import Refused
from keesa.secret_key import check_secret


def check(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Say whether the configuration and the database are fit to run. Changes nothing; exit status 1 if not."""
    config = configured(data, database_url)
    if not config.database_url and not (config.data / SQLITE_FILE).exists():
        raise Refused(f"There is no {config.data / SQLITE_FILE}: run `keesa migrate`, or `keesa serve`")
    database = open_database(config.data, config.database_url)
    try:
        database.read(check_schema)
        print(f"ok: {database.describe()}, schema {latest()}")
    finally:
        database.close()
    print(f"ok: secret key {check_secret(config.data, config.secret)}")
    print(f"ok: times in {config.zone}, {config.number_form} ticket numbers")
