"""Jobs of a real server: it does what is due, tells what there is of them, and shares them with others."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest
from starlette.testclient import TestClient

from acting import CLOCK, actor_of, rows
from cast import ADMIN, ASSIGNED, TYPED
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.jobs.worker import Worker
from keesa.tickets.status import change_status
from live import LiveServer
from nodes import two_nodes
from places import Place
from scraping import TOKEN, Scrape, scrape_url
from waiting import wait_until

KIND: Final = "clear_request_rates"


def hold_until_today(tx: Tx) -> None:
    for number in (TYPED, ASSIGNED):
        today = CLOCK.local(now()).date().isoformat()
        change_status(tx, actor_of(tx, ADMIN), number, "on_hold", None, now(), CLOCK, today)


def let_come(kind: str) -> Callable[[Tx], None]:
    """The time of what recurs."""
    return lambda tx: tx.run("UPDATE jobs SET run_at = 0 WHERE kind = :kind", kind=kind)


def recurring(tx: Tx) -> list[str]:
    return [row["kind"] for row in tx.all("SELECT kind FROM jobs WHERE key = 'recurring'")]


def statuses_of_keesa(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) AS value FROM ticket_statuses WHERE changed_by_id = 0"))


@pytest.fixture
def server(place: Place) -> LiveServer:
    """Not started yet."""
    return LiveServer(place.data, place.url, KEESA_METRICS_TOKEN=TOKEN)


def test_two_servers_bring_each_ticket_back_once(place: Place, database: Database) -> None:
    """On PostgreSQL two nodes, on SQLite two workers, of which each looks by itself; the day's time is done once."""
    database.write(hold_until_today)
    before = database.read(statuses_of_keesa)
    with two_nodes(place):
        wait_until(lambda: "return_tickets" in database.read(recurring))
        for _ in range(3):
            database.write(let_come("return_tickets"))
            wait_until(lambda: not database.read(is_due))
    assert database.read(statuses_of_keesa) - before == 2
    sql = "SELECT status FROM tickets WHERE id IN (:one, :other)"
    found = database.read(lambda tx: rows(tx, sql, one=TYPED, other=ASSIGNED))
    assert found == [{"status": "in_progress"}] * 2


def is_due(tx: Tx) -> bool:
    sql = "SELECT 1 AS one FROM jobs WHERE kind = 'return_tickets' AND (run_at = 0 OR worker IS NOT NULL)"
    return tx.one(sql) is not None


def test_a_server_tells_what_there_is_of_jobs(server: LiveServer, database: Database) -> None:
    """How many there are by kind, since when one is due, whether it rests, and how attempts have ended."""

    def scraped(name: str, **labels: str) -> float:
        found: Scrape = scrape_url(server.url)
        return found.value(name, kind=KIND, **labels)

    with server:
        wait_until(lambda: KIND in database.read(recurring))
        database.write(let_come(KIND))
        wait_until(lambda: scraped("keesa_job_attempts_total", outcome="done") == 1)
        database.write(lambda tx: tx.run("INSERT INTO settings (name, value) VALUES (:name, 'on')", name="jobs paused"))
        database.write(let_come(KIND))
        database.write(lambda tx: tx.run(_GIVEN_UP, kind=KIND))
        wait_until(lambda: scraped("keesa_jobs_rest") == 1)
        wait_until(lambda: scraped("keesa_jobs", state="given_up") == 1)
        assert scraped("keesa_jobs", state="waiting") == 1
        assert scraped("keesa_jobs_late_seconds") > 1000
        assert server.stop() == 0


_GIVEN_UP: Final = """
    INSERT INTO jobs (kind, payload, queued_at, run_at, given_up_at) VALUES (:kind, '{}', 0, 0, 1)
"""


@pytest.mark.parametrize("jobs", [True, False])
def test_a_server_may_leave_them_to_others(
    database: Database, config: Config, monkeypatch: pytest.MonkeyPatch, *, jobs: bool
) -> None:
    """`KEESA_JOBS`: then it does not look for any."""
    started: list[Worker] = []
    monkeypatch.setattr(Worker, "start", lambda worker: started.append(worker))  # noqa: PLW0108 - a method
    with TestClient(serve_from(database, replace(config, jobs=jobs))):
        assert bool(started) is jobs
