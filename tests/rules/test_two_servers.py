"""Two `keesa serve` on one PostgreSQL, asked for the same thing at the same moment, over and over."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest

import cast
from account_rows import rows
from cast import ADMIN, ASSIGNED, CAST, CUSTOMER, ENGINEER, HARBOUR, RAISED, STRANGER
from keesa.accounts.sessions import MOST, open_session
from keesa.clock import now
from keesa.db import Database, open_database
from live import LiveServer
from postgres_server import PostgresServer

ROUNDS: Final = 12
PATIENCE: Final = 60.0
"""Seconds for an answer, on a machine under load."""


class Answer(NamedTuple):
    status: int
    body: Any


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: object = None


class Servers(NamedTuple):
    """Both, by address, and the database behind them."""

    urls: tuple[str, str]
    database: Database

    def at_once(self, requests: Sequence[Request]) -> list[Answer]:
        """Each on a connection of its own, in turn to one and to the other server, all sent at the same moment."""
        start = threading.Barrier(len(requests), timeout=PATIENCE)

        def send(url: str, request: Request) -> Answer:
            address = urlsplit(url)
            connection = HTTPConnection(str(address.hostname), address.port, timeout=PATIENCE)
            connection.connect()
            try:
                start.wait()
                body = None if request.body is None else json.dumps(request.body)
                headers = {**request.headers, **({"Content-Type": "application/json"} if body else {})}
                connection.request(request.method, f"/api/v1{request.path}", body, headers)
                answer = connection.getresponse()
                text = answer.read()
                return Answer(answer.status, json.loads(text) if text else None)
            finally:
                connection.close()

        with ThreadPoolExecutor(len(requests)) as threads:
            asked = [threads.submit(send, self.urls[turn % 2], request) for turn, request in enumerate(requests)]
            return [future.result(PATIENCE) for future in asked]

    def log_in(self) -> dict[str, Any]:
        """The tokens of a new session of ENGINEER's."""
        (answer,) = self.at_once([logging_in(ENGINEER)])
        assert answer.status == 200, answer
        tokens: dict[str, Any] = answer.body
        return tokens


