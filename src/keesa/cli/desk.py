"""`keesa desk show|renew|sending`."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import typer

from keesa import desk
from keesa.accounts.audit.desk_acts import record_renewal, switch_sending
from keesa.backup.renewing import Renewal, newest_change
from keesa.backup.renewing import renew as go_on
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, existing_database, operator, ready_database
from keesa.clock import Clock, milliseconds
from keesa.db import Tx

app = typer.Typer(help="Which desk this is, and how it goes on from an older state of itself.", no_args_is_help=True)


class Switch(Enum):
    ON = "on"
    OFF = "off"


@app.command()
def show(data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Its id, which its back-ups have too, when it last began anew, and whether it sends."""
    config = configured(data, database_url)
    with existing_database(config) as database:
        found = database.read(desk.find)
    clock = Clock(config.zone)
    print(f"desk {found.id}")
    if found.began_at is not None:
        print(f"began anew from an older state at {clock.iso(found.began_at)}")
    if found.sending_paused_at is not None:
        print(f"sending is paused since {clock.iso(found.sending_paused_at)}: `keesa desk sending on`")


@app.command()
def renew(
    since: Annotated[
        datetime | None,
        typer.Option(
            help="The time that its state is of, in the desk's zone.", show_default="that of the newest change"
        ),
    ] = None,
    leave_out: Annotated[
        int | None,
        typer.Option(help="Ticket numbers left out, which it may have given since.", show_default="10,000 a day"),
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """End all sessions, leave out ticket numbers, pause sending, make void what clients keep of later states.

    After the database was brought back to an earlier time by other means, and while nobody writes.
    """
    config = configured(data, database_url)
    clock = Clock(config.zone)
    renewal = Renewal(clock, config.number_form, leave_out)
    with existing_database(config) as database:
        at = database.read(newest_change) if since is None else milliseconds(since.replace(tzinfo=config.zone))
        database.write(lambda tx: _renew(tx, at, renewal))
    print(f"the desk goes on from {clock.iso(at)}; nothing is sent until you say `keesa desk sending on`")


def _renew(tx: Tx, at: int, renewal: Renewal) -> None:
    go_on(tx, at, renewal)
    record_renewal(tx, operator(), at, renewal.clock)


@app.command()
def sending(switch: Switch, data: Data = None, database_url: DatabaseUrl = None, _config: ConfigFile = None) -> None:
    """Whether anything is sent to the world outside."""
    with ready_database(data, database_url) as database:
        database.write(lambda tx: switch_sending(tx, operator(), on=switch is Switch.ON))
    print(f"sending is {switch.value}")
