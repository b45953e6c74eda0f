"""What the tests of jobs stand on."""

import pytest

from doing_jobs import make_effects
from keesa.db import Database


@pytest.fixture
def desk(database: Database) -> Database:
    """The cast's database, with a table for what jobs leave."""
    make_effects(database)
    return database
