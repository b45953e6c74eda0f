"""`keesa secret rotate|show`."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Annotated, Final

import typer

from keesa.accounts.audit.desk_acts import record_rotation
from keesa.accounts.sessions import end_some
from keesa.cli.listing import AsJson, Rows, print_list
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, existing_database, operator
from keesa.clock import Clock, now
from keesa.config import Config
from keesa.db import Database
from keesa.errors import Refused
from keesa.key_rotation import replace_leaked, rotate
from keesa.secret_key import FILE, read_kept
from keesa.visible import visible

app = typer.Typer(help="The keys that tokens are signed with.", no_args_is_help=True)

_HEADINGS: Final = ("use", "made", "retired", "until")


@app.command("rotate")
def rotate_key(
    leaked: Annotated[
        bool, typer.Option("--leaked", help="Forget the former key at once, and end every session.")
    ] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Sign with a new key from now on. Sessions go on: the former key verifies for 10 days more."""
    config = configured(data, database_url)
    if config.secret is not None:
        raise Refused(
            "The secret comes from the configuration: docs/operations.md says how several nodes change theirs"
        )
    if not leaked:
        read_kept(config.data)  # raises for one that is unfit
    # opened first: where the sessions cannot be ended, or it cannot be recorded, nothing is changed
    with existing_database(config) as database:
        _rotate(config, database, leaked=leaked)


def _rotate(config: Config, database: Database, *, leaked: bool) -> None:
    if leaked:
        replace_leaked(config.data)
        ended = _end_all(database)
        database.write(lambda tx: record_rotation(tx, operator(), leaked=True))
        print(visible(f"a new key signs, in {config.data / FILE}; all former ones are forgotten"))
        print(f"ended {ended} sessions: everybody logs in again")
        return
    until = rotate(config.data, now())
    database.write(lambda tx: record_rotation(tx, operator(), leaked=False))
    print(visible(f"a new key signs, in {config.data / FILE}"))
    print(f"the former one verifies until {Clock(config.zone).iso(until)}; no session ends")


@app.command()
def show(
    as_json: AsJson = False, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None
) -> None:
    """List when each key was made, retired, and will be forgotten. No key is shown."""
    print_list(_HEADINGS, _rows(configured(data, database_url)), as_json=as_json)


def _end_all(database: Database) -> int:
    """In pieces, so that other writers come in between. What is opened meanwhile has the new key."""
    ended = 0
    while some := database.write(end_some):
        ended += some
    return ended


def _rows(config: Config) -> Rows:
    """Of those in the configuration nobody knows the times."""
    former = [_row(config, "verifies")] * len(config.secret_previous)
    if config.secret is not None:
        return [_row(config, "signs"), *former]
    signing, *kept = read_kept(config.data)
    rows = [_row(config, "signs", signing.made_at)]
    for key in kept:
        use = "verifies" if key.until is not None and key.until > now() else "forgotten"
        rows.append(_row(config, use, key.made_at, key.retired_at, key.until))
    return [*rows, *former]


def _row(config: Config, use: str, *times: int | None) -> Mapping[str, str | None]:
    clock = Clock(config.zone)
    shown = [None if at is None else clock.iso(at) for at in times]
    return dict(zip_longest(_HEADINGS, (use, *shown)))
