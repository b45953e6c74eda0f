"""The browser's way: tokens in cookies for those who ask, and a CSRF token for what changes things."""

import http.cookies
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from by_keesa import create_role
from documented_shapes import CSRF, SHAPES_2021, SHAPES_2024, Shape, differences
from jwts import is_signed, payload_of
from keesa.accounts.roles import NewRole
from keesa.accounts.sessions import Version
from keesa.db import Database
from logins import LOGIN, LOGOUT, LOGOUT_BY_REFRESH, REFRESH, bearer, log_in, refresh_header, try_password

TICKETS: Final = "/api/v1/tickets"
ADD_NOTE: Final = f"{TICKETS}/add_ticket_note"
NOTE: Final = {"ticket_note": {"note": "From a page"}, "ticket_number": str(cast.ASSIGNED)}
HEADER: Final = "X-CSRF-Token"
BUSY: Final = cast.Person(9, "busy@keesa.example", "Busy", "Busy", "staff", "r" * 255)
VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")


@pytest.fixture
def browser(shared_client: TestClient) -> Iterator[TestClient]:
    """The shared API, with a cookie jar that is empty before and after."""
    shared_client.cookies.clear()
    yield shared_client
    shared_client.cookies.clear()


def sign_in(browser: TestClient, version: Version = "2024") -> str:
    """Log in as a page does; the CSRF token."""
    answer = try_password(browser, cast.ENGINEER.email, cast.PASSWORD, version, Keesa_Cookies="true")
    assert answer.status_code == 200
    return answer.headers[HEADER]


def secret_of(csrf: str) -> bytes:
    raw = b64decode(csrf, validate=True)
    return bytes(a ^ b for a, b in zip(raw[:32], raw[32:], strict=True))


@pytest.mark.parametrize("version", VERSIONS)
def test_cookies_are_set_for_who_asks(browser: TestClient, version: Version) -> None:
    """One a token: no script reads them, no other site sends them, and they live as long as their tokens."""
    answer = try_password(browser, cast.ENGINEER.email, cast.PASSWORD, version, Keesa_Cookies="true")
    tokens, small = answer.json(), browser.cookies["jwt_access"]
    assert answer.headers.get_list("Set-Cookie") == [
        f"jwt_access={small}; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict",
        f"jwt_refresh={tokens['refresh']}; Path=/api/v1/auth; Max-Age=864000; HttpOnly; SameSite=Strict",
    ]
    assert CSRF.fullmatch(answer.headers[HEADER])
    said = payload_of(tokens["access"])
    assert list(payload_of(small).items()) == [(key, said[key]) for key in ("exp", "user_id", "uid", "ruid")]
    assert is_signed(small)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cookie_is_small_whatever_the_roles(client: TestClient, database: Database, version: Version) -> None:
    """Browsers drop one of more than 4,096 bytes; the body's token has all that the document says, of any length."""
    many = {f"resource_{number}": ["read", "write", "delete"] for number in range(200)}
    database.write(lambda tx: create_role(tx, NewRole("r" * 255, many, ())))
    database.write(lambda tx: cast.add_person(tx, BUSY))
    answer = try_password(client, BUSY.email, cast.PASSWORD, version, Keesa_Cookies="true")
    renewed = client.post(REFRESH[version], headers={HEADER: answer.headers[HEADER]})
    for given in (answer, renewed):
        assert all(len(cookie) < 600 for cookie in given.headers.get_list("Set-Cookie"))
        assert client.get(TICKETS, headers=bearer(given.json()["access"])).status_code == 403
        assert client.get(TICKETS).status_code == 403
        assert payload_of(given.json()["access"]).get("permissions", many) == many


@pytest.mark.parametrize(("version", "shape"), [("2021", SHAPES_2021["auth"]), ("2024", SHAPES_2024["login"])])
def test_asking_for_cookies_changes_no_body(browser: TestClient, version: Version, shape: Shape) -> None:
    """What cookies need beside them comes in a header: each version's shape is its own."""
    tokens = log_in(browser, cast.ENGINEER, version, Keesa_Cookies="true")
    assert not list(differences(tokens, shape, extras=False))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("asked", [{}, {"Keesa_Cookies": "false"}, {"Keesa_Cookies": "1"}])
def test_nobody_else_gets_cookies(browser: TestClient, version: Version, asked: dict[str, str]) -> None:
    """The documents' clients keep their tokens themselves."""
    answer = try_password(browser, cast.ENGINEER.email, cast.PASSWORD, version, **asked)
    assert "Set-Cookie" not in answer.headers
    assert HEADER not in answer.headers


