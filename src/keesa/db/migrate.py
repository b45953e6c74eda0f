"""One append-only stream of migrations, for both engines.

A migration is a file `NNNN_what.sql` beside this module, or `NNNN_what.sqlite.sql` and `NNNN_what.postgres.sql`
where the engines must differ. Its first line may be `-- compatible: N`: the oldest schema that a program may be
written for and still work with a database that has this migration (default: what it was before).
All that are missing run in one transaction, while no other process migrates: half a migration is never seen.
"""

import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

from keesa.clock import now
from keesa.db.applied import newest, require_settled, settle
from keesa.db.engine import Database, Tx
from keesa.db.sqlite import SqliteDatabase
from keesa.db.tables import present
from keesa.errors import Refused

_NAME = re.compile(r"(\d{4})_(\w+?)(?:\.(sqlite|postgres))?\.sql")
_COMPATIBLE = re.compile(r"-- compatible: (\d+)\n")

_MIGRATIONS_TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    compatible INTEGER NOT NULL,
    applied_at BIGINT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    compatible: int | None
    sql: str


def migrations(engine: str) -> list[Migration]:
    """Every migration for `engine` ("sqlite" or "postgres"), oldest first."""
    found: list[Migration] = []
    for file in resources.files("keesa.db").joinpath("migrations").iterdir():
        match = _NAME.fullmatch(file.name)
        if match and match[3] in (None, engine):
            sql = file.read_text("utf-8")
            compatible = _COMPATIBLE.match(sql)
            found.append(Migration(int(match[1]), match[2], int(compatible[1]) if compatible else None, sql))
    return sorted(found, key=lambda migration: migration.version)


def latest() -> int:
    """The schema that this program is written for."""
    return max(migration.version for migration in migrations("sqlite"))


def migrate(database: Database) -> list[str]:
    """Bring the database to `latest()`; the names of what was applied, none where it was there already."""

    def work(tx: Tx) -> list[str]:
        if not _has_migrations_table(tx):  # a role that may not make tables can still find that none is missing
            _refuse_tables(tx)
            tx.script(_MIGRATIONS_TABLE)
        _refuse_newer(newest(tx)[1])
        applied = settle(tx, migrations(_engine(database)))
        version, compatible = newest(tx)
        for migration in migrations(_engine(database)):
            if migration.version <= version:
                continue
            tx.script(migration.sql)
            compatible = migration.compatible or compatible
            tx.run(
                "INSERT INTO schema_migrations (version, name, compatible, applied_at)"
                " VALUES (:version, :name, :compatible, :applied_at)",
                version=migration.version,
                name=migration.name,
                compatible=compatible,
                applied_at=now(),
            )
            applied.append(f"{migration.version:04}_{migration.name}")
        return applied

    return database.migrating(work)


def check_schema(tx: Tx) -> None:
    """Raise `Refused`, with what to do, where the schema is older or too new for this program."""
    if not _has_migrations_table(tx):
        _refuse_tables(tx)
        raise Refused("The database is empty: run `keesa migrate`")
    version, compatible = newest(tx)
    _refuse_newer(compatible)
    require_settled(tx, migrations("sqlite"))
    if version < latest():
        raise Refused(f"The database has schema {version}, this Keesa needs {latest()}: run `keesa migrate`")


def _refuse_tables(tx: Tx) -> None:
    """Without the table of migrations nobody knows which schema they have, or whose they are."""
    if found := present(tx):
        raise Refused(
            f"The database has the table {found[0]}, but not schema_migrations, which tells its schema: restore a"
            " back-up, or give Keesa a database of its own"
        )


def _refuse_newer(compatible: int) -> None:
    if compatible > latest():
        raise Refused(
            f"The database was upgraded by a newer Keesa (it asks for schema {compatible} or later, this one knows"
            f" {latest()}): run that version, or restore the back-up from before the upgrade"
        )


def _engine(database: Database) -> str:
    return "sqlite" if isinstance(database, SqliteDatabase) else "postgres"


def _has_migrations_table(tx: Tx) -> bool:
    tables = "SELECT count(*) AS value FROM $tables WHERE $table_name = 'schema_migrations'"
    return bool(tx.value(tables))
