"""Who sends a body slowly has a connection and the bytes that came, and nothing that anybody else waits for."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

import pytest

import cast
from backends import connections_of_keesa
from cast import ADMIN, ASSIGNED, ENGINEER
from keesa.db import Database
from live import LiveServer
from logins import LOGIN
from places import Place
from scraping import TOKEN, scrape_url
from waiting import wait_until

SENDERS: Final = 100
"""More than there are threads, connections to the database and logins that wait together."""
NOTE: Final = json.dumps({"note": {"note": "It is slow here. " * 60}}).encode()


@pytest.fixture
def server(place: Place) -> Iterator[LiveServer]:
    """One worker, with no more connections to PostgreSQL than it needs."""
    settings = {"KEESA_SECRET": cast.SECRET, "KEESA_METRICS_TOKEN": TOKEN, "KEESA_DATABASE_CONNECTIONS": "5"}
    with LiveServer(place.data, place.url, **settings) as found:
        yield found


def slow_sender(server: LiveServer, path: str, token: str, body: bytes) -> socket.socket:
    """A connection on which the head and the first half of the body were sent."""
    there = urlsplit(server.url)
    assert there.hostname is not None
    found = socket.create_connection((there.hostname, there.port or 80), timeout=60)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: desk\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    found.sendall(head.encode() + body[: len(body) // 2])
    return found


def held_bytes(server: LiveServer) -> float:
    return scrape_url(server.url).value("keesa_bodies_bytes")


def status_of(server: LiveServer, path: str, token: str = "", body: object = None) -> int:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    with closing(connection):
        sent = {"Authorization": token, "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, content, sent)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def test_slow_bodies_keep_nobody_waiting(server: LiveServer, database: Database, place: Place) -> None:
    """While many dribble in, others read, write and log in; no connection to the database is taken, and what they have
    sent is let go of with them.
    """
    token, other = cast.token(database, ADMIN), cast.token(database, ENGINEER)
    notes, login = f"/api/v1/tickets/{ASSIGNED}/notes", {"user": ENGINEER.email, "password": cast.PASSWORD}

    def others_are_served() -> Sequence[int]:
        return [
            status_of(server, "/api/v1/tickets", other),
            status_of(server, notes, other, {"note": {"note": "Quick"}}),
            status_of(server, LOGIN["2024"], body=login),
        ]

    assert others_are_served() == [200, 201, 200]
    before = connections_of_keesa(place.url) if place.url else 0
    with ExitStack() as stack:
        slow = [stack.enter_context(slow_sender(server, notes, token, NOTE)) for _ in range(SENDERS // 2)]
        body = json.dumps(login).encode()
        slow += [stack.enter_context(slow_sender(server, LOGIN["2024"], "", body)) for _ in range(SENDERS // 2)]
        wait_until(lambda: held_bytes(server) >= SENDERS // 2 * (len(NOTE) // 2 + len(body) // 2))
        assert others_are_served() == [200, 201, 200]
        assert (connections_of_keesa(place.url) if place.url else 0) <= before
        slow[0].sendall(NOTE[len(NOTE) // 2 :])
        assert slow[0].recv(65_536).startswith(b"HTTP/1.1 201")
    wait_until(lambda: held_bytes(server) == 0)
