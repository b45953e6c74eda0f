"""`keesa backup`."""

import os
import signal
import sys
import time
from contextlib import suppress
from typing import Annotated, Final

import typer

from keesa import desk
from keesa.backup import keys, records
from keesa.backup.making import Settings, back_up
from keesa.backup.manifest import Manifest
from keesa.backup.opening import open_place
from keesa.backup.places import Place, drop_old, name_of, of_desk
from keesa.backup.records import Record
from keesa.cli.options import Data, DatabaseUrl, configured, open_existing
from keesa.cli.passphrases import passphrase_of
from keesa.cli.progress import shown
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.db.migrate import schema_of
from keesa.errors import KeesaError, Refused
from keesa.visible import visible

NICE: Final = 10
"""How much who answers requests goes before it."""
_HOUR_MS = 3600 * 1000
_DAY_MS = 24 * _HOUR_MS

To = Annotated[str | None, typer.Option(help="Folder, or s3://bucket/path.", show_default="KEESA_BACKUP_TO")]


def backup(
    to: To = None,
    keep: Annotated[int | None, typer.Option(help="How many stay, the newest ones.", show_default="all")] = None,
    keep_days: Annotated[int | None, typer.Option(help="For how many days they stay.", show_default="ever")] = None,
    with_key: Annotated[
        bool, typer.Option("--with-key", help="The secret key too, encrypted with KEESA_BACKUP_PASSPHRASE.")
    ] = False,
    if_older_than: Annotated[
        int | None, typer.Option(help="Only where the last one is so many hours old, and nobody is making one.")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Put all that belongs to the desk into one file, while it runs, and read it again; then remove what is too old."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing of it is left behind
    os.nice(NICE)
    config = configured(data, database_url, backup_to=to, backup_keep=keep, backup_keep_days=keep_days)
    if config.backup_to is None:
        raise Refused("Say where to: --to, or KEESA_BACKUP_TO")
    place = open_place(config.backup_to, config.data)
    passphrase = passphrase_of(config, twice=True) if with_key else None
    with open_existing(config) as database:
        if if_older_than is not None and not database.write(
            lambda tx: records.begin_if_due(tx, now(), if_older_than * _HOUR_MS)
        ):
            print("the last back-up is not so old, or another one is being made")
            return
        try:
            _back_up(database, config, place, passphrase)
        finally:
            if if_older_than is not None:
                with suppress(KeesaError):  # it lapses by itself
                    database.write(records.ended)


def _back_up(database: Database, config: Config, place: Place, passphrase: str | None) -> None:
    at, begun = now(), time.monotonic()
    extras = [] if passphrase is None else keys.encrypted(config.data, passphrase)
    settings = Settings(config.zone.key, config.number_form)
    desk_id = database.read(_id)
    name = name_of(desk_id, at)
    with shown() as steps:
        made, size = place.put(name, lambda file: back_up(database, settings, file, extras, steps))
    seconds = time.monotonic() - begun
    print(visible(f"{place.describe()}/{name}: {size:,} bytes, {_told(made)}, in {seconds:.0f} s"))
    oldest = None if config.backup_keep_days is None else at - config.backup_keep_days * _DAY_MS
    for removed in drop_old(place, desk_id, config.backup_keep, oldest):
        print(visible(f"removed {removed}"))
    left = of_desk(place, desk_id)
    record = Record(at, name, place.describe(), size, round(seconds, 1), len(left), left[-1].made_at)
    with suppress(KeesaError):  # the file is good, whatever the desk can keep of it
        database.write(lambda tx: records.keep(tx, record))


def _id(tx: Tx) -> str:
    """Empty of a schema that has none yet."""
    return desk.find(tx).id if schema_of(tx) >= desk.SCHEMA else ""


def _told(made: Manifest) -> str:
    return f"{made.tables.get('tickets', 0):,} tickets, {made.tables.get('ticket_notes', 0):,} notes"
