"""How often a request waits for PostgreSQL: counted between a real server and its database, not by belief.

The proxy answers as many turns as a request may wait for, and no further one until the request has ended: one that
waits more often has no answer.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import pytest

import cast
from database_proxy import DatabaseProxy
from keesa.db import open_database
from keesa.db.migrate import migrate
from live import LiveServer
from postgres_server import PostgresServer

SECONDS: Final = 10.0
"""In which an answer comes, if it comes at all."""
TICKET: Final = {
    "ticket": {
        "category": "network",
        "product_id": 3,
        "title": "No internet",
        "description": "<p>Since <b>yesterday</b></p>",
        "ticket_type": "customer_support",
        "customer_id": 1,
    }
}
LISTS: Final = (
    "/tickets?limit=20",
    "/tickets/tickets_by_type?type=customer_support&status=open",
    "/tickets/tickets_by_category?category=network",
    "/tickets/tickets_of_customer?customer_id=1",
)


@dataclass
class Desk:
    """A server whose database stands behind the proxy, and the admin's session."""

    proxy: DatabaseProxy
    client: httpx2.Client

    def ask(self, method: str, path: str, json: Any = None) -> Any:  # noqa: ANN401 - any JSON
        answer = self.client.request(method, f"/api/v1{path}", json=json)
        assert answer.is_success, answer.text
        return answer.json()

    def asks_in(self, waits: int, method: str, path: str, *bodies: Any) -> None:  # noqa: ANN401 - any JSON
        """The last one has its answer after so many round trips; those before are for statements to be prepared, and
        tickets to be rendered.
        """
        for body in bodies[:-1]:
            self.ask(method, path, body)
        time.sleep(0.1)  # the end of the last transaction has been sent
        with self.proxy.counted(waited_for=waits) as counts:
            try:
                self.ask(method, path, bodies[-1])
            except httpx2.TimeoutException:
                pytest.fail(f"It waits more than {waits} times:\n{self.proxy.counts()}")
        assert counts.turns >= waits, f"It waits {counts.turns} times, which is fewer: say so here\n{counts}"


@pytest.fixture(scope="module")
def desk(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("distant")
    postgres.create_database("distant")
    url = postgres.url("distant")
    database = open_database(data, url)
    migrate(database)
    cast.fill(database)
    token = cast.token(database, cast.ADMIN)
    database.close()
    with (
        DatabaseProxy(url) as proxy,
        LiveServer(data, proxy.url, KEESA_SECRET=cast.SECRET) as server,
        httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS) as client,
    ):
        yield Desk(proxy, client)
    postgres.drop_database("distant")


def test_one_ticket(desk: Desk) -> None:
    """The session, and the ticket: its revision is that of the bytes which are ready."""
    desk.asks_in(2, "GET", "/tickets/2025001", None, None, None, None)


@pytest.mark.parametrize("path", LISTS)
def test_a_list(desk: Desk, path: str) -> None:
    """The session, and the revisions of all that the page shows, however many groups it has."""
    desk.asks_in(2, "GET", path, None, None, None, None)


def test_a_create(desk: Desk) -> None:
    """The session; the customer with the lists and the number; both rows with the commit."""
    desk.asks_in(3, "POST", "/tickets", TICKET, TICKET, TICKET)


def test_a_note(desk: Desk) -> None:
    """The session; the ticket, which is locked; the note with the ticket's revision and the commit."""
    notes = [{"ticket_number": "2025001", "ticket_note": {"note": f"note {number}"}} for number in range(3)]
    desk.asks_in(3, "POST", "/tickets/add_ticket_note", *notes)


def test_a_note_by_itself(desk: Desk) -> None:
    """One more, for its id; the session and the ticket as above."""
    notes = [{"note": {"note": f"note {number}", "internal": True}} for number in range(3)]
    desk.asks_in(4, "POST", "/tickets/2025001/notes", *notes)


def test_a_mention(desk: Desk) -> None:
    """The names come with the ticket; who of them sees it, and who watches it already, are asked for in turn."""
    notes = [{"ticket_number": "2025001", "ticket_note": {"note": f"@Hassan {number}"}} for number in range(3)]
    desk.asks_in(5, "POST", "/tickets/add_ticket_note", *notes)


def test_a_page_of_notes(desk: Desk) -> None:
    """The session; the ticket, with its duplicates; the page."""
    desk.asks_in(3, "GET", "/tickets/2025001/notes", None, None, None)


def test_a_status(desk: Desk) -> None:
    """The session; the ticket, which is locked; its status, a row of its history, and the commit."""
    number = desk.ask("POST", "/tickets", TICKET)["id"]
    desk.ask("POST", f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": cast.ENGINEER.id}})
    statuses = [{"ticket": {"status": status}} for status in ("in_progress", "on_hold", "in_progress")]
    desk.asks_in(3, "POST", f"/tickets/{number}/status_update", *statuses)


def test_an_assignment(desk: Desk) -> None:
    """The session; the ticket, which is locked, with the engineer; a row of its history with the commit."""
    number = desk.ask("POST", "/tickets", TICKET)["id"]
    engineers = [{"ticket": {"assigned_to_id": person.id}} for person in (cast.ENGINEER, cast.ADMIN, cast.ENGINEER)]
    desk.asks_in(3, "POST", f"/tickets/{number}/assign", *engineers)
