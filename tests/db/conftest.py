"""What the tests of the engines stand on."""

from collections.abc import Iterator
from itertools import count

import pytest

from keesa.db import Database, open_database
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_limits import FEWEST_CONNECTIONS
from keesa.db.postgres_waits import Waits
from lines import PATIENT, make_table
from places import Place
from postgres_server import PostgresServer

_numbers = count()


@pytest.fixture
def lines_database(empty_place: Place) -> Iterator[Database]:
    """An open database with the table of lines in it, and nothing else."""
    database = open_database(empty_place.data, empty_place.url)
    make_table(database)
    yield database
    database.close()


@pytest.fixture
def lines_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of PostgreSQL's with the table of lines."""
    name = f"lines{next(_numbers)}"
    postgres.create_database(name)
    database = PostgresDatabase(postgres.url(name))
    make_table(database)
    database.close()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def few(lines_url: str) -> Iterator[PostgresDatabase]:
    """The same, open with as few connections as there may be."""
    yield from _opened(lines_url, PATIENT)


@pytest.fixture
def hasty(lines_url: str) -> Iterator[PostgresDatabase]:
    """The same for what is not to be waited for: nothing here waits for a connection longer than two seconds."""
    yield from _opened(lines_url, Waits(patience=2))


def _opened(url: str, waits: Waits) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(url, FEWEST_CONNECTIONS, waits)
    yield database
    database.close()
