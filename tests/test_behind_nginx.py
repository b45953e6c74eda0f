"""docs/operations.md's site of nginx, on a real nginx before a real `keesa serve`."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

import cast
from keesa.config import Config
from live import LiveServer
from nginx_server import PATIENCE, NginxServer
from operations_document import block, replaced
from places import Place

LOGIN: Final = json.dumps({"user": cast.ADMIN.email, "password": cast.PASSWORD})
JSON: Final = {"Content-Type": "application/json"}
COOKIES: Final = JSON | {"Keesa-Cookies": "true"}
CLIENT: Final = "127.0.0.9"
"""An address that no proxy has."""
FORGED: Final = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/elsewhere",
    "X-Request-Id": "forged",
    "Forwarded": "for=203.0.113.8;proto=http",
}


class Proxied(NamedTuple):
    """A desk behind a proxy."""

    server: LiveServer
    nginx: NginxServer

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, Any]:
        """The answer, and its body as JSON."""
        connection = HTTPSConnection(
            "127.0.0.1", self.nginx.port, timeout=PATIENCE, context=self.nginx.trust, source_address=(CLIENT, 0)
        )
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        found = json.loads(answer.read())
        connection.close()
        return answer, found

    def token(self) -> str:
        _, tokens = self.ask("POST", "/api/v1/auth/login", LOGIN, JSON)
        return f"Bearer {tokens['access']}"

    def logged(self, request_id: str | None) -> dict[str, Any]:
        """The one line of the server's log about that request."""
        lines = [line for line in self.server.log.read_text().splitlines() if f'"request_id":"{request_id}"' in line]
        assert len(lines) == 1
        found: dict[str, Any] = json.loads(lines[0])
        return found


@contextmanager
def proxied(place: Place, folder: Path, site: str) -> Iterator[Proxied]:
    """The site with what an operator puts in place of the document's names, and its proxy trusted."""
    folder.mkdir()
    with (
        LiveServer(place.data, place.url, KEESA_TRUSTED_PROXIES="127.0.0.1/32") as server,
        NginxServer(folder) as nginx,
    ):
        ours = {
            "server 127.0.0.1:8000;": f"server {server.url.removeprefix('http://')};",
            "listen 443 ssl;": f"listen 127.0.0.1:{nginx.port} ssl;",
            "listen [::]:443 ssl;": "",
            "/etc/ssl/desk.example.pem": str(nginx.certificate),
            "/etc/ssl/private/desk.example.key": str(nginx.key),
            "/var/log/nginx/desk.log": str(folder / "desk.log"),
        }
        nginx.start(replaced(site, ours))
        yield Proxied(server, nginx)


@pytest.fixture
def desk(place: Place, tmp_path: Path) -> Iterator[Proxied]:
    with proxied(place, tmp_path / "nginx", block("nginx", "upstream keesa {")) as found:
        yield found


def test_the_proxy_s_word_is_believed_and_the_client_s_is_not(desk: Proxied) -> None:
    """Cookies are `Secure` and for the whole host, the log has the client's address, and one id is in both."""
    answer, _ = desk.ask("POST", "/api/v1/auth/login", LOGIN, COOKIES | FORGED)
    assert answer.status == 200
    cookies = answer.headers.get_all("Set-Cookie", [])
    assert len(cookies) == 2
    assert all("; Secure" in cookie for cookie in cookies)
    assert ["; Path=/;" in cookie or "; Path=/api/v1/auth;" in cookie for cookie in cookies] == [True, True]
    line = desk.logged(answer.getheader("X-Request-Id"))
    assert (line["address"], line["path"]) == (CLIENT, "/api/v1/auth/login")
    assert line["request_id"] != "forged"


def test_what_the_documents_send_comes_through(desk: Proxied) -> None:
    """Bodies of GET, methods that nobody knows, and many requests on few connections to Keesa."""
    headers = JSON | {"Authorization": desk.token()}
    path = "/api/v1/tickets/tickets_by_type"
    for kind, status in (("remote_support", 200), ("no_such_type", 422)) * 20:
        body = json.dumps({"ticket": {"type": kind, "status": "open"}})
        answer, found = desk.ask("GET", path, body, headers)
        assert (answer.status, found) == (status, desk.ask("GET", f"{path}?type={kind}&status=open", None, headers)[1])
    assert desk.ask("BREW", "/api/v1/coffee")[0].status == 418


@pytest.mark.parametrize("length", [Config().body_limit + 1, 20 * Config().body_limit])
def test_a_body_that_is_too_large_is_refused_by_keesa(desk: Proxied, length: int) -> None:
    """In its own words, however large it is, and with a line in its log."""
    answer, told = desk.ask("POST", "/api/v1/tickets", b" " * length, JSON | {"Authorization": desk.token()})
    assert (answer.status, told) == (413, {"error": f"The body must have at most {Config().body_limit} bytes"})
    assert desk.logged(answer.getheader("X-Request-Id"))["status"] == 413


def test_a_desk_that_is_away_is_told_in_json(desk: Proxied, place: Place) -> None:
    """With 503 and when to come again; and it is reached as soon as it is back."""
    port = desk.server.url.rpartition(":")[2]
    assert desk.ask("GET", "/health")[0].status == 200
    desk.server.kill()
    answer, told = desk.ask("GET", "/api/v1/tickets")
    assert (answer.status, list(told), answer.getheader("Retry-After")) == (503, ["error"], "5")
    assert answer.getheader("Content-Type") == "application/json"
    with LiveServer(place.data, place.url, "--port", port):
        assert desk.ask("GET", "/health")[0].status == 200


def test_passwords_in_queries_are_in_no_log_of_the_proxy(desk: Proxied, tmp_path: Path) -> None:
    """2021's login may have them there; also while the desk is away, when nginx complains of each request."""
    path = f"/api/v1/auth?user={cast.ADMIN.email}&password={cast.PASSWORD}"
    assert desk.ask("POST", path)[0].status == 200
    desk.server.kill()
    assert desk.ask("POST", path)[0].status == 503
    for file in (tmp_path / "nginx").rglob("*"):
        assert not file.is_file() or cast.PASSWORD.encode() not in file.read_bytes(), file


def test_it_works_below_a_path_of_a_host(place: Place, tmp_path: Path) -> None:
    """By the location that the document gives for it: cookies and addresses have the path."""
    site = block("nginx", "upstream keesa {")
    location = block("nginx", "location /desk/ {")
    moved = re.sub(r" +location / \{\n +proxy_pass [^\n]+\n", f"{location}\n", site)
    moved = re.sub(r' +proxy_set_header X-Forwarded-Prefix "";\n', "", moved)
    with proxied(place, tmp_path / "nginx", moved) as desk:
        answer, _ = desk.ask("POST", "/desk/api/v1/auth/login", LOGIN, COOKIES)
        cookies = answer.headers.get_all("Set-Cookie", [])
        assert ["; Path=/desk;" in cookies[0], "; Path=/desk/api/v1/auth;" in cookies[1]] == [True, True]
        assert desk.ask("GET", "/desk/")[1]["health"] == "/desk/health"
        assert desk.ask("GET", "/desk/health")[0].status == 200


def test_connections_are_kept_for_less_than_keesa_keeps_them() -> None:
    """Else nginx sends requests into connections that Keesa is closing."""
    kept = re.search(r"keepalive_timeout (\d+)s;", block("nginx", "upstream keesa {"))
    assert kept
    assert int(kept[1]) < Config().idle_seconds
