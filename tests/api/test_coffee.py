"""RFC 2324, section 2.3.2: any attempt to brew coffee with a teapot should result in this."""

import pytest
from starlette.testclient import TestClient

import cast
from asking import ApiFor


@pytest.mark.parametrize("method", ["GET", "BREW", "HEAD"])
def test_the_server_refuses_to_brew_coffee(shared_client: TestClient, method: str) -> None:
    """418 to anybody, without a token."""
    assert shared_client.request(method, "/api/v1/coffee").status_code == 418


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_the_teapot_says_what_it_is(shared_client: TestClient, version: str) -> None:
    """In JSON, like every error, to clients of either document."""
    answer = shared_client.get("/api/v1/coffee", headers={"Keesa-Version": version})
    assert list(answer.json()) == ["error"]
    assert "teapot" in answer.json()["error"]


def test_admins_get_none_either(shared_api: ApiFor) -> None:
    """Rank does not help."""
    assert shared_api(cast.ADMIN)("BREW", "/coffee/").status_code == 418


def test_tea_is_not_offered(shared_client: TestClient) -> None:
    """Other methods are not allowed, and the answer names those that are."""
    answer = shared_client.post("/api/v1/coffee", json={"milk": True})
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"BREW", "GET", "HEAD", "OPTIONS"}
