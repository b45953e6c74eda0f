"""A full back-up as the command line makes it: what is too old goes, and the desk keeps that there is one."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Final

from keesa import desk
from keesa.backup import keys, records
from keesa.backup.files import SCHEMA
from keesa.backup.making import Settings, Steps, back_up, quietly
from keesa.backup.manifest import Manifest
from keesa.backup.opening import open_place
from keesa.backup.places import Place, drop_old, name_of, of_desk
from keesa.backup.records import Record
from keesa.backup.restoring import BEFORE_UPGRADES
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.db.migrate import schema_of
from keesa.errors import KeesaError
from keesa.files.claims import owner
from keesa.files.opening import open_place as open_files
from keesa.files.places import Place as Files

KEPT: Final = 3
"""Of those that were made before an upgrade."""
_DAY_MS: Final = 24 * 3600 * 1000


def make(
    database: Database,
    config: Config,
    place: Place,
    passphrase: str | None = None,
    steps: Steps = quietly,
    *,
    with_files: bool = True,
) -> list[str]:
    """Make one there, and remove those that are too old. What is to be said of it."""
    at, begun = now(), time.monotonic()
    extras = [] if passphrase is None else keys.encrypted(config.data, passphrase)
    settings = Settings(config.zone.key, config.number_form)
    desk_id = database.read(id_of)
    name = name_of(desk_id, at)
    files = files_of(database, config) if with_files else None
    made, size = place.put(name, lambda file: back_up(database, settings, file, extras, steps, files))
    seconds = time.monotonic() - begun
    removed = remove_old(config, place, desk_id, name, at)
    left = of_desk(place, desk_id)
    missing = 0 if made.files is None else made.files.missing
    record = Record(at, name, place.describe(), size, round(seconds, 1), len(left), left[-1].made_at, missing)
    with suppress(KeesaError):  # the file is good, whatever the desk can keep of it
        database.write(lambda tx: records.keep(tx, record))
    told = f"{place.describe()}/{name}: {size:,} bytes, {_holds(made)}, in {seconds:.0f} s"
    return [told, *lacking(made), *(f"removed {name}" for name in removed)]


def files_of(database: Database, config: Config) -> Files | None:
    """Where the desk's pictures and files are kept; None of a schema that has none yet."""
    if database.read(schema_of) < SCHEMA:
        return None
    return open_files(config.files, config.data, database.read(owner))


def lacking(made: Manifest) -> list[str]:
    """What is to be said where pictures or files are missing in it."""
    if made.files is None or not made.files.missing:
        return []
    where = "where KEESA_FILES, or else --data, says that they are: `keesa file check` tells which"
    return [f"warning: {made.files.missing:,} pictures or files were not {where}"]


def remove_old(config: Config, place: Place, desk_id: str, made: str, at: int) -> list[str]:
    """What the configuration does not keep; what was removed."""
    oldest = None if config.backup_keep_days is None else at - config.backup_keep_days * _DAY_MS
    return drop_old(place, desk_id, made, config.backup_keep, oldest)


def make_before_an_upgrade(database: Database, config: Config, steps: Steps = quietly) -> str:
    """Where back-ups are configured to go, else beside the data, where the last few stay. What is to be said of it. It
    has no pictures and files, which no upgrade touches.
    """
    if config.backup_to is None:
        config = replace(config, backup_to=str(config.data / BEFORE_UPGRADES), backup_keep=KEPT, backup_keep_days=None)
    place = open_place(str(config.backup_to), config.data)
    return make(database, config, place, None, steps, with_files=False)[0]


def id_of(tx: Tx) -> str:
    """The desk's; empty of a schema that has none yet."""
    return desk.find(tx).id if schema_of(tx) >= desk.SCHEMA else ""


def _holds(made: Manifest) -> str:
    rows = f"{made.tables.get('tickets', 0):,} tickets, {made.tables.get('ticket_notes', 0):,} notes"
    return rows if made.files is None else f"{rows}, {made.files.count:,} files"
