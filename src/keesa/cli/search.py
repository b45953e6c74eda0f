"""`keesa search`."""

import time
from typing import Annotated, Final

import typer

from keesa.cli.options import ConfigFile, Data, DatabaseUrl, ready_database
from keesa.db import Database
from keesa.errors import Refused
from keesa.words import checking, filling, rebuilding

app = typer.Typer(help="What tickets are found by.", no_args_is_help=True)

_TOLD_EVERY: Final = 1.0
"""Seconds."""
_INTERRUPTED: Final = 130

FromNothing = Annotated[
    bool, typer.Option("--from-nothing", help="Empty the index first: for one that is damaged. As who migrates.")
]


@app.command()
def rebuild(
    data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None, from_nothing: FromNothing = False
) -> None:
    """Make the index anew from the texts of all tickets, while the desk runs; meanwhile everything is found. Ctrl-C
    stops it at any time.
    """
    with ready_database(data, database_url) as database:
        if from_nothing:
            rebuilding.empty(database)
        _rebuild(database)


@app.command()
def check(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Hold the index against all tickets' texts, and list what differs: exit status 1 where anything does. It changes
    nothing.
    """
    with ready_database(data, database_url) as database:
        done, different = _check(database)
        whole = database.read(filling.is_whole)
    if different:
        raise Refused(f"{different:,} differences: keesa search rebuild")
    if not whole:
        raise Refused("The server is filling the index: tickets that it has not come to are not found yet")
    print(f"ok: {done:,} tickets")


def _rebuild(database: Database) -> None:
    told_at = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TOLD_EVERY:
            told_at = time.monotonic()
            print(f"{done:,} tickets", flush=True)

    try:
        done = rebuilding.rebuild(database, tell)
    except KeyboardInterrupt:
        print("stopped: what is there is right; run it again to have all of it made anew")
        raise typer.Exit(_INTERRUPTED) from None
    print(f"{done:,} tickets: the index is made anew")


def _check(database: Database) -> tuple[int, int]:
    """How many tickets there are, and how many differences, which are printed."""
    done = different = 0
    for difference in checking.check_names(database):
        print(difference)
        different += 1
    for checked in checking.check_tickets(database):
        for difference in checked.differences:
            print(difference)
        done, different = done + checked.done, different + len(checked.differences)
    return done, different
