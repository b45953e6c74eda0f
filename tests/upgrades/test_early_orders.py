"""Databases of early programs that went on with later ones, which applied whatever was above the newest migration."""

from contextlib import suppress

import psycopg
import pytest

from catalogs import catalog
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import check_schema, migrate, migrations
from keesa.errors import Unavailable
from keesa.tickets.numbers import LARGEST
from kept_forms import Form, kept_forms
from places import Place

NAMES = [f"{each.version:04}_{each.name}" for each in migrations("sqlite")]
EARLY = [form for form in kept_forms() if form.migrations != NAMES[: len(form.migrations)]]


def go_on(tx: Tx) -> None:
    """As programs did that looked at the newest migration alone."""
    newest = tx.value("SELECT max(version) AS value FROM schema_migrations")
    for migration in migrations("sqlite" if tx.writes_alone else "postgres"):
        if migration.version > newest:
            if migration.batches is None:
                tx.script(migration.sql)
            else:
                tx.run(migration.sql, after=0, upto=LARGEST)
            tx.run(
                "INSERT INTO schema_migrations (version, name, compatible, applied_at) VALUES (:version, :name, 1, 1)",
                version=migration.version,
                name=migration.name,
            )


def applied(tx: Tx) -> list[str]:
    rows = tx.all("SELECT version, name FROM schema_migrations ORDER BY version")
    return [f"{row['version']:04}_{row['name']}" for row in rows]


@pytest.mark.parametrize("early", EARLY, ids=lambda form: form.name)
def test_what_went_on_with_holes_is_made_whole(early: Form, empty_place: Place, new_database: Database) -> None:
    """What lacks is applied, whether a later program could go on with it or not."""
    early.restore(empty_place)
    database = open_database(empty_place.data, empty_place.url)
    with suppress(psycopg.Error, Unavailable):
        database.migrating(go_on)
    migrate(database)
    assert database.read(applied) == NAMES
    assert database.read(catalog) == new_database.read(catalog)
    database.read(check_schema)
    database.close()


def test_the_early_orders_are_known() -> None:
    """Four of them, and each is tried."""
    assert len(EARLY) == 4
