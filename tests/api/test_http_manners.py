"""What any HTTP client may expect: slashes, HEAD, OPTIONS, Allow, request ids, and nothing cached or sniffed."""

import re
from typing import Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from asking import ApiFor
from following import cursor_of, without_cursors
from keesa.db import Database
from raw_asgi import ask_raw
from route_tables import endpoints, filled

PREFIX: Final = "/api/v1"
GOOD_QUERIES: Final = {
    "/tickets/tickets_by_type": "?type=eco_support&status=open",
    "/tickets/tickets_by_category": "?category=fault",
    "/tickets/tickets_of_customer": f"?customer_id={cast.HARBOUR}",
    "/tickets/get_ticket_notes": f"?ticket_number={cast.ASSIGNED}",
    "/tickets/search": f"?q={cast.ASSIGNED}",
    "/changes": "?limit=5&after=",  # of a cursor
    "/tickets/{ticket}/get_specific_ticket_for_bot": f"?customer_id={cast.HARBOUR}",
}
ENDPOINTS: Final = sorted(endpoints())
GETS: Final = [path for method, path in ENDPOINTS if method == "GET"]


def at(path: str) -> str:
    """A path of the route tables, with a ticket in it."""
    return PREFIX + filled(path)


def good_query(path: str, database: Database) -> str:
    query = GOOD_QUERIES.get(path, "")
    return f"{query}{cursor_of(database, cast.ADMIN.id)}" if path == "/changes" else query


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_a_trailing_slash_is_accepted_without_a_redirect(shared_client: TestClient, method: str, path: str) -> None:
    """On every path: the answer is the one without it."""
    shared_client.follow_redirects = False
    plain, slashed = (shared_client.request(method, f"{at(path)}{end}") for end in ("", "/"))
    shared_client.follow_redirects = True
    assert (slashed.status_code, slashed.text) == (plain.status_code, plain.text)
    assert slashed.status_code in (200, 204, 401, 418, 422)


@pytest.mark.parametrize("path", GETS)
def test_a_trailing_slash_shows_the_same_thing(shared_api: ApiFor, shared_database: Database, path: str) -> None:
    """To who is logged in, with a query behind it."""
    admin, query = shared_api(cast.ADMIN), good_query(path, shared_database)
    plain, slashed = (admin("GET", f"{at(path)}{end}{query}".removeprefix(PREFIX)) for end in ("", "/"))
    assert plain.status_code == (418 if path == "/coffee" else 200)
    assert without_cursors(slashed.content) == without_cursors(plain.content)
    assert not slashed.history


@pytest.mark.parametrize("path", [*GETS, "/nothing", "/tickets/1"])
def test_head_is_get_without_the_body(
    shared_client: TestClient, shared_api: ApiFor, shared_database: Database, path: str
) -> None:
    """Status and headers are GET's, to the length of the body that is not sent; each counts as a request, but for one
    that an image tag makes.
    """
    full = f"{at(path)}{good_query(path, shared_database)}"
    headers = [(b"Authorization", shared_api(cast.ADMIN).token.encode()), (b"X-Request-Id", b"same")]
    get, head = (ask_raw(shared_client.app, method, full, headers) for method in ("GET", "HEAD"))
    shown = [[pair for pair in each.headers if pair[0] != "ratelimit"] for each in (get, head)]
    assert (head.status, shown[1]) == (get.status, shown[0])
    assert (len(shown[0]) < len(get.headers)) == (path != "/files/{address}")
    assert (head.body, head.header("content-length")) == (b"", str(len(get.body)))
    assert get.body


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_head_asks_for_health_too(shared_client: TestClient, path: str) -> None:
    """As some load balancers do."""
    get, head = (ask_raw(shared_client.app, method, path) for method in ("GET", "HEAD"))
    assert (get.status, head.status, head.body) == (200, 200, b"")
    assert head.header("content-length") == str(len(get.body))


