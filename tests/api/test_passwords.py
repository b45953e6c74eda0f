"""Passwords that users set themselves: by a link, on its page or by a program, and by the one that they know."""

import re
from html import unescape
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from account_rows import rows
from asking import Api, ApiFor
from cast import ADMIN, BOT, ENGINEER, PASSWORD, SECRET, STRANGER
from keesa.accounts import passwords
from keesa.accounts.password_links import BAD_LINK, OWN
from keesa.accounts.passwords import COMMON
from keesa.api.authentication import MAINTENANCE
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Work
from keesa.maintenance import switch_on
from logins import bearer, log_in, try_password
from unchanged import unchanged

CHOSEN: Final = "a long password"


@pytest.fixture
def admin(api: ApiFor) -> Api:
    return api(ADMIN)


def link_for(admin: Api, user_id: int = ENGINEER.id, query: str = "") -> str:
    made = admin("POST", f"/users/{user_id}/password_link{query}")
    assert made.status_code == 201, made.text
    link: str = made.json()["link"]
    return link


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["token"][0]


def use(client: TestClient, token: str, password: str = CHOSEN) -> Response:
    return client.post("/api/v1/auth/password", json={"token": token, "password": password})


def send_form(client: TestClient, token: str, password: str = CHOSEN, again: str | None = None) -> Response:
    fields = {"token": token, "password": password, "again": password if again is None else again}
    return client.post("/password", data=fields)


def test_a_link_sets_a_password_once(admin: Api, client: TestClient) -> None:
    """204; the sessions that there were end; the old password is good until then, and a second time the link is not."""
    token, session = token_of(link_for(admin)), log_in(client, ENGINEER)["access"]
    assert use(client, token).status_code == 204
    assert client.get("/api/v1/me", headers=bearer(session)).status_code == 401
    assert try_password(client, ENGINEER.email, PASSWORD).status_code == 401
    assert try_password(client, ENGINEER.email, CHOSEN).status_code == 200
    again = use(client, token, "another long password")
    assert (again.status_code, again.json()) == (401, {"error": BAD_LINK})
    assert try_password(client, ENGINEER.email, CHOSEN).status_code == 200


def test_who_has_no_password_yet_gets_one(admin: Api, client: TestClient) -> None:
    """So does everybody who is made over the API."""
    new = {"full_name": "Nas", "nick_name": "Nas", "user_type": "staff", "roles": ["reader"]}
    made = admin("POST", "/users", {"user": {"email": "nas@keesa.example", **new}}).json()
    assert use(client, token_of(link_for(admin, made["id"]))).status_code == 204
    assert try_password(client, "nas@keesa.example", CHOSEN).status_code == 200
    assert admin("GET", f"/users/{made['id']}").json()["data"]["user"]["has_password"] is True


@pytest.mark.parametrize("password", ["short", "Password123", "long\x01password"])
def test_what_may_be_no_password_leaves_the_link_good(admin: Api, client: TestClient, password: str) -> None:
    """422 with what is wrong."""
    token = token_of(link_for(admin))
    refused = use(client, token, password)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["password"])
    assert use(client, token).status_code == 204


VOID: Final = ("a newer one", "disabled", "enabled again", "too late", "maker disabled", "maker demoted", "more powers")


@pytest.mark.parametrize("void", VOID)
def test_a_link_that_is_void_sets_nothing(admin: Api, client: TestClient, database: Database, void: str) -> None:
    """By a newer one, by disabling the user, by time; and where who made it could make it no longer."""
    second = {"full_name": "Second", "nick_name": "Second", "user_type": "staff", "roles": ["admin"]}
    maker_id = admin("POST", "/users", {"user": {"email": "second@keesa.example", **second}}).json()["id"]
    use(client, token_of(link_for(admin, maker_id)))
    maker = Api(client, try_password(client, "second@keesa.example", CHOSEN).json()["access"])
    token = token_of(link_for(maker, STRANGER.id))
    match void:
        case "a newer one":
            link_for(admin, STRANGER.id)
        case "disabled":
            admin("DELETE", f"/users/{STRANGER.id}")
        case "enabled again":
            admin("DELETE", f"/users/{STRANGER.id}")
            admin("PATCH", f"/users/{STRANGER.id}", {"user": {"disabled": False}})
        case "too late":
            database.write(lambda tx: tx.run("UPDATE password_links SET expires_at = :at", at=now()))
        case "maker disabled":
            admin("DELETE", f"/users/{maker_id}")
        case "maker demoted":
            admin("PATCH", f"/users/{maker_id}", {"user": {"roles": ["engineer"]}})
        case "more powers":
            admin("PATCH", f"/users/{STRANGER.id}", {"user": {"user_type": "admin"}})
    with unchanged(database, but="login_failures"):
        assert use(client, token).json() == {"error": BAD_LINK}
        assert send_form(client, token).status_code == 401


