"""Keesa with the tickets that the peers are loaded with, to be searched beside them."""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

import cast
from bench.dataset import postgres, sqlite
from bench.dataset.tables import Event, Row, Rows, Ticket
from bench.desks import log_in
from bench.engines import Engine
from bench.peers.kept import load_once, name_of
from bench.peers.peer import LIST_SIZE
from bench.peers.searching import Hits, Search
from bench.peers.stores import DATABASE, OWNER, Postgres, Sqlite, opened
from bench.peers.texts import OFTEN, QUESTIONS, RARELY, besides
from bench.wrk import Request
from keesa.clock import now
from keesa.db import open_database
from keesa.db.migrate import latest, migrate
from keesa.db.opening import SQLITE_FILE
from keesa.words.rebuilding import rebuild
from live import UNMET, LiveServer

_CHUNK: Final = 10_000
"""Tickets whose rows are made and written at once."""
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
    processes: Sequence[int]
    search: Search


@dataclass(frozen=True, slots=True)
class Place:
    """Where it lies: a folder, and on PostgreSQL a database too, with its first process."""

    data: Path
    url: str | None
    processes: Sequence[int]


@contextmanager
def loaded(folder: Path, engine: Engine, tickets: int) -> Iterator[Place]:
    """Tickets as the domain leaves them, in the index of words, and the cast's five: loaded, unless they lie there.

    PostgreSQL is the one that the peers have.
    """
    name, data = name_of(tickets, latest(), besides(OFTEN * RARELY)), folder / "data"
    with opened(engine, folder) as store:
        url = None if isinstance(store, Sqlite) else f"postgresql://{OWNER}@127.0.0.1:{store.port}/{DATABASE}"

        def load_anew() -> None:
            shutil.rmtree(data, ignore_errors=True)
            if isinstance(store, Postgres):
                store.begin()
            data.mkdir()
            load(data, url, tickets)

        load_once(folder, name, load_anew)
        yield Place(data, url, store.processes)


def load(data: Path, url: str | None, tickets: int) -> None:
    """Fill an empty database."""
    begun = time.perf_counter()
    database = open_database(data, url)
    try:
        migrate(database)
        cast.fill(database)
        notes: int = database.read(lambda tx: tx.value("SELECT max(id) AS value FROM ticket_notes"))
    finally:
        database.close()  # SQLite's file is loaded by one who is alone with it
    first_at = now() - tickets * _MINUTE
    with postgres.loading(url, _tell) if url else sqlite.loading(data / SQLITE_FILE, _tell) as write:
        for first in range(1, tickets + 1, _CHUNK):
            for table, rows in _rows(range(first, min(first + _CHUNK, tickets + 1)), first_at, notes).items():
                write(table, rows)
        write("ticket_counters", [(_PREFIX, tickets)])
    database = open_database(data, url)
    try:
        rebuild(database, lambda _: None)
    finally:
        database.close()
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")  # as the server would by itself, some time later
    print(f"    Keesa: {tickets:,} tickets loaded in {time.perf_counter() - begun:,.0f} s", flush=True)


def _tell(_: str) -> None:
    """What is loaded is soon there."""


@contextmanager
def serving(place: Place, workers: int) -> Iterator[SearchDesk]:
    """Serve what was loaded; no answer is given again (`KEESA_CACHE_MIB=0`)."""
    options = {"KEESA_CACHE_MIB": "0", "KEESA_SECRET": cast.SECRET, **UNMET}
    with LiveServer(place.data, place.url, "--workers", str(workers), **options) as server:
        token = log_in(server.url, cast.ADMIN.email, cast.PASSWORD)["access"]
        yield SearchDesk(server.url, [server.pid], _search(token))


def _rows(numbers: range, first_at: int, notes_before: int) -> Rows:
    """Of the tickets with these numbers, a minute behind each other, and of their notes, a millisecond behind."""
    rows: dict[str, list[Row]] = {"tickets": [], "ticket_statuses": [], "ticket_notes": [], "ticket_events": []}
    for number in numbers:
        at = first_at + number * _MINUTE
        notes = (*_NOTES[:-1], _NOTES[-1] + besides(number))
        ticket = _ticket(number, at, notes)
        rows["tickets"].append(ticket)
        rows["ticket_statuses"].append((ticket.id, "open", ticket.raised_by_id, at))
        rows["ticket_events"].append(_event(ticket, 1, at))
        for place, note in enumerate(notes, 1):
            note_id = notes_before + (number - 1) * len(notes) + place
            rows["ticket_notes"].append((ticket.id, cast.ENGINEER.id, note, at + place))
            rows["ticket_events"].append(_event(ticket, 1 + place, at + place, note_id))
    return rows


def _ticket(number: int, at: int, notes: Sequence[str]) -> Ticket:
    return Ticket(
        id=int(f"{_PREFIX}{number:03}"),
        title=f"Scanner {number} does not answer",
        description=_DESCRIPTION,
        status="open",
        priority=3,
        reference=None,
        ticket_type="customer_support",
        category="hardware",
        customer_id=(cast.HARBOUR, cast.SCHOOL)[number % 2],
        product_id=3,
        contact_name="Ibrahim",
        contact_number=7771234,
        raised_by_id=cast.ADMIN.id,
        raised_at=at,
        assigned_to_id=None,
        closed_on=None,
        closed_at=None,
        first_answer_at=at + 1,
        revision=1 + len(notes),
        description_size=len(_DESCRIPTION),
        notes_count=len(notes),
        notes_size=sum(map(len, notes)),
        events=1 + len(notes),
        public_events=1 + len(notes),
        changed_at=at + len(notes),
        public_changed_at=at + len(notes),
    )


def _event(ticket: Ticket, number: int, at: int, note_id: int | None = None) -> Event:
    """That it was raised, or has got a note."""
    return Event(
        ticket_id=ticket.id,
        number=number,
        public_number=number,
        kind="raised" if note_id is None else "note_added",
        actor_id=cast.ADMIN.id if note_id is None else cast.ENGINEER.id,
        thing_id=note_id,
        changes="{}",
        raised_by_id=ticket.raised_by_id,
        customer_id=ticket.customer_id,
        assigned_to_id=None,
        ticket_type=ticket.ticket_type,
        had_customer_id=None,
        had_assigned_to_id=None,
        had_ticket_type=None,
        at=at,
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
