"""The server killed in the middle of its work, again and again: what was acknowledged is there."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

import cast
from field_client import Acknowledged, FieldClient
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import migrate
from live import LiveServer
from places import Place
from postgres_server import PostgresServer

KILLS = 10
CLIENTS = 6
A_ROUND = 60
"""Writes that are acknowledged before the next kill."""


@pytest.fixture
def durable_place(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A database with the cast in it; PostgreSQL with its flushes to disk on, as in production."""
    data = tmp_path_factory.mktemp("durable")
    if engine == "sqlite":
        yield Place(data, None)
    else:
        with PostgresServer(durable=True) as server:
            server.create_database("durable")
            yield Place(data, server.url("durable"))


@pytest.fixture
def durable_database(durable_place: Place) -> Iterator[Database]:
    database = open_database(durable_place.data, durable_place.url)
    migrate(database)
    cast.fill(database)
    yield database
    database.close()


def test_what_was_acknowledged_survives_ten_kills(durable_place: Place, durable_database: Database) -> None:
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


def killed_at_work(server: LiveServer, token: str, name: str) -> list[Acknowledged]:
    """What the clients were told before the kill; each of them was at work when it came."""
    clients = [FieldClient(server.url, token, f"{name} client {number}") for number in range(CLIENTS)]
    lost = [threading.Event() for _ in clients]
    with ThreadPoolExecutor(CLIENTS) as threads:
        for client, event in zip(clients, lost, strict=True):
            threads.submit(client.work_until_lost, event)
        wait_until_told(clients, lost)
        server.kill()
    assert all(event.is_set() for event in lost)
    assert [client.acknowledged.refused for client in clients] == [[]] * CLIENTS
    return [client.acknowledged for client in clients]


def wait_until_told(clients: list[FieldClient], lost: list[threading.Event]) -> None:
    """Until they have been told of enough; or until one has lost the server, which then is the finding."""
    while sum(len(client.acknowledged) for client in clients) < A_ROUND:
        if any(event.wait(0.001) for event in lost):
            return


def check_all_there(tx: Tx, told: list[Acknowledged]) -> None:
    tickets = {row["id"]: row["title"] for row in tx.all("SELECT id, title FROM tickets")}
    notes = {(row["ticket_id"], row["body"]) for row in tx.all("SELECT ticket_id, body FROM ticket_notes")}
    statuses = {(row["ticket_id"], row["status"]) for row in tx.all("SELECT ticket_id, status FROM ticket_statuses")}
    for acknowledged in told:
        assert acknowledged.tickets.items() <= tickets.items()
        assert set(acknowledged.notes) <= notes
        assert set(acknowledged.statuses) <= statuses


def check_nothing_half_done(tx: Tx) -> None:
    """A ticket has the status of its history's last row, an assignment row for its engineer, and the next number."""
    year = Clock(DEFAULT_ZONE).local(now()).year
    rows = tx.all(
        "SELECT tickets.id, tickets.status, tickets.assigned_to_id,"
        " (SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id LIMIT 1) AS first,"
        " (SELECT status FROM ticket_statuses WHERE ticket_id = tickets.id ORDER BY id DESC LIMIT 1) AS last,"
        " (SELECT count(*) FROM ticket_assignments WHERE ticket_id = tickets.id) AS assignments"
        " FROM tickets WHERE title LIKE 'round %' ORDER BY id"
    )
    assert [int(str(row["id"]).removeprefix(str(year))) for row in rows] == [*range(1, len(rows) + 1)]
    for row in rows:
        assert row["first"] == "open"
        assert row["last"] == row["status"]
        assert row["assignments"] == (row["assigned_to_id"] is not None)
