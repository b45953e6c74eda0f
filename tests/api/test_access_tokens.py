"""The access token: how it is sent, and every kind of it that is refused."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from jwts import payload_of, signed
from keesa.clock import now
from logins import bearer, log_in

TICKETS: Final = "/api/v1/tickets"


@pytest.fixture(scope="module", params=["2021", "2024"])
def tokens(shared_client: TestClient, request: pytest.FixtureRequest) -> dict[str, str]:
    """Those of one session for all tests here: none of them ends it."""
    return log_in(shared_client, cast.ENGINEER, request.param)


def ask(client: TestClient, header: str) -> Response:
    return client.get(TICKETS, headers=[(b"Authorization", header.encode())])


def assert_refused(answer: Response) -> None:
    assert answer.status_code == 401
    assert list(answer.json()) == ["error"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("form", ["Bearer {}", "{}", "bearer {}", "JWT {}", "Bearer   {}", "Bearer: my token {} "])
def test_the_token_is_the_last_word_of_the_header(shared_client: TestClient, tokens: dict[str, str], form: str) -> None:
    """`Bearer` may be missing, or be any other words."""
    assert ask(shared_client, form.format(tokens["access"])).status_code == 200


def test_a_token_signed_by_hand_with_the_server_s_secret_is_good(
    shared_client: TestClient, tokens: dict[str, str]
) -> None:
    """What makes the forgeries below fail is the one thing that each of them has wrong."""
    assert ask(shared_client, signed(payload_of(tokens["access"]))).status_code == 200


def test_no_token_is_401(shared_client: TestClient) -> None:
    """Without a header there is nobody to answer."""
    assert_refused(shared_client.get(TICKETS))


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Bearer",
        "Bearer null",
        "a.b.c",
        "Bearer ..",
        "e30.e30.",
        "Basic dXNlcjpwYXNz",
        "Bearer \u2603",
    ],
)
def test_what_is_no_token_is_401(shared_client: TestClient, header: str) -> None:
    """Whatever stands in the header is at worst not a token."""
    assert_refused(ask(shared_client, header))


FORGERIES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "another secret": lambda payload: signed(payload, secret=cast.SECRET[::-1]),
    "no algorithm": lambda payload: signed(payload, header={"alg": "none"}),
    "no algorithm, in capitals": lambda payload: signed(payload, header={"alg": "NONE"}),
    "no algorithm is named": lambda payload: signed(payload, header={"alg": ""}),
    "HS384": lambda payload: signed(payload, header={"alg": "HS384"}),
    "HS512": lambda payload: signed(payload, header={"alg": "HS512"}),
    "HS256 said to be RS256": lambda payload: signed(payload, header={"alg": "RS256"}),
    "expired": lambda payload: signed(payload | {"exp": now() // 1000 - 1}),
    "expires never": lambda payload: signed(without(payload, "exp")),
    "expires some day": lambda payload: signed(payload | {"exp": "some day"}),
    "of no session": lambda payload: signed(without(payload, "uid")),
    "of an unknown session": lambda payload: signed(payload | {"uid": "00000000-0000-4000-8000-000000000000"}),
    "of every session": lambda payload: signed(payload | {"uid": "%"}),
    "with the refresh token's uid": lambda payload: signed(payload | {"uid": payload["ruid"]}),
}


def without(payload: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name != key}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_401(shared_client: TestClient, tokens: dict[str, str], forgery: str) -> None:
    """Signature, algorithm, expiry and session must all be right."""
    assert_refused(ask(shared_client, f"Bearer {FORGERIES[forgery](payload_of(tokens['access']))}"))


def test_a_changed_payload_breaks_the_signature(shared_client: TestClient, tokens: dict[str, str]) -> None:
    """Nobody makes themselves the admin by writing another id into their token."""
    _, _, signature = tokens["access"].split(".")
    header, changed, _ = signed(payload_of(tokens["access"]) | {"user_id": cast.ADMIN.id}).split(".")
    assert_refused(ask(shared_client, f"Bearer {header}.{changed}.{signature}"))


def test_the_payload_s_user_is_not_believed_over_the_session_s(
    shared_client: TestClient, tokens: dict[str, str]
) -> None:
    """Who acts is read from the session, even where a token is signed with the server's secret."""
    token = signed(payload_of(tokens["access"]) | {"user_id": cast.ADMIN.id, "user_type": "admin"})
    assert shared_client.get(f"{TICKETS}/{cast.HIDDEN}", headers=bearer(token)).status_code == 404


def test_a_refresh_token_is_no_access_token(shared_client: TestClient, tokens: dict[str, str]) -> None:
    """It is good for refreshing alone."""
    assert_refused(ask(shared_client, f"Bearer {tokens['refresh']}"))


def test_the_refresh_token_s_header_gives_no_access(shared_client: TestClient, tokens: dict[str, str]) -> None:
    """An access token counts in its own header only."""
    assert_refused(shared_client.get(TICKETS, headers={"X-Refresh-Token": tokens["access"]}))


@pytest.mark.parametrize("field", ["token", "access", "jwt_access", "access_token"])
def test_a_token_in_the_query_gives_no_access(shared_client: TestClient, tokens: dict[str, str], field: str) -> None:
    """Queries end in logs and histories: tokens are not read from them."""
    assert_refused(shared_client.get(TICKETS, params={field: tokens["access"]}))
