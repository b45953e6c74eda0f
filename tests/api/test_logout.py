"""Logging out: either token ends the whole session, at once and everywhere."""

from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from jwts import payload_of, signed
from keesa.accounts import sessions
from keesa.accounts.sessions import OVERLAP
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import open_database
from logins import LOGOUT, LOGOUT_BY_REFRESH, REFRESH, bearer, log_in, refresh_header
from places import Place

WAYS: Final = ("access", "refresh")


@pytest.fixture(params=["2021", "2024"])
def tokens(shared_client: TestClient, request: pytest.FixtureRequest) -> dict[str, str]:
    """Those of a new session, of either version."""
    return log_in(shared_client, cast.ENGINEER, request.param)


def log_out(client: TestClient, way: str, token: str) -> tuple[int, object]:
    """Status and answer of the logout by that kind of token."""
    path, headers = (LOGOUT, bearer(token)) if way == "access" else (LOGOUT_BY_REFRESH, refresh_header(token))
    answer = client.delete(path, headers=headers)
    return answer.status_code, answer.json()


def lives(client: TestClient, tokens: dict[str, str]) -> tuple[bool, bool]:
    """Whether the access token is still good, and whether the refresh token still refreshes."""
    access = client.get("/api/v1/tickets", headers=bearer(tokens["access"])).status_code == 200
    return access, client.post(REFRESH["2024"], headers=refresh_header(tokens["refresh"])).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_either_logout_ends_both_tokens(shared_client: TestClient, tokens: dict[str, str], way: str) -> None:
    """And says so in the documents' words."""
    assert log_out(shared_client, way, tokens[way]) == (200, {"message": "Successfully logged out"})
    assert lives(shared_client, tokens) == (False, False)


@pytest.mark.parametrize("way", WAYS)
def test_a_logout_counts_on_every_node_at_once(place: Place, client: TestClient, config: Config, way: str) -> None:
    """Another process on the same database refuses both tokens at its next request."""
    tokens = log_in(client, cast.ENGINEER)
    with TestClient(serve_from(open_database(place.data, place.url), config)) as other:
        assert other.get("/api/v1/tickets", headers=bearer(tokens["access"])).status_code == 200
        log_out(client, way, tokens[way])
        assert lives(other, tokens) == (False, False)


def test_other_sessions_of_the_user_live_on(shared_client: TestClient, tokens: dict[str, str]) -> None:
    """Who leaves on the phone stays at the desk."""
    other = log_in(shared_client, cast.ENGINEER)
    log_out(shared_client, "access", tokens["access"])
    assert lives(shared_client, other) == (True, True)


def test_an_expired_access_token_can_log_out(shared_client: TestClient, tokens: dict[str, str]) -> None:
    """Its signature is checked, its expiry is not: a page that was left open can be closed properly."""
    expired = signed(payload_of(tokens["access"]) | {"exp": now() // 1000 - 30 * 24 * 3600})
    assert log_out(shared_client, "access", expired)[0] == 200
    assert lives(shared_client, tokens) == (False, False)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_logout_is_401(shared_client: TestClient, tokens: dict[str, str], way: str) -> None:
    """By either token: the session has ended already."""
    log_out(shared_client, way, tokens[way])
    for again in WAYS:
        status, answer = log_out(shared_client, again, tokens[again])
        assert (status, answer) == (401, {"error": "Your session has ended, please log in again"})


def test_an_access_token_that_was_refreshed_away_cannot_log_out(
    shared_client: TestClient, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute later it has ended; the session has not."""
    shared_client.post(REFRESH["2024"], headers=refresh_header(tokens["refresh"]))
    monkeypatch.setattr(sessions, "now", lambda: now() + OVERLAP)
    assert log_out(shared_client, "access", tokens["access"])[0] == 401
    assert lives(shared_client, tokens) == (False, True)


@pytest.mark.parametrize("way", ["replaced", "new", "refresh"])
def test_a_logout_ends_the_replaced_token_too(shared_client: TestClient, tokens: dict[str, str], way: str) -> None:
    """Whichever token of the session it comes with, within the minute in which all of them are good."""
    answer = shared_client.post(REFRESH["2024"], headers=refresh_header(tokens["refresh"]))
    renewed = {"access": answer.json()["access"], "refresh": tokens["refresh"]}
    assert (lives(shared_client, tokens), lives(shared_client, renewed)) == ((True, True), (True, True))
    held = {"replaced": tokens["access"], "new": renewed["access"], "refresh": tokens["refresh"]}[way]
    assert log_out(shared_client, "refresh" if way == "refresh" else "access", held)[0] == 200
    assert (lives(shared_client, tokens), lives(shared_client, renewed)) == ((False, False), (False, False))


@pytest.mark.parametrize("way", WAYS)
def test_a_bad_token_ends_nothing(shared_client: TestClient, tokens: dict[str, str], way: str) -> None:
    """One of the other kind, an expired refresh token, one with another secret or without a signature: 401."""
    payload = payload_of(tokens[way])
    bad = [
        tokens["refresh" if way == "access" else "access"],
        signed(payload, secret=cast.SECRET[::-1]),
        signed(payload, header={"alg": "none"}),
        signed(payload | {"exp": 1}, secret=cast.SECRET[::-1]),
        "",
    ]
    if way == "refresh":
        bad.append(signed(payload | {"exp": now() // 1000 - 1}))
    assert [log_out(shared_client, way, token)[0] for token in bad] == [401] * len(bad)
    assert lives(shared_client, tokens) == (True, True)


@pytest.mark.parametrize("path", [LOGOUT, LOGOUT_BY_REFRESH])
def test_a_logout_without_a_token_is_401(shared_client: TestClient, path: str) -> None:
    """There is nobody to log out."""
    answer = shared_client.delete(path)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
