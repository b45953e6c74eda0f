"""What a client is answered after too many failed logins."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

import cast
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database
from logins import log_in, try_password


@pytest.fixture
def strict(database: Database, config: Config) -> Iterator[TestClient]:
    """The API with a limit of two failures a user and four an address."""
    limited = replace(config, login_failures_per_user=2, login_failures_per_address=4)
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
