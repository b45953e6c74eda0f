"""What a live server writes about itself: JSON lines, one for each request, and no secret."""

import json
from typing import Any, Final

import httpx2 as httpx
import pytest
from httpx2 import Client, Response

import cast
from keesa.db import Database
from live import LiveServer
from places import Place

WRONG: Final = "a wrong guess of somebody"
COOKIES: Final = {"Keesa-Cookies": "true"}
EMAIL_AND_PASSWORD: Final = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
LOGINS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("/auth", {"params": EMAIL_AND_PASSWORD}),
    ("/auth", {"data": EMAIL_AND_PASSWORD}),
    ("/auth", {"files": {name: (None, value) for name, value in EMAIL_AND_PASSWORD.items()}}),
    ("/auth", {"params": EMAIL_AND_PASSWORD, "headers": {"Content-Type": "multipart/form-data"}}),
    ("/auth", {"json": EMAIL_AND_PASSWORD}),
    ("/auth/login", {"json": EMAIL_AND_PASSWORD}),
    ("/auth/login", {"params": EMAIL_AND_PASSWORD}),
    ("/auth/login", {"json": EMAIL_AND_PASSWORD, "headers": COOKIES}),
    ("/auth", {"params": EMAIL_AND_PASSWORD, "headers": COOKIES}),
]
REFUSED: Final[list[tuple[str, dict[str, Any]]]] = [
    ("/auth", {"params": {"user": cast.ENGINEER.email, "password": WRONG}}),
    ("/auth/login", {"json": {"user": cast.ENGINEER.email, "password": WRONG}}),
    ("/auth/login", {"json": {"user": WRONG, "password": WRONG}}),
    ("/auth/login", {"json": {"user": cast.ENGINEER.email, "password": [cast.PASSWORD]}}),
    ("/auth/login", {"json": {"password": cast.PASSWORD}}),
    ("/auth/login", {"content": f'{{"password": "{cast.PASSWORD}"', "headers": {"Content-Type": "application/json"}}),
    ("/auth/login", {"params": {"password": cast.PASSWORD, "version": "1999"}, "headers": {"Keesa-Version": "1999"}}),
    (f"/auth/login/nothing/here?password={cast.PASSWORD}", {}),
]