@pytest.mark.parametrize(
    "path",
    [
        f"{PREFIX}",
        f"{PREFIX}/",
        f"{PREFIX}/nothing",
        f"{PREFIX}/ticket",
        f"{PREFIX}//tickets",
        f"{PREFIX}/tickets/1/nothing",
        f"{PREFIX}/tickets/1/status_update/1",
        f"{PREFIX}/TICKETS",
        f"{PREFIX}/tickets%00",
        f"{PREFIX}/tickets/../auth",
        "/api/v2/tickets",
        "/api/v10/tickets",
        "/tickets",
        "/health/live",
        "/.env",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404(shared_client: TestClient, method: str, path: str) -> None:
    """In JSON, by any method, with or without a token."""
    answer = ask_raw(shared_client.app, method, path)
    assert (answer.status, answer.body) == (404, b'{"error":"There is nothing at this path"}')
    assert answer.header("content-type") == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"{PREFIX}/tickets", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("PUT", f"{PREFIX}/tickets/2025001", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("DELETE", f"{PREFIX}/tickets/2025001/", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("GET", f"{PREFIX}/auth", {"POST", "OPTIONS"}),
        ("HEAD", f"{PREFIX}/auth/login", {"POST", "OPTIONS"}),
        ("POST", f"{PREFIX}/auth/logout", {"DELETE", "OPTIONS"}),
        ("GET", f"{PREFIX}/tickets/add_ticket_note", {"POST", "OPTIONS"}),
        ("TRACE", f"{PREFIX}/tickets", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("get", f"{PREFIX}/tickets", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("FROB", f"{PREFIX}/coffee", {"BREW", "GET", "HEAD", "OPTIONS"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("DELETE", "/ready", {"GET", "HEAD"}),
    ],
)
def test_another_method_is_405_and_names_the_allowed_ones(
    shared_client: TestClient, method: str, path: str, allowed: set[str]
) -> None:
    """In `Allow`, where programs look, and in the sentence, where people do."""
    answer = ask_raw(shared_client.app, method, path)
    assert answer.status == 405
    assert set(answer.header("allow").split(", ")) == allowed
    if method != "HEAD":
        assert all(name.encode() in answer.body for name in allowed - {"OPTIONS"})


@pytest.mark.parametrize(("path", "allow"), [("/tickets", "GET, POST, HEAD, OPTIONS"), ("/auth", "POST, OPTIONS")])
def test_options_names_the_methods(shared_client: TestClient, path: str, allow: str) -> None:
    """Without a token; a preflight of a browser's is another matter."""
    answer = shared_client.options(f"{PREFIX}{path}")
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (204, b"", allow)


def every_kind(client: TestClient, api: ApiFor, request_id: str | None) -> list[Response]:
    """One answer of each kind, to requests with that id."""
    headers = {} if request_id is None else {"X-Request-Id": request_id}
    admin = {"Authorization": api(cast.ADMIN).token} | headers
    preflight = {"Origin": "https://desk.example", "Access-Control-Request-Method": "GET"} | headers
    return [
        client.get(f"{PREFIX}/tickets", headers=admin),
        client.head(f"{PREFIX}/tickets", headers=admin),
        client.post(f"{PREFIX}/tickets", headers=admin),
        client.get(f"{PREFIX}/tickets", headers=headers),
        client.get(f"{PREFIX}/nothing", headers=headers),
        client.get("/nothing", headers=headers),
        client.put(f"{PREFIX}/tickets", headers=headers),
        client.get(f"{PREFIX}/coffee", headers=headers),
        client.options(f"{PREFIX}/tickets", headers=headers),
        client.options(f"{PREFIX}/tickets", headers=preflight),
        client.get("/health", headers=headers),
        client.get("/ready", headers=headers),
    ]


def test_every_answer_has_a_request_id_of_its_own(shared_client: TestClient, shared_api: ApiFor) -> None:
    """Errors, preflights and health checks too."""
    answers = every_kind(shared_client, shared_api, None)
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == len(answers)
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)


def test_a_client_s_own_request_id_comes_back(shared_client: TestClient, shared_api: ApiFor) -> None:
    """On every kind of answer."""
    answers = every_kind(shared_client, shared_api, "desk-7.Morning_shift")
    assert {answer.headers["X-Request-Id"] for answer in answers} == {"desk-7.Morning_shift"}


@pytest.mark.parametrize("safe", ["a", "7f3c", "A-b_c.9", "x" * 64, "b1946ac9-2492-4d23-a4b8-0a4e5f4c9d10"])
def test_a_safe_request_id_is_kept(shared_client: TestClient, safe: str) -> None:
    """Up to 64 letters, digits, dots, dashes and underscores."""
    assert shared_client.get("/health", headers={"X-Request-Id": safe}).headers["X-Request-Id"] == safe


@pytest.mark.parametrize(
    "unsafe",
    [
        "",
        " ",
        "a b",
        "x" * 65,
        "a\tb",
        "a\nb",
        'a"b',
        "<script>",
        "a,b",
        "a;b",
        "a/b",
        "%0a",
        "caf\xe9",
        "\xd8\xa7",
        "\xb2",
    ],
)
def test_an_unsafe_request_id_is_replaced(shared_client: TestClient, unsafe: str) -> None:
    """It would stand in logs and pages of ours."""
    answer = ask_raw(shared_client.app, "GET", "/health", [(b"X-Request-Id", unsafe.encode("latin-1"))])
    assert re.fullmatch(r"[0-9a-f]{32}", answer.header("x-request-id"))


def test_nothing_is_cached_and_nothing_is_sniffed(shared_client: TestClient, shared_api: ApiFor) -> None:
    """No cache but the reader's own keeps a ticket, which asks each time; and no browser takes JSON for a page."""
    for answer in every_kind(shared_client, shared_api, None):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    own = "private, no-cache"
    read = dict.fromkeys(("/tickets", f"/tickets/{cast.ASSIGNED}", "/tickets/rows"), own)
    for path, expected in (read | dict.fromkeys(("/nothing", "/coffee"), "no-store")).items():
        answer = shared_api(cast.ADMIN)("GET", path)
        assert answer.headers["Cache-Control"] == expected
        assert answer.headers["Content-Type"] == "application/json"