@pytest.fixture(scope="module")
def servers(
    postgres: PostgresServer, cast_on_postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    """On the cast's database, for all tests of this file: each has a user or a ticket of its own."""
    with ExitStack() as stack:
        postgres.create_database("two_servers", cast_on_postgres)
        stack.callback(postgres.drop_database, "two_servers")
        folder, url = tmp_path_factory.mktemp("two_servers"), postgres.url("two_servers")
        database = open_database(folder, url)
        stack.callback(database.close)
        urls = []
        for name in ("one", "other"):
            data = folder / name
            data.mkdir(mode=0o700)
            env = {"KEESA_SECRET": cast.SECRET, "KEESA_FILES": str(folder / "files"), "KEESA_LOG_FORMAT": "json"}
            server = stack.enter_context(LiveServer(data, url, **env))
            urls.append(server.url)
        yield Servers((urls[0], urls[1]), database)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def logging_in(person: cast.Person, password: str = cast.PASSWORD) -> Request:
    return Request("POST", "/auth/login", {}, {"user": person.email, "password": password})


def test_refreshes_at_once_give_one_token_and_a_logout_among_them_ends_all(servers: Servers) -> None:
    """Four refreshes of one token on two servers; then two of them beside a logout, behind which nothing is good."""
    for _ in range(ROUNDS):
        tokens = servers.log_in()
        refresh = Request("POST", "/auth/refresh", {"X-Refresh-Token": tokens["refresh"]})
        answers = servers.at_once([refresh] * 4)
        assert [answer.status for answer in answers] == [200] * 4
        assert len({answer.body["access"] for answer in answers}) == 1
    for _ in range(ROUNDS):
        tokens = servers.log_in()
        refresh = Request("POST", "/auth/refresh", {"X-Refresh-Token": tokens["refresh"]})
        logout = Request("DELETE", "/auth/logout_by_refresh", {"X-Refresh-Token": tokens["refresh"]})
        *refreshed, left, again = servers.at_once([refresh, refresh, logout, logout])
        assert sorted([left.status, again.status]) == [200, 401]
        given = [tokens["access"], *(answer.body["access"] for answer in refreshed if answer.status == 200)]
        asked = servers.at_once([Request("GET", "/tickets", bearer(token)) for token in given * 2])
        assert {answer.status for answer in asked} == {401}


def test_logins_at_once_are_counted_and_bounded(servers: Servers) -> None:
    """Twelve on two servers, with all sessions taken: each is counted once, and the oldest ones have ended."""
    for _ in range(MOST):
        servers.database.write(lambda tx: open_session(tx, STRANGER.id, "2024", now()))
    answers = servers.at_once([logging_in(STRANGER)] * 12)
    assert {answer.status for answer in answers} == {200}
    kept = rows(servers.database, "SELECT sign_in FROM sessions WHERE user_id = :id ORDER BY sign_in", id=STRANGER.id)
    assert [row["sign_in"] for row in kept] == [*range(13, MOST + 13)]


def test_wrong_passwords_at_once_are_all_counted(servers: Servers) -> None:
    """Eight on two servers, of one user from one address."""
    answers = servers.at_once([logging_in(CUSTOMER, "a guess of somebody")] * 8)
    assert {answer.status for answer in answers} == {401}
    kept = rows(servers.database, "SELECT failures FROM login_failures")
    assert [row["failures"] for row in kept] == [8, 8, 8]


def test_a_state_is_changed_by_one_of_all_who_know_it(servers: Servers) -> None:
    """Of four who change the customer that they have read, one does; three hear that it has changed."""
    token = bearer(cast.token(servers.database, ADMIN))
    for turn in range(ROUNDS):
        (row,) = rows(servers.database, "SELECT revision FROM customers WHERE id = :id", id=HARBOUR)
        headers = {**token, "If-Match": f'"{row["revision"]:x}"'}
        names = [f"Harbour {turn} {number}" for number in range(4)]
        answers = servers.at_once(
            [Request("PATCH", f"/customers/{HARBOUR}", headers, {"customer": {"name": name}}) for name in names]
        )
        assert Counter(answer.status for answer in answers) == {200: 1, 412: 3}
        (made,) = (answer.body["data"]["customer"]["name"] for answer in answers if answer.status == 200)
        (kept,) = rows(servers.database, "SELECT name FROM customers WHERE id = :id", id=HARBOUR)
        assert kept["name"] == made


def test_changes_of_one_ticket_are_one_after_the_other(servers: Servers) -> None:
    """Notes, statuses and assignments on both servers: none is lost, and the history is in the order of its times."""
    token = bearer(cast.token(servers.database, ADMIN))

    def posting(path: str, **ticket: object) -> Request:
        return Request("POST", path, token, {"ticket": ticket})

    note = {"ticket_number": str(ASSIGNED), "ticket_note": {"note": "Going there with the Thursday ferry"}}
    changes = [
        *[Request("POST", "/tickets/add_ticket_note", token, note)] * 4,
        *(posting(f"/tickets/{ASSIGNED}/status_update", status=status) for status in ("in_progress", "on_hold")),
        *(posting(f"/tickets/{ASSIGNED}/assign", assigned_to_id=person.id) for person in CAST[:2]),
    ]
    for _ in range(ROUNDS):
        answers = servers.at_once(changes)
        assert {answer.status for answer in answers} <= {200, 201}, answers
    (ticket,) = rows(servers.database, "SELECT * FROM tickets WHERE id = :id", id=ASSIGNED)
    histories = {
        table: rows(servers.database, f"SELECT * FROM {table} WHERE ticket_id = :id ORDER BY {order}", id=ASSIGNED)
        for table, order in (("ticket_notes", "id"), ("ticket_statuses", "id"), ("ticket_events", "number"))
    }
    for history in histories.values():
        times = [row["at" if "at" in row else "created_at"] for row in history]
        assert times == sorted(times)
    notes, statuses, events = histories.values()
    assert [row["number"] for row in events] == list(range(1, ticket["events"] + 1))
    assignments = [row for row in events if row["kind"] == "assigned"]
    assert len(notes) == ticket["notes_count"] == 2 + 4 * ROUNDS
    assert sum(len(row["body"]) for row in notes) == ticket["notes_size"]
    assert statuses[-1]["status"] == ticket["status"]
    assert assignments[-1]["assigned_to_id"] == ticket["assigned_to_id"]
    for history, column in ((statuses, "status"), (assignments, "assigned_to_id")):
        values = [row[column] for row in history]
        assert all(earlier != later for earlier, later in pairwise(values))


def test_a_ticket_is_taken_away_or_begun(servers: Servers) -> None:
    """Never both: with nobody assigned it stays open."""
    token = bearer(cast.token(servers.database, ADMIN))
    take_away = Request("POST", f"/tickets/{RAISED}/assign", token, {"ticket": {"assigned_to_id": None}})
    begin = Request("POST", f"/tickets/{RAISED}/status_update", token, {"ticket": {"status": "in_progress"}})
    for _ in range(ROUNDS):
        servers.database.write(
            lambda tx: tx.run(
                "UPDATE tickets SET status = 'open', assigned_to_id = :engineer, revision = $new_revision"
                " WHERE id = :id",
                engineer=ENGINEER.id,
                id=RAISED,
            )
        )
        answers = servers.at_once([take_away, begin])
        assert sorted(answer.status for answer in answers) == [200, 422]
        (kept,) = rows(servers.database, "SELECT status, assigned_to_id FROM tickets WHERE id = :id", id=RAISED)
        assert (kept["status"], kept["assigned_to_id"]) in {("open", None), ("in_progress", ENGINEER.id)}
