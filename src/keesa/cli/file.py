"""`keesa file check|adopt|sweep`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from keesa.accounts.audit.desk_acts import record_adoption
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, existing_database, operator
from keesa.clock import Clock
from keesa.db import Database, Tx
from keesa.db.size_warnings import in_bytes
from keesa.errors import Refused
from keesa.files import sweeping
from keesa.files.checking import Checked, tickets_of
from keesa.files.checking import check as compare_all
from keesa.files.claims import keep_mark, mark, new_mark, owner, require_claimed
from keesa.files.opening import open_place
from keesa.files.places import Place
from keesa.files.sweeping import Progress, Swept
from keesa.visible import visible

WAITS: Final = 3
"""Pauses that a sweep by hand makes in a row."""

app = typer.Typer(help="Pictures and files: whether all are there, and what nobody needs.", no_args_is_help=True)


@app.command()
def check(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Hold what is kept against what tickets show, and bring back from the bin what they need.

    Exit status 1 where something is lost.
    """
    config = configured(data, database_url)
    with _opened(data, database_url) as (database, place):
        require_claimed(database.read(mark), place)
        found = compare_all(database, place, mend=True)
        _tell(database, place, found)
        if (swept := database.read(sweeping.last_swept)) is not None:
            print(f"swept at {Clock(config.zone).iso(swept.at)}: {_done(swept)}")
    if found.lost_count:
        raise typer.Exit(1)


@app.command()
def adopt(
    missing_too: Annotated[
        bool, typer.Option("--missing-too", help="Also where not all are there that tickets show.")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Say that the desk's pictures and files are now where KEESA_FILES says: no server starts with another place.

    After they were moved there, and while no server runs.
    """
    with _opened(data, database_url) as (database, place):
        found = compare_all(database, place, mend=False)
        if found.lost_count and not missing_too:
            raise Refused(
                f"{found.lost_count:,} pictures and files that tickets show are not in {place.describe()}: bring them"
                " there, or say --missing-too"
            )
        made = new_mark()
        place.put_mark(made, anew=True)
        database.write(lambda tx: _adopt(tx, made, place))
        print(visible(f"pictures and files are in {place.describe()}: {found.there:,}, {in_bytes(found.bytes)}"))


@app.command()
def sweep(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Throw into the bin what no ticket shows for a day, and out of it what was thrown away a week ago; a server does
    it by itself.
    """
    with _opened(data, database_url) as (database, place):
        require_claimed(database.read(mark), place)
        swept = _sweep(database, place)
    if swept is None:
        raise Refused("Somebody reads all files, such as a back-up: nothing more was swept away, try again later")
    print(_done(swept))


@contextmanager
def _opened(data: Data, database_url: DatabaseUrl) -> Iterator[tuple[Database, Place]]:
    config = configured(data, database_url)
    with existing_database(config) as database:
        yield database, open_place(config.files, config.data, database.read(owner))


def _sweep(database: Database, place: Place) -> Swept | None:
    """None where somebody reads all files, and goes on doing so."""
    progress: Progress | None = Progress()
    waited = 0
    while progress is not None:
        before = progress
        portion = database.read(lambda tx: sweeping.look(tx, lambda _: place, before))  # noqa: B023 - asked at once
        waited = waited + 1 if portion.waits else 0
        if waited > WAITS:
            return None
        done = asyncio.run(sweeping.act(portion))
        progress = database.write(lambda tx: sweeping.keep(tx, before, done))  # noqa: B023 - the same
    return database.read(sweeping.last_swept)


def _tell(database: Database, place: Place, found: Checked) -> None:
    print(visible(f"{place.describe()}: {found.there + found.back:,} pictures and files, {in_bytes(found.bytes)}"))
    if found.back:
        print(f"{found.back:,} were in the bin, and are back")
    if found.unneeded:
        print(f"{found.unneeded:,} are needed by nobody: a sweep takes those that are a day old")
    for name in found.lost:
        tickets = database.read(lambda tx: tickets_of(tx, name))  # noqa: B023 - asked at once
        of = f" of {', '.join(map(str, tickets))}" if tickets else ""
        print(f"lost: {name}{of}")
    if found.lost_count > len(found.lost):
        print(f"and {found.lost_count - len(found.lost):,} more")


def _adopt(tx: Tx, made: str, place: Place) -> None:
    keep_mark(tx, made)
    record_adoption(tx, operator(), place.describe())


def _done(swept: Swept) -> str:
    gone = f"{swept.rows:,} rows that no ticket needs, {swept.thrown:,} files into the bin"
    return f"{gone}, {swept.removed:,} out of it for good"
