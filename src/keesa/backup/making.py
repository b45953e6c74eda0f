"""Making a back-up: one state of the desk in one file, which has its name once it was read again and found good."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import keesa
from keesa import desk
from keesa.backup.archive import Progress, Writer, check, silent
from keesa.backup.blocks import sums_of_file
from keesa.backup.drafts import draft
from keesa.backup.files import SCHEMA, last_of, source, write_files
from keesa.backup.manifest import Engine, Manifest
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.db.migrate import schema_of
from keesa.db.sqlite import SqliteDatabase
from keesa.db.sqlite_copying import check as check_data
from keesa.db.sqlite_copying import look
from keesa.errors import Refused
from keesa.files.places import Place

if TYPE_CHECKING:
    from keesa.db.postgres import PostgresDatabase

DATA: Final = "keesa.db"
"""The member that SQLite's data is."""
SUMS: Final = "keesa.db.sums"
"""The member before it: the sums of its blocks (`blocks.py`), for the snapshots that stand on the back-up."""
TABLES: Final = "tables"
"""The folder of PostgreSQL's: tables/<name>/<number>, a piece of whole rows each."""

Steps = Callable[[str], Progress]
"""Told what begins; what it gives is told how far that is."""


class Settings(NamedTuple):
    """What numbers and times are made with, which no table has."""

    zone: str
    number_form: str


class Extra(NamedTuple):
    """A member beside the data."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class _State:
    """What was written of a desk."""

    engine: Engine
    schema: int
    desk: str
    tables: Mapping[str, int]
    columns: Mapping[str, Sequence[str]]
    sequences: Mapping[str, int | None]
    last: int
    """The largest id of `stored_files`."""


def quietly(_what: str) -> Progress:
    return silent


def back_up(
    database: Database,
    settings: Settings,
    to: Path,
    extras: Sequence[Extra] = (),
    steps: Steps = quietly,
    place: Place | None = None,
) -> Manifest:
    """The desk as it is now, in the new file `to`, with the pictures and files that are kept at `place`. Nothing is
    missing that was acknowledged before. Raises `Refused` where the data is damaged, and `OSError` where the file
    cannot be made.
    """
    at = now()
    place = place if database.read(schema_of) >= SCHEMA else None
    with draft(to) as folder, source(database, place) as files:
        made = folder / to.name
        with made.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            writer = Writer(file)
            for extra in extras:
                writer.add_bytes(extra.name, extra.content)
            state = _write(database, folder, writer, steps)
            if files is not None:
                steps("packing pictures and files")
            told = None if files is None else write_files(files, writer, 0, state.last, folder)
            writer.seal(
                Manifest(
                    made_at=at,
                    keesa=keesa.__version__,
                    engine=state.engine,
                    schema=state.schema,
                    desk=state.desk,
                    zone=settings.zone,
                    number_form=settings.number_form,
                    tables=state.tables,
                    columns=state.columns,
                    sequences=state.sequences,
                    members=writer.members,
                    files=told,
                )
            )
        return check(made, steps("reading it again"))


def _write(database: Database, folder: Path, writer: Writer, steps: Steps) -> _State:
    if isinstance(database, SqliteDatabase):
        return _write_sqlite(database, folder / DATA, writer, steps)
    return _write_postgres(cast("PostgresDatabase", database), writer, steps)


def _write_sqlite(database: SqliteDatabase, copied: Path, writer: Writer, steps: Steps) -> _State:
    steps("copying the data")
    database.copy(copied)
    steps("checking it")
    rows = check_data(copied)
    (schema, id_), last = look(copied, lambda tx: (named(tx), last_of(tx)))
    writer.add_bytes(SUMS, sums_of_file(copied))
    with copied.open("rb") as data:
        writer.add(DATA, copied.stat().st_size, data, steps("packing it"))
    copied.unlink()
    return _State("sqlite", schema, id_, rows, {}, {}, last)


def _write_postgres(database: "PostgresDatabase", writer: Writer, steps: Steps) -> _State:
    with database.snapshot() as snapshot:
        (schema, id_), last = named(snapshot.tx), last_of(snapshot.tx)
        progress, expected = steps("packing the data"), snapshot.expected_rows()
        rows, done = dict.fromkeys(snapshot.columns, 0), 0
        for table in snapshot.columns:
            for number, (piece, count) in enumerate(snapshot.rows(table)):
                writer.add_bytes(f"{TABLES}/{table}/{number:06}", piece)
                rows[table] += count
                done += count
                progress(min(done, expected), expected)
        return _State("postgres", schema, id_, rows, snapshot.columns, snapshot.sequences(), last)


def named(tx: Tx) -> tuple[int, str]:
    """The schema, and the desk's id, which it has since `desk.SCHEMA`. Raises `Refused` where there is no schema."""
    schema = schema_of(tx)
    if not schema:
        raise Refused("The database is empty: there is nothing to back up")
    return schema, desk.find(tx).id if schema >= desk.SCHEMA else ""
