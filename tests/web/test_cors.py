"""Browsers' pages of other origins: any may call, without cookies; the operator may narrow it."""

from dataclasses import replace
from typing import Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import ApiFor
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database
from logins import LOGIN, bearer

DESK: Final = "https://desk.example"
OTHER: Final = "https://other.example"
TICKETS: Final = "/api/v1/tickets"


@pytest.fixture(scope="module")
def narrowed(shared_database: Database, shared_config: Config) -> TestClient:
    """The API for the pages of two origins."""
    origins = (DESK, "http://localhost:3000")
    return TestClient(serve_from(shared_database, replace(shared_config, cors_origins=origins)))


def preflight(client: TestClient, origin: str, path: str = TICKETS, headers: str | None = "authorization") -> Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    if headers is not None:
        asked["Access-Control-Request-Headers"] = headers
    return client.options(path, headers=asked)


def exposed(answer: Response) -> set[str]:
    """In lower case."""
    return {name.strip().lower() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}


@pytest.mark.parametrize("path", [TICKETS, "/api/v1/auth/logout", "/api/v1/nothing", "/health"])
def test_a_preflight_allows_every_method_and_the_headers_asked_for(shared_client: TestClient, path: str) -> None:
    """Without a token, which a browser never sends with it."""
    asked = "authorization,content-type,keesa-version,x-refresh-token,x-csrf-token"
    answer = preflight(shared_client, DESK, path, asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Headers"] == asked
    methods = {method.strip() for method in answer.headers["Access-Control-Allow-Methods"].split(",")}
    assert methods >= {"GET", "HEAD", "POST", "DELETE"}
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


def test_a_preflight_that_asks_for_no_header_is_answered_too(shared_client: TestClient) -> None:
    """With any."""
    assert preflight(shared_client, DESK, headers=None).headers["Access-Control-Allow-Headers"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tickets", 200),
        ("POST", "/tickets", 422),
        ("GET", "/tickets/1", 404),
        ("GET", "/nothing", 404),
        ("PUT", "/tickets", 405),
        ("GET", "/coffee", 418),
    ],
)
def test_a_page_reads_every_answer(shared_api: ApiFor, method: str, path: str, status: int) -> None:
    """Errors too, and the headers that a client acts on."""
    answer = shared_api(cast.ENGINEER)(method, path, Origin=DESK)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert exposed(answer) >= {"x-request-id", "keesa-version", "retry-after", "www-authenticate", "allow"}


def test_a_page_reads_every_header_that_is_documented(shared_client: TestClient) -> None:
    """And the name of a file that it is given; what comes with cookies is for the server's own pages alone."""
    answer = shared_client.get("/api/v1/openapi.json", headers={"Origin": DESK})
    documented = {name.lower() for name in answer.json()["components"]["headers"]}
    assert {"link", "etag"} <= documented
    by_its_path = {name for name in documented if name.startswith(("tus-", "upload-"))}  # tests/uploads
    assert exposed(answer) >= {*documented, "content-disposition"} - {"set-cookie", "x-csrf-token"} - by_its_path


def test_a_page_is_told_that_it_must_log_in(shared_client: TestClient) -> None:
    """A 401 that it may not read would look like a broken network."""
    answer = shared_client.get(TICKETS, headers={"Origin": DESK})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, "*")


def test_credentials_are_never_allowed(shared_client: TestClient, narrowed: TestClient) -> None:
    """Cookies serve the server's own pages only: no other page's call may carry them."""
    who = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
    for client in (shared_client, narrowed):
        answers = [
            preflight(client, DESK),
            client.get(TICKETS, headers={"Origin": DESK}),
            client.post(LOGIN["2024"], json=who, headers={"Origin": DESK, "Keesa-Cookies": "true"}),
        ]
        client.cookies.clear()
        assert not any("Access-Control-Allow-Credentials" in answer.headers for answer in answers)


@pytest.mark.parametrize("origin", [DESK, "http://localhost:3000"])
def test_a_narrowed_desk_allows_its_origins_by_name(narrowed: TestClient, origin: str) -> None:
    """And tells caches that the answer depends on the origin, beside all else that it depends on."""
    for answer in (preflight(narrowed, origin), narrowed.get(TICKETS, headers={"Origin": origin})):
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
    assert "Keesa-Version" in narrowed.get(TICKETS).headers["Vary"]


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "http://desk.example", "https://desk.example:8443", "https://desk.example.evil", "*", ""]
)
def test_a_narrowed_desk_allows_no_other(narrowed: TestClient, origin: str) -> None:
    """The browser then keeps the answer from the page."""
    for answer in (preflight(narrowed, origin), narrowed.get(TICKETS, headers={"Origin": origin})):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Expose-Headers" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


def test_narrowing_shuts_nobody_out(shared_database: Database, narrowed: TestClient) -> None:
    """It is the browser that obeys: who has a token is answered, with another origin or, as most clients, with none."""
    token = bearer(cast.token(shared_database, cast.ENGINEER))
    for origin in ({}, {"Origin": OTHER}):
        assert narrowed.get(TICKETS, headers=token | origin).status_code == 200