def test_a_link_is_made_for_those_who_are_no_more_alone(admin: Api, database: Database) -> None:
    """Not for oneself, not for who is disabled, and not for longer than a week."""
    admin("DELETE", f"/users/{BOT.id}")
    own, disabled = f"/users/{ADMIN.id}/password_link", f"/users/{BOT.id}/password_link"
    with unchanged(database):
        assert admin("POST", own).json() == {"error": OWN}
        assert admin("POST", disabled).status_code == 409
        for hours in (0, 169, "x"):
            assert admin("POST", f"/users/{ENGINEER.id}/password_link?hours={hours}").status_code == 422


def test_the_link_is_kept_as_a_hash_alone(admin: Api, database: Database) -> None:
    """Neither the table of links nor the trail has what it holds; it is 256 bits by chance."""
    token = token_of(link_for(admin, query="?hours=2"))
    assert len(token) == 43
    kept = str(rows(database, "SELECT * FROM password_links")) + str(rows(database, "SELECT * FROM audit"))
    assert token not in kept
    [row] = rows(database, "SELECT expires_at - created_at AS good_for, user_id FROM password_links")
    assert row == {"good_for": 2 * 3600 * 1000, "user_id": ENGINEER.id}


def test_links_of_the_past_are_cleared_away(admin: Api, database: Database) -> None:
    """By the next one."""
    link_for(admin, STRANGER.id)
    database.write(lambda tx: tx.run("UPDATE password_links SET expires_at = 1"))
    link_for(admin)
    assert rows(database, "SELECT user_id FROM password_links") == [{"user_id": ENGINEER.id}]


def test_the_link_leads_to_where_the_desk_is_reached(admin: Api, database: Database, config: Config) -> None:
    """By what is configured; where nothing is, by the request itself."""
    assert link_for(admin).startswith("http://testserver/password?token=")
    public = Config(data=config.data, secret=SECRET, log_format="json", public_url="https://desk.example/help")
    with TestClient(serve_from(database, public)) as client:
        answer = client.post(f"/api/v1/users/{ENGINEER.id}/password_link", headers=bearer(admin.token))
    assert answer.json()["link"].startswith("https://desk.example/help/password?token=")


def test_many_bad_links_are_stopped_by_address(database: Database, config: Config) -> None:
    """429, for a good one too; the name of nobody is asked for."""
    few = Config(data=config.data, secret=SECRET, log_format="json", login_failures_per_address=3)
    with TestClient(serve_from(database, few)) as client:
        statuses = [use(client, f"guess {number}").status_code for number in range(4)]
        page = send_form(client, "guess")
    assert statuses == [401, 401, 401, 429]
    assert (page.status_code, "Retry-After" in page.headers) == (429, True)


# The page.


def test_the_page_stands_by_itself(client: TestClient, database: Database) -> None:
    """A form without a script, that no other site frames or learns of, and that names nobody; it asks nothing of the
    database, so that whoever looks into mails uses no link up.
    """
    with unchanged(database):
        page = client.get("/password?token=a%22%3E%3Cb")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in page.text
    assert "width=device-width" in page.text
    assert re.findall(r"https?://|src=|href=", page.text) == []
    assert 'value="a&quot;&gt;&lt;b"' in page.text
    assert client.head("/password").content == b""
    assert (client.put("/password").status_code, client.put("/password").headers["Allow"]) == (405, "GET, HEAD, POST")


def test_the_form_sets_the_password(admin: Api, client: TestClient) -> None:
    """And the page that says so is the first to say whose."""
    token = token_of(link_for(admin))
    done = send_form(client, token)
    assert (done.status_code, f"{ENGINEER.nick_name}, you can log in" in done.text) == (200, True)
    assert try_password(client, ENGINEER.email, CHOSEN).status_code == 200
    late = send_form(client, token)
    assert (late.status_code, BAD_LINK in unescape(late.text)) == (401, True)


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        (CHOSEN, "another", "The two are not the same"),
        ("Password123", "Password123", COMMON),
        ("short", "short", "must have 8 to 256 characters"),
    ],
)
def test_a_fault_is_shown_on_the_form(admin: Api, client: TestClient, password: str, again: str, sentence: str) -> None:
    """Which still has the link; what was typed does not come back."""
    token = token_of(link_for(admin))
    page = send_form(client, token, password, again)
    assert (page.status_code, sentence in page.text, token in page.text) == (422, True, True)
    assert password not in page.text
    assert send_form(client, token).status_code == 200


def test_a_form_that_is_none_sets_nothing(client: TestClient, database: Database) -> None:
    """Too large, no text, or empty."""
    with unchanged(database, but="login_failures"):
        assert client.post("/password", content=b"p" * 20_000).status_code == 413
        assert client.post("/password", content=b"\xff=\xff").status_code in (401, 422)
        assert client.post("/password", content=b"token=%00&password=x&again=y").status_code == 422


def test_the_page_waits_for_the_end_of_maintenance(admin: Api, client: TestClient, database: Database) -> None:
    """And the link is good afterwards."""
    token = token_of(link_for(admin))
    database.write(switch_on)
    page = send_form(client, token)
    assert (page.status_code, MAINTENANCE in unescape(page.text)) == (503, True)
    assert use(client, token).status_code == 503


# One's own password, and oneself.


def change_own(caller: Api, current: str = PASSWORD, password: str = CHOSEN) -> Response:
    return caller("PUT", "/me/password", {"current": current, "password": password})


