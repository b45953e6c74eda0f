"""Keesa killed in the middle of its work, or PostgreSQL below it, again and again: what was acknowledged is there."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

import pytest

import cast
from acknowledged import check_all_there, check_nothing_half_done
from field_client import Acknowledged, FieldClient
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from live import LiveServer
from nodes import two_nodes
from places import Place
from postgres_server import PostgresServer
from soaking import times

KILLS = times(4, 20)
CLIENTS = 6
A_ROUND = 60
"""Writes that are acknowledged before the next kill."""
NODE_KILLS = times(2, 10)
POSTGRES_KILLS = times(2, 10)
A_CLIENT = 3
"""Writes of each client that are acknowledged before and after a kill."""
PATIENCE = 60.0
"""Seconds for what comes for certain, on a machine under load."""


@pytest.fixture(scope="module")
def durable_postgres() -> Iterator[PostgresServer]:
    """With its flushes to disk on, as in production."""
    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture
def durable_place(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A database with the cast in it."""
    if engine == "sqlite":
        yield Place(tmp_path, None)
        return
    server: PostgresServer = request.getfixturevalue("durable_postgres")
    server.create_database("durable")
    yield Place(tmp_path, server.url("durable"))
    server.drop_database("durable")


@pytest.fixture
def durable_database(durable_place: Place) -> Iterator[Database]:
    database = open_database(durable_place.data, durable_place.url)
    migrate(database)
    cast.fill(database)
    yield database
    database.close()


def test_what_was_acknowledged_survives_kills(durable_place: Place, durable_database: Database) -> None:
    """Every ticket, note and status that a client was told of is there after each SIGKILL, and nothing is half done."""
    told: list[Acknowledged] = []
    for kill in range(KILLS):
        server = LiveServer(durable_place.data, durable_place.url, "--workers", "2", KEESA_SECRET=cast.SECRET)
        server.start()
        try:
            told += killed_at_work(server, cast.token(durable_database, cast.ADMIN), f"round {kill}")
        finally:
            server.kill()
        durable_database.read(partial(check_all_there, told=told))
        durable_database.read(check_nothing_half_done)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_was_acknowledged_survives_the_death_of_a_node(durable_place: Place, durable_database: Database) -> None:
    """One of two nodes is killed while both write through networks of chance: the other goes on without an error, and
    all is there, once, that either has acknowledged.
    """
    told: list[Acknowledged] = []
    token = cast.token(durable_database, cast.ADMIN)
    with two_nodes(durable_place, KEESA_SECRET=cast.SECRET) as servers:
        for kill in range(NODE_KILLS):
            dying, staying = servers[kill % 2], servers[1 - kill % 2]
            with at_work([staying], token, f"round {kill} staying") as others:
                told += killed_at_work(dying, token, f"round {kill} dying")
                wait_for_more(others)
            told += acknowledged_without_error(others)
            durable_database.read(partial(check_all_there, told=told))
            durable_database.read(check_nothing_half_done)
            dying.start()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_was_acknowledged_survives_the_death_of_postgresql(
    durable_place: Place, durable_database: Database, durable_postgres: PostgresServer
) -> None:
    """SIGKILL to all its processes while two nodes write through networks of chance: started again on the same folder
    it has all that was acknowledged, once, no number is given twice, and the nodes go on.
    """
    told: list[Acknowledged] = []
    token = cast.token(durable_database, cast.ADMIN)
    with two_nodes(durable_place, KEESA_SECRET=cast.SECRET) as servers:
        for kill in range(POSTGRES_KILLS):
            with at_work(servers, token, f"round {kill}") as clients:
                wait_for_more(clients)
                durable_postgres.crash()
                durable_postgres.resume()
                wait_for_more(clients)
            told += [client.acknowledged for client in clients]
            assert {status for one in told for status, _ in one.refused} <= {503}
            durable_database.read(partial(check_all_there, told=told))
            durable_database.read(check_nothing_half_done)


@contextmanager
def at_work(servers: Sequence[LiveServer], token: str, name: str) -> Iterator[list[FieldClient]]:
    """Clients of each of the servers, which write until the end of the block."""
    over, lost = Event(), Event()
    clients = [
        FieldClient(server.url, token, f"{name} node {position} client {number}")
        for position, server in enumerate(servers)
        for number in range(CLIENTS)
    ]
    with ThreadPoolExecutor(len(clients)) as threads:
        for client in clients:
            threads.submit(client.work_until_lost, lost, over)
        try:
            yield clients
        finally:
            over.set()
    assert not lost.is_set()


def wait_for_more(clients: Sequence[FieldClient]) -> None:
    """Until each client has been told of something more than now."""
    deadline = time.monotonic() + PATIENCE
    enough = [len(client.acknowledged) + A_CLIENT for client in clients]
    for client, wanted in zip(clients, enough, strict=True):
        while len(client.acknowledged) < wanted:
            assert time.monotonic() < deadline, client.acknowledged.refused[-1:]
            time.sleep(0.005)


def acknowledged_without_error(clients: Sequence[FieldClient]) -> list[Acknowledged]:
    assert [client.acknowledged.refused for client in clients] == [[]] * len(clients)
    return [client.acknowledged for client in clients]


def killed_at_work(server: LiveServer, token: str, name: str) -> list[Acknowledged]:
    """What the clients were told before the kill; each of them was at work when it came."""
    clients = [FieldClient(server.url, token, f"{name} client {number}") for number in range(CLIENTS)]
    lost = [Event() for _ in clients]
    with ThreadPoolExecutor(CLIENTS) as threads:
        for client, event in zip(clients, lost, strict=True):
            threads.submit(client.work_until_lost, event)
        wait_until_told(clients, lost)
        server.kill()
    assert all(event.is_set() for event in lost)
    return acknowledged_without_error(clients)


def wait_until_told(clients: list[FieldClient], lost: list[Event]) -> None:
    """Until they have been told of enough; or until one has lost the server, which then is the finding."""
    while sum(len(client.acknowledged) for client in clients) < A_ROUND:
        if any(event.wait(0.001) for event in lost):
            return
