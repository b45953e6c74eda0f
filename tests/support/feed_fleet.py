"""Nodes of two workers each that are killed now and then, and who changes tickets and reads the feed on them
nevertheless.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from random import Random
from threading import Event, Lock
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

import cast
from cast import ADMIN, ENGINEER, HARBOUR, SCHOOL, STRANGER, TAG
from feed_readers import FeedReader
from field_client import LOST
from live import LiveServer
from places import Place
from workers import PATIENCE, workers

_DESK: Final = (ADMIN.id, ENGINEER.id, STRANGER.id)
_TYPES: Final = ("customer_support", "eco_support", "routine_maintenance")
_MANY: Final = 20
"""Tickets that are changed at once."""
_OF_MANY: Final = 0.25
"""How often that is."""
_LARGEST: Final = 150
"""Tickets, to which no more are raised."""
_LATER: Final = (502, 503, 504)
"""A node that is not up yet, or has no place in the database's queue."""


class Node:
    """A server that comes back at another address."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self._up = Event()
        self._opened: list[HTTPConnection] = []

    def start(self) -> None:
        self.server.start()
        self._up.set()

    def connect(self) -> HTTPConnection:
        assert self._up.wait(2 * PATIENCE)
        address = urlsplit(self.server.url)
        assert address.hostname
        self._opened.append(HTTPConnection(address.hostname, address.port, timeout=2 * PATIENCE))
        return self._opened[-1]

    def end(self) -> None:
        for connection in self._opened:
            connection.close()
        self.server.kill()

    def kill_worker(self, chance: Random) -> None:
        """The server starts another one."""
        with suppress(ProcessLookupError):
            os.kill(chance.choice(sorted(workers(self.server))), signal.SIGKILL)

    def kill(self) -> None:
        self._up.clear()
        self.server.kill()
        self.start()


class Fleet:
    def __init__(self, nodes: list[Node]) -> None:
        self._nodes = nodes

    @classmethod
    @contextmanager
    def of(cls, place: Place) -> Iterator[Self]:
        """Two nodes on PostgreSQL, one on SQLite."""
        env = {"KEESA_SECRET": cast.SECRET, "KEESA_FILES": str(place.data / "files")}
        with ExitStack() as stack:
            nodes = []
            for name in ("one",) if place.url is None else ("one", "other"):
                data = place.data if place.url is None else place.data / name
                data.mkdir(mode=0o700, exist_ok=True)
                server = LiveServer(data, place.url, "--workers", "2", **env)
                nodes.append(Node(server))
                stack.callback(nodes[-1].end)
                nodes[-1].start()
            yield cls(nodes)

    def node(self, number: int) -> Node:
        return self._nodes[number % len(self._nodes)]

    def kill(self, chance: Random, what: Literal["worker", "node"]) -> None:
        """One of any node, or all of one, which is started again."""
        node = chance.choice(self._nodes)
        if what == "worker":
            node.kill_worker(chance)
        else:
            node.kill()


class Link:
    """A connection to a node, opened again where it was lost."""

    def __init__(self, node: Node, token: str) -> None:
        self._node = node
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection: HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any] | None:
        """Status and body; None where it was lost, and may be done or not."""
        try:
            self._connection = self._connection or self._node.connect()
            sent = None if body is None else json.dumps(body)
            self._connection.request(method, f"/api/v1{path}", sent, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except LOST:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return None
        return answer.status, json.loads(text) if text else None


def as_reader(node: Node, token: str) -> FeedReader:
    """Which asks until it has an answer."""
    link, never = Link(node, token), Event()

    def ask(path: str) -> tuple[int, Any]:
        while (answer := link.ask("GET", path)) is None or answer[0] in _LATER:
            never.wait(0.01)
        return answer

    return FeedReader(ask)


class Tickets:
    """The numbers of those that clients change."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers, self._lock = numbers, Lock()

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, number: int) -> None:
        with self._lock:
            self._numbers.append(number)

    def some(self, chance: Random, count: int) -> list[int]:
        with self._lock:
            return chance.sample(self._numbers, min(count, len(self._numbers)))


