"""The trial's clients against a desk of the test's own, which answers what the test says."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deploy.trial import client
from deploy.trial.client import Client
from deploy.trial.told import Told


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE", 0)
    monkeypatch.setattr(client, "LONGER", 0)


class SmallDesk:
    """One ticket that counts; `forget` drops the newest note from what is shown of it."""

    def __init__(self, stop: threading.Event, *, refuse: str = "", forget: bool = False, missing: bool = False) -> None:
        self._stop, self._refuse, self._forget, self._missing = stop, refuse, forget, missing
        self._title = ""
        self._notes: list[str] = []
        self._statuses = ["open"]

    def reply(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = path.rpartition("/")[2]
        if self._refuse and self._refuse == name:
            if name != "2024001":
                self._stop.set()
            self._refuse = ""
            return 503, {"error": "later"}
        if name == "tickets" and body:
            self._title = body["ticket"]["title"]
            return 201, {"ticket_number": "2024001"}
        if name == "add_ticket_note":
            self._notes.append(body["ticket_note"]["note"])
        if name == "status_update":
            self._statuses.append(body["ticket"]["status"])
        if name == "2024001":
            self._stop.set()
            return (404, {}) if self._missing else (200, {"data": {"ticket": self._shown()}})
        return 200, {}

    def _shown(self) -> dict[str, Any]:
        notes = self._notes[: -1 if self._forget else None]
        return {
            "title": self._title,
            "ticket_notes": [{"comment": note} for note in notes],
            "ticket_statuses": [{"status": status} for status in self._statuses],
        }


@contextmanager
def serving(reply: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]) -> Iterator[str]:
    """An HTTP server on a free port; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            status, answer = reply(self.path.partition("?")[0], body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def told_by(**faults: Any) -> Told:  # noqa: ANN401 - SmallDesk's
    stop = threading.Event()
    with serving(SmallDesk(stop, **faults).reply) as address:
        working = Client("one", [address], "token", 7, stop)
        working.start()
        working.join(60)
        assert not working.is_alive()
    return working.told


def texts(told: Told) -> tuple[Sequence[str], Sequence[str], Sequence[str], str | None]:
    [ticket] = told.tickets
    return ticket.notes, ticket.statuses, ticket.unknown_notes, ticket.unknown_status


def test_a_client_keeps_what_it_was_told() -> None:
    """A create, an assignment, a note and a status: four times."""
    told = told_by()
    assert texts(told) == (["one, ticket 0, note 0"], ["open", "in_progress"], [], None)
    assert len(told.acknowledged) == 4
    assert [write.what for write in told.writes] == [
        "one, ticket 0",
        "one, ticket 0, assigned",
        "one, ticket 0, note 0",
        "one, ticket 0, status 0",
    ]
    assert all(write.acknowledged and write.acknowledged >= write.sent for write in told.writes)
    assert told.reads == 2
    assert not told.errors
    assert not told.went_back


@pytest.mark.parametrize(("forget", "missing"), [(True, False), (False, True)])
def test_a_read_that_shows_less_than_was_told_went_back(*, forget: bool, missing: bool) -> None:
    """A note that is missing; and a whole ticket."""
    assert len(told_by(forget=forget, missing=missing).went_back) == 1


def test_a_client_asks_again_for_what_it_could_not_read() -> None:
    """So that it sees what has become of its ticket while the desk was away."""
    told = told_by(refuse="2024001", forget=True)
    assert told.errors == {"read 503": 1}
    assert len(told.went_back) == 1


def test_what_was_refused_is_not_told() -> None:
    """It may yet have been done, so it is neither lost nor sent again."""
    assert texts(told_by(refuse="add_ticket_note"))[2] == ["one, ticket 0, note 0"]
    told = told_by(refuse="status_update")
    assert texts(told)[3] == "in_progress"
    assert told.errors == {"write 503": 1}
    assert [write.what for write in told.writes if write.acknowledged is None] == ["one, ticket 0, status 0"]
    unborn = told_by(refuse="tickets")
    assert not unborn.tickets
    assert unborn.unknown_titles == ["one, ticket 0"]


def test_a_desk_that_is_away_is_an_error_of_the_connection() -> None:
    """Where nobody listens, and no answer says why."""
    stop = threading.Event()

    def answer(_path: str, _body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        stop.set()
        raise ConnectionResetError

    with serving(answer) as address:
        working = Client("one", [address], "token", 7, stop)
        working.start()
        working.join(60)
    assert working.told.errors == {"write connection closed": 1}
    assert working.told.unknown_titles == ["one, ticket 0"]
