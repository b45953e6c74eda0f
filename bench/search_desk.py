"""Keesa with the tickets that the peers are loaded with, to be searched beside them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

import cast
from bench.desks import log_in
from bench.peers.peer import LIST_SIZE
from bench.peers.searching import Hits, Search
from bench.peers.texts import QUESTIONS, besides
from bench.wrk import Request
from keesa.clock import now
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import migrate
from keesa.demo.keeping import KeptNote, KeptTicket, keep
from live import UNMET, LiveServer

_CHUNK: Final = 1_000
"""Tickets of one transaction."""
_MINUTE: Final = 60_000
_DESCRIPTION: Final = "It was silent since this morning, and a restart did not help."
_NOTES: Final = (
    "Thank you, we look at it now. Which light does it show?",
    "The same model failed last week: its cable was broken.",
    "A red one. It went out when the cable was moved.",
)
_PREFIX: Final = "2026"


@dataclass(frozen=True, slots=True)
class SearchDesk:
    """A server that answers: its first process, and what it is asked."""

    url: str
    process: int
    search: Search


def load(data: Path, url: str | None, tickets: int) -> None:
    """Fill an empty database: tickets as the domain leaves them, in the index of words, and the cast's five."""
    begun, newest = time.perf_counter(), now()
    database = open_database(data, url)
    try:
        migrate(database)
        cast.fill(database)
        for first in range(1, tickets + 1, _CHUNK):
            _keep(database, range(first, min(first + _CHUNK, tickets + 1)), newest - tickets * _MINUTE)
    finally:
        database.close()
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")  # as the server would by itself, some time later
    print(f"    Keesa: {tickets:,} tickets loaded in {time.perf_counter() - begun:,.0f} s", flush=True)


@contextmanager
def serving(data: Path, url: str | None, workers: int) -> Iterator[SearchDesk]:
    """Serve what was loaded; no answer is given again (`KEESA_CACHE_MIB=0`)."""
    options = {"KEESA_CACHE_MIB": "0", "KEESA_SECRET": cast.SECRET, **UNMET}
    with LiveServer(data, url, "--workers", str(workers), **options) as server:
        token = log_in(server.url, cast.ADMIN.email, cast.PASSWORD)["access"]
        yield SearchDesk(server.url, server.pid, _search(token))


def _keep(database: Database, numbers: range, begin: int) -> None:
    def work(tx: Tx) -> None:
        for number in numbers:
            keep(tx, _ticket(number, begin + number * _MINUTE))

    database.migrating(work)  # longer than a write may take


def _ticket(number: int, at: int) -> KeptTicket:
    notes = (*_NOTES[:-1], _NOTES[-1] + besides(number))
    return KeptTicket(
        id=int(f"{_PREFIX}{number:03}"),
        title=f"Scanner {number} does not answer",
        description=_DESCRIPTION,
        ticket_type="customer_support",
        category="hardware",
        customer_id=(cast.HARBOUR, cast.SCHOOL)[number % 2],
        contact=("Ibrahim", 7771234),
        product_id=3,
        raised_by_id=cast.ADMIN.id,
        raised_at=at,
        assigned_to_id=cast.ENGINEER.id,
        notes=[KeptNote(cast.ENGINEER.id, note, at + place) for place, note in enumerate(notes, 1)],
    )


def _search(token: str) -> Search:
    """Of the tickets that an admin sees: all."""
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/tickets/search?limit={LIST_SIZE}&q="
    return Search({each.kind: Request("GET", path + quote(each.text), headers) for each in QUESTIONS}, _hits)


def _hits(answer: bytes) -> Hits:
    found: dict[str, Any] = json.loads(answer)["data"]
    place = found["columns"].index("id")
    numbers = [int(str(row[place]).removeprefix(_PREFIX)) for row in found["rows"]]
    return Hits(numbers, found["count"], found["count_is_exact"])
