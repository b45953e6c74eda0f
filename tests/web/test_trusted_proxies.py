"""Who is at the other end: what `X-Forwarded-…` and `Forwarded` say is believed from trusted proxies alone."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from account_rows import rows
from keesa.app import App, serve_from
from keesa.config import Config
from keesa.db import Database
from logins import LOGIN

PROXY: Final = "10.0.0.5"
STRANGER: Final = "198.51.100.9"
FORWARDED: Final = "X-Forwarded-For"
PROTO: Final = "X-Forwarded-Proto"


@pytest.fixture
def app(shared_database: Database, shared_config: Config) -> App:
    """The API behind proxies in two networks of their own, where nobody has failed to log in yet."""
    shared_database.write(lambda tx: tx.run("DELETE FROM login_failures"))
    trusted = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    return serve_from(shared_database, replace(shared_config, trusted_proxies=trusted))


def counted_address(database: Database, app: App, peer: str, headers: Sequence[tuple[str, str]]) -> str:
    """The address that a failed login from that peer is counted against."""
    client = TestClient(app, client=(peer, 50_000))
    answer = client.post(
        LOGIN["2024"], json={"user": "nobody@keesa.example", "password": "wrong"}, headers=list(headers)
    )
    assert answer.status_code == 401
    [row] = rows(database, "SELECT subject FROM login_failures WHERE subject LIKE 'address %'")
    subject: str = row["subject"]
    return subject.removeprefix("address ")


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        (STRANGER, [], STRANGER),
        (STRANGER, [(FORWARDED, "192.0.2.1")], STRANGER),
        (STRANGER, [(FORWARDED, PROXY)], STRANGER),
        (PROXY, [], PROXY),
        (PROXY, [(FORWARDED, "")], PROXY),
        (PROXY, [(FORWARDED, "192.0.2.1")], "192.0.2.1"),
        (PROXY, [(FORWARDED, " 192.0.2.1 ")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "2001:db8::1")], "2001:db8::/64"),
        (PROXY, [(FORWARDED, "192.0.2.1, 10.0.0.6")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "203.0.113.7, 192.0.2.1")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "203.0.113.7, 192.0.2.1, 10.0.0.7, fd00::2")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "10.0.0.8, 10.0.0.7")], "10.0.0.8"),
        (PROXY, [(FORWARDED, "203.0.113.7"), (FORWARDED, "192.0.2.1")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "192.0.2.1,,"), (FORWARDED, "")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "203.0.113.7, a hidden host, 10.0.0.9")], "10.0.0.9"),
        (PROXY, [(FORWARDED, "x" * 5000)], PROXY),
        (PROXY, [(FORWARDED, "192.0.2.1:40000")], "192.0.2.1"),
        (PROXY, [(FORWARDED, "[2001:db8::1]:443")], "2001:db8::/64"),
        (PROXY, [("Forwarded", 'for="[2001:db8::1]:443";proto=https')], "2001:db8::/64"),
        ("fd00::1", [(FORWARDED, "192.0.2.1")], "192.0.2.1"),
        ("::ffff:10.0.0.5", [(FORWARDED, "192.0.2.1")], "192.0.2.1"),
        ("::ffff:198.51.100.9", [(FORWARDED, "192.0.2.1")], "198.51.100.9"),
        ("11.0.0.5", [(FORWARDED, "192.0.2.1")], "11.0.0.5"),
        ("a socket", [(FORWARDED, "192.0.2.1")], "a socket"),
    ],
)
def test_failures_are_counted_against_the_client_s_address(
    shared_database: Database, app: App, peer: str, headers: list[tuple[str, str]], address: str
) -> None:
    """It is the last hop that is no trusted proxy: what stands before it, the client may have written itself."""
    assert counted_address(shared_database, app, peer, headers) == address


def test_without_trusted_proxies_nobody_s_word_is_taken(shared_database: Database, shared_config: Config) -> None:
    """The default: the peer is the client."""
    shared_database.write(lambda tx: tx.run("DELETE FROM login_failures"))
    app = serve_from(shared_database, shared_config)
    assert counted_address(shared_database, app, PROXY, [(FORWARDED, "192.0.2.1")]) == PROXY


@pytest.mark.parametrize(
    ("peer", "scheme", "headers", "secure"),
    [
        (STRANGER, "http", {}, False),
        (STRANGER, "https", {}, True),
        (STRANGER, "http", {PROTO: "https"}, False),
        (STRANGER, "https", {PROTO: "http"}, True),
        (PROXY, "http", {}, False),
        (PROXY, "http", {PROTO: "https"}, True),
        (PROXY, "http", {PROTO: "HTTPS "}, True),
        (PROXY, "http", {PROTO: "http"}, False),
        (PROXY, "https", {PROTO: "http"}, False),
        (PROXY, "https", {}, True),
        (PROXY, "http", {PROTO: "https,http"}, True),
        (PROXY, "http", {"Forwarded": "for=192.0.2.1;proto=https"}, True),
        (STRANGER, "http", {"Forwarded": "for=192.0.2.1;proto=https"}, False),
    ],
)
def test_cookies_are_secure_where_the_client_speaks_https(
    app: App, peer: str, scheme: str, headers: dict[str, str], *, secure: bool
) -> None:
    """To us, or to a proxy that we trust to say so."""
    client = TestClient(app, base_url=f"{scheme}://testserver", client=(peer, 50_000))
    who = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
    answer = client.post(LOGIN["2024"], json=who, headers={"Keesa-Cookies": "true", **headers})
    cookies = answer.headers.get_list("Set-Cookie")
    assert [cookie.endswith("; SameSite=Strict; Secure") for cookie in cookies] == [secure, secure]
    assert [cookie.endswith("; SameSite=Strict") for cookie in cookies] == [not secure, not secure]
