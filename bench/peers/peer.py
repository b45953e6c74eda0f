"""What the benchmark asks of another ticket system, and what it gets to ask with."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from bench.engines import Engine
from bench.peers.searching import Search
from bench.wrk import Request

LIST_SIZE: Final = 20
"""Tickets in one answer of the list, the newest first."""

ASKED_ONE_BY_ONE: Final = 48
"""How many different tickets the requests for one ticket name."""


@dataclass(frozen=True, slots=True)
class Running:
    """A peer that is loaded, warm and logged in to."""

    url: str
    list_request: Request
    one_requests: Sequence[Request]
    create_request: Request
    processes: Sequence[int]
    """The first process of the server and, on PostgreSQL, that of its database."""
    search: Search | None = None
    """Where it was asked for, and the peer has one."""


class Peer(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """As installed; of a Debian package that is not installed yet, empty."""

    @property
    def remarks(self) -> str:
        """Where its answers hold less or more than Keesa's."""

    @property
    def has_search(self) -> bool:
        """Whether what notes say can be searched for over HTTP."""

    def serving(
        self, engine: Engine, tickets: int, workers: int, folder: Path, *, searched: bool = False
    ) -> AbstractContextManager[Running]:
        """Install, load `tickets` tickets into an empty instance below `folder`, start, and stop at the end.

        `searched`: their texts are in the index of its search as well, which is switched on.

        Raises Unavailable where this machine lacks what the peer needs, RuntimeError where it fails.
        """

    def counts(self, answer: bytes) -> tuple[int, int]:
        """The tickets in one answer of the list, and how many there are in all."""


def some_of(tickets: int) -> range:
    """Numbers of up to ASKED_ONE_BY_ONE tickets, spread over all of them."""
    return range(1, tickets + 1, max(1, tickets // ASKED_ONE_BY_ONE))[:ASKED_ONE_BY_ONE]


def json_body(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def read_json(answer: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(answer)
    return value
