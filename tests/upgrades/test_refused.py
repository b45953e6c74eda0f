"""Databases that a program cannot read are refused with a sentence, and left as they are."""

from collections.abc import Iterator

import pytest

from keesa.db import Database, Tx, migrate, open_database
from keesa.db.migrate import check_schema, latest
from keesa.errors import Refused
from kept_forms import rows_of_all
from older_schemas import program_before
from places import Place

BEGUN = "INSERT INTO schema_migrations (version, name, compatible, applied_at) VALUES"
DAMAGES = {
    "has 0003_boats in the place of 0003_lists_and_revisions": (
        "UPDATE schema_migrations SET name = 'boats' WHERE version = 3",
    ),
    "lacks 0003_lists_and_revisions": ("DELETE FROM schema_migrations WHERE version = 3",),
    "lacks 0001_schema": ("DELETE FROM schema_migrations WHERE version < 5",),
    "has 0008_telephone_numbers in the place of 0008_permissions": (
        "UPDATE schema_migrations SET name = 'telephone_numbers' WHERE version = 8",
    ),
    r"has the table \w+, but no migration": ("DELETE FROM schema_migrations",),
}
"""To what is said of each."""


@pytest.fixture
def newest(place: Place) -> Iterator[Database]:
    database = open_database(place.data, place.url)
    yield database
    database.close()


def refused_and_unchanged(database: Database, match: str) -> None:
    """By what migrates, and by what only looks."""
    before = database.read(rows_of_all)
    with pytest.raises(Refused, match=match):
        migrate.migrate(database)
    with pytest.raises(Refused, match=match):
        database.read(check_schema)
    assert database.read(rows_of_all) == before


@pytest.mark.parametrize("fault", DAMAGES)
def test_a_history_that_no_program_writes_is_refused(newest: Database, fault: str) -> None:
    """Another migration's name, one that lacks, none at all: nobody knows what is in such a database."""

    def damage(tx: Tx) -> None:
        for statement in DAMAGES[fault]:
            tx.run(statement)

    newest.write(damage)
    refused_and_unchanged(newest, f"{fault}.*: restore a back-up")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", ["version", "compatible"])
def test_a_migration_without_a_number_is_refused(newest: Database, column: str) -> None:
    """SQLite keeps any text in any column but a table's own number."""
    newest.write(lambda tx: tx.script("ALTER TABLE schema_migrations RENAME TO kept;"))
    columns = "version, name, compatible, applied_at"
    newest.write(lambda tx: tx.script(f"CREATE TABLE schema_migrations ({columns});"))
    newest.write(lambda tx: tx.run(f"INSERT INTO schema_migrations SELECT {columns} FROM kept"))
    newest.write(lambda tx: tx.run(f"UPDATE schema_migrations SET {column} = 'x' WHERE version = 3"))
    refused_and_unchanged(newest, "has a migration without a number")


def test_tables_without_a_history_are_refused(newest: Database) -> None:
    """Each of them may be somebody else's."""
    newest.write(lambda tx: tx.script("ALTER TABLE schema_migrations RENAME TO lost;"))
    refused_and_unchanged(newest, r"has the table \w+, but not schema_migrations, which tells its schema")


@pytest.mark.parametrize("version", range(1, latest() + 1))
def test_an_older_program_refuses_what_asks_for_a_newer_one(
    newest: Database, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of each version: it goes on where the database says that it can, and else changes nothing."""
    compatible = newest.read(lambda tx: tx.value("SELECT max(compatible) AS value FROM schema_migrations"))
    before = newest.read(rows_of_all)
    with program_before(monkeypatch, version + 1):
        if version >= compatible:
            newest.read(check_schema)
            assert migrate.migrate(newest) == []
        else:
            refused_and_unchanged(newest, f"asks for schema {compatible} or later, this one is .* and knows {version}")
    assert newest.read(rows_of_all) == before
