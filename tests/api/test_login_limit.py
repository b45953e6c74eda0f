"""What a client is answered after too many failed logins."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest
from starlette.testclient import TestClient

import cast
from guards import HASHES
from keesa.accounts import attempts
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx
from logins import log_in, try_password


@pytest.fixture
def strict(database: Database, config: Config) -> Iterator[TestClient]:
    """The API with a limit of two failures a user and address, three a user and four an address."""
    limited = replace(
        config, login_failures_per_user_and_address=2, login_failures_per_user=3, login_failures_per_address=4
    )
    with TestClient(serve_from(database, limited), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_the_right_password_is_refused_after_too_many_wrong_ones(strict: TestClient, version: Version) -> None:
    """429 with the seconds to wait, at both logins, whichever the wrong ones came to."""
    for tried in ("2021", "2024"):
        assert try_password(strict, cast.ENGINEER.email, "wrong", tried).status_code == 401
    answer = try_password(strict, cast.ENGINEER.email, cast.PASSWORD, version)
    assert (answer.status_code, answer.json()) == (429, {"error": "Too many failed logins, please try again later"})
    assert 1 <= int(answer.headers["Retry-After"]) <= 900
    assert answer.headers["Keesa-Version"] == version


def test_a_stranger_s_guesses_do_not_shut_the_owner_out(database: Database, config: Config) -> None:
    """With the limits as they are set: from their own address, and from any that they have logged in from before."""
    behind = replace(config, trusted_proxies=(ip_network("0.0.0.0/0"),))
    app = serve_from(database, behind)
    with TestClient(app, client=("127.0.0.1", 50_000)) as client:

        def enter(address: str, password: str = cast.PASSWORD) -> int:
            return try_password(client, cast.ENGINEER.email, password, X_Forwarded_For=address).status_code

        assert enter("203.0.113.7") == 200
        assert [enter("198.51.100.9", "wrong") for _ in range(11)] == [401] * 10 + [429]
        assert enter("198.51.100.9") == 429
        assert enter("203.0.113.8") == 200
        for number in range(90):
            database.write(lambda tx, number=number: guess(tx, f"192.0.2.{number}"))  # type: ignore[misc]  # a default in a lambda
        assert (enter("203.0.113.9"), enter("203.0.113.7"), enter("203.0.113.8")) == (429, 200, 200)


def guess(tx: Tx, network: str) -> None:
    """A wrong one, without the work that it takes."""
    counters = attempts.counters(HASHES.of(cast.ENGINEER.email), network, attempts.Limits(10, 100, 300))
    attempts.count_failure(tx, counters, now())


def test_others_log_in_meanwhile(strict: TestClient) -> None:
    """The limit of one user is not another's."""
    for _ in range(3):
        try_password(strict, cast.ENGINEER.email, "wrong")
    assert log_in(strict, cast.ADMIN)["access"]


def test_the_address_has_a_limit_of_its_own(strict: TestClient) -> None:
    """Guesses at many users from one place end too, for all users."""
    for number in range(4):
        assert try_password(strict, f"user{number}@keesa.example", "wrong").status_code == 401
    assert try_password(strict, cast.ADMIN.email, cast.PASSWORD).status_code == 429


def test_sessions_that_are_open_go_on(strict: TestClient) -> None:
    """Somebody else's guesses put nobody out who is in."""
    access = log_in(strict, cast.ENGINEER)["access"]
    for _ in range(3):
        try_password(strict, cast.ENGINEER.email, "wrong")
    assert strict.get("/api/v1/tickets", headers={"Authorization": access}).status_code == 200


def test_missing_credentials_are_no_guess(strict: TestClient) -> None:
    """A 422 is not counted."""
    for _ in range(5):
        assert strict.post("/api/v1/auth/login", json={"user": cast.ENGINEER.email}).status_code == 422
    assert log_in(strict, cast.ENGINEER)["access"]
