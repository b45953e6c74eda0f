"""Two nodes on PostgreSQL: SQLite has one writer, so that nothing meets there."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

import cast
from keesa.db import open_database
from keesa.db.migrate import migrate
from meeting import Nodes, two_nodes
from places import Place
from postgres_server import PostgresServer

_numbers = count()


@pytest.fixture(scope="session")
def cast_on_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database with the cast in it, to copy for each test."""
    name = f"met_cast{next(_numbers)}"
    postgres.create_database(name)
    database = open_database(tmp_path_factory.mktemp(name), postgres.url(name))
    migrate(database)
    cast.fill(database)
    database.close()
    return name


@pytest.fixture
def shared_place(postgres: PostgresServer, cast_on_postgres: str, tmp_path: Path) -> Iterator[Place]:
    """With the cast in it."""
    name = f"met{next(_numbers)}"
    postgres.create_database(name, cast_on_postgres)
    yield Place(tmp_path, postgres.url(name))
    postgres.drop_database(name)


@pytest.fixture
def empty_shared_place(postgres: PostgresServer, tmp_path: Path) -> Iterator[Place]:
    """With the schema alone."""
    name = f"met{next(_numbers)}"
    postgres.create_database(name)
    place = Place(tmp_path, postgres.url(name))
    database = open_database(place.data, place.url)
    migrate(database)
    database.close()
    yield place
    postgres.drop_database(name)


@pytest.fixture
def nodes(shared_place: Place) -> Iterator[Nodes]:
    with two_nodes(shared_place) as opened:
        yield opened
