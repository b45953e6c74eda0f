"""What the tests of the engines stand on."""

from collections.abc import Iterator

import pytest

from keesa.db import Database, open_database
from lines import make_table
from places import Place


@pytest.fixture
def lines_database(empty_place: Place) -> Iterator[Database]:
    """An open database with the table of lines in it, and nothing else."""
    database = open_database(empty_place.data, empty_place.url)
    make_table(database)
    yield database
    database.close()