def test_cookies_over_https_never_leave_it(shared_client: TestClient) -> None:
    """`Secure`, where the client speaks HTTPS."""
    who = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
    answer = shared_client.post(f"https://testserver{LOGIN['2024']}", json=who, headers={"Keesa-Cookies": "true"})
    shared_client.cookies.clear()
    assert [cookie.endswith("; Secure") for cookie in answer.headers.get_list("Set-Cookie")] == [True, True]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_needs_the_cookie_alone(browser: TestClient, method: str) -> None:
    """A page reads without a CSRF token: GET and HEAD change nothing."""
    sign_in(browser)
    assert browser.request(method, TICKETS).status_code == 200


def test_each_answer_brings_the_csrf_token_in_a_new_mask(browser: TestClient) -> None:
    """The same 32 bytes of the session, never the same text."""
    masks = [sign_in(browser)] + [browser.get(TICKETS).headers[HEADER] for _ in range(3)]
    assert all(CSRF.fullmatch(mask) for mask in masks)
    assert len(set(masks)) == 4
    assert len({secret_of(mask) for mask in masks}) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_changing_needs_the_csrf_token(client: TestClient, version: Version) -> None:
    """With it, in any of its masks, a page changes things."""
    first = sign_in(client, version)
    second = client.get(TICKETS).headers[HEADER]
    for mask in (first, second, first):
        assert client.post(ADD_NOTE, json=NOTE, headers={HEADER: mask}).status_code == (
            200 if version == "2021" else 201
        )


def test_the_csrf_of_2021_s_body_is_good_too(client: TestClient) -> None:
    """The body's and the header's are masks of one secret."""
    csrf = log_in(client, cast.ENGINEER, "2021", Keesa_Cookies="true")["csrf"]
    assert client.post(ADD_NOTE, json=NOTE, headers={HEADER: csrf}).status_code == 200


@pytest.mark.parametrize(
    "csrf",
    [None, "", "x", "A" * 86 + "==", "A" * 88, "\u2603", "../" * 29],
    ids=["missing", "empty", "short", "nought", "too long", "not ASCII", "not base64"],
)
def test_a_wrong_csrf_token_is_401(browser: TestClient, csrf: str | None) -> None:
    """A cookie alone changes nothing: other sites' pages can make a browser send it."""
    sign_in(browser)
    headers = [] if csrf is None else [(HEADER.encode(), csrf.encode())]
    for method, path in (
        ("POST", ADD_NOTE),
        ("DELETE", LOGOUT),
        ("DELETE", LOGOUT_BY_REFRESH),
        ("POST", REFRESH["2024"]),
    ):
        answer = browser.request(method, path, json=NOTE, headers=headers)
        assert answer.status_code == 401, path
        assert HEADER in answer.json()["error"]
    assert browser.get(TICKETS).status_code == 200


def test_the_csrf_token_of_another_session_is_401(browser: TestClient) -> None:
    """It belongs to one session, not to the user."""
    other = sign_in(browser)
    sign_in(browser)
    assert browser.post(ADD_NOTE, json=NOTE, headers={HEADER: other}).status_code == 401


def test_header_tokens_need_no_csrf_token(client: TestClient) -> None:
    """Also where the browser sends its cookies along: nobody else's page can set the header."""
    sign_in(client)
    access = client.cookies["jwt_access"]
    answer = client.post(ADD_NOTE, json=NOTE, headers=bearer(access))
    assert answer.status_code == 201
    assert HEADER not in answer.headers


@pytest.mark.parametrize("header", ["Bearer bad", "bad", "", "Bearer"])
def test_a_bad_header_does_not_fall_back_to_the_cookie(browser: TestClient, header: str) -> None:
    """Who sends a header means it."""
    csrf = sign_in(browser)
    headers = {"Authorization": header, "X-Refresh-Token": header, HEADER: csrf}
    assert browser.get(TICKETS, headers=headers).status_code == 401
    assert browser.delete(LOGOUT, headers=headers).status_code == 401
    assert browser.post(REFRESH["2024"], headers=headers).status_code == 401


def test_a_header_decides_over_a_cookie(browser: TestClient) -> None:
    """Two people, one browser: the header's is who acts."""
    sign_in(browser)
    admin = bearer(log_in(browser, cast.ADMIN)["access"])
    hidden = f"{TICKETS}/{cast.HIDDEN}"
    assert (browser.get(hidden).status_code, browser.get(hidden, headers=admin).status_code) == (404, 200)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_refreshes_with_its_cookie(browser: TestClient, version: Version) -> None:
    """A new access cookie; the CSRF token of the login is good as long as the session, and the refresh cookie stays."""
    csrf, old = sign_in(browser), browser.cookies["jwt_access"]
    answer = browser.post(REFRESH[version], headers={HEADER: csrf})
    assert answer.headers.get_list("Set-Cookie") == [
        f"jwt_access={browser.cookies['jwt_access']}; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict"
    ]
    assert payload_of(browser.cookies["jwt_access"])["uid"] == payload_of(answer.json()["access"])["uid"]
    assert browser.cookies["jwt_access"] != old
    assert browser.get(TICKETS).status_code == 200
    renewed = answer.headers[HEADER]
    assert secret_of(renewed) == secret_of(csrf)
    for mask in (csrf, renewed):
        assert browser.post(REFRESH[version], headers={HEADER: mask}).status_code == 200


