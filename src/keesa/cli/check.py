"""`keesa check`."""

from keesa.cli.options import Data, DatabaseUrl, configured, existing_database
from keesa.db.migrate import missing
from keesa.db.releases import oldest_for
from keesa.readiness import prove_writing
from keesa.secret_key import check_secret
from keesa.visible import visible


def check(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Say whether the configuration and the database are fit to run, a write among it that is undone. Changes nothing;
    exit status 1 if not.
    """
    config = configured(data, database_url)
    with existing_database(config) as database:
        database.require_writable()
        database.write(prove_writing)
        state, _ = missing(database)
        beside = oldest_for(state.compatible)
        print(visible(f"ok: {database.describe()}, schema {state.version}; beside it may run {beside}"))
    print(visible(f"ok: secret key {check_secret(config.data, config.secret)}"))
    print(f"ok: times in {config.zone}, {config.number_form} ticket numbers")