def test_one_s_own_password_is_changed_by_who_knows_it(client: TestClient, api: ApiFor) -> None:
    """Every other session ends, and this one goes on."""
    caller, other = api(ENGINEER), api(ENGINEER)
    assert change_own(caller).status_code == 204
    assert (caller("GET", "/me").status_code, other("GET", "/me").status_code) == (200, 401)
    assert try_password(client, ENGINEER.email, PASSWORD).status_code == 401
    assert try_password(client, ENGINEER.email, CHOSEN).status_code == 200


def test_a_wrong_current_password_counts_like_a_failed_login(
    api: ApiFor, database: Database, client: TestClient
) -> None:
    """422, and 429 after so many, for the right one too; the login is stopped with it."""
    caller = api(ENGINEER)
    with unchanged(database, but="login_failures"):
        for _ in range(10):
            refused = change_own(caller, "wrong")
            assert (refused.status_code, list(refused.json()["errors"])) == (422, ["current"])
        assert change_own(caller).status_code == 429
    assert try_password(client, ENGINEER.email, PASSWORD).status_code == 429


@pytest.mark.parametrize("password", ["short", "Password123", "qwertyuiop"])
def test_a_weak_new_password_is_refused(api: ApiFor, database: Database, password: str) -> None:
    """The old one stays, and so does every session."""
    caller = api(ENGINEER)
    with unchanged(database):
        refused = change_own(caller, password=password)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["password"])


@pytest.mark.parametrize(
    "body", [{}, {"current": PASSWORD}, {"current": 5, "password": CHOSEN}, {"current": PASSWORD, "password": None}]
)
def test_a_body_that_lacks_something_is_refused(
    shared_api: ApiFor, shared_database: Database, body: dict[str, object]
) -> None:
    """And changes nothing."""
    caller = shared_api(ENGINEER)
    with unchanged(shared_database):
        assert caller("PUT", "/me/password", body).status_code == 422
        assert caller("POST", "/auth/password", body).status_code == 422


def test_no_password_is_hashed_within_a_write(
    admin: Api, client: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by a link nor by who knows the old one: every other write would wait for it."""
    writing, hashed_in = [False], list[bool]()
    write, hashing = database.write, passwords.hash_password

    def watched(work: Work[Any]) -> Any:  # noqa: ANN401 - whatever the work gives
        writing[0] = True
        try:
            return write(work)
        finally:
            writing[0] = False

    def noting(password: str) -> str:
        hashed_in.append(writing[0])
        return hashing(password)

    token = token_of(link_for(admin))
    monkeypatch.setattr(database, "write", watched)
    monkeypatch.setattr(passwords, "hash_password", noting)
    assert use(client, token).status_code == 204
    assert change_own(admin).status_code == 204
    assert hashed_in == [False, False]


def test_one_sees_what_one_is_and_may_do(api: ApiFor) -> None:
    """Each key in its place, the customer by name."""
    engineer = api(ENGINEER)("GET", "/me")
    assert list(engineer.json()["data"]["user"].items()) == [
        ("id", ENGINEER.id),
        ("email", ENGINEER.email),
        ("full_name", ENGINEER.full_name),
        ("nick_name", ENGINEER.nick_name),
        ("user_type", "staff"),
        ("customer_id", None),
        ("roles", ["harbour_crew"]),
        ("customer", None),
        ("permissions", {"tickets": ["read", "write"]}),
        ("ticket_types", ["eco_support"]),
        ("via", "session"),
    ]
    assert api(ENGINEER)("GET", "/me", If_None_Match=engineer.headers["ETag"]).status_code == 304


def test_one_changes_one_s_own_names_and_nothing_else(api: ApiFor, database: Database) -> None:
    """What else is sent is refused, or passed over where that is asked for; faults are told, and the trail has it."""
    caller = api(ENGINEER)
    given = {"nick_name": "Has", "roles": ["admin"], "user_type": "admin", "email": "x@keesa.example"}
    refused = caller("PATCH", "/me", {"user": given})
    assert set(refused.json()["errors"]) == {"user.roles", "user.user_type", "user.email"}
    changed = caller("PATCH", "/me", {"user": given}, Prefer="handling=lenient")
    assert changed.json()["data"]["user"] == caller("GET", "/me").json()["data"]["user"]
    user = changed.json()["data"]["user"]
    assert (user["nick_name"], user["roles"], user["email"]) == ("Has", ["harbour_crew"], ENGINEER.email)
    with unchanged(database):
        assert caller("PATCH", "/me", {"user": {"nick_name": "Has"}}).status_code == 200
        refused = caller("PATCH", "/me", {"user": {"nick_name": " ", "full_name": None}})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["user.full_name"])
        refused = caller("PATCH", "/me", {"user": {"nick_name": " "}})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, ["user.nick_name"])
        assert caller("PATCH", "/me", {"user": {"nick_name": "x"}}, If_Match='"old"').status_code == 412
    found = rows(database, "SELECT action FROM audit WHERE actor_id = :id", id=ENGINEER.id)
    assert found == [{"action": "user.change"}]
