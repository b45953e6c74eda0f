"""A desk from a back-up, in a place where there is none. It goes on as a desk of its own (`renewing.py`), unless it
takes the place of the one that was lost.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
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
from keesa.backup.files import bring_files
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
from keesa.files import claims
from keesa.files.checking import Difference, compare
from keesa.files.needed import all_needed
from keesa.files.opening import FOLDER, open_place
from keesa.files.places import Place

if TYPE_CHECKING:
    from keesa.db.postgres import PostgresDatabase
    from keesa.db.postgres_copying import Filling

BEFORE_UPGRADES: Final = "before-upgrades"
"""The folder beside the data for back-ups that an upgrade begins with, unless another is configured."""
_MAY_BE_THERE: Final = (secret_key.FILE, secret_key.FORMER_FILE, CONFIG_FILE, BEFORE_UPGRADES, FOLDER)
"""In the folder that a desk is restored to: the key is brought apart from the data, and files are added to others."""


class Files(NamedTuple):
    there: int
    missing: int
    """That rows name."""


class Restored(NamedTuple):
    manifest: Manifest
    left_out: Sequence[str]
    """Tables in it that are none of Keesa's, and were not brought back."""
    files: Files = Files(0, 0)
    """Of the restored desk."""
    kept: str = ""
    """Where they are kept."""


class _End(NamedTuple):
    """How the restored desk goes on, who has asked for it, and where its files come from and go to."""

    renewal: Renewal
    by: Requester
    sources: Sequence[Path]
    """The back-up, behind the one that it stands on."""
    place: Callable[[str], Place]
    """Of the desk whose folder is called so."""
    scratch: Path


def restore(
    path: Path,
    data: Path,
    url: str | None,
    renewal: Renewal,
    by: Requester,
    passphrase: str | None = None,
    steps: Steps = quietly,
    files: str | None = None,
) -> Restored:
    """From the file into the folder `data`, or the database at `url`; the key too, where a passphrase is given.
    Pictures and files go to where `files` says, else into the folder. All of the file is read first. Raises `Refused`
    where it is not what was written, does not fit, or the place is not empty. What is there before the end is taken
    for no desk.
    """
    manifest = archive.read_manifest(path)
    require_fit(manifest, url)
    _require_empty(data, url)
    base = check(path, steps)[1]
    if passphrase is not None:
        keys.put_back(keys.decrypted(base, passphrase), data)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    sources = (path,) if base == path else (base, path)
    end = _End(renewal, by, sources, partial(open_place, files, data), data)
    if url is None:
        return _restore_sqlite(path, base, manifest, data, end, steps)
    database = _opened(data, url)
    try:
        left_out = database.filling(lambda tx, filling: _fill(tx, filling, path, manifest, steps))
        found, kept = _go_on(database, manifest, end, steps)
    finally:
        database.close()
    return Restored(manifest, left_out, found, kept)


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


def _restore_sqlite(path: Path, base: Path, manifest: Manifest, data: Path, end: _End, steps: Steps) -> Restored:
    """What is told of it, with the rows of its tables."""
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
            files, kept = _go_on(database, manifest, end, steps)
        finally:
            database.close()
        if made.with_name(f"{SQLITE_FILE}-wal").exists():
            raise Refused("The restored data was not written to the end: restore it once more")
        _require_empty(data, None)  # so that no log of another file is beside it
    return Restored(msgspec.structs.replace(manifest, tables=rows), (), files, kept)


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


def _go_on(database: Database, manifest: Manifest, end: _End, steps: Steps) -> tuple[Files, str]:
    """It is a desk once all of it is there, its files too: how many, and where."""
    steps("bringing it to this version's schema")
    migrate(database, restoring=True)
    mark = claims.new_mark()
    place = end.place(database.write(lambda tx: _renew(tx, manifest, end, mark)))
    steps("bringing pictures and files back")
    for each in end.sources:
        bring_files(each, place, end.scratch)
    found = _count(database, place)
    place.put_mark(mark, anew=True)
    database.write(restore_ends)
    return found, place.describe()


def _renew(tx: Tx, manifest: Manifest, end: _End, mark: str) -> str:
    """What its folder is called where files are kept."""
    renewal = end.renewal
    renew(tx, manifest.made_at, renewal)
    if not renewal.same_desk:
        records.forget(tx)
        claims.keep_owner(tx, claims.owner_of_copy(tx))
    claims.keep_mark(tx, mark)
    for left in ("file_holds", "upload_pieces", "uploads"):  # whoever was at them is not here; uploads begin anew
        tx.run(f"DELETE FROM {left}")
    record_restore(tx, end.by, manifest.made_at, renewal.clock, same_desk=renewal.same_desk)
    return claims.owner(tx)


def _count(database: Database, place: Place) -> Files:
    there = missing = 0
    for compared in compare(all_needed(database), place.all()):
        there += compared.difference is Difference.NONE
        missing += compared.difference in (Difference.MISSING, Difference.DAMAGED)
    return Files(there, missing)


def _require_no_tables(tx: Tx) -> None:
    if found := any_present(tx):
        raise Refused(
            f"The database is not empty (it has the table {found}): restore into a new one. Where a restore was"
            " interrupted, drop it and make it anew"
        )


def _unlike(path: Path) -> Refused:
    return Refused(f"{path} does not hold the rows that it tells of: take another back-up")