@dataclass
class Client:
    """An administrator who does anything, one thing after the other."""

    node: Node
    token: str
    tickets: Tickets
    chance: Random
    changes: int = 0
    """Of a ticket, that were acknowledged."""
    refused: int = 0
    lost: int = 0
    _link: Link = field(init=False)

    def __post_init__(self) -> None:
        self._link = Link(self.node, self.token)

    def work(self, over: Event) -> None:
        while not over.is_set():
            raises = len(self.tickets) < _LARGEST and self.chance.random() < 0.2
            method, path, body = ("POST", "/tickets", self._new()) if raises else self._change()
            answer = self._link.ask(method, path, body)
            if answer is None:
                self.lost += 1
                continue
            status, told = answer
            assert status in (200, 201, 204, 403, 404, 409, 422, *_LATER), (method, path, body, answer)
            if status >= 400:
                self.refused += 1
                over.wait(0.01 if status in _LATER else 0)
            elif path == "/tickets/bulk":
                self.changes += sum(each["status"] < 300 for each in told["data"]["results"])
            else:
                self.changes += 1
            if raises and status == 201:
                self.tickets.add(int(told["id"]))

    def _new(self) -> dict[str, Any]:
        ticket = {
            "title": f"{self.chance.random()}",
            "description": "No signal",
            "category": "fault",
            "ticket_type": self.chance.choice(_TYPES),
            "product_id": 3,
        }
        return {"ticket": ticket, "customer_id": self.chance.choice((HARBOUR, SCHOOL))}

    def _change(self) -> tuple[str, str, Any]:
        if self.chance.random() < _OF_MANY:
            numbers = [{"ticket_number": number} for number in self.tickets.some(self.chance, _MANY)]
            return "POST", "/tickets/bulk", {"tickets": numbers, "change": _of_many(self.chance)}
        ticket, other = self.tickets.some(self.chance, 2)
        return self.chance.choice(_CHANGES)(self.chance, ticket, other)


_Change = tuple[str, str, Any]


def _edit(chance: Random, ticket: int, _: int) -> _Change:
    given: Mapping[str, Any] = chance.choice(
        ({"title": f"{chance.random()}"}, {"priority": chance.randint(1, 5)}, {"ticket_type": chance.choice(_TYPES)})
    )
    return "PATCH", f"/tickets/{ticket}", {"ticket": given}


def _assign(chance: Random, ticket: int, _: int) -> _Change:
    return "POST", f"/tickets/{ticket}/assign", {"ticket": {"assigned_to_id": chance.choice(_DESK)}}


def _set_status(chance: Random, ticket: int, _: int) -> _Change:
    return "POST", f"/tickets/{ticket}/status_update", {"ticket": {"status": chance.choice(("in_progress", "on_hold"))}}


def _add_note(chance: Random, ticket: int, _: int) -> _Change:
    return "POST", f"/tickets/{ticket}/notes", {"note": {"note": "On my way", "internal": chance.random() < 0.5}}


def _transfer(chance: Random, ticket: int, _: int) -> _Change:
    given = {"customer_id": chance.choice((HARBOUR, SCHOOL)), "title": "Anew", "description": "Anew"}
    return "PATCH", f"/tickets/{ticket}", {"ticket": given}


def _relate(chance: Random, ticket: int, other: int) -> _Change:
    kind = chance.choice(("duplicate_of", "caused_by", "child_of"))
    return "POST", f"/tickets/{ticket}/relations", {"relation": {"kind": kind, "ticket_number": other}}


def _unrelate(chance: Random, ticket: int, other: int) -> _Change:
    kind = chance.choice(("duplicate_of", "caused_by", "child_of"))
    return "DELETE", f"/tickets/{ticket}/relations/{kind}/{other}", None


def _tag(chance: Random, ticket: int, _: int) -> _Change:
    if chance.random() < 0.5:
        return "DELETE", f"/tickets/{ticket}/tags/{TAG}", None
    return "POST", f"/tickets/{ticket}/tags", {"tag": {"id": TAG}}


def _of_many(chance: Random) -> Mapping[str, Any]:
    """What each of them gets."""
    return chance.choice(
        (
            {"edit": {"priority": chance.randint(1, 5)}},
            {"assign": {"assigned_to_id": chance.choice(_DESK)}},
            {"note": {"note": "Of many", "internal": True}},
        )
    )


_CHANGES: Final[tuple[Callable[[Random, int, int], _Change], ...]] = (
    *(_edit, _edit, _assign, _set_status, _add_note, _transfer, _relate, _unrelate, _tag),
)
