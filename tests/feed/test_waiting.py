"""`GET /changes?wait=…`: the answer comes when there is something to tell, whichever worker has written it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any, Final

import pytest

from acting import actor_of
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HIDDEN, PASSWORD, Person
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.events.recording import Event
from keesa.feed.positions import held_back
from keesa.tickets.changing import change
from keesa.tickets.finding import lock_ticket
from live import LiveServer
from nodes import a_connection_each
from places import Place
from waiting import wait_until
from workers import connect

LONG: Final = 25
"""Seconds: who is told within a few of them was woken."""
SOON: Final = 8.0


class Caller:
    """A person on a connection to one worker."""

    def __init__(self, connection: HTTPConnection, person: Person) -> None:
        self._connection = connection
        self._headers = {"Content-Type": "application/json"}
        credentials = {"user": person.email, "password": PASSWORD}
        self._headers["Authorization"] = self.ask("POST", "/auth/login", credentials)[1]["access"]

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", sent, self._headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def begun(self) -> str:
        status, answer = self.ask("GET", "/changes/start?limit=1")
        assert status == 200, answer
        cursor: str = answer["data"]["cursor"]
        return cursor

    def told(self, cursor: str, wait: int) -> tuple[Any, float]:
        """What is told, and within how many seconds."""
        begun = time.monotonic()
        status, answer = self.ask("GET", f"/changes?after={cursor}&wait={wait}")
        assert status == 200, answer
        return answer["data"], time.monotonic() - begun


class Later:
    """What a caller is told, who waits meanwhile."""

    def __init__(self, caller: Caller, cursor: str, wait: int = LONG) -> None:
        self._found: list[tuple[Any, float]] = []
        self._thread = threading.Thread(target=lambda: self._found.append(caller.told(cursor, wait)), daemon=True)
        self._thread.start()
        time.sleep(0.3)  # it waits by now, or will find what comes: either must do

    def told(self) -> tuple[Any, float]:
        self._thread.join(2 * LONG)
        [found] = self._found
        return found


@pytest.fixture
def server(place: Place) -> Iterator[LiveServer]:
    with LiveServer(place.data, place.url, "--workers", "2") as running:
        yield running


@pytest.fixture
def connections(server: LiveServer) -> Iterator[list[HTTPConnection]]:
    """To one worker and the other."""
    with a_connection_each([server]) as found:
        yield list(found)


def note(caller: Caller, number: int, *, internal: bool = False) -> None:
    body = {"note": {"note": "The cable was cut", "internal": internal}}
    assert caller.ask("POST", f"/tickets/{number}/notes", body)[0] == 201


def test_it_waits_as_long_as_nothing_happens(connections: list[HTTPConnection]) -> None:
    one, _ = connections
    admin = Caller(one, ADMIN)
    cursor = admin.begun()
    told, seconds = admin.told(cursor, 1)
    assert (told["changes"], told["rows"], told["more"]) == ([], [], False)
    assert 1 <= seconds < SOON


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_written_wakes_who_waits(place: Place, workers: int) -> None:
    """By the worker itself, or by another one."""
    with LiveServer(place.data, place.url, "--workers", str(workers)) as server, ExitStack() as stack:
        if workers == 1:
            one, other = (stack.enter_context(closing(connect(server))) for _ in range(2))
        else:
            one, other = stack.enter_context(a_connection_each([server]))
        admin, engineer = Caller(one, ADMIN), Caller(other, ENGINEER)
        later = Later(admin, admin.begun())
        note(engineer, ASSIGNED)
        told, seconds = later.told()
        assert [(each["ticket_id"], each["kind"]) for each in told["changes"]] == [(ASSIGNED, "note_added")]
        assert seconds < SOON


def test_what_concerns_others_wakes_nobody(connections: list[HTTPConnection]) -> None:
    """Of internal notes, and of tickets that they do not see, a customer hears nothing."""
    one, other = connections
    customer, admin = Caller(one, CUSTOMER), Caller(other, ADMIN)
    later = Later(customer, customer.begun(), 2)
    note(admin, ASSIGNED, internal=True)
    note(admin, HIDDEN)
    told, seconds = later.told()
    assert (told["changes"], told["rows"], told["gone"]) == ([], [], [])
    assert seconds >= 2


def test_who_is_logged_out_meanwhile_is_told_nothing(connections: list[HTTPConnection], database: Database) -> None:
    one, other = connections
    waiting, engineer = Caller(one, ADMIN), Caller(other, ENGINEER)
    cursor = waiting.begun()
    answers: list[tuple[int, Any]] = []
    path = f"/changes?after={cursor}&wait={LONG}"
    thread = threading.Thread(target=lambda: answers.append(waiting.ask("GET", path)), daemon=True)
    thread.start()
    time.sleep(0.3)
    database.write(lambda tx: tx.run("DELETE FROM sessions WHERE user_id = :id", id=ADMIN.id))
    note(engineer, ASSIGNED)
    thread.join(2 * LONG)
    assert [status for status, _ in answers] == [401]


def test_a_server_that_stops_sends_nobody_away_without_an_answer(
    connections: list[HTTPConnection], server: LiveServer
) -> None:
    one, _ = connections
    admin = Caller(one, ADMIN)
    cursor = admin.begun()
    later = Later(admin, cursor)
    assert server.stop() == 0
    told, seconds = later.told()
    assert (told["changes"], told["more"]) == ([], False)
    assert seconds < SOON


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_is_held_back_is_told_in_order_and_never_left_out(
    connections: list[HTTPConnection], database: Database
) -> None:
    """A transaction that began first and ends last: what others have committed meanwhile is told behind it; the metric
    says for how long it has held them back.
    """
    one, _ = connections
    admin = Caller(one, ADMIN)
    cursor = admin.begun()
    open_, done = threading.Event(), threading.Event()

    def slow() -> None:
        def work(tx: Tx) -> None:
            change(tx, actor_of(tx, ADMIN), lock_ticket(tx, actor_of(tx, ADMIN), HIDDEN), now(), Event("watched"))
            open_.set()
            assert done.wait(60)

        database.write(work)

    thread = threading.Thread(target=slow, daemon=True)
    thread.start()
    assert open_.wait(60)
    try:
        note(admin, ASSIGNED)
        assert admin.told(cursor, 0)[0]["changes"] == []
        wait_until(lambda: database.read(lambda tx: held_back(tx, now())) > 0)
    finally:
        done.set()
        thread.join(60)
    told, _ = admin.told(cursor, LONG)
    assert [each["ticket_id"] for each in told["changes"]] == [HIDDEN, ASSIGNED]
    assert database.read(lambda tx: held_back(tx, now())) == 0
