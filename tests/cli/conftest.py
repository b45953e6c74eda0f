"""What the tests of the commands stand on."""

from collections.abc import Iterator

import pytest

import cast
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from places import Place


@pytest.fixture(scope="module")
def desk(module_place: Place) -> Place:
    """A database with the cast in it for a whole file: its tests take names of their own for what they add."""
    return module_place


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
