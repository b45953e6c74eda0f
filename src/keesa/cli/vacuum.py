"""`keesa vacuum`."""

import time
from typing import Final

import typer

from keesa.cli.options import ConfigFile, Data, DatabaseUrl, ready_database
from keesa.db import Database
from keesa.db.postgres_sizes import measure_server
from keesa.db.size_warnings import in_bytes
from keesa.db.sqlite import SqliteDatabase
from keesa.db.vacuum import Progress
from keesa.db.vacuum import vacuum as give_back
from keesa.visible import visible

_TOLD_EVERY: Final = 1.0
"""Seconds."""
_INTERRUPTED: Final = 130


def vacuum(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Give the free pages of the data file back to the disk, while the desk runs. Ctrl-C stops it at any time."""
    with ready_database(data, database_url) as database:
        if isinstance(database, SqliteDatabase):
            _give_back(database)
        else:
            print(visible(_of_postgres(database)))


def _give_back(database: SqliteDatabase) -> None:
    told_at = time.monotonic()
    before = database.path.stat().st_size

    def tell(progress: Progress) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TOLD_EVERY:
            told_at = time.monotonic()
            print(f"{in_bytes(progress.given_back)} given back, {in_bytes(progress.free)} free", flush=True)

    try:
        done = give_back(database, tell)
    except KeyboardInterrupt:
        print("stopped: what was given back is; run it again to go on")
        raise typer.Exit(_INTERRUPTED) from None
    after = database.path.stat().st_size
    print(f"{in_bytes(done.given_back)} given back: the data file has {in_bytes(after)}, it had {in_bytes(before)}")


def _of_postgres(database: Database) -> str:
    server = database.read(measure_server)
    by_itself = "On PostgreSQL there is nothing to do: its autovacuum clears away by itself, while Keesa runs"
    state = "is on" if server.autovacuum else "is off: set autovacuum and track_counts to on"
    return f"{by_itself}. It {state}"
