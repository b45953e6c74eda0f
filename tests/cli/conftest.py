"""What the tests of the commands stand on."""

import shutil
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING

import pytest

import cast
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from places import Place

if TYPE_CHECKING:
    from postgres_server import PostgresServer

_numbers = count()


@pytest.fixture(scope="module")
def desk(
    engine: str, cast_template: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Place]:
    """A database with the cast in it for a whole file: its tests take names of their own for what they add."""
    data = tmp_path_factory.mktemp("desk")
    if engine == "sqlite":
        shutil.copy(cast_template, data / SQLITE_FILE)
        yield Place(data, None)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"desk{next(_numbers)}"
    server.create_database(name, cast_template)
    yield Place(data, server.url(name))
    server.drop_database(name)


@pytest.fixture(scope="module")
def desk_database(desk: Place) -> Iterator[Database]:
    """The same, opened by the tests beside the commands."""
    database = open_database(desk.data, desk.url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def embedded_desk(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The same on SQLite alone: for mistakes, which a command finds before the engine matters."""
    place = Place(tmp_path_factory.mktemp("embedded"), None)
    database = open_database(place.data, place.url)
    migrate(database)
    cast.fill(database)
    database.close()
    return place


@pytest.fixture(scope="module")
def embedded_database(embedded_desk: Place) -> Iterator[Database]:
    database = open_database(embedded_desk.data, embedded_desk.url)
    yield database
    database.close()
