"""Who may read the metrics: by default nobody; who has the token, and who comes from a network that was named."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from keesa.accounts.api_token_changes import end_tokens
from keesa.accounts.audit.recording import keesa_itself
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config, load_config
from keesa.db import Database
from keesa.metrics.access import CLOSED, ELSEWHERE, ENDED, UNKNOWN
from scraping import TOKEN

NEAR: Final = "192.0.2.7"
PROXY: Final = "10.0.0.5"
STRANGER: Final = "198.51.100.9"
FOR: Final = "X-Forwarded-For"
SENTENCES: Final = {200: None, 401: UNKNOWN, 403: ELSEWHERE}


def status(
    database: Database, config: Config, peer: str, headers: Sequence[tuple[str, str]] = (), *, token: str | None = None
) -> int:
    """Of a scrape from that peer, of a server behind `PROXY`; a refusal's sentence and header are looked at too."""
    networks = load_config({"KEESA_METRICS_FROM": f"{NEAR}/32, 2001:db8::/64, 127.0.0.1"}).metrics_from
    proxied = replace(
        config, trusted_proxies=(ip_network("10.0.0.0/8"), "unix"), metrics_from=networks, metrics_token=token
    )
    client = TestClient(serve_from(database, proxied), client=(peer, 50_000))
    answer = client.get("/metrics", headers=[(name.encode(), value.encode("latin-1")) for name, value in headers])
    if answer.status_code != 200:
        assert answer.json() == {"error": SENTENCES[answer.status_code]}
        assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    return answer.status_code


@pytest.mark.parametrize(
    ("peer", "headers", "found"),
    [
        (NEAR, [], 200),
        ("::ffff:192.0.2.7", [], 200),
        ("2001:db8::5", [], 200),
        ("127.0.0.1", [], 200),
        ("192.0.2.8", [], 403),
        (STRANGER, [], 403),
        (STRANGER, [(FOR, NEAR)], 403),
        # a proxy that is not trusted: nobody knows who is behind it
        ("127.0.0.1", [(FOR, NEAR)], 403),
        ("127.0.0.1", [("Forwarded", "for=127.0.0.1")], 403),
        ("127.0.0.1", [("X-Real-IP", "127.0.0.1")], 403),
        ("127.0.0.1", [("Via", "1.1 proxy")], 403),
        ("127.0.0.1", [("X-Forwarded-Proto", "https")], 403),
        # a trusted one: what it says counts, where it says something
        (PROXY, [(FOR, NEAR)], 200),
        (PROXY, [(FOR, f"{NEAR}, {STRANGER}")], 403),
        (PROXY, [(FOR, f"{STRANGER}, {NEAR}")], 200),
        (PROXY, [(FOR, STRANGER)], 403),
        (PROXY, [(FOR, "unknown")], 403),
        (PROXY, [(FOR, f"{NEAR}, unknown, 10.0.0.6")], 403),
        (PROXY, [("X-Forwarded-Proto", "https")], 403),
        (PROXY, [("Forwarded", f"for={NEAR}")], 200),
        (PROXY, [], 403),
        # a socket has no address of its own
        ("", [], 403),
        ("", [(FOR, NEAR)], 200),
        ("a name", [], 403),
        # a page in a browser that is near
        (NEAR, [("Origin", "https://elsewhere.example")], 403),
    ],
)
def test_a_network_counts_where_the_address_is_certain(
    shared_database: Database, shared_config: Config, peer: str, headers: list[tuple[str, str]], found: int
) -> None:
    """Who comes through a proxy is who the proxy says, if it is trusted; else they are nobody that is known."""
    assert status(shared_database, shared_config, peer, headers) == found


def test_proxies_count_by_themselves_where_they_are_named(shared_database: Database, shared_config: Config) -> None:
    """A scraper on the proxy's own machine is that machine; whom the proxy brings and hides is nobody that is known."""
    config = replace(
        shared_config, trusted_proxies=(ip_network("127.0.0.1/32"),), metrics_from=(ip_network("127.0.0.1/32"),)
    )
    client = TestClient(serve_from(shared_database, config), client=("127.0.0.1", 50_000))
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={FOR: STRANGER}).status_code == 403
    assert client.get("/metrics", headers={FOR: "127.0.0.1"}).status_code == 200
    for word in ({FOR: "unknown"}, {FOR: ""}, {"X-Forwarded-Proto": "https"}, {"Forwarded": "proto=https"}):
        assert client.get("/metrics", headers=word).status_code == 403


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN} ", 200),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (TOKEN, 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN.upper()}", 401),
        ("Bearer \xe9", 401),
    ],
)
def test_the_token_counts_from_anywhere(
    shared_database: Database, shared_config: Config, given: str | None, found: int
) -> None:
    """As a bearer token, whole, through any proxy; what is near needs none, and one that is wrong does it no harm."""
    sent = [] if given is None else [("Authorization", given)]
    assert status(shared_database, shared_config, STRANGER, [*sent, (FOR, NEAR)], token=TOKEN) == found
    assert status(shared_database, shared_config, NEAR, sent, token=TOKEN) == 200


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer None"])
def test_by_default_nobody_may(shared_database: Database, shared_config: Config, sent: str) -> None:
    """Not loopback either; and the answer says how it is opened."""
    client = TestClient(serve_from(shared_database, shared_config), client=("127.0.0.1", 50_000))
    answer = client.get("/metrics", headers={"Authorization": sent})
    assert (answer.status_code, answer.json()) == (403, {"error": CLOSED})
    assert "KEESA_METRICS_TOKEN" in CLOSED
    assert "KEESA_METRICS_FROM" in CLOSED


def test_an_api_token_needs_the_permission(shared_database: Database, shared_config: Config) -> None:
    """`metrics:read`, from anywhere, by default too; with what the token and its owner may do at that time."""
    client = TestClient(serve_from(shared_database, shared_config), client=(STRANGER, 50_000))

    def asked(token: str) -> tuple[int, str | None]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, None if answer.is_success else answer.json()["error"]

    lacking = "You need the permission to read metrics"
    token = cast.api_token(shared_database, cast.ADMIN, permissions=["metrics:read"])
    assert asked(token) == (200, None)
    assert asked(cast.api_token(shared_database, cast.ADMIN, permissions=["tickets:read"])) == (403, lacking)
    assert asked(cast.api_token(shared_database, cast.ENGINEER)) == (403, lacking)
    assert asked(f"{token[:-1]}{'0' if token[-1] != '0' else '1'}") == (403, CLOSED)
    shared_database.write(lambda tx: end_tokens(tx, keesa_itself(now())))
    assert asked(token) == (401, ENDED)
