"""`GET /metrics`: what it shows of requests, of the process and of the database, in a form that Prometheus takes."""

import asyncio
import random
import string
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from starlette.types import Message, Scope

import cast
from asking import Api
from keesa.app import serve_from
from keesa.backup import records
from keesa.backup.records import Record
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from keesa.files.sweeping import Swept, keep_swept
from keesa.metrics import facts
from keesa.metrics.families import FAMILIES, REQUESTS, SECONDS
from keesa.metrics.requests import BOUNDS, METHODS
from logins import LOGIN
from places import Place
from prometheus import promtool
from scraping import BEARER, TOKEN, Scrape, scrape

TICKETS: Final = "/api/v1/tickets"
RECORD: Final = Record(at=now(), name="keesa-1", place="/b", size=5_000, seconds=1.5, kept=1, oldest_at=now())


@pytest.fixture
def client(shared_database: Database, shared_config: Config) -> TestClient:
    """The API in this process, new, so that nothing is counted yet; its database stays open."""
    app = serve_from(shared_database, replace(shared_config, metrics_token=TOKEN))
    return TestClient(app, raise_server_exceptions=False)  # not entered, so that the database stays open


@pytest.fixture
def admin(client: TestClient, shared_database: Database) -> Api:
    return Api(client, cast.token(shared_database, cast.ADMIN))


def keep_records(tx: Tx) -> None:
    records.keep(tx, RECORD)
    records.keep_snapshot(tx, RECORD)
    keep_swept(tx, Swept(at=now(), rows=1, thrown=2, removed=3))


def test_all_that_is_named_is_shown_and_nothing_else(
    client: TestClient, admin: Api, shared_database: Database, engine: str
) -> None:
    """With the kind, the words and the labels that it is named with: each family that the engine has."""
    shared_database.write(keep_records)
    admin("GET", "/tickets")
    found = scrape(client)
    named = {family.name: family for family in FAMILIES if family.engine in (None, engine)}
    assert found.keys() == named.keys()
    for name, metric in found.items():
        assert (metric.type, metric.documentation) == (named[name].kind, named[name].help)
        for sample in metric.samples:
            assert set(sample.labels) - {"le"} == set(named[name].labels), sample
    assert found.value("keesa_backup_timestamp_seconds", kind="snapshot") == pytest.approx(RECORD.at / 1000)
    assert found.value("keesa_file_sweep_done", what="thrown") == 2


@pytest.mark.parametrize(
    ("method", "path", "headers", "labels"),
    [
        ("GET", f"{TICKETS}/{cast.RAISED}", {}, ("/api/v1/tickets/{ticket}", "GET", "2024", "200")),
        ("HEAD", f"{TICKETS}/{cast.RAISED}/", {}, ("/api/v1/tickets/{ticket}", "HEAD", "2024", "200")),
        ("GET", f"{TICKETS}/1", {}, ("/api/v1/tickets/{ticket}", "GET", "2024", "404")),
        ("GET", TICKETS, {"Keesa-Version": "2021"}, ("/api/v1/tickets", "GET", "2021", "200")),
        ("GET", TICKETS, {"Authorization": "none"}, ("/api/v1/tickets", "GET", "2024", "401")),
        ("GET", TICKETS, {"Keesa-Version": "1999"}, ("/api/v1", "GET", "", "400")),
        ("POST", TICKETS, {}, ("/api/v1/tickets", "POST", "2024", "422")),
        ("BREW", "/api/v1/coffee", {}, ("/api/v1/coffee", "BREW", "2024", "418")),
        ("PUT", TICKETS, {}, ("/api/v1", "PUT", "", "405")),
        ("NONSENSE", TICKETS, {}, ("/api/v1", "other", "", "405")),
        ("OPTIONS", TICKETS, {}, ("/api/v1", "OPTIONS", "", "204")),
        ("OPTIONS", TICKETS, {"Access-Control-Request-Method": "GET"}, ("none", "OPTIONS", "", "204")),
        ("GET", "/api/v1/nothing", {}, ("/api/v1", "GET", "", "404")),
        ("GET", "/nothing", {}, ("none", "GET", "", "404")),
        ("GET", "/health", {}, ("/health", "GET", "", "200")),
        ("GET", "/", {}, ("/", "GET", "", "200")),
        ("NONSENSE", "/nothing", {}, ("none", "other", "", "404")),
    ],
)
def test_a_request_is_counted_by_its_route(
    client: TestClient, admin: Api, method: str, path: str, headers: dict[str, str], labels: tuple[str, ...]
) -> None:
    """Once, by the template of its path, what it asked and what was answered; and its seconds with it."""
    client.request(method, path, headers={"Authorization": admin.token} | headers)
    found = scrape(client)
    [counted] = found.samples(REQUESTS.name)
    assert (counted.labels, counted.value) == (dict(zip(REQUESTS.labels, labels, strict=True)), 1)
    timed = {"route": labels[0], "method": labels[1]}
    assert found.value(f"{SECONDS.name}_count", **timed) == found.value(f"{SECONDS.name}_count") == 1
    assert 0 < found.value(f"{SECONDS.name}_sum", **timed) < 60
    buckets = [sample.value for sample in found.samples(f"{SECONDS.name}_bucket")]
    assert len(buckets) == len(BOUNDS) + 1
    assert buckets == sorted(buckets)


