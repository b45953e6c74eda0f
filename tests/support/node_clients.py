"""Nodes that are replaced under way, and clients of each that go on where it comes back."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final

from field_client import Acknowledged, FieldClient
from live import LiveServer
from waiting import wait_until

_POLL: Final = 0.01
CLIENTS: Final = 2
"""Of each node."""


class Node:
    """One place in a fleet, and the server that stands there now."""

    def __init__(self, data: Path, database_url: str | None, **env: str) -> None:
        self._data = data
        self._url = database_url
        self._env = env
        self._server: LiveServer | None = None
        self.away = Event()
        """Set while it is none that clients should get an answer from."""
        self.away.set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return self._server.url

    def start(self, keesa: Sequence[str]) -> None:
        self._server = LiveServer(self._data, self._url, "--workers", "1", keesa=keesa, **self._env)
        self._server.start()
        self.away.clear()

    def stop(self) -> None:
        """As an operator does: what is under way is answered."""
        self.away.set()
        if self._server is not None:
            assert self._server.stop() == 0
            self._server = None


@dataclass
class NodeClient:
    """Writes to one node, and waits for it where it is away. What had no answer is not sent again: it may be done."""

    node: Node
    token: str
    name: str
    told: list[Acknowledged] = field(default_factory=list)
    """Of each connection."""
    lost_without_cause: int = 0
    """Connections that ended while the node was there."""

    def work(self, over: Event) -> None:
        while not over.is_set():
            if self.node.away.is_set():
                over.wait(_POLL)
                continue
            client = FieldClient(self.node.url, self.token, f"{self.name} {len(self.told)}")
            self.told.append(client.acknowledged)
            lost = Event()
            client.work_until_lost(lost, over)
            self.lost_without_cause += lost.is_set() and not self.node.away.is_set()

    def __len__(self) -> int:
        return sum(map(len, self.told))


@contextmanager
def clients_at_work(nodes: Sequence[Node], token: str) -> Iterator[list[NodeClient]]:
    """Which write until the end of the block."""
    over = Event()
    clients = [
        NodeClient(node, token, f"round {position} client {number}")
        for position, node in enumerate(nodes)
        for number in range(CLIENTS)
    ]
    with ThreadPoolExecutor(len(clients)) as threads:
        working = [threads.submit(client.work, over) for client in clients]
        try:
            yield clients
        finally:
            over.set()
    for each in working:
        each.result()


def wait_for_more(clients: Sequence[NodeClient], more: int = 3) -> None:
    """Until each has been told of so many writes more than now."""
    enough = {id(client): len(client) + more for client in clients}
    wait_until(lambda: all(len(client) >= enough[id(client)] for client in clients))
