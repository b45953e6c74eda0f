"""`keesa backup`."""

import os
import signal
import sys
from contextlib import suppress
from typing import Annotated, Final

import typer

from keesa.backup import records
from keesa.backup.opening import open_place
from keesa.cli.full_backup import make
from keesa.cli.options import ConfigFile, Data, DatabaseUrl, configured, open_existing
from keesa.cli.passphrases import passphrase_of
from keesa.cli.progress import shown
from keesa.cli.snapshots import snapshots
from keesa.clock import now
from keesa.config import Config
from keesa.errors import KeesaError, Refused
from keesa.visible import visible

NICE: Final = 10
"""How much who answers requests goes before it."""
_HOUR_MS: Final = 3600 * 1000

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
    changes: Annotated[
        bool, typer.Option("--changes", help="A snapshot: what has changed since the newest one there. SQLite only.")
    ] = False,
    every_minutes: Annotated[
        int | None, typer.Option(min=1, max=1440, help="Such a snapshot again and again, for a day.")
    ] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    _config: ConfigFile = None,
) -> None:
    """Put all that belongs to the desk into one file, while it runs, and read it again; then remove what is too old."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing of it is left behind
    os.nice(NICE)
    config = configured(data, database_url, backup_to=to, backup_keep=keep, backup_keep_days=keep_days)
    if changes:
        if with_key or if_older_than is not None:
            raise Refused("--changes goes without --with-key and --if-older-than, which are for full back-ups")
        snapshots(config, every_minutes)
        return
    if every_minutes is not None:
        raise Refused("--every-minutes goes with --changes")
    _back_up(config, with_key, if_older_than)


def _back_up(config: Config, with_key: bool, if_older_than: int | None) -> None:  # noqa: FBT001 - as it was asked
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
