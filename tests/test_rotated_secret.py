"""The secret of a desk is another one: of two workers that run meanwhile, and of nodes that have it configured."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from command import keesa
from jwts import header_of, is_signed, payload_of, signed
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from keesa.key_rotation import rotate
from keesa.secret_key import load_secret
from live import LiveServer
from nodes import a_connection_each
from places import Place
from two_workers_desk import send

Worker = HTTPConnection
Tokens = Mapping[str, str]
INVALID: Final = (401, {"error": "Your token is invalid"})
ENDED: Final = (401, {"error": "Your session has ended, please log in again"})


@pytest.fixture
def workers(place: Place) -> Iterator[tuple[Worker, Worker]]:
    """A connection to each of the two."""
    with LiveServer(place.data, place.url, "--workers", "2") as server, a_connection_each([server]) as found:
        yield found


def log_in(worker: Worker) -> Tokens:
    credentials = json.dumps({"user": cast.ENGINEER.email, "password": cast.PASSWORD})
    status, tokens = send(worker, "POST", "/api/v1/auth/login", {"Content-Type": "application/json"}, credentials)
    assert status == 200
    return {kind: str(tokens[kind]) for kind in ("access", "refresh")}


def list_tickets(worker: Worker, access: str) -> int:
    return send(worker, "GET", "/api/v1/tickets", {"Authorization": access})[0]


def refresh(worker: Worker, tokens: Tokens) -> str:
    status, answer = send(worker, "POST", "/api/v1/auth/refresh", {"X-Refresh-Token": tokens["refresh"]})
    assert status == 200
    return str(answer["access"])


def secret(data: Path) -> str:
    return load_secret(data, None).decode()


def test_sessions_go_on_over_a_rotation(place: Place, workers: tuple[Worker, Worker]) -> None:
    """Their access and refresh tokens, on both workers, twice; what one signs with the new key the other accepts at
    once, and a token that was refreshed just before is signed again.
    """
    sessions = [log_in(worker) for worker in workers]
    renewed = [refresh(worker, tokens) for worker, tokens in zip(workers, sessions, strict=True)]
    known = [*renewed, *(tokens["access"] for tokens in sessions)]
    for _ in range(2):
        assert {list_tickets(worker, access) for worker in workers for access in known} == {200}
        rotate(place.data, now())
        for one, other in (workers, reversed(workers)):
            opened = log_in(one)
            assert all(is_signed(opened[kind], secret(place.data)) for kind in ("access", "refresh"))
            assert header_of(opened["access"]) == '{"alg":"HS256"}'
            assert list_tickets(other, opened["access"]) == 200
            known += [opened["access"], refresh(other, opened)]
        again = [refresh(worker, tokens) for worker in workers for tokens in sessions]
        assert all(is_signed(access, secret(place.data)) for access in again)
        assert {payload_of(access)["uid"] for access in again} == {payload_of(access)["uid"] for access in renewed}
        known += again
    assert {list_tickets(worker, access) for worker in workers for access in known} == {200}


def test_a_leaked_key_ends_every_session_at_once(place: Place, workers: tuple[Worker, Worker]) -> None:
    """From the end of the command on no token of before is good, cached or not, nor one that the leaked key signs for a
    session that is opened afterwards.
    """
    one, other = workers
    sessions = [log_in(worker) for worker in workers]
    for tokens in sessions[:1]:
        assert {list_tickets(worker, tokens["access"]) for worker in workers} == {200}
    leaked = secret(place.data)
    assert keesa("secret", "rotate", "--leaked", place=place).status == 0
    for worker in workers:
        for tokens in sessions:
            assert send(worker, "GET", "/api/v1/tickets", {"Authorization": tokens["access"]}) in (ENDED, INVALID)
            header = {"X-Refresh-Token": tokens["refresh"]}
            assert send(worker, "POST", "/api/v1/auth/refresh", header) == INVALID
    opened = log_in(one)
    forged = signed(payload_of(opened["access"]), secret=leaked)
    assert send(other, "GET", "/api/v1/tickets", {"Authorization": forged}) == INVALID
    assert list_tickets(other, opened["access"]) == 200


def test_a_configured_former_secret_verifies(database: Database, config: Config) -> None:
    """A session goes on that another node has opened with it; without it the token is refused."""
    token = cast.token(database, cast.ENGINEER)
    other = replace(config, secret="f" * 32)
    for each, status in ((replace(other, secret_previous=("e" * 32, cast.SECRET)), 200), (other, 401)):
        client = TestClient(serve_from(database, each))  # not entered, so that the database stays open
        assert client.get("/api/v1/tickets", headers={"Authorization": token}).status_code == status