class Visitor:
    """A client that remembers every answer, and every secret that it was given."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.answers: list[Response] = []
        self.secrets = {cast.PASSWORD, WRONG}

    def send(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - the client's own
        """The body of the answer; its tokens, cookies and CSRF values are remembered."""
        self.client.cookies.clear()
        answer = self.client.request(method, f"/api/v1{path}", **arguments)
        self.answers.append(answer)
        body: dict[str, Any] = answer.json()
        self.secrets |= {body[name] for name in ("access", "refresh", "csrf") if name in body}
        self.secrets |= set(answer.cookies.values()) | {answer.headers.get("X-CSRF-Token", cast.PASSWORD)}
        return body

    def use(self, tokens: dict[str, Any]) -> None:
        """Every way in which tokens travel, good and bad ones."""
        access, refresh = {"Authorization": f"Bearer {tokens['access']}"}, {"X-Refresh-Token": tokens["refresh"]}
        self.send("GET", "/tickets", headers=access)
        self.send("GET", f"/tickets/{cast.HIDDEN}", headers=access)
        self.send("POST", "/tickets", headers=access, json={"ticket": {"title": tokens["access"]}})
        self.send("GET", "/tickets", headers={"Authorization": tokens["refresh"]})
        self.send("GET", "/tickets", headers={"Cookie": f"jwt_access={tokens['access']}"})
        self.send("DELETE", "/auth/logout", headers={"Cookie": f"jwt_access={tokens['access']}", "X-CSRF-Token": WRONG})
        renewed = self.send("POST", "/auth/refresh", headers=refresh)
        self.send("POST", "/auth/refresh_token", headers=refresh)
        self.send("GET", "/tickets", headers={"Authorization": f"{renewed['access']}x"})
        self.send("DELETE", "/auth/logout_by_refresh", headers=refresh)
        self.send("DELETE", "/auth/logout_by_refresh", headers=refresh)


@pytest.fixture
def visited(place: Place, database: Database) -> tuple[Visitor, str]:
    """A visitor who has tried everything, at last on a server that fails, and what the server has logged."""
    server = LiveServer(place.data, place.url, "--workers", "2", KEESA_LOGIN_FAILURES_PER_USER="100")
    with server, httpx.Client(base_url=server.url, trust_env=False) as client:
        visitor = Visitor(client)
        for path, arguments in LOGINS:
            visitor.use(visitor.send("POST", path, **arguments))
        for path, arguments in REFUSED:
            visitor.send("POST", path, **arguments)
        break_down(visitor, database)
    return visitor, server.log.read_text()


def break_down(visitor: Visitor, database: Database) -> None:
    """Logins, refreshes and requests that end with a 500, since columns that they need are gone."""
    tokens = visitor.send("POST", "/auth/login", json=EMAIL_AND_PASSWORD)
    database.write(lambda tx: tx.run("ALTER TABLE login_failures RENAME COLUMN since TO gone"))
    for path, arguments in LOGINS:
        visitor.send("POST", path, **arguments)
    database.write(lambda tx: tx.run("ALTER TABLE sessions RENAME COLUMN version TO gone"))
    visitor.send("GET", "/tickets", headers={"Authorization": tokens["access"]})
    visitor.send("GET", "/tickets", headers={"Cookie": f"jwt_access={tokens['access']}"})
    visitor.send("POST", "/auth/refresh", headers={"X-Refresh-Token": tokens["refresh"]})
    assert [answer.status_code for answer in visitor.answers[-len(LOGINS) - 3 :]] == [500] * (len(LOGINS) + 3)


def test_every_line_is_json_and_none_holds_a_secret(visited: tuple[Visitor, str]) -> None:
    """No password, token, cookie or CSRF value, of any login, refusal or failure; and every request has its line."""
    visitor, log = visited
    lines = [json.loads(line) for line in log.splitlines()]
    assert len(visitor.secrets) > 5 * len(LOGINS)
    assert {answer.status_code for answer in visitor.answers} >= {200, 400, 401, 404, 422, 500}
    assert [secret for secret in visitor.secrets if secret in log] == []
    noted = {line["request_id"]: line for line in lines if "request_id" in line}
    for answer in visitor.answers:
        line = noted[answer.headers["X-Request-Id"]]
        assert (line["method"], line["path"]) == (answer.request.method, answer.request.url.path)
        assert line["status"] == answer.status_code
        assert line["level"] == ("error" if answer.status_code == 500 else "info")
        assert ("exception" in line) == (answer.status_code == 500)
    assert all({"event", "level", "logger", "timestamp"} <= line.keys() for line in lines)


def test_the_start_is_logged_without_the_database_s_password(place: Place) -> None:
    """The place of the data is, so that an operator finds it."""
    url = place.url and place.url.replace("keesa@", "keesa:hunter2@")
    with LiveServer(place.data, url) as server:
        log = server.log.read_text()
    assert [json.loads(line)["event"] for line in log.splitlines()[:2]] == ["files are kept", "database is ready"]
    assert ("PostgreSQL" if place.url else str(place.data)) in log
    assert "hunter2" not in log


def test_a_person_may_ask_for_text(place: Place) -> None:
    """One line a request all the same, and no secret in it."""
    with LiveServer(place.data, place.url, KEESA_LOG_FORMAT="text") as server:
        answer = httpx.post(f"{server.url}/api/v1/auth/login", params=EMAIL_AND_PASSWORD, trust_env=False)
    lines = server.log.read_text().splitlines()
    assert answer.status_code == 200
    told = [line for line in lines if answer.headers["X-Request-Id"] in line]
    assert len(told) == 1
    assert "/api/v1/auth/login" in told[0]
    assert [line for line in lines if line.startswith("{") or cast.PASSWORD in line] == []
