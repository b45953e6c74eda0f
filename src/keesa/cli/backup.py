"""`keesa backup`."""

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Final

import typer

from keesa import desk
from keesa.backup import keys, records
from keesa.backup.making import Settings, Steps, back_up, quietly
from keesa.backup.manifest import Manifest
from keesa.backup.opening import open_place
from keesa.backup.places import Place, drop_old, name_of, of_desk
from keesa.backup.records import Record
from keesa.backup.restoring import BEFORE_UPGRADES
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
KEPT: Final = 3
"""Of those that were made before an upgrade."""
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
            with shown() as steps:
                for line in make(database, config, place, passphrase, steps):
                    print(visible(line))
        finally:
            if if_older_than is not None:
                with suppress(KeesaError):  # it lapses by itself
                    database.write(records.ended)


def make(
    database: Database, config: Config, place: Place, passphrase: str | None = None, steps: Steps = quietly
) -> list[str]:
    """Make one there, and remove those that are too old. What is to be said of it."""
    at, begun = now(), time.monotonic()
    extras = [] if passphrase is None else keys.encrypted(config.data, passphrase)
    settings = Settings(config.zone.key, config.number_form)
    desk_id = database.read(_id)
    name = name_of(desk_id, at)
    made, size = place.put(name, lambda file: back_up(database, settings, file, extras, steps))
    seconds = time.monotonic() - begun
    oldest = None if config.backup_keep_days is None else at - config.backup_keep_days * _DAY_MS
    removed = drop_old(place, desk_id, name, config.backup_keep, oldest)
    left = of_desk(place, desk_id)
    record = Record(at, name, place.describe(), size, round(seconds, 1), len(left), left[-1].made_at)
    with suppress(KeesaError):  # the file is good, whatever the desk can keep of it
        database.write(lambda tx: records.keep(tx, record))
    told = f"{place.describe()}/{name}: {size:,} bytes, {_told(made)}, in {seconds:.0f} s"
    return [told, *(f"removed {name}" for name in removed)]


def make_before_an_upgrade(database: Database, config: Config, steps: Steps = quietly) -> str:
    """Where back-ups are configured to go, else beside the data, where the last few stay. What is to be said of it."""
    if config.backup_to is None:
        config = replace(config, backup_to=str(config.data / BEFORE_UPGRADES), backup_keep=KEPT, backup_keep_days=None)
    return make(database, config, open_place(str(config.backup_to), config.data), None, steps)[0]


def _id(tx: Tx) -> str:
    """Empty of a schema that has none yet."""
    return desk.find(tx).id if schema_of(tx) >= desk.SCHEMA else ""


def _told(made: Manifest) -> str:
    return f"{made.tables.get('tickets', 0):,} tickets, {made.tables.get('ticket_notes', 0):,} notes"
