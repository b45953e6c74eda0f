"""The limits that the benchmark compares with answer what Keesa answers, and leave what it leaves."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

import cast
from acting import tickets_as_kept
from bench.accounts import tree
from bench.limits import (
    Running,
    bare_create,
    bare_list,
    bare_note,
    bare_notes,
    bare_one,
    bare_status,
    memory_read,
    pgbench,
    serving_bare,
    serving_memory,
)
from bench.limits.engine_alone import measure
from bench.limits.given import TICKET
from bench.wrk import Request
from keesa.db import Database, open_database
from keesa.tickets.statuses import STATUSES
from kept_tickets import Shelved, shelve
from live import LiveServer
from new_tickets import BODY_2024
from places import NewPlace, Place
from workers import wait_until_gone

TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:00")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(server: LiveServer | Running, request: Request) -> Answer:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    connection = HTTPConnection(host, int(port), timeout=30)
    try:
        connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def keesas(token: str, method: str, path: str, body: bytes = b"") -> Request:
    """The request as Keesa takes it."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return Request(method, f"/api/v1{path}", headers, body)


def encoded(body: Mapping[str, object]) -> bytes:
    return json.dumps(body).encode()


@pytest.fixture
def many(place: Place, database: Database) -> Place:
    """More tickets than a page of each group shows, some raised at the same moment."""
    shelved = [
        Shelved(
            number=2024001 + number,
            status=STATUSES[number % 4],
            raised=f"2024-06-{1 + number // 8:02}T09:00",
            ticket_type="eco_support" if number % 3 else None,
            customer_id=cast.HARBOUR if number % 5 else cast.SCHOOL,
            assignee=cast.ENGINEER if number % 2 else cast.STRANGER,
        )
        for number in range(120)
    ]
    database.migrating(lambda tx: shelve(tx, shelved))
    return place


@pytest.fixture
def keesa(many: Place) -> Iterator[LiveServer]:
    with LiveServer(many.data, many.url, KEESA_SECRET=cast.SECRET) as server:
        yield server


def test_the_bare_function_reads_as_keesa_does(many: Place, database: Database, keesa: LiveServer) -> None:
    """Lists as each sees them, a ticket with its history, notes: the same bytes, where there are no pictures."""
    database.write(lambda tx: tx.run("UPDATE tickets SET attachments = 0, revision = $new_revision"))
    lists = {
        cast.ADMIN: bare_list("admin"),
        cast.ENGINEER: bare_list("engineer", cast.ENGINEER.id),
        cast.CUSTOMER: bare_list("customer", cast.HARBOUR),
    }
    admin = cast.token(database, cast.ADMIN)
    seen = [cast.ASSIGNED, cast.TYPED, cast.HIDDEN, 2024003]
    pairs = [(keesas(cast.token(database, person), "GET", "/tickets"), bare) for person, bare in lists.items()]
    pairs += [(keesas(admin, "GET", "/tickets?limit=3"), bare_list("admin", limit=3))]
    pairs += [(keesas(admin, "GET", f"/tickets/{number}"), bare_one([number])[0]) for number in seen]
    notes = "/tickets/get_ticket_notes?ticket_number="
    pairs += [(keesas(admin, "GET", f"{notes}{number}"), bare_notes([number])[0]) for number in seen]
    with serving_bare(many.data, many.url, 1) as bare:
        for expected, asked in pairs:
            wanted, found = ask(keesa, expected), ask(bare, asked)
            assert (found.status, found.body) == (wanted.status, wanted.body), asked.path


def changes(place: Place, server: LiveServer | Running, asked: list[Request]) -> tuple[list[Answer], dict[str, Any]]:
    """The answers, and what is kept of tickets afterwards."""
    answers = [ask(server, request) for request in asked]
    database = open_database(place.data, place.url)
    try:
        return answers, database.read(tickets_as_kept)
    finally:
        database.close()


def timeless(answers: list[Answer], kept: Mapping[str, list[dict[str, Any]]]) -> tuple[object, object]:
    """Without the moments at which it happened, and the revisions, which are drawn."""
    rows = {
        table: [
            {
                name: value
                for name, value in row.items()
                if name not in ("at", "xid", "revision") and not name.endswith("_at")
            }
            for row in found
        ]
        for table, found in kept.items()
    }
    return [(answer.status, TIME.sub(b"", answer.body)) for answer in answers], rows