def test_what_is_under_way_is_counted_until_it_has_ended(client: TestClient) -> None:
    """The scrape itself is the only request, each time; it is counted with the next one."""
    for number in range(3):
        found = scrape(client)
        assert found.value("keesa_http_requests_in_flight") == 1
        assert found.value(REQUESTS.name, route="/metrics", status="200") == number


def test_nothing_that_a_client_sends_makes_another_series(client: TestClient, admin: Api) -> None:
    """Paths, methods, versions and ids of chance are counted under names that were there before."""
    chance = random.Random(1)  # noqa: S311 - no secret
    words = ["".join(chance.choices(string.ascii_letters, k=8)) for _ in range(40)]
    for word in words:
        for path in (f"/{word}", f"/api/v1/{word}", f"{TICKETS}/{word}", f"/metrics/{word}", f"/health/{word}"):
            for method in ("GET", word.upper()):
                client.request(method, path, headers={"Authorization": admin.token, "Keesa-Version": word})
    found = scrape(client)
    labels = {value for sample in found.samples(REQUESTS.name) for value in sample.labels.values()}
    assert labels <= {*METHODS, "none", "/api/v1", "/api/v1/tickets/{ticket}", "", "400", "404", "405"}
    assert len(found.samples(REQUESTS.name)) < 20
    assert found.value(REQUESTS.name) == len(words) * 10


def test_no_person_stands_in_it(client: TestClient, shared_database: Database) -> None:
    """No name, no address, no number of a ticket, no token: whoever reads it learns how much, and of nobody."""
    for person in cast.CAST:
        api = Api(client, cast.token(shared_database, person))
        api("GET", f"/tickets/{cast.RAISED}")
        client.post(LOGIN["2024"], json={"user": person.email, "password": cast.PASSWORD})
        text = scrape(client).text.lower()
        told = [person.email, person.full_name, api.token, str(cast.RAISED), cast.PASSWORD, "testclient", TOKEN]
        assert [word for word in told if word.lower() in text] == []


def test_logins_are_told_by_their_outcome(shared_database: Database, shared_config: Config) -> None:
    """Of both versions: those that went well, that failed, and that were not tried any more."""
    config = replace(shared_config, metrics_token=TOKEN, login_failures_per_user_and_address=2)
    client = TestClient(serve_from(shared_database, config))
    for version in ("2021", "2024"):
        right = {"user": cast.BOT.email, "password": cast.PASSWORD}
        assert client.post(LOGIN[version], json=right).status_code == 200
    wrong = {"user": "nobody-in-metrics@keesa.example", "password": "wrong"}
    assert [client.post(LOGIN["2024"], json=wrong).status_code for _ in range(3)] == [401, 401, 429]
    found = scrape(client)
    assert {outcome: found.value("keesa_logins_total", outcome=outcome) for outcome in ("ok", "failed", "limited")} == {
        "ok": 2,
        "failed": 2,
        "limited": 1,
    }


def test_caches_and_the_database_tell_what_they_did(
    client: TestClient, admin: Api, engine: str, shared_database: Database
) -> None:
    """What was found and what was made, what is held, and on SQLite how many writes shared a commit."""
    for number in range(3):
        name = f"written so that no answer is given again {number}"
        shared_database.write(lambda tx, n=name: tx.run("INSERT INTO settings (name, value) VALUES (:n, '')", n=n))  # type: ignore[misc]
        admin("GET", f"/tickets/{cast.RAISED}")
    found = scrape(client)
    assert found.value("keesa_cache_misses_total", cache="answers") == 3
    assert 1 <= found.value("keesa_cache_entries", cache="answers") <= 3  # each connection of PostgreSQL's has its own
    assert found.value("keesa_cache_bytes", cache="answers") > 500
    for cache in ("sessions", "tickets"):
        hits, misses = (found.value(f"keesa_cache_{what}_total", cache=cache) for what in ("hits", "misses"))
        assert (hits, misses) == (2, 1)
        assert found.value("keesa_cache_entries", cache=cache) == 1
    assert found.value("keesa_cache_bytes", cache="tickets") > 500
    if engine == "sqlite":
        writes, commits = (found.value(f"keesa_database_{what}_total") for what in ("writes", "commits"))
        assert writes >= commits > 0
        assert 0 < found.value("keesa_disk_free_bytes") < found.value("keesa_disk_bytes")
        admin("GET", f"/tickets/{cast.RAISED}")
        assert scrape(client).value("keesa_cache_hits_total", cache="answers") == 1
    else:
        assert found.value("keesa_database_connections") > 0
        assert found.value("keesa_database_transaction_age") > 0
    assert found.value("keesa_database_bytes") > 100_000
    assert found.value("keesa_sessions") > 0
    assert found.value("keesa_tickets") == 4


