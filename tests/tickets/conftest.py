"""Desks with furnished tickets: one on each engine, and those on which plans are looked at."""

import sqlite3
from collections.abc import Iterator

import pytest

from furnished_tickets import Furnished, furnish, furnished
from keesa.db import Database
from postgres_server import PostgresServer
from row_plans import opened, sqlite_connection


@pytest.fixture(scope="module")
def full(shared_database: Database) -> Database:
    shared_database.write(furnish)
    return shared_database


@pytest.fixture(scope="module")
def tickets(full: Database) -> list[Furnished]:
    return full.read(furnished)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    with sqlite_connection(tmp_path_factory.mktemp("plans")) as opened_connection:
        yield opened_connection


@pytest.fixture
def on_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    postgres.create_database("plans")
    database = opened(tmp_path_factory.mktemp("plans"), postgres.url("plans"))
    yield database
    database.close()
    postgres.drop_database("plans")
