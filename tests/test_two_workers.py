"""What one worker does, the other knows at its very next request."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import NamedTuple

import pytest

import cast
from command import keesa
from keesa.api.authentication import MAINTENANCE
from live import LiveServer
from nodes import a_connection_each, far, two_nodes
from places import Place

OFFLINE = (503, {"error": MAINTENANCE})
ENDED = (401, {"error": "Your session has ended, please log in again"})


class Pair(NamedTuple):
    """A connection to each of two workers."""

    one: HTTPConnection
    other: HTTPConnection


@pytest.fixture
def pair(place: Place) -> Iterator[Pair]:
    """Of a server of the cast's database; PostgreSQL is far."""
    with (
        far(place) as behind,
        LiveServer(behind.data, behind.url, "--workers", "2") as server,
        a_connection_each([server]) as found,
    ):
        yield Pair(*found)


def ask(connection: HTTPConnection, method: str, path: str, **headers: str) -> tuple[int, dict[str, object]]:
    """Status and body of the answer of the worker at the other end."""
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def log_in(connection: HTTPConnection) -> dict[str, str]:
    credentials = json.dumps({"user": cast.ENGINEER.email, "password": cast.PASSWORD})
    connection.request("POST", "/api/v1/auth/login", credentials, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    tokens: dict[str, str] = json.loads(answer.read())
    assert answer.status == 200, tokens
    return tokens


def test_maintenance_counts_for_both_at_once(pair: Pair, place: Place) -> None:
    """From the end of the command on, both answer 503 with its sentence, then both answer again; health goes on."""
    token = log_in(pair.one)["access"]
    for _ in range(2):
        assert keesa("maintenance", "on", place=place).status == 0
        for connection in pair:
            assert ask(connection, "GET", "/api/v1/tickets", Authorization=token) == OFFLINE
            assert ask(connection, "GET", "/health") == (200, {"status": "ok"})
            assert ask(connection, "GET", "/ready") == (200, {"status": "ready", "maintenance": True})
        assert keesa("maintenance", "off", place=place).status == 0
        for connection in pair:
            assert ask(connection, "GET", "/api/v1/tickets", Authorization=token)[0] == 200


def test_a_session_is_good_on_both_and_a_logout_ends_it_on_both(pair: Pair) -> None:
    """Access and refresh token, wherever the logout came in."""
    for here, there in (pair, reversed(pair)):
        tokens = log_in(here)
        assert ask(there, "GET", "/api/v1/tickets", Authorization=tokens["access"])[0] == 200
        assert ask(here, "DELETE", "/api/v1/auth/logout", Authorization=tokens["access"])[0] == 200
        assert ask(there, "GET", "/api/v1/tickets", Authorization=tokens["access"]) == ENDED
        assert ask(there, "POST", "/api/v1/auth/refresh", X_Refresh_Token=tokens["refresh"]) == ENDED


def test_refreshes_settle_on_one_token_on_both(pair: Pair) -> None:
    """Within a minute both workers give the same new token, the replaced one is still good on both, and a logout by
    either ends all.
    """
    tokens = log_in(pair.one)
    renewed = {
        str(ask(connection, "POST", "/api/v1/auth/refresh", X_Refresh_Token=tokens["refresh"])[1]["access"])
        for connection in (*pair, *pair)
    }
    assert len(renewed) == 1
    both = {tokens["access"], *renewed}
    assert len(both) == 2
    for connection in pair:
        for token in both:
            assert ask(connection, "GET", "/api/v1/tickets", Authorization=token)[0] == 200
    assert ask(pair.one, "DELETE", "/api/v1/auth/logout", Authorization=tokens["access"])[0] == 200
    for connection in pair:
        for token in both:
            assert ask(connection, "GET", "/api/v1/tickets", Authorization=token) == ENDED


def test_a_disabled_user_is_out_on_both(pair: Pair, place: Place) -> None:
    """From the end of the command on."""
    token = log_in(pair.one)["access"]
    assert keesa("user", "disable", cast.ENGINEER.email, place=place).status == 0
    for connection in pair:
        assert ask(connection, "GET", "/api/v1/tickets", Authorization=token) == ENDED


def test_failed_logins_are_counted_together(place: Place) -> None:
    """Two workers, or nodes, do not give twice as many guesses."""
    with two_nodes(place, KEESA_LOGIN_FAILURES_PER_USER="4") as servers, a_connection_each(servers) as pair:
        statuses = [wrong_password(pair[guess % 2]) for guess in range(6)]
    assert statuses == [401] * 4 + [429] * 2


def wrong_password(connection: HTTPConnection) -> int:
    credentials = json.dumps({"user": cast.ENGINEER.email, "password": "a guess of somebody"})
    connection.request("POST", "/api/v1/auth/login", credentials, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status
