"""What a list takes that is compressed, that is asked again, and that its client has already.

    PYTHONPATH=tests/support .venv/bin/python -m bench.few_bytes [--tickets 10000] [--rounds 9] [--postgres]

In one process, without a network before it: microseconds of CPU of the process a request (on PostgreSQL without the
database's own), request by request in turns, and the middle of the rounds' ratios to the plain list that is made anew.
Before each request that is to be made anew something is written, which is not counted. The rule: a compressed list at
most 2 times a plain one, and at most 20 kB.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import cast
from bench.choices import open_as
from bench.dataset import EnginePlace, world_on
from keesa.accounts.tokens import Signer
from keesa.app import App, serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from keesa.logs import set_up_logs
from postgres_server import PostgresServer

LIST: Final = "/api/v1/tickets"
_HOUR: Final = 3_600_000
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Way:
    """To ask for something; `anew` where something has been written since it was asked for the last time."""

    path: str
    coding: str
    anew: bool
    known: bytes = b""
    """The tag of what the client has."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body_bytes: int
    etag: bytes


def ways(ticket: str, etag: bytes) -> Mapping[str, Way]:
    made = {f"list, {coding}, made anew": Way(LIST, coding, anew=True) for coding in ("identity", "gzip", "zstd")}
    again = {f"list, {coding}, asked again": Way(LIST, coding, anew=False) for coding in ("identity", "gzip", "zstd")}
    one = {
        "one ticket, identity, made anew": Way(ticket, "identity", anew=True),
        "one ticket, gzip, made anew": Way(ticket, "gzip", anew=True),
        "one ticket, identity, asked again": Way(ticket, "identity", anew=False),
        "one ticket, 304, made anew": Way(ticket, "identity", anew=True, known=etag),
        "one ticket, 304, asked again": Way(ticket, "identity", anew=False, known=etag),
    }
    return {**made, **again, **one}


def write(tx: Tx) -> None:
    """Nothing that an answer shows, and another thing each time: SQLite writes nothing that stands there already."""
    text = "INSERT INTO settings (name, value) VALUES ('few_bytes', :at) ON CONFLICT (name) DO UPDATE SET value = :at"
    tx.run(text, at=str(time.perf_counter_ns()))


async def ask(app: App, token: str, way: Way) -> Answer:
    headers = [(b"host", b"desk"), (b"authorization", token.encode()), (b"accept-encoding", way.coding.encode())]
    if way.known:
        headers.append((b"if-none-match", way.known))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": way.path,
        "raw_path": way.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    size = sum(len(message.get("body", b"")) for message in rest)
    return Answer(start["status"], size, dict(start["headers"]).get(b"etag", b""))


async def compare(app: App, database: Database, token: str, asked: Mapping[str, Way], rounds: int, turns: int) -> None:
    """Another way comes first from turn to turn, so that whatever else the machine does hits all."""
    costs: dict[str, list[float]] = {name: [] for name in asked}
    sizes: dict[str, int] = {}
    for _ in range(rounds + 1):
        spent: dict[str, list[int]] = {name: [] for name in asked}
        for number in range(turns):
            for name in list(asked)[:: 1 if number % 2 else -1]:
                way = asked[name]
                if way.anew:
                    await database.awrite(write)
                else:
                    await ask(app, token, way)
                begun = time.process_time_ns()
                answer = await ask(app, token, way)
                spent[name].append(time.process_time_ns() - begun)
                sizes[name] = answer.body_bytes
                assert answer.status == (304 if way.known else 200), answer
        for name, each in spent.items():
            costs[name].append(median(each) / 1000)
    plain = next(iter(asked))
    for name, figures in costs.items():
        ratios = sorted(one / other for one, other in zip(figures[1:], costs[plain][1:], strict=True))  # warm by then
        told = f"{median(ratios):8.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"{name:36}{median(figures[1:]):8.0f} µs{sizes[name]:10,} bytes{told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the log's lines are made, as when a server serves
    set_up_logs("json")
    with ExitStack() as stack:
        url = stack.enter_context(PostgresServer(durable=True)).url("bench") if options.postgres else None
        place = EnginePlace(options.folder / ("postgres" if url else "sqlite"), url)
        data, url, world = stack.enter_context(world_on(place, options.tickets, name="few_bytes"))
        database = open_database(data, url)
        actor, session = open_as(database, world.admin)
        token = Signer(cast.SECRET.encode()).access(actor, session, now() + _HOUR).token
        app = serve_from(database, Config(data=data, database_url=url, secret=cast.SECRET, log_format="json"))
        ticket = f"{LIST}/{world.ids[0]}"

        async def run() -> None:
            etag = (await ask(app, token, Way(ticket, "identity", anew=False))).etag
            await compare(app, database, token, ways(ticket, etag), options.rounds, options.turns)

        asyncio.run(run())
        database.close()


if __name__ == "__main__":
    main()
