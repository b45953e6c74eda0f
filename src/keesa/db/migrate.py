"""Bringing a database to the program's schema, one migration after the other (`migration_files.py` has them).

Each runs in a transaction of its own, one in batches in many, while no other process migrates: half a migration is
never seen. So it can be stopped at any moment, by whatever, and begun again: what is committed stays, and the rest is
as before (docs/decisions/0033-one-transaction-a-migration.md).
"""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

from keesa import __version__
from keesa.db.applied import newest, record, require_settled, settle
from keesa.db.engine import Database, Tell, Tx, tell_nobody
from keesa.db.migration_files import Batches, Migration, migrations
from keesa.db.sqlite import SqliteDatabase
from keesa.db.tables import present
from keesa.errors import Refused

__all__ = ["Migration", "State", "applying", "check_schema", "latest", "migrate", "migrations", "missing"]

PAUSE: Final = 0.02
"""Seconds between two batches, in which others have their turn to write."""

_MIGRATIONS_TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    compatible INTEGER NOT NULL,
    applied_at BIGINT NOT NULL
);
"""
_BATCHED: Final = "migration in batches"
"""In `settings`, while one is under way: the id of the last row that is done."""
_BEFORE_ALL: Final = -1
"""In place of an id: user 0 is there."""


class State(NamedTuple):
    """A database's version, and the oldest schema that a program must know for it; 0 and 1 where it is empty."""

    version: int
    compatible: int


class _Step(NamedTuple):
    migration: Migration
    ended: bool


def latest() -> int:
    """The schema that this program is written for."""
    return max(migration.version for migration in migrations("sqlite"))


def migrate(database: Database, *, restoring: bool = False) -> list[str]:
    """Bring the database to `latest()`; the names of what was applied here, none where it was there already."""
    return list(applying(database, restoring=restoring))


def applying(database: Database, tell: Tell = tell_nobody, *, restoring: bool = False) -> Iterator[str]:
    """The same, and each name as soon as that migration is committed; `tell` gets sentences of who is waited for."""
    known = migrations(_engine(database))
    yield from database.migrating(partial(_begin, known, restoring), tell)
    while step := database.migrating(partial(_next_step, known), tell):
        if step.ended:
            yield step.migration.file
        else:
            time.sleep(PAUSE)


def missing(database: Database) -> tuple[State, list[Migration]]:
    """What the database has, and the migrations that it lacks. Raises `Refused` as `migrate` would."""

    def read(tx: Tx) -> State:
        if _has_migrations_table(tx):
            state = _state(tx)
            _refuse_newer(state)
            _refuse_unfinished(tx)
            return state
        _refuse_tables(tx)
        return State(0, 1)

    state = database.read(read)
    return state, [each for each in migrations(_engine(database)) if each.version > state.version]


def schema_of(tx: Tx) -> int:
    """The database's schema; 0 where it has none. Raises `Refused` where it has tables that nobody knows."""
    if not _has_migrations_table(tx):
        _refuse_tables(tx)
        return 0
    return _state(tx).version


def build(tx: Tx, engine: str, version: int) -> None:
    """That schema of the past, in an empty database, so that its own rows can be put there."""
    tx.script(_MIGRATIONS_TABLE)
    for migration in migrations(engine):
        if migration.version <= version and migration.batches is None:  # those change rows alone
            tx.script(migration.sql)


def check_schema(tx: Tx) -> None:
    """Raise `Refused`, with what to do, where the schema is older or too new for this program."""
    if not _has_migrations_table(tx):
        _refuse_tables(tx)
        raise Refused("The database is empty: run `keesa migrate`")
    state = _state(tx)
    _refuse_newer(state)
    _refuse_unfinished(tx)
    require_settled(tx, migrations("sqlite"))
    if state.version < latest():
        raise Refused(
            f"The database has schema {state.version}, this Keesa needs {latest()} (it is {__version__}):"
            " run `keesa migrate`"
        )


def _begin(known: Sequence[Migration], restoring: bool, tx: Tx) -> list[str]:  # noqa: FBT001 - bound to it
    """The table of migrations, in the stream's order; the names of what was applied for that. Raises `Refused`."""
    if not _has_migrations_table(tx):  # a role that may not make tables can still find that none is missing
        _refuse_tables(tx)
        tx.script(_MIGRATIONS_TABLE)
    state = _state(tx)
    _refuse_newer(state)
    if state.version and not restoring:
        _refuse_unfinished(tx)
    return settle(tx, known)


def _next_step(known: Sequence[Migration], tx: Tx) -> _Step | None:
    """The next one that is missing, or the next batch of it. None where none is missing any more."""
    state = _state(tx)
    _refuse_newer(state)
    migration = next((each for each in known if each.version > state.version), None)
    if migration is None:
        return None
    if migration.batches is None:
        tx.script(migration.sql)
    elif _run_batch(tx, migration, migration.batches):
        return _Step(migration, ended=False)
    record(tx, migration, migration.compatible or state.compatible)
    return _Step(migration, ended=True)


def _run_batch(tx: Tx, migration: Migration, batches: Batches) -> bool:
    """The next rows, and the place where they end; False where there are none left, and then no place is kept."""
    kept = tx.one("SELECT value FROM settings WHERE name = :name", name=_BATCHED)
    after = int(kept["value"]) if kept else _BEFORE_ALL
    batch = f"SELECT id FROM {batches.table} WHERE id > :after ORDER BY id LIMIT :rows"
    upto = tx.value(f"SELECT max(id) AS value FROM ({batch}) batch", after=after, rows=batches.rows)
    if upto is None:
        tx.run("DELETE FROM settings WHERE name = :name", name=_BATCHED)
        return False
    tx.run(migration.sql, after=after, upto=upto)
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=_BATCHED,
        value=str(upto),
    )
    return True


_RESTORE: Final = "restore"


def restore_begins(tx: Tx) -> None:
    """From now on, until `restore_ends`, nothing works with the database."""
    tx.run("INSERT INTO settings (name, value) VALUES (:name, 'under way')", name=_RESTORE)


def restore_ends(tx: Tx) -> None:
    tx.run("DELETE FROM settings WHERE name = :name", name=_RESTORE)


def _refuse_unfinished(tx: Tx) -> None:
    if tx.all("SELECT 1 FROM settings WHERE name = :name", name=_RESTORE):
        raise Refused("A restore into this database was not finished: drop it, make it anew, and restore once more")


def _refuse_tables(tx: Tx) -> None:
    """Without the table of migrations nobody knows which schema they have, or whose they are."""
    if found := present(tx):
        raise Refused(
            f"The database has the table {found[0]}, but not schema_migrations, which tells its schema: restore a"
            " back-up, or give Keesa a database of its own"
        )


def _state(tx: Tx) -> State:
    return State(*newest(tx))


def _refuse_newer(state: State) -> None:
    if state.compatible > latest():
        raise Refused(
            f"The database was upgraded by a newer Keesa (it asks for schema {state.compatible} or later, this one is"
            f" {__version__} and knows {latest()}): run that version, or restore the back-up from before the upgrade"
        )


def _engine(database: Database) -> str:
    return "sqlite" if isinstance(database, SqliteDatabase) else "postgres"


def _has_migrations_table(tx: Tx) -> bool:
    tables = "SELECT count(*) AS value FROM $tables WHERE $table_name = 'schema_migrations'"
    return bool(tx.value(tables))
