"""How often a request waits for PostgreSQL: counted between a real server and its database, not by belief.

The proxy answers as many turns as a request may wait for, and no further one until the request has ended: one that
waits more often has no answer.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count, repeat
from typing import Any, Final

import httpx2
import psycopg
import pytest

import cast
from acting import CLOCK
from database_proxy import DatabaseProxy
from keesa.clock import now
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
    url: str
    """Of the database itself."""

    key: Iterator[str] | None = None
    """Those under which changes are made, a new one for each; None for none."""

    def ask(self, method: str, path: str, json: Any = None) -> Any:  # noqa: ANN401 - any JSON
        headers = {} if self.key is None else {"Idempotency-Key": next(self.key)}
        answer = self.client.request(method, f"/api/v1{path}", json=json, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def asks_in(self, waits: int, method: str, path: str, *bodies: Any) -> None:  # noqa: ANN401 - any JSON
        """The last one has its answer after so many round trips; those before are for statements to be prepared, and
        tickets to be rendered.
        """
        for body in bodies[:-1]:
            self.ask(method, path, body)
            self.write_elsewhere()  # so that no answer is given again
        self.asks_next_in(waits, method, path, bodies[-1])

    def write_elsewhere(self) -> None:
        """Nothing that an answer shows."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SELECT pg_current_xact_id()")

    def asks_next_in(self, waits: int, method: str, path: str, body: Any = None) -> None:  # noqa: ANN401 - any JSON
        """As it is at this moment."""
        time.sleep(0.1)  # the end of the last transaction has been sent
        with self.proxy.counted(waited_for=waits) as counts:
            try:
                self.ask(method, path, body)
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
        LiveServer(data, proxy.url, KEESA_SECRET=cast.SECRET, KEESA_JOBS="no") as server,
        httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS) as client,
    ):
        yield Desk(proxy, client, url)
    postgres.drop_database("distant")


def test_one_ticket(desk: Desk) -> None:
    """The session, and the ticket: its revision is that of the bytes which are ready."""
    desk.asks_in(2, "GET", "/tickets/2025001", None, None, None, None)


@pytest.mark.parametrize("path", LISTS)
def test_a_list(desk: Desk, path: str) -> None:
    """The session, and the revisions of all that the page shows, however many groups it has."""
    desk.asks_in(2, "GET", path, None, None, None, None)


@pytest.mark.parametrize("path", [*LISTS, "/tickets/2025001", "/tickets/rows", "/products"])
def test_what_is_asked_again(desk: Desk, path: str) -> None:
    """The session, and that nothing has been written since."""
    for _ in range(3):
        desk.ask("GET", path)
    desk.asks_next_in(1, "GET", path)


def test_a_create(desk: Desk) -> None:
    """The session; the customer with the lists and the number; both rows with the commit."""
    desk.asks_in(3, "POST", "/tickets", TICKET, TICKET, TICKET)


def test_a_create_under_a_key(desk: Desk) -> None:
    """No more: the key is asked for with the session, and kept with the commit. Sent again, what is asked for is who
    sees the ticket.
    """
    keyed = replace(desk, key=map(str, count()))
    keyed.asks_in(3, "POST", "/tickets", TICKET, TICKET, TICKET)
    again = replace(desk, key=repeat("1"))
    again.asks_in(3, "POST", "/tickets", TICKET, TICKET, TICKET)


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


@pytest.mark.parametrize(("tickets", "waits"), [(10, 3), (50, 4)])
def test_a_change_of_many(desk: Desk, tickets: int, waits: int) -> None:
    """The session; the tickets, locked together; then some 25 tickets a time, the last of them with the commit."""
    numbers = [desk.ask("POST", "/tickets", TICKET)["id"] for _ in range(tickets)]
    chosen = [{"ticket_number": number} for number in numbers]
    changes = [{"assign": {"assigned_to_id": person.id}} for person in (cast.ENGINEER, cast.ADMIN, cast.ENGINEER)]
    desk.asks_in(waits, "POST", "/tickets/bulk", *({"tickets": chosen, "change": change} for change in changes))


def test_an_assignment(desk: Desk) -> None:
    """The session; the ticket, which is locked, with the engineer; a row of its history with the commit."""
    number = desk.ask("POST", "/tickets", TICKET)["id"]
    engineers = [{"ticket": {"assigned_to_id": person.id}} for person in (cast.ENGINEER, cast.ADMIN, cast.ENGINEER)]
    desk.asks_in(3, "POST", f"/tickets/{number}/assign", *engineers)


