"""Each database that is kept, brought up once for all tests of a file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from cast import SECRET
from in_process import WholeAnswers
from keesa import maintenance
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from kept_forms import Form, Upgraded, kept_forms, rows_of_all
from places import Place

if TYPE_CHECKING:
    from postgres_server import PostgresServer


@pytest.fixture(scope="module", params=kept_forms(), ids=lambda form: form.name)
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture(scope="module")
def own_place(
    form: Form, engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Place]:
    """With the form in it."""
    data = tmp_path_factory.mktemp("form")
    if engine == "sqlite":
        place = Place(data, None)
        form.restore(place)
        yield place
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    server.create_database(data.name)
    place = Place(data, server.url(data.name))
    form.restore(place)
    yield place
    server.drop_database(data.name)


@pytest.fixture(scope="module")
def upgraded(form: Form, engine: str, own_place: Place) -> Iterator[Upgraded]:
    """The newest schema, and what was there before."""
    database = open_database(own_place.data, own_place.url)
    before = database.read(rows_of_all)
    applied = migrate(database)
    yield Upgraded(form, form.made[engine], database, before, database.read(rows_of_all), applied)
    database.close()


@pytest.fixture(scope="module")
def client(upgraded: Upgraded, own_place: Place) -> Iterator[TestClient]:
    """The API on it, out of the maintenance that it was in."""
    upgraded.database.write(maintenance.switch_off)
    config = Config(data=own_place.data, database_url=own_place.url, secret=SECRET, log_format="json")
    with WholeAnswers(serve_from(upgraded.database, config)) as opened:
        yield opened


@pytest.fixture(scope="module")
def new_database(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """That the program has made now."""
    data, url = tmp_path_factory.mktemp("new"), None
    if engine == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        server.create_database(data.name)
        url = server.url(data.name)
    database = open_database(data, url)
    migrate(database)
    yield database
    database.close()
    if url:
        server.drop_database(data.name)
