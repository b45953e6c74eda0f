"""Behind a proxy at a path of a host: `KEESA_PUBLIC_URL`, or `X-Forwarded-Prefix` of a trusted proxy."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database

PROXY: Final = "10.0.0.5"
WHO: Final = {"user": cast.ENGINEER.email, "password": cast.PASSWORD}
TOLD: Final = {"X-Forwarded-Prefix": "/desk"}


def asking(
    database: Database, config: Config, public_url: str | None, headers: dict[str, str], peer: str = PROXY
) -> TestClient:
    app = serve_from(database, replace(config, trusted_proxies=(ip_network("10.0.0.0/8"),), public_url=public_url))
    return TestClient(app, client=(peer, 50_000), headers=headers)


@pytest.fixture(params=["the setting", "the proxy's word"])
def proxied(shared_database: Database, shared_config: Config, request: pytest.FixtureRequest) -> TestClient:
    """The API at /desk, by either way to say so."""
    if request.param == "the setting":
        return asking(shared_database, shared_config, "http://example.com/desk", {})
    return asking(shared_database, shared_config, None, TOLD)


@pytest.mark.parametrize("left", ["", "/desk"], ids=["taken off", "left"])
def test_cookies_and_documents_name_the_path_with_the_prefix(proxied: TestClient, left: str) -> None:
    """Whether the proxy has taken it off the request or not."""
    answer = proxied.post(f"{left}/api/v1/auth/login", json=WHO, headers={"Keesa-Cookies": "true"})
    paths = [cookie.split("; ")[1] for cookie in answer.headers.get_list("Set-Cookie")]
    assert paths == ["Path=/desk", "Path=/desk/api/v1/auth"]
    for version in ("2021", "2024"):
        document = proxied.get(f"{left}/api/v1/openapi.json?version={version}").json()
        assert document["servers"] == [{"url": "/desk/api/v1"}]
        assert document["paths"]
    assert proxied.get(f"{left}/health").json() == {"status": "ok"}
    for path in ("/", "//", "") if left else ("/",):
        assert proxied.get(f"{left}{path}").json()["health"] == "/desk/health"


@pytest.mark.parametrize("path", ["/desk2/health", "/desk/desk/health", "/other/health", "/deskapi/v1/tickets"])
def test_no_other_path_is_taken_for_ours(proxied: TestClient, path: str) -> None:
    """The prefix is taken off once, and only before a path of ours."""
    assert proxied.get(path).status_code == 404


def test_a_logout_clears_the_cookies_where_they_were_set(proxied: TestClient) -> None:
    """Cookies are cleared under the path that they have."""
    answer = proxied.post("/api/v1/auth/login", json=WHO, headers={"Keesa-Cookies": "true"})
    headers = {"Cookie": f"jwt_access={answer.json()['access']}", "X-CSRF-Token": answer.headers["X-CSRF-Token"]}
    proxied.cookies.clear()
    cleared = proxied.delete("/api/v1/auth/logout", headers=headers).headers.get_list("Set-Cookie")
    assert [cookie.split("; ")[:3] for cookie in cleared] == [
        ["jwt_access=", "Path=/desk", "Max-Age=0"],
        ["jwt_refresh=", "Path=/desk/api/v1/auth", "Max-Age=0"],
    ]


@pytest.mark.parametrize("prefix", ["/api", "/api/v1"])
def test_a_prefix_may_look_like_our_own_paths(shared_database: Database, shared_config: Config, prefix: str) -> None:
    """Requests are understood with it and without it all the same."""
    proxied = asking(shared_database, shared_config, f"http://example.com{prefix}", {})
    for path in ("/api/v1/openapi.json", f"{prefix}/api/v1/openapi.json", "/health", f"{prefix}/health"):
        assert proxied.get(path).status_code == 200, path


def test_a_stranger_s_prefix_is_not_believed(shared_database: Database, shared_config: Config) -> None:
    """Its cookies and documents are those of the root."""
    stranger = asking(shared_database, shared_config, None, TOLD, peer="198.51.100.9")
    assert stranger.get("/api/v1/openapi.json").json()["servers"] == [{"url": "/api/v1"}]
    assert stranger.get("/desk/health").status_code == 404


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_the_start_page_leads_on(shared_client: TestClient, version: str) -> None:
    """`GET /` names the server, and each address on it answers."""
    answer = shared_client.get("/")
    page = answer.json()
    assert (answer.status_code, page["name"]) == (200, "Keesa")
    for path in (page["openapi"][version], page["health"], page["ready"], f"{page['api']}/openapi.json"):
        assert shared_client.get(path).status_code == 200
    head = shared_client.head("/")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(answer.content)))
    refused = shared_client.post("/")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert refused.json() == {"error": "This path knows GET and HEAD, not POST"}
    assert all("X-Request-Id" in given.headers for given in (answer, head, refused))


@pytest.mark.parametrize("prefix", ["/my%20desk", "/d%C3%A9sk", "/a%2Bb"])
@pytest.mark.parametrize("by", ["the setting", "the proxy's word"])
def test_a_prefix_may_be_escaped(shared_database: Database, shared_config: Config, prefix: str, by: str) -> None:
    """Taken off or not: it is compared as the path is, decoded."""
    headers, url = (
        ({}, f"https://example.com{prefix}") if by == "the setting" else ({"X-Forwarded-Prefix": prefix}, None)
    )
    client = asking(shared_database, shared_config, url, headers)
    for path in (f"{prefix}/health", "/health"):
        assert client.get(path).json() == {"status": "ok"}
    assert client.get(prefix).json()["health"] == f"{prefix}/health"