def test_an_edit(desk: Desk) -> None:
    """The session; the ticket, which is locked; what it says, with what it may choose from; the change with the ticket
    as it is then; the commit.
    """
    edits = [{"ticket": {"priority": number, "category": name}} for number, name in ((1, "fault"), (2, "network"))]
    desk.asks_in(5, "PATCH", "/tickets/2025001", *edits)


def test_a_history(desk: Desk) -> None:
    """The session; the ticket; its events with what it says; what their ids are called."""
    desk.asks_in(4, "GET", "/tickets/2025001/history", None, None)


# What belongs to tickets


def made(desk: Desk, count: int) -> list[int]:
    """The numbers of as many new tickets."""
    return [desk.ask("POST", "/tickets", TICKET)["id"] for _ in range(count)]


@pytest.mark.parametrize(("kind", "waits"), [("duplicate_of", 3), ("caused_by", 4), ("child_of", 4)])
def test_a_relation(desk: Desk, kind: str, waits: int) -> None:
    """The session; the rule of relations and both tickets, which are locked; what else they are related to, but for a
    duplicate, of which the tickets tell all; both changes with the commit.
    """
    for ticket, other in (made(desk, 2), made(desk, 2)):
        desk.ask("POST", f"/tickets/{ticket}/relations", {"relation": {"kind": kind, "ticket_number": other}})
    ticket, other = made(desk, 2)
    desk.asks_in(waits, "POST", f"/tickets/{ticket}/relations", {"relation": {"kind": kind, "ticket_number": other}})


@pytest.mark.parametrize(("kind", "waits"), [("duplicate_of", 3), ("caused_by", 4), ("child_of", 3)])
def test_a_relation_that_is_taken_back(desk: Desk, kind: str, waits: int) -> None:
    """The session; the rule and both tickets; of a cause whether there was one; both changes with the commit."""
    pairs = [made(desk, 2) for _ in range(3)]
    for ticket, other in pairs:
        desk.ask("POST", f"/tickets/{ticket}/relations", {"relation": {"kind": kind, "ticket_number": other}})
    *before, last = [f"/tickets/{ticket}/relations/{kind}/{other}" for ticket, other in pairs]
    for path in before:
        desk.ask("DELETE", path)
    desk.asks_in(waits, "DELETE", last, None)