def test_the_bare_function_writes_as_keesa_does(new_place: NewPlace, cast_template: str) -> None:
    """Creates, notes and changes of status: the same answers and the same rows, but for the time."""
    create, number = encoded(BODY_2024), cast.ASSIGNED
    note = encoded({"ticket_number": str(number), "ticket_note": {"note": "Seen to"}})
    closed = encoded({"ticket": {"status": "closed", "closed_date": "2025-04-01"}})
    again = encoded({"ticket": {"status": "in_progress"}})
    place = new_place(cast_template)
    database = open_database(place.data, place.url)
    token = cast.token(database, cast.ADMIN)
    database.close()
    status = f"/tickets/{number}/status_update"
    with LiveServer(place.data, place.url, KEESA_SECRET=cast.SECRET) as server:
        asked = [keesas(token, "POST", "/tickets", create)] * 2
        asked += [keesas(token, "POST", "/tickets/add_ticket_note", note)]
        asked += [keesas(token, "POST", status, body) for body in (closed, closed, again)]
        wanted = timeless(*changes(place, server, asked))
    place, user = new_place(cast_template), cast.ADMIN.id
    with serving_bare(place.data, place.url, 1) as bare:
        asked = [*bare_create(user, [create, create]), *bare_note(user, [note])]
        asked += bare_status(user, [(number, body) for body in (closed, closed, again)])
        assert timeless(*changes(place, bare, asked)) == wanted


@pytest.mark.parametrize("sessions", [True, False])
def test_memory_answers_as_keesa_does(many: Place, database: Database, keesa: LiveServer, *, sessions: bool) -> None:
    """Status, headers and bytes, to whoever shows a token; 401 to others. A log line a request."""
    token = cast.token(database, cast.ADMIN)
    wanted = ask(keesa, keesas(token, "GET", f"/tickets/{cast.ASSIGNED}"))
    name = str(cast.ASSIGNED)
    with serving_memory(many.data, many.url, 1, {name: wanted.body}, cast.SECRET, sessions=sessions) as running:
        found = [ask(running, memory_read([name], shown)[0]) for shown in (token, token, "bad", "")]
        assert running.log.read_text().count(f'"path":"/api/v1/memory/{name}"') == 4
    assert [answer.status for answer in found] == [200, 200, 401, 401]
    for answer in found[:2]:
        assert lasting(answer.headers) == lasting(wanted.headers)
        assert answer.body == wanted.body


def test_the_server_is_gone_after_a_failure(place: Place) -> None:
    """It and its workers end with the block, however that ends."""
    processes: set[int] = set()
    with suppress(ZeroDivisionError), serving_bare(place.data, place.url, 2) as bare:
        processes |= {*tree(bare.pid)}
        raise ZeroDivisionError
    assert len(processes) >= 3
    wait_until_gone(processes)


def test_the_engine_alone_takes_numbers_as_keesa_does(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its creates, and those of pgbench, are tickets of this year, numbered in their order; each speed is a speed."""
    monkeypatch.setattr(pgbench, "CLIENTS", (2,))
    speeds = measure(place.data, place.url, 0.05)
    assert all(speed.per_second > 0 for speed in speeds)
    assert len(speeds) == (6 if place.url and pgbench.program() else 3)
    database = open_database(place.data, place.url)
    kept = database.read(tickets_as_kept)
    database.close()
    raised = [ticket["id"] for ticket in kept["tickets"] if ticket["title"] == TICKET["title"]]
    year, first = time.strftime("%Y"), int(str(raised[0])[4:])
    assert raised == [int(f"{year}{number:03}") for number in range(first, first + len(raised))]
    assert {row["ticket_id"] for row in kept["ticket_statuses"]} >= set(raised)
    assert {row["ticket_id"] for row in kept["ticket_events"] if row["kind"] == "raised"} >= set(raised)


def lasting(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that do not differ from one answer to the next, nor by settings; of these, that they are there."""
    differing = ("date", "x-request-id", "etag", "ratelimit", "ratelimit-policy")
    return {name: "" if name in differing else value for name, value in headers.items()}
