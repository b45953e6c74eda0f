"""`keesa backup --changes`: a snapshot, or a full back-up where there is none for it to stand on."""

import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from keesa.backup import archive, records
from keesa.backup.blocks import BLOCK, TooManyError
from keesa.backup.making import Settings, Steps, quietly
from keesa.backup.opening import is_bucket
from keesa.backup.places import Folder, drop_old_snapshots, of_desk, snapshot_name_of, snapshots_of_desk
from keesa.backup.records import Record
from keesa.backup.snapshots import Base, read_base, take
from keesa.cli.full_backup import files_of, id_of, lacking, make, remove_old
from keesa.cli.options import open_existing
from keesa.cli.progress import shown
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import KeesaError, Refused
from keesa.visible import visible

OLDEST_BASE: Final = 26 * 3600 * 1000
"""Milliseconds after which a full back-up is made: a day, and the time that the one of each day may take."""
LONGEST: Final = 24 * 3600
"""Seconds that it goes on by itself: then whoever has begun it begins it anew."""
_MINUTE: Final = 60


def snapshots(config: Config, every: int | None) -> None:
    """One now, or one every so many minutes for a day. It says little then: nobody may be reading."""
    taking = Snapshots(config)
    if every is None:
        with shown() as steps:
            for line in taking.take(steps):
                print(visible(line))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # it has no other end
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if wait := taking.due_in(every):
            time.sleep(wait)
        else:
            taking.take(quietly)
    print("took snapshots for a day")


def require_place(config: Config) -> Path:
    """The folder of the snapshots. Raises `Refused` where there can be none."""
    if config.database_url:
        raise Refused("Snapshots are SQLite's: docs/point-in-time.md tells how PostgreSQL loses a minute at the most")
    if config.backup_to is None:
        raise Refused("Say where to: --to, or KEESA_BACKUP_TO")
    if is_bucket(config.backup_to):
        raise Refused("Snapshots go into a folder, not to S3: name one with --to, or KEESA_BACKUP_TO")
    return Path(config.backup_to)


class Snapshots:
    """Takes one after the other. What it knows of their base it reads once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._path = require_place(config)
        self._folder = Folder(self._path)
        self._base: Base | None = None

    def due_in(self, every: int) -> float:
        """Seconds until the last one is so many minutes old, whoever has made it; 0 where it is."""
        with open_existing(self._config) as database:
            known = (database.read(records.last), database.read(records.last_snapshot))
        newest = max((record.at for record in known if record is not None), default=0)
        left = newest / 1000 + every * _MINUTE - now() / 1000
        return max(0.0, min(left, every * _MINUTE))  # a clock that was set back makes no gap

    def take(self, steps: Steps) -> list[str]:
        """One; what was made, for people."""
        with open_existing(self._config) as database:
            assert isinstance(database, SqliteDatabase)  # noqa: S101 - as `require_place` has found
            desk = database.read(id_of)
            base = self._base_of(desk)
            if base is not None:
                with suppress(TooManyError):
                    return self._take(database, desk, base, steps)
            return self._full(database, steps)

    def _base_of(self, desk: str) -> Base | None:
        """The newest full back-up, unless it is too old, or of a Keesa that knew no snapshots."""
        newest = next(iter(of_desk(self._folder, desk)), None)
        if newest is None or now() - newest.made_at > OLDEST_BASE:
            return None
        path = self._path / newest.name
        if self._base is None or self._base.name != newest.name or self._base.sum != archive.sum_of(path):
            self._base = None
            with suppress(Refused):  # it is damaged: another one is made
                self._base = read_base(path)
        return self._base

    def _take(self, database: SqliteDatabase, desk: str, base: Base, steps: Steps) -> list[str]:
        at, begun = now(), time.monotonic()
        settings = Settings(self._config.zone.key, self._config.number_form)
        name = snapshot_name_of(desk, at, base.name)
        files = files_of(database, self._config)
        made, size = self._folder.put(name, lambda file: take(database, settings, base, file, steps, files))
        if not (self._path / base.name).exists():
            self._folder.remove(name)
            raise Refused(f"{base.name} was removed while a snapshot was taken that stands on it: take another one")
        seconds = time.monotonic() - begun
        removed = drop_old_snapshots(self._folder, desk, at)
        removed += remove_old(self._config, self._folder, desk, base.name, at)
        left = snapshots_of_desk(self._folder, desk)
        record = Record(at, name, self._folder.describe(), size, round(seconds, 1), len(left), left[-1].made_at)
        with suppress(KeesaError):  # the file is good, whatever the desk can keep of it
            database.write(lambda tx: records.keep_snapshot(tx, record))
        assert made.changes is not None  # noqa: S101 - it is a snapshot
        changed = f"{made.changes.blocks:,} of {made.changes.size // BLOCK:,} blocks"
        changed += "" if made.files is None else f", {made.files.count:,} files"
        told = f"{self._folder.describe()}/{name}: {size:,} bytes, {changed}, in {seconds:.1f} s"
        return [told, *lacking(made), *(f"removed {each}" for each in removed)]

    def _full(self, database: Database, steps: Steps) -> list[str]:
        if not database.write(lambda tx: records.begin_if_due(tx, now(), 0)):
            return ["no snapshot: a full back-up is being made, on which the next ones will stand"]
        try:
            return make(database, self._config, self._folder, None, steps)
        finally:
            with suppress(KeesaError):  # it lapses by itself
                database.write(records.ended)