def test_clients_that_go_are_counted(client: TestClient, admin: Api) -> None:
    """One that goes before its answer has begun is a request without a status; one that goes after it cuts it off."""
    token = (b"authorization", admin.token.encode())
    length = (b"content-length", b"9")
    for method, headers in (("POST", [token, length]), ("GET", [token])):
        scope = {"type": "http", "method": method, "scheme": "http", "path": TICKETS, "root_path": ""}
        asyncio.run(leave(client, scope | {"query_string": b"", "headers": headers, "client": None}))
    found = scrape(client)
    assert found.value(REQUESTS.name, route=TICKETS, method="POST", status="none") == 1
    assert found.value(REQUESTS.name, route=TICKETS, method="GET", status="200") == 1
    assert found.value("keesa_http_answers_cut_off_total") == 2
    assert found.value("keesa_http_requests_in_flight") == 1


async def leave(client: TestClient, scope: Scope) -> None:
    await client.app(scope, gone, lost)


async def gone() -> Message:
    return {"type": "http.disconnect"}


async def lost(_: Message) -> None:
    raise ConnectionResetError


@pytest.mark.parametrize("accept", ["", "text/plain;version=0.0.4", "application/openmetrics-text; version=x", "\xe9"])
def test_plain_text_is_the_default(client: TestClient, accept: str) -> None:
    """Also where what is asked for makes no sense."""
    headers = {b"Accept": accept.encode("latin-1")} | {name.encode(): value.encode() for name, value in BEARER.items()}
    answer = client.get("/metrics", headers=headers)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert Scrape(answer.text)


def test_openmetrics_is_there_for_who_asks(client: TestClient, admin: Api) -> None:
    """As its own stricter reader takes it; `HEAD` has no body, and nothing else is known here."""
    admin("GET", "/tickets")
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
    answer = client.get("/metrics", headers=BEARER | {"Accept": accept})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert len(list(text_string_to_metric_families(answer.text))) > 20  # type: ignore[no-untyped-call]
    assert client.head("/metrics", headers=BEARER).text == ""
    assert client.post("/metrics", headers=BEARER).status_code == 405


def test_promtool_finds_no_fault(client: TestClient, admin: Api) -> None:
    """In names, words and kinds."""
    admin("GET", "/tickets")
    assert promtool("check", "metrics", given=scrape(client).text.encode()) == ""


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_database_that_hangs_is_waited_for_briefly(
    database: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all who ask within some seconds; here a table is locked. SQLite's readers wait for nobody."""
    monkeypatch.setattr(facts, "PATIENCE", 0.3)
    client = TestClient(serve_from(database, replace(config, metrics_token=TOKEN)))
    locked, release = threading.Event(), threading.Event()

    def lock(tx: Tx) -> None:
        tx.run("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
        tx.all("SELECT 1")  # until then it may wait to travel with another one
        locked.set()
        release.wait(60)

    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(database.write, lock)
        try:
            assert locked.wait(60)
            assert scrape(client).value("keesa_database_up") == 0
            begun = time.monotonic()
            assert scrape(client).value("keesa_database_up") == 0
            assert time.monotonic() - begun < facts.INTERVAL / 2
        finally:
            release.set()
        held.result()


def test_what_is_counted_of_the_database_has_a_bound(
    client: TestClient, admin: Api, monkeypatch: pytest.MonkeyPatch, shared_database: Database, engine: str
) -> None:
    """No more rows are looked at than that, through indexes that hold all that is asked for."""
    monkeypatch.setattr(facts, "MOST", 1)
    assert admin("GET", "/tickets").status_code == 200
    found = scrape(client)
    assert found.value("keesa_sessions") == 1
    assert found.value("keesa_tickets") == len(facts.STATUSES)
    if engine == "sqlite":  # PostgreSQL reads so small a table as it is
        for sql, about in ((facts.SESSIONS, {"at": 0}), (facts.TICKETS, {"status": "open"})):
            assert "USING COVERING INDEX" in shared_database.read(partial(plan, sql, about))


def plan(sql: str, about: Mapping[str, object], tx: Tx) -> str:
    return " ".join(row["detail"] for row in tx.all(f"EXPLAIN QUERY PLAN {sql}", **about, most=1))


def test_a_database_that_does_not_answer_takes_only_its_own_numbers_away(place: Place, config: Config) -> None:
    """The rest is told, and that it does not answer."""
    database = open_database(place.data, place.url)
    client = TestClient(serve_from(database, replace(config, metrics_token=TOKEN)))
    assert scrape(client).value("keesa_database_up") == 1
    database.close()
    client = TestClient(serve_from(database, replace(config, metrics_token=TOKEN)))
    found = scrape(client)
    assert found.value("keesa_database_up") == 0
    assert found.value("keesa_workers") == 1
    assert "keesa_schema_version" not in found
