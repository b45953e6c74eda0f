"""A desk from a back-up, in a place where there is none. It goes on as a desk of its own (`renewing.py`), unless it
takes the place of the one that was lost.
"""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import msgspec

from keesa import secret_key
from keesa.accounts.audit.desk_acts import record_restore
from keesa.accounts.audit.recording import Requester
from keesa.backup import archive, keys, records
from keesa.backup.archive import PIECE, Readable
from keesa.backup.drafts import draft
from keesa.backup.making import DATA, TABLES, Steps, quietly
from keesa.backup.manifest import Manifest, Member
from keesa.backup.renewing import Renewal, renew
from keesa.backup.snapshots import put_changes, require_base
from keesa.data_folder import CONFIG_FILE, require_own
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import build, latest, migrate, restore_begins, restore_ends
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite_copying import check as check_data
from keesa.db.sqlite_copying import compact
from keesa.db.tables import any_present
from keesa.errors import Refused

if TYPE_CHECKING:
    from keesa.db.postgres import PostgresDatabase
    from keesa.db.postgres_copying import Filling

BEFORE_UPGRADES: Final = "before-upgrades"
"""The folder beside the data for back-ups that an upgrade begins with, unless another is configured."""
_MAY_BE_THERE: Final = (secret_key.FILE, secret_key.FORMER_FILE, CONFIG_FILE, BEFORE_UPGRADES)
"""In the folder that a desk is restored to: the key is brought apart from the data."""


class Restored(NamedTuple):
    manifest: Manifest
    left_out: Sequence[str]
    """Tables in it that are none of Keesa's, and were not brought back."""


class _End(NamedTuple):
    """How the restored desk goes on, and who has asked for it."""

    renewal: Renewal
    by: Requester


def restore(
    path: Path,
    data: Path,
    url: str | None,
    renewal: Renewal,
    by: Requester,
    passphrase: str | None = None,
    steps: Steps = quietly,
) -> Restored:
    """From the file into the folder `data`, or the database at `url`; the key too, where a passphrase is given. All of
    the file is read first. Raises `Refused` where it is not what was written, does not fit, or the place is not empty.
    What is there before the end is taken for no desk.
    """
    manifest = archive.read_manifest(path)
    require_fit(manifest, url)
    _require_empty(data, url)
    base = check(path, steps)[1]
    if passphrase is not None:
        keys.put_back(keys.decrypted(base, passphrase), data)
    if url is None:
        return Restored(_restore_sqlite(path, base, manifest, data, _End(renewal, by), steps), ())
    database = _opened(data, url)
    try:
        left_out = database.filling(lambda tx, filling: _fill(tx, filling, path, manifest, steps))
        _go_on(database, manifest, _End(renewal, by), steps)
    finally:
        database.close()
    return Restored(manifest, left_out)


def check(path: Path, steps: Steps = quietly) -> tuple[Manifest, Path]:
    """Read all of a back-up, and of the one that a snapshot stands on: which that is, or else itself. Raises `Refused`
    where one is not what was written.
    """
    manifest = archive.check(path, steps("reading the back-up"))
    return manifest, path if manifest.changes is None else require_base(path, manifest.changes, steps)


def require_fit(manifest: Manifest, url: str | None) -> None:
    """Raise `Refused` where this program, or the engine that was asked for, cannot take it."""
    if manifest.schema > latest():
        raise Refused(
            f"The back-up was made by a newer Keesa ({manifest.keesa}, schema {manifest.schema}; this one knows"
            f" {latest()}): restore it with that version"
        )
    if manifest.engine == "sqlite" and url:
        raise Refused("The back-up is SQLite's, and goes into a folder: leave the database URL out")
    if manifest.engine == "postgres" and not url:
        raise Refused("The back-up is PostgreSQL's: name an empty database with --database-url")


def _require_empty(data: Path, url: str | None) -> None:
    if url:
        database = _opened(data, url)
        try:
            database.read(_require_no_tables)
        finally:
            database.close()
        return
    require_own(data, ())
    found = sorted(path.name for path in data.iterdir()) if data.exists() else []
    if there := [name for name in found if name not in _MAY_BE_THERE and not name.startswith(".")]:
        raise Refused(f"{data} is not empty (it has {there[0]}): restore into an empty folder, or move it away")


def _opened(data: Path, url: str) -> "PostgresDatabase":
    return cast("PostgresDatabase", open_database(data, url))  # as its URL says


def _restore_sqlite(path: Path, base: Path, manifest: Manifest, data: Path, end: _End, steps: Steps) -> Manifest:
    """What is told of it, with the rows of its tables."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with draft(data / SQLITE_FILE) as folder:
        made = folder / SQLITE_FILE
        for member, content in archive.read(base, steps("unpacking the data")):
            if member.name == DATA:
                _write(content, made)
        if manifest.changes is not None:
            put_changes(path, manifest.changes, made)
        compact(made, folder / "compact.db")
        steps("checking it")
        rows = check_data(made)
        if manifest.changes is None and rows != manifest.tables:
            raise _unlike(path)
        database = open_database(folder, None)
        try:
            _go_on(database, manifest, end, steps)
        finally:
            database.close()
        if made.with_name(f"{SQLITE_FILE}-wal").exists():
            raise Refused("The restored data was not written to the end: restore it once more")
        _require_empty(data, None)  # so that no log of another file is beside it
    return msgspec.structs.replace(manifest, tables=rows)


def _write(content: Readable, to: Path) -> None:
    with to.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        while piece := content.read(PIECE):
            file.write(piece)


def _fill(tx: Tx, filling: "Filling", path: Path, manifest: Manifest, steps: Steps) -> list[str]:
    _require_no_tables(tx)
    build(tx, "postgres", manifest.schema)
    filling.look()
    left_out = []
    with filling.emptied():
        members = archive.read(path, steps("filling the tables"))
        for table, pieces in groupby(_pieces(members), lambda piece: piece[0]):
            contents = (content for _, content in pieces)
            if table not in filling.columns:
                left_out.append(table)
            elif filling.fill(table, manifest.columns[table], contents) != manifest.tables[table]:
                raise _unlike(path)
        steps("making the indexes")
    filling.follow(manifest.sequences)
    restore_begins(tx)
    return left_out


def _pieces(members: Iterator[tuple[Member, Readable]]) -> Iterator[tuple[str, bytes]]:
    """Of all tables: the table's name, and some of its rows."""
    for member, content in members:
        folder, _, rest = member.name.partition("/")
        if folder == TABLES:
            yield rest.rpartition("/")[0], content.read()


def _go_on(database: Database, manifest: Manifest, end: _End, steps: Steps) -> None:
    steps("bringing it to this version's schema")
    migrate(database, restoring=True)

    def finish(tx: Tx) -> None:
        renewal = end.renewal
        renew(tx, manifest.made_at, renewal)
        if not renewal.same_desk:
            records.forget(tx)
        record_restore(tx, end.by, manifest.made_at, renewal.clock, same_desk=renewal.same_desk)
        restore_ends(tx)

    database.write(finish)


def _require_no_tables(tx: Tx) -> None:
    if found := any_present(tx):
        raise Refused(
            f"The database is not empty (it has the table {found}): restore into a new one. Where a restore was"
            " interrupted, drop it and make it anew"
        )


def _unlike(path: Path) -> Refused:
    return Refused(f"{path} does not hold the rows that it tells of: take another back-up")
