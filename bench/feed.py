"""What a page of the feed costs at a million tickets, to what it costs at ten thousand; and how soon who waits is told.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.feed [--many 100000] [--engine sqlite] [--waking]

Pages are asked of the domain functions, by turns on both desks, and the least time counts: of CPU on SQLite, on
PostgreSQL by the clock; `--server` is one that keeps the data sets. Each begins as many events before the last one as
it looks at: the most that a page can be. Ends with 1 where a ratio is above 2. `--waking` does without these: it serves
an empty desk with two workers, has so many callers wait, adds a note five times a second, and tells within how many
milliseconds of its request each caller has had it.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final
from urllib.parse import urlsplit

import cast
from bench import dataset
from bench.desks import log_in, server_of
from bench.engines import ENGINES, Engine, chosen_engines
from bench.reports import FEW, MOST_TICKETS, actor_named, are_flat
from keesa.db import Database, Tx, open_database
from keesa.db.migrate import migrate
from keesa.db.steps import run_to_the_end
from keesa.feed.positions import Position, last_position, order_of
from keesa.feed.reading import WINDOW, read_feed
from live import UNMET, LiveServer

LIMIT: Final = 100
NOTES: Final = 25
PAUSE: Final = 0.2
"""Seconds between two notes."""
WAITING: Final = (1, 50, 200)
"""Callers."""

Page = Callable[[Tx, str], object]


def of_events(events: int) -> Page:
    """The one that begins so many events before the last one."""

    def page(tx: Tx, email: str) -> object:
        return run_to_the_end(read_feed(tx, actor_named(tx, email), _before(tx, events), LIMIT, now=0))

    return page


def _before(tx: Tx, events: int) -> Position:
    order = order_of(tx)
    rows = tx.each(
        f"SELECT {order.transaction}, id, ticket_id, number, at FROM ticket_events WHERE {order.told}"
        f" ORDER BY {order.backwards} LIMIT 1 OFFSET {events}"
    )
    return Position(*next(iter(rows)))


PAGES: Final[dict[str, Page]] = {
    "nothing behind it": lambda tx, email: run_to_the_end(
        read_feed(tx, actor_named(tx, email), last_position(tx), LIMIT, now=0)
    ),
    f"{WINDOW:,} events behind it": of_events(WINDOW),
}


def milliseconds_of(clock: Callable[[], float], database: Database, email: str, page: Page) -> float:
    """Without finding where it begins, which a caller is told."""

    def work(tx: Tx) -> float:
        page(tx, email)
        begun = clock()
        page(tx, email)
        return (clock() - begun) * 1000

    return database.read(work)


def _pages(engine: Engine, options: argparse.Namespace, server: str | None) -> bool:
    print(f"{engine}: {options.few:,} and {options.many:,} tickets", flush=True)
    desks = []
    for tickets in (options.few, options.many):
        data, url = options.data / f"reports_{tickets}", server and f"{server}/reports_{tickets}"
        world = dataset.prepared(data, url, tickets)
        desks.append((open_database(data, url), world))
    clock = time.thread_time if engine == "sqlite" else time.perf_counter
    flat = are_flat(desks, PAGES, partial(milliseconds_of, clock), options.rounds)
    for database, _ in desks:
        database.close()
    return flat


# Waking


def _waking(engine: Engine, url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder), url)
        migrate(database)
        cast.fill(database)
        database.close()
        with LiveServer(Path(folder), url, "--workers", "2", KEESA_SECRET=cast.SECRET, **UNMET) as server:
            token = log_in(server.url, cast.ADMIN.email, cast.PASSWORD)["access"]
            for callers in WAITING:
                waits = asyncio.run(_told_within(server.url, token, callers))
                p99 = quantiles(waits, n=100)[98]
                print(f"  {engine}: {callers:4} wait: told within {median(waits):.1f} ms, 99 of 100 within {p99:.1f}")


async def _told_within(url: str, token: str, callers: int) -> list[float]:
    """Of each note and caller."""
    sent, told = list[float](), list[tuple[int, float]]()
    ready = asyncio.Barrier(callers + 1)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(callers):
            tasks.create_task(_follow(_Client(url, token), ready, told))
        writer = _Client(url, token)
        await ready.wait()
        for number in range(NOTES):
            await asyncio.sleep(PAUSE)
            sent.append(time.perf_counter())
            await writer.ask("POST", f"/tickets/{cast.ASSIGNED}/notes", {"note": {"note": f"Note {number}"}})
    return [(at - sent[number]) * 1000 for number, at in told]


async def _follow(client: "_Client", ready: asyncio.Barrier, told: list[tuple[int, float]]) -> None:
    cursor, seen = (await client.ask("GET", "/changes/start?limit=1"))["data"]["cursor"], 0
    await ready.wait()
    while seen < NOTES:
        page = (await client.ask("GET", f"/changes?after={cursor}&wait=30"))["data"]
        told += [(seen + number, time.perf_counter()) for number in range(len(page["changes"]))]
        seen, cursor = seen + len(page["changes"]), page["next"]


class _Client:
    """On a connection of its own."""

    def __init__(self, url: str, token: str) -> None:
        self._host, self._port, self._token = urlsplit(url).hostname, urlsplit(url).port, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        content = b"" if body is None else json.dumps(body).encode()
        writer.write(
            f"{method} /api/v1{path} HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        answer = json.loads(await reader.readexactly(length))
        if " 20" not in head.partition("\r\n")[0]:
            raise RuntimeError(f"{method} {path}: {answer}")
        return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL, such as postgresql://keesa@127.0.0.1:5432")
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MOST_TICKETS)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--waking", action="store_true")
    options = parser.parse_args()
    flat = True
    for engine in options.engine:
        if engine != "sqlite" and options.server and not options.waking:
            flat = _pages(engine, options, options.server) and flat
            continue
        with server_of(engine) as server:
            if options.waking:
                if server is not None:
                    server.create_database("waking")
                _waking(engine, None if server is None else server.url("waking"))
            else:
                flat = _pages(engine, options, None if server is None else server.url("").rstrip("/")) and flat
    raise SystemExit(0 if flat else 1)


if __name__ == "__main__":
    main()
