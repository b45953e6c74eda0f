"""Many clients edit one ticket from the states that they have read, over two workers: no update is lost, and whoever is
refused is told what has come between.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection
from random import Random
from threading import Barrier
from typing import Any, Final

import pytest

import cast
from cast import ADMIN, ASSIGNED, ENGINEER
from keesa.db import Database
from live import LiveServer
from nodes import a_connection_each, two_nodes
from places import Place
from soaking import times
from workers import PATIENCE

CLIENTS: Final = times(4, 12)
EDITS: Final = times(5, 60)
"""Of each client: it edits until that many are made."""
PATH: Final = f"/api/v1/tickets/{ASSIGNED}"
FIELDS: Final = ("title", "reference", "priority")
Values = dict[str, Any]


@dataclass
class Client:
    """One that edits from what it has read, and reads anew when it is refused."""

    connection: HTTPConnection
    token: str
    name: str
    made: list[tuple[str, Values]] = field(default_factory=list)
    """The edits that were accepted: by which state each was made from, what it gave."""
    refusals: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, body: object = None, **headers: str) -> tuple[int, str, Any]:
        sent = {"Authorization": self.token, "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, PATH, None if body is None else json.dumps(body), sent)
        answer = self.connection.getresponse()
        return answer.status, answer.headers["ETag"], json.loads(answer.read())

    def edit(self, dice: Random, have_read: Barrier) -> None:
        """Each edit says what its state was: the title that it was made from stands in what it gives. All have read the
        ticket before anybody edits it.
        """
        while len(self.made) < EDITS:
            status, etag, told = self.ask("GET")
            assert status == 200, told
            if not self.made and not self.refusals:
                have_read.wait(PATIENCE)
            before = told["data"]["ticket"]
            given: Values = {
                "title": f"{self.name} {len(self.made)}",
                "reference": f"after {before['title']}",
                "priority": dice.choice([each for each in range(1, 6) if each != before["priority"]]),
            }
            status, _, told = self.ask("PATCH", {"ticket": given}, If_Match=etag)
            if status == 200:
                self.made.append((before["title"], given))
            else:
                assert status == 412, told
                self.refusals.append(told)


@pytest.fixture
def clients(place: Place, database: Database) -> Iterator[Sequence[Client]]:
    """As many on either worker, of two people."""
    people = {person: cast.token(database, person) for person in (ADMIN, ENGINEER)}
    with two_nodes(place, KEESA_SECRET=cast.SECRET) as servers, ExitStack() as stack:
        yield [
            Client(connection, people[(ADMIN, ENGINEER)[number % 2]], f"client {number}")
            for number, connection in enumerate(_connections(stack, servers))
        ]


def _connections(stack: ExitStack, servers: Sequence[LiveServer]) -> Iterator[HTTPConnection]:
    for _ in range(CLIENTS // 2):
        yield from stack.enter_context(a_connection_each(servers))


def test_no_update_is_lost(clients: Sequence[Client]) -> None:
    """The edits that were accepted make one line, each made from what the one before it has left, and the ticket is as
    the last one left it; the history tells of them in that order. Each refusal names what came between.
    """
    _, _, told = clients[0].ask("GET")
    title = first = told["data"]["ticket"]["title"]
    edit_all(clients)
    made = {before: given for client in clients for before, given in client.made}
    assert len(made) == len(clients) * EDITS, "two were made from one state"
    line = []
    while title in made:
        line.append(made[title])
        title = line[-1]["title"]
    assert len(line) == len(made)
    _, _, told = clients[-1].ask("GET")
    ticket = told["data"]["ticket"]
    assert {name: ticket[name] for name in FIELDS} == line[-1]
    assert titles_in(clients[0]) == [first, *(given["title"] for given in line)]
    refusals = [told for client in clients for told in client.refusals]
    assert len(refusals) >= len(clients) - 1
    for told in refusals:
        assert told["changed"], told
        for change in told["changed"]:
            assert (change["kind"], set(change["fields"])) == ("edited", {*FIELDS})
            assert change["by"] in (ADMIN.full_name, ENGINEER.full_name)


def edit_all(clients: Sequence[Client]) -> None:
    have_read = Barrier(len(clients))
    with ThreadPoolExecutor(len(clients)) as threads:
        dice = [Random(number) for number, _ in enumerate(clients)]  # noqa: S311 - no secret
        edits = [threads.submit(client.edit, each, have_read) for client, each in zip(clients, dice, strict=True)]
        for edit in edits:
            edit.result()


def titles_in(client: Client) -> list[str]:
    """Those that the ticket has had, as its history tells."""
    found, after = [], ""
    while after is not None:
        client.connection.request("GET", f"{PATH}/history?limit=500{after}", headers={"Authorization": client.token})
        page = json.loads(client.connection.getresponse().read())["data"]
        found += [
            change["to"] for entry in page["history"] for change in entry["changes"] if change["field"] == "title"
        ]
        after = page["next"] and f"&after={page['next']}"
    return found