def test_a_parent_is_closed_with_its_children(desk: Desk) -> None:
    """The session; the rule and all of the tickets, which are locked; how many are not seen, with the parent's change;
    the children's with the commit.
    """
    today = CLOCK.local(now()).date().isoformat()
    closed = {"ticket": {"status": "closed", "closed_date": today, "close_children": True}}
    parents = made(desk, 3)
    for parent in parents:
        for number in (parent, *made(desk, 2)):
            desk.ask("POST", f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": cast.ENGINEER.id}})
            if number != parent:
                relation = {"kind": "child_of", "ticket_number": parent}
                desk.ask("POST", f"/tickets/{number}/relations", {"relation": relation})
    *before, last = [f"/tickets/{parent}/status_update" for parent in parents]
    for path in before:
        desk.ask("POST", path, closed)
    desk.asks_in(4, "POST", last, closed)


def test_the_relations_of_a_ticket(desk: Desk) -> None:
    """The session; the ticket; what belongs to it."""
    desk.asks_in(3, "GET", "/tickets/2025001/relations", None, None, None)


def test_a_watcher(desk: Desk) -> None:
    """The session; the user, who is locked, with the ticket, which is locked too; who watches it, and how many tickets
    the user watches; the watcher with the commit.
    """
    watchers = [{"watcher": {"user_id": person.id}} for person in (cast.ADMIN, cast.ENGINEER)]
    desk.asks_in(4, "POST", "/tickets/2025002/watchers", *watchers)


def test_a_watcher_who_stops(desk: Desk) -> None:
    """The session; the ticket, which is locked; whether they have watched it; the change with the commit."""
    *before, last = [f"/tickets/2025003/watchers/{person.id}" for person in (cast.ADMIN, cast.ENGINEER)]
    for person in (cast.ADMIN, cast.ENGINEER):
        desk.ask("POST", "/tickets/2025003/watchers", {"watcher": {"user_id": person.id}})
    for path in before:
        desk.ask("DELETE", path)
    desk.asks_in(4, "DELETE", last, None)


def test_a_tag(desk: Desk) -> None:
    """The session; the tag with the ticket, which is locked; the tags that it has; the new one with the commit."""
    tag = {"tag": {"id": cast.TAG}}
    *before, last = [f"/tickets/{number}/tags" for number in made(desk, 3)]
    for path in before:
        desk.ask("POST", path, tag)
    desk.asks_in(4, "POST", last, tag)


def test_a_tag_that_is_taken_off(desk: Desk) -> None:
    """The session; the tag with the ticket, which is locked; whether it has had it; the change with the commit."""
    numbers = made(desk, 3)
    for number in numbers:
        desk.ask("POST", f"/tickets/{number}/tags", {"tag": {"id": cast.TAG}})
    *before, last = [f"/tickets/{number}/tags/{cast.TAG}" for number in numbers]
    for path in before:
        desk.ask("DELETE", path)
    desk.asks_in(4, "DELETE", last, None)


@pytest.mark.parametrize("name", ["watchers", "tags"])
def test_the_watchers_or_the_tags_of_a_ticket(desk: Desk, name: str) -> None:
    """The session; the ticket; the list."""
    desk.asks_in(3, "GET", f"/tickets/2025001/{name}", None, None, None)


@pytest.mark.parametrize(
    ("query", "waits"),
    [("", 3), (f"?tag={cast.TAG}&status=open", 3), ("?sort=changed", 4), ("?sort=priority", 4)],
)
def test_rows(desk: Desk, query: str, waits: int) -> None:
    """The session; the window of ids, or whether an index leads to few, and to which; their rows."""
    [number] = made(desk, 1)
    desk.ask("POST", f"/tickets/{number}/tags", {"tag": {"id": cast.TAG}})
    desk.asks_in(waits, "GET", f"/tickets/rows{query}", None, None, None)


@pytest.mark.parametrize(("query", "waits"), [("", 6), ("&sort=raised", 6), (f"&tag={cast.TAG}&sort=raised", 7)])
def test_a_search(desk: Desk, query: str, waits: int) -> None:
    """The session; the names that have the words, and whether the index is whole; where filters may lead to few, to
    which, and which of them fit; the hits, or those of which something is pending behind them; their rows and texts;
    their notes.
    """
    [number] = made(desk, 1)
    desk.ask("POST", f"/tickets/{number}/tags", {"tag": {"id": cast.TAG}})
    desk.ask("POST", f"/tickets/{number}/notes", {"note": {"note": "No internet still"}})
    desk.asks_in(waits, "GET", f"/tickets/search?q=internet{query}", None, None, None)


def test_what_happens(desk: Desk) -> None:
    """The session; where the window ends, whether its beginning is the desk's; where there is something, which of it
    the reader may know; what that is, the rows of its tickets; what it names. A first copy: the session; the place; the
    ids; their rows.
    """
    cursor = desk.ask("GET", "/changes/start")["data"]["cursor"]
    desk.asks_in(2, "GET", f"/changes?after={cursor}", None, None, None)
    [number] = made(desk, 1)
    desk.ask("POST", f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": cast.ENGINEER.id}})
    desk.asks_in(5, "GET", f"/changes?after={cursor}", None, None, None)
    desk.asks_in(4, "GET", "/changes/start", None, None, None)


def test_rows_that_are_held(desk: Desk) -> None:
    """The session; whether there are few; which; their rows."""
    [number] = made(desk, 1)
    until = (CLOCK.local(now()).date() + timedelta(days=2)).isoformat()
    desk.ask("POST", f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": cast.ENGINEER.id}})
    desk.ask("POST", f"/tickets/{number}/status_update", {"ticket": {"status": "on_hold", "held_until": until}})
    desk.asks_in(4, "GET", "/tickets/rows?sort=held_until", None, None, None)


@pytest.mark.parametrize(("query", "waits"), [("", 3), ("?counts=all,open,active,closed", 2), ("?priority=2,3", 3)])
def test_counts(desk: Desk, query: str, waits: int) -> None:
    """The session; all counts together, or of what more than one index leads to, which one leads to the fewest."""
    made(desk, 1)
    desk.asks_in(waits, "GET", f"/tickets/counts{query}", None, None, None)


def test_a_canned_answer_that_is_filled_in(desk: Desk) -> None:
    """The session; the text with the ticket; what the ticket has in place of the words, with its product."""
    path = f"/canned_answers/{cast.CANNED_ANSWER}?ticket=2025001"
    desk.asks_in(3, "GET", path, None, None, None)
