"""Two desks of which one has many times the tickets, each the application in this process: for `bench.ticket_rows` and
`bench.ticket_counts`, which say how they are compared.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from bench import dataset
from bench.dataset import World
from bench.desks import server_of
from bench.engines import ENGINES, Engine, chosen_engines
from bench.ticket_row_filters import Filter, filters_of, furnish
from keesa.accounts.sessions import ACCESS_LIFETIME, open_session
from keesa.accounts.tokens import Signer
from keesa.api import PREFIX
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Tx, open_database
from keesa.logs import set_up_logs

FEW: Final = 10_000
MANY: Final = 1_000_000
WHO: Final = ("admin", "staff", "customer")
_OTHER: Final = b"." * (48 * 1024 * 1024)
"""More than the caches of a processor hold."""
_SECRET: Final = "a secret for benchmarks alone, 32 characters"  # noqa: S105 - nobody's


class Desk:
    """The application on one of the databases, asked in this process: without a network, and without its server."""

    def __init__(self, data: Path, url: str | None, world: World) -> None:
        self._database = open_database(data, url)
        made_anew = Config(data=data, database_url=url, secret=_SECRET, log_format="json", cache_mib=0)
        self._app = serve_from(self._database, made_anew)
        self.filters = self._database.read(filters_of)
        people = {"admin": world.admin, "staff": world.engineer, "customer": world.customers_user}
        self._tokens = {who: self._database.write(partial(_token, email=email)) for who, email in people.items()}
        self._told: asyncio.Queue[Any] = asyncio.Queue()
        self._heard: asyncio.Queue[Any] = asyncio.Queue()

    async def begin(self) -> None:
        self._told.put_nowait({"type": "lifespan.startup"})
        await self._heard.get()

    async def end(self) -> None:
        self._told.put_nowait({"type": "lifespan.shutdown"})
        await self._heard.get()

    async def live(self) -> None:
        """From `begin` to `end`."""
        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}}, self._told.get, self._heard.put)

    async def get(self, who: str, path: str, query: Filter) -> bytes | None:
        """The answer's body; None where it is refused."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            sent.append(message)

        await self._app(self._scope(who, PREFIX + path, query), receive, send)
        body = b"".join(message.get("body", b"") for message in sent)
        if sent[0]["status"] == 422:
            return None
        if sent[0]["status"] != 200:
            raise SystemExit(f"{query}: {body!r}")
        return body

    def _scope(self, who: str, path: str, query: Filter) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query).encode(),
            "root_path": "",
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "headers": [(b"host", b"desk"), (b"authorization", b"Bearer " + self._tokens[who].encode())],
        }


def _token(tx: Tx, email: str) -> str:
    user_id = tx.value("SELECT id AS value FROM users WHERE email = :email", email=email)
    actor, session = open_session(tx, user_id, "2024", now())
    return Signer(_SECRET.encode()).access(actor, session, now() + ACCESS_LIFETIME).token


def forget() -> None:
    """Have the processor's caches emptied, as they are where a server does anything else."""
    _OTHER.find(b"!")  # which reads all of it


# Both of them

Clock = Callable[[], float]
Compare = Callable[[Sequence[Desk], Clock, argparse.Namespace], Awaitable[bool]]
"""Whether the larger desk is as fast, by this clock."""


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """With what both benchmarks take."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL, such as postgresql://keesa@127.0.0.1:5432")
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--who", choices=WHO, action="append", help="for a part, more than once for more")
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    return parser


def compare_desks(options: argparse.Namespace, compare: Compare) -> bool:
    """On each engine."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the log's lines are made, as when a server serves
    set_up_logs("json")
    flat = True
    for engine in options.engine:
        flat = _on(engine, options, compare) and flat
    return flat


def _on(engine: Engine, options: argparse.Namespace, compare: Compare) -> bool:
    if engine == "sqlite":
        return _compared(engine, options, None, compare)
    if options.server:
        return _compared(engine, options, options.server, compare)
    with server_of(engine) as server:
        return _compared(engine, options, None if server is None else server.url("").rstrip("/"), compare)


def _compared(engine: Engine, options: argparse.Namespace, server: str | None, compare: Compare) -> bool:
    print(f"{engine}: {options.few:,} and {options.many:,} tickets", flush=True)
    desks: list[Desk] = []
    for tickets in (options.few, options.many):
        data = options.data / f"rows_{tickets}"
        url = server and f"{server}/rows_{tickets}"
        begun = time.perf_counter()
        world = dataset.prepared(data, url, tickets)
        _furnish(data, url, world)
        desks.append(Desk(data, url, world))
        print(f"  {tickets:,} tickets are there after {time.perf_counter() - begun:.0f} s", flush=True)
    clock = time.process_time if engine == "sqlite" else time.perf_counter
    return asyncio.run(_living(desks, clock, options, compare))


async def _living(desks: Sequence[Desk], clock: Clock, options: argparse.Namespace, compare: Compare) -> bool:
    lives = [asyncio.create_task(desk.live()) for desk in desks]
    for desk in desks:
        await desk.begin()
    flat = await compare(desks, clock, options)
    for desk in desks:
        await desk.end()
    await asyncio.gather(*lives)
    return flat


def _furnish(data: Path, url: str | None, world: World) -> None:
    database = open_database(data, url)
    done = database.migrating(lambda tx: furnish(tx, (world.admin, world.engineer)))  # longer than a write may take
    database.close()
    if done and url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")  # as the server would by itself, some time later
