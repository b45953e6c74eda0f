"""Maintenance: 503 for the whole API from the next request on, while the operations' endpoints answer."""

from collections.abc import Iterator
from typing import Final

import pytest
from starlette.testclient import TestClient

import cast
from asking import ApiFor
from keesa import maintenance
from keesa.accounts.sessions import Version
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database, open_database
from logins import LOGIN, LOGOUT, REFRESH, log_in, refresh_header, try_password
from places import Place

SENTENCE: Final = "We're temporarily offline for maintenance. Please try again later."


@pytest.fixture
def offline(shared_database: Database) -> Iterator[Database]:
    """The shared database, in maintenance for one test."""
    shared_database.write(maintenance.switch_on)
    yield shared_database
    shared_database.write(maintenance.switch_off)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tickets"),
        ("HEAD", "/tickets"),
        ("POST", "/tickets"),
        ("GET", f"/tickets/{cast.ASSIGNED}"),
        ("DELETE", "/auth/logout"),
        ("GET", "/coffee"),
        ("POST", "/auth"),
        ("POST", "/auth/login"),
    ],
)
def test_the_api_is_offline(shared_api: ApiFor, method: str, path: str) -> None:
    """In the document's words, with the seconds to wait."""
    answer = shared_api(cast.ENGINEER)(method, path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    if method != "HEAD":
        assert answer.json() == {"error": SENTENCE}


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_who_has_no_good_token_hears_it_too(shared_client: TestClient, headers: dict[str, str]) -> None:
    """An app whose token has expired meanwhile waits, and does not throw its user out."""
    answer = shared_client.get("/api/v1/tickets", headers=headers)
    assert (answer.status_code, answer.json()) == (503, {"error": SENTENCE})


@pytest.mark.parametrize("version", ["2021", "2024"])
def test_nobody_logs_in_or_refreshes_meanwhile(client: TestClient, database: Database, version: Version) -> None:
    """And nothing is counted against who tries."""
    refresh = log_in(client, cast.ENGINEER)["refresh"]
    database.write(maintenance.switch_on)
    for _ in range(12):
        assert try_password(client, cast.ENGINEER.email, "wrong", version).status_code == 503
    assert client.post(REFRESH[version], headers=refresh_header(refresh)).status_code == 503
    database.write(maintenance.switch_off)
    assert log_in(client, cast.ENGINEER)["access"]


@pytest.mark.usefixtures("offline")
def test_health_and_readiness_answer_meanwhile(shared_client: TestClient) -> None:
    """A load balancer must not take the node out: its 503 is what clients shall see."""
    health, ready = shared_client.get("/health"), shared_client.get("/ready")
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "maintenance": True})


def test_readiness_says_when_it_is_over(shared_client: TestClient) -> None:
    """People on call see at a glance whether somebody forgot to switch it off."""
    assert shared_client.get("/ready").json() == {"status": "ready", "maintenance": False}


def test_sessions_outlive_it(database: Database, api: ApiFor) -> None:
    """Afterwards everybody goes on where they were."""
    engineer = api(cast.ENGINEER)
    database.write(maintenance.switch_on)
    assert engineer("DELETE", LOGOUT.removeprefix("/api/v1")).status_code == 503
    database.write(maintenance.switch_off)
    assert engineer("GET", "/tickets").status_code == 200


def test_every_node_is_offline_at_its_next_request(place: Place, client: TestClient, config: Config) -> None:
    """The switch is in the database, so that no process has to be told."""
    other = open_database(place.data, place.url)
    with TestClient(serve_from(other, config)) as node:
        assert node.get("/api/v1/coffee").status_code == 418
        other.write(maintenance.switch_on)
        assert [one.get("/api/v1/coffee").status_code for one in (client, node)] == [503, 503]
        other.write(maintenance.switch_off)
        assert [one.get("/api/v1/coffee").status_code for one in (client, node)] == [418, 418]


def test_switching_twice_is_no_error(database: Database) -> None:
    """On is on, and off is off."""
    for switch, on in ((maintenance.switch_on, True), (maintenance.switch_off, False)):
        database.write(switch)
        database.write(switch)
        assert database.read(maintenance.is_on) is on


@pytest.mark.usefixtures("offline")
def test_a_bad_request_is_still_a_bad_request(shared_client: TestClient) -> None:
    """What will never be answered otherwise is not worth trying again."""
    assert shared_client.get("/api/v1/nothing").status_code == 404
    assert shared_client.put(LOGIN["2024"]).status_code == 405
    assert shared_client.get("/api/v1/coffee", headers={"Keesa-Version": "2000"}).status_code == 400
