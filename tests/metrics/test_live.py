"""A real server of two workers, one of which is killed; and a real Prometheus that scrapes it."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

import cast
from keesa.db.opening import SQLITE_FILE
from live import LiveServer
from nginx_server import NginxServer
from operations_document import block, replaced
from places import Place, opened
from prometheus import Prometheus
from scraping import BEARER, TOKEN, scrape_url
from waiting import wait_until
from workers import connect, connections, workers

if TYPE_CHECKING:
    from postgres_server import PostgresServer

ASKED: Final = 100
RULES: Final = Path(__file__).parents[2] / "deploy" / "prometheus" / "keesa.rules.yml"
TICKET: Final = f"/api/v1/tickets/{cast.RAISED}"


class Served(NamedTuple):
    server: LiveServer
    place: Place
    prometheus: Prometheus
    """It scrapes the server, from some seconds after its start on."""


@pytest.fixture(scope="module")
def served(
    engine: str, cast_template: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Served]:
    """Two workers, on the cast's database, and the documented job and rules with the token in a file."""
    place, folder = Place(tmp_path_factory.mktemp("served"), None), tmp_path_factory.mktemp("prometheus")
    if engine == "sqlite":
        shutil.copy(cast_template, place.data / SQLITE_FILE)
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres")
        postgres.create_database("scraped", cast_template)
        place = replace(place, url=postgres.url("scraped"))
    settings = {"KEESA_METRICS_TOKEN": TOKEN, "KEESA_METRICS_FROM": "127.0.0.1/32", "KEESA_SECRET": cast.SECRET}
    with (
        LiveServer(place.data, place.url, "--workers", "2", **settings) as server,
        Prometheus(folder, job(server, folder)) as prometheus,
    ):
        yield Served(server, place, prometheus)
    if place.url:
        postgres.drop_database("scraped")


def job(server: LiveServer, folder: Path) -> str:
    """As the page has it, with the names of here."""
    (folder / "token").write_text(TOKEN)
    ours = {
        "scrape_interval: 15s": "scrape_interval: 1s",
        "/etc/prometheus/keesa-metrics-token": str(folder / "token"),
        "127.0.0.1:8000": server.url.removeprefix("http://"),
        "/etc/prometheus/keesa.rules.yml": str(RULES),
    }
    return replaced(block("yaml", "# A job for prometheus.yml: each node by itself, past all proxies."), ours)


@pytest.fixture
def server(served: Served) -> LiveServer:
    return served.server


def counted(server: LiveServer) -> float:
    """Requests of the start page, which nobody asks for but the test."""
    return scrape_url(server.url).value("keesa_http_requests_total", route="/", status="200")


def test_two_workers_are_told_as_one_and_a_killed_one_takes_nothing_along(server: LiveServer) -> None:
    """Whichever is asked: requests of both; after a SIGKILL all that were counted, and what those that live are at."""
    with ExitStack() as stack:
        first = connections(server)
        for connection in first.values():
            stack.callback(connection.close)
            for _ in range(ASKED):
                connection.request("GET", "/")
                assert connection.getresponse().read()
        wait_until(lambda: counted(server) == 2 * ASKED)
        assert [counted(server) for _ in range(6)] == [2 * ASKED] * 6
        wait_until(lambda: scrape_url(server.url).value("keesa_connections") >= 2)

        [doomed, _] = first
        os.kill(doomed, signal.SIGKILL)
        wait_until(lambda: len(workers(server) - {doomed}) == 2)
        wait_until(lambda: scrape_url(server.url).value("keesa_workers") == 2)
        again = connections(server)  # to the new one too, which counts on
        for connection in again.values():
            stack.callback(connection.close)
            connection.request("GET", "/")
            assert connection.getresponse().read()
        wait_until(lambda: counted(server) == 2 * ASKED + 2)
        found = scrape_url(server.url)
        assert found.value("keesa_worker_ends_total") == 1
        assert {sample.labels["worker"] for sample in found.samples("process_open_fds")} == {"0", "1"}
    wait_until(lambda: scrape_url(server.url).value("keesa_http_requests_in_flight") == 1)
    wait_until(lambda: scrape_url(server.url).value("keesa_connections") <= 2)  # ours, and Prometheus'


def test_what_a_proxy_passes_on_is_not_from_its_machine(server: LiveServer, tmp_path: Path) -> None:
    """A real nginx beside the server, which does not trust it: by what it adds, or by HTTP/1.0 if that is nothing."""
    passes = f"proxy_pass {server.url}; proxy_http_version"
    site = f"""
    server {{
        listen 127.0.0.1:%d;
        location /plain/ {{ {passes} 1.0; rewrite .* /metrics break; }}
        location /told/ {{ {passes} 1.1; proxy_set_header X-Forwarded-For 127.0.0.1; rewrite .* /metrics break; }}
    }}"""
    with NginxServer(tmp_path) as nginx:
        nginx.start(site % nginx.port)
        for path in ("plain", "told"):
            assert status(f"http://127.0.0.1:{nginx.port}/{path}/") == 401
            assert status(f"http://127.0.0.1:{nginx.port}/{path}/", **BEARER) == 200
    assert status(f"{server.url}/metrics") == 200


def status(url: str, **headers: str) -> int:
    try:
        with urlopen(Request(url, headers=headers), timeout=30) as answer:  # noqa: S310 - loopback
            found: int = answer.status
            return found
    except HTTPError as error:
        with error:
            return error.code


def test_prometheus_takes_it(served: Served) -> None:
    """A real one: its queries give what was asked, and it knows the rules."""
    with opened(served.place) as database:
        headers = {"Authorization": cast.token(database, cast.ADMIN)}
    connection = connect(served.server)
    for _ in range(7):
        connection.request("GET", TICKET, headers=headers)
        assert connection.getresponse().read()
    connection.close()
    of_the_ticket = '{route="/api/v1/tickets/{ticket}", method="GET"}'
    ask = served.prometheus.ask
    wait_until(lambda: [value for _, value in ask(f"keesa_http_request_seconds_count{of_the_ticket}")] == [7])
    [(labels, value)] = ask(f"keesa_http_requests_total{of_the_ticket}")
    assert (labels["status"], labels["version"], value) == ("200", "2024", 7)
    assert [value for _, value in ask('up{job="keesa"} * on (instance) keesa_database_up')] == [1]
    [group] = served.prometheus.get("rules")["groups"]
    assert [rule["name"] for rule in group["rules"]] == re.findall(r"alert: (\w+)", RULES.read_text())
