"""The same change sent again while the first one is under way: it is waited for, and then refused for the moment."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from typing import Final, NamedTuple

import cast
from account_rows import rows
from cast import ADMIN, ASSIGNED
from keesa.db import Database, Tx
from live import LiveServer
from nodes import a_connection_each, two_nodes
from places import Place
from soaking import times
from workers import connect

KEY: Final = "the-same"
NOTE: Final = {"ticket_note": {"note": "On my way"}, "ticket_number": str(ASSIGNED)}
PATIENCE: Final = 60.0
"""Seconds for what comes for certain, on a machine under load."""
ROUNDS: Final = times(10, 100)


class Answer(NamedTuple):
    status: int
    replayed: bool
    body: bytes


def add_note(connection: HTTPConnection, token: str, key: str = KEY) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
    connection.request("POST", "/api/v1/tickets/add_ticket_note", json.dumps(NOTE), headers)
    answer = connection.getresponse()
    return Answer(answer.status, answer.getheader("Idempotency-Replayed") == "true", answer.read())


def notes(database: Database) -> int:
    return len(rows(database, "SELECT id FROM ticket_notes WHERE body = 'On my way'"))


@contextmanager
def one_worker(place: Place) -> Iterator[list[LiveServer]]:
    """SQLite's second worker waits for its turn to write, and not for the first."""
    with LiveServer(place.data, None, KEESA_SECRET=cast.SECRET) as server:
        yield [server]


def test_who_waits_for_too_long_is_told(place: Place, database: Database) -> None:
    """Of two that are sent while the ticket is held, one is 409 before it is let go, and the other makes the change;
    who asks again has its answer. On PostgreSQL the two are on two nodes, which know of each other by the database
    alone.
    """
    with ExitStack() as stack:
        servers = stack.enter_context(
            one_worker(place) if place.url is None else two_nodes(place, KEESA_SECRET=cast.SECRET)
        )
        threads = stack.enter_context(ThreadPoolExecutor(3))
        token = cast.token(database, ADMIN)
        one, other = (stack.enter_context(closing(connect(server))) for server in (servers[0], servers[-1]))
        held, release = threading.Event(), threading.Event()

        def hold(tx: Tx) -> None:
            tx.all("SELECT id FROM tickets WHERE id = :id $for_update", id=ASSIGNED)
            held.set()
            assert release.wait(PATIENCE)

        holding = threads.submit(database.write, hold)
        try:
            assert held.wait(PATIENCE)
            sent = [threads.submit(add_note, connection, token) for connection in (one, other)]
            done, under_way = wait(sent, PATIENCE, FIRST_COMPLETED)
            assert [each.result().status for each in done] == [409]
        finally:
            release.set()
        holding.result(PATIENCE)
        [late] = [each.result(PATIENCE) for each in under_way]
        again = add_note(other, token)
    assert (late.status, late.replayed) == (201, False)
    assert again == late._replace(replayed=True)
    assert notes(database) == 1


def test_what_is_sent_at_once_is_done_once(place: Place, database: Database) -> None:
    """Over two workers or nodes, over and over: one of four makes the change, and all four have its answer."""
    with (
        two_nodes(place, KEESA_SECRET=cast.SECRET) as servers,
        a_connection_each(servers) as pair,
        ThreadPoolExecutor(4) as threads,
    ):
        token = cast.token(database, ADMIN)
        further = [connect(server) for server in (servers[0], servers[-1])]
        for number in range(ROUNDS):
            start = threading.Barrier(4, timeout=PATIENCE)

            def send(connection: HTTPConnection, key: str, start: threading.Barrier = start) -> Answer:
                start.wait()
                return add_note(connection, token, key)

            sent: list[Future[Answer]] = [threads.submit(send, each, f"key{number}") for each in (*pair, *further)]
            answers = [each.result(PATIENCE) for each in sent]
            assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
            assert sorted(answer.replayed for answer in answers) == [False, True, True, True]
            assert notes(database) == number + 1
        for each in further:
            each.close()
