"""A desk with many tickets, of which everybody may have reports."""

from collections.abc import Iterator

import pytest

from furnished_tickets import furnish
from keesa.db import Database, Tx, open_database
from places import Place


@pytest.fixture
def full(database: Database) -> Database:
    """Many tickets, and everybody of the desk may have them counted."""

    def work(tx: Tx) -> None:
        furnish(tx)
        tx.run(
            "INSERT INTO role_permissions (role_id, resource, action, position)"
            " SELECT id, 'reports', 'read', 99 FROM roles WHERE name IN ('harbour_crew', 'school_crew')"
        )

    database.write(work)
    return database


@pytest.fixture
def other(full: Database, place: Place) -> Iterator[Database]:
    """Another connection to the same database."""
    opened = open_database(place.data, place.url)
    yield opened
    opened.close()
    del full