LOST: Final = {
    "a list": (TICKETS, 200),
    "a ticket out of sight": (f"{TICKETS}/{cast.HIDDEN}", 404),
    "no ticket": (f"{TICKETS}/x", 404),
    "a bad page": (f"{TICKETS}?open_page=0", 422),
    "a bad body": (f"{TICKETS}/get_ticket_notes", 422),
    "no permission": (f"{TICKETS}/{cast.ASSIGNED}/get_specific_ticket_for_bot", 403),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("what", LOST)
def test_a_page_that_has_lost_its_csrf_token_gets_one_by_a_get(client: TestClient, what: str, method: str) -> None:
    """Whatever the answer is; and with it the page changes things."""
    sign_in(client)
    path, status = LOST[what]
    answer = client.request(method, path)
    assert answer.status_code == status
    assert client.post(ADD_NOTE, json=NOTE, headers={HEADER: answer.headers[HEADER]}).status_code == 201


@pytest.mark.parametrize("headers", [{}, {HEADER: "wrong"}])
def test_a_page_without_its_csrf_token_gets_none_for_trying(browser: TestClient, headers: dict[str, str]) -> None:
    """Nor does a header token's answer bring one, good or bad."""
    sign_in(browser)
    assert HEADER not in browser.post(ADD_NOTE, json=NOTE, headers=headers).headers
    access = bearer(browser.cookies["jwt_access"])
    assert HEADER not in browser.get(f"{TICKETS}/x", headers=access).headers


@pytest.mark.parametrize("path", [LOGOUT, LOGOUT_BY_REFRESH])
def test_a_page_s_logout_clears_both_cookies(browser: TestClient, path: str) -> None:
    """Whichever cookie it was done with; nothing of the session is left."""
    csrf = sign_in(browser)
    kept = dict(browser.cookies)
    assert sorted(kept) == ["jwt_access", "jwt_refresh"]
    assert browser.delete(path, headers={HEADER: csrf}).json() == {"message": "Successfully logged out"}
    assert not list(browser.cookies)
    assert browser.get(TICKETS, headers=bearer(kept["jwt_access"])).status_code == 401
    assert browser.post(REFRESH["2024"], headers=refresh_header(kept["jwt_refresh"])).status_code == 401


def test_a_logout_with_a_header_leaves_cookies_alone(browser: TestClient) -> None:
    """They may be another session's."""
    tokens = log_in(browser, cast.ENGINEER)
    sign_in(browser)
    assert "Set-Cookie" not in browser.delete(LOGOUT, headers=bearer(tokens["access"])).headers
    assert browser.get(TICKETS).status_code == 200


def test_a_cookie_of_the_other_kind_is_401(browser: TestClient) -> None:
    """A refresh token in the access token's cookie opens nothing, nor the reverse."""
    tokens = log_in(browser, cast.ENGINEER, "2021")
    swapped = {"Cookie": f"jwt_access={tokens['refresh']}; jwt_refresh={tokens['access']}", HEADER: tokens["csrf"]}
    assert browser.get(TICKETS, headers=swapped).status_code == 401
    assert browser.post(REFRESH["2021"], headers=swapped).status_code == 401


def test_the_cookie_of_the_longest_path_counts(browser: TestClient) -> None:
    """Browsers send it first: that of a Keesa at the host's root, or of this one before it moved, comes after."""
    access = log_in(browser, cast.ENGINEER)["access"]
    browser.cookies.clear()
    for cookies in (f"jwt_access={access}; jwt_access=another", f' a=b; jwt_access="{access}" ;jwt_access='):
        assert browser.get(TICKETS, headers={"Cookie": cookies}).status_code == 200
    assert browser.get(TICKETS, headers={"Cookie": f"jwt_access=another; jwt_access={access}"}).status_code == 401


def test_no_escape_of_a_cookie_is_undone(browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library's way takes quadratic time: 60 kB of escapes, from anybody, held up all for seconds."""
    access = log_in(browser, cast.ENGINEER)["access"]
    browser.cookies.clear()
    monkeypatch.setattr(http.cookies, "_unquote", None)
    hostile = 'x="' + "\\" * 1000 + '"'
    assert browser.get(TICKETS, headers={"Cookie": f"{hostile}; jwt_access={access}"}).status_code == 200
    assert browser.get(TICKETS, headers={"Cookie": hostile}).status_code == 401
