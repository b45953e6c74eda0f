"""What a page of `GET /tickets/rows` costs at a million tickets, to what it costs at ten thousand, in one run: each
filter in each order, alone and joined in pairs, as an admin, a member of staff and a customer's user.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.ticket_rows [--data var/bench] [--engine sqlite]

Asked is the application, in this process, without a network: by turns on both desks, and the least time counts (of CPU
on SQLite, on PostgreSQL by the clock). Before each request the processor's caches are emptied, as they are of what it
looks at where a server does anything else: ten thousand tickets fit into them and a million do not, and what is to be
compared is work, not the caches' size; `--warm` leaves them as they are. What comes out near the bound or above it is
measured again, in `AGAIN` times as many rounds, and so is the dearest page; what stays above it, up to `OFTEN` times.

Pages with as many rows on both and a page behind them are alike; those of a combination are compared together. Where
the list ends on the smaller desk, its page has less to look at: then the larger one's is compared with the dearest page
that there is on the smaller one, in that order and for whom asks. Ends with 1 where a ratio is above 1.3; what is
refused is named. The desks are loaded, and given tags, equipment and the like, where they are missing; `--server` is a
PostgreSQL that keeps them. docs/performance.md has the figures.
"""

import argparse
import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
import psycopg

from bench import dataset
from bench.dataset import World
from bench.desks import server_of
from bench.engines import ENGINES, Engine, chosen_engines
from bench.ticket_row_filters import Filter, combinations_of, filters_of, furnish
from keesa.accounts.sessions import ACCESS_LIFETIME, open_session
from keesa.accounts.tokens import Signer
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Tx, open_database
from keesa.logs import set_up_logs
from keesa.tickets.rows import SORTS, RowSort

MOST: Final = 1.3
NEAR: Final = 1.2
"""From here on a ratio is measured again."""
AGAIN: Final = 6
"""Times as many rounds."""
OFTEN: Final = 5
"""Times at most that what is above the bound is measured again: the least counts, which comes seldom."""
FEW: Final = 10_000
MANY: Final = 1_000_000
LIMIT: Final = 20
PAGES: Final = 3
"""That are asked for, from the first one on."""
_OTHER: Final = b"." * (48 * 1024 * 1024)
"""More than the caches of a processor hold."""
WHO: Final = ("admin", "staff", "customer")
_PATH: Final = "/api/v1/tickets/rows"
_SECRET: Final = "a secret for benchmarks alone, 32 characters"  # noqa: S105 - nobody's


# The desks


class Page(NamedTuple):
    rows: int
    after: str | None


class Desk:
    """The application on one of the databases, asked in this process: without a network, and without its server."""

    def __init__(self, data: Path, url: str | None, world: World) -> None:
        self._database = open_database(data, url)
        self._app = serve_from(self._database, Config(data=data, database_url=url, secret=_SECRET, log_format="json"))
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

    async def ask(self, who: str, query: Filter) -> Page | None:
        """None where it is refused."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            sent.append(message)

        await self._app(
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "http",
                "path": _PATH,
                "raw_path": _PATH.encode(),
                "query_string": urlencode(query).encode(),
                "root_path": "",
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 80),
                "headers": [(b"host", b"desk"), (b"authorization", b"Bearer " + self._tokens[who].encode())],
            },
            receive,
            send,
        )
        body = b"".join(message.get("body", b"") for message in sent)
        if sent[0]["status"] == 422:
            return None
        if sent[0]["status"] != 200:
            raise SystemExit(f"{query}: {body!r}")
        data = msgspec.json.decode(body)["data"]
        return Page(len(data["rows"]), data["next"])


def _token(tx: Tx, email: str) -> str:
    user_id = tx.value("SELECT id AS value FROM users WHERE email = :email", email=email)
    actor, session = open_session(tx, user_id, "2024", now())
    return Signer(_SECRET.encode()).access(actor, session, now() + ACCESS_LIFETIME).token


# What it costs


class Asked(NamedTuple):
    who: str
    sort: RowSort
    clock: Callable[[], float]
    rounds: int
    warm: bool


@dataclass(slots=True)
class Pair:
    """A page on the smaller desk and one on the larger one, with the least milliseconds that each has taken."""

    queries: Sequence[Filter]
    is_alike: bool
    """Whether both have as many rows, and a page behind them: else the list has ended on the smaller desk."""
    least: list[float] = field(default_factory=lambda: [float("inf")] * 2)

    @property
    def few(self) -> float:
        return self.least[0]

    @property
    def many(self) -> float:
        return self.least[1]


async def pairs_of(desks: Sequence[Desk], values: Iterable[Sequence[Filter]], asked: Asked) -> list[Pair]:
    """The first pages, for each value of the filter; none where it is refused."""
    found = []
    for of_desks in values:
        queries = [{**filter_, "sort": asked.sort, "limit": str(LIMIT)} for filter_ in of_desks]
        for _ in range(PAGES):
            pages = [await desk.ask(asked.who, query) for desk, query in zip(desks, queries, strict=True)]
            shown = [page for page in pages if page is not None]
            if len(shown) < len(pages):
                return []
            ends = [page.after for page in shown]
            found.append(Pair(queries, len({page.rows for page in shown}) == 1 and None not in ends))
            if None in ends:
                break
            queries = [{**query, "after": end or ""} for query, end in zip(queries, ends, strict=True)]
    return found


async def measure(desks: Sequence[Desk], pairs: Sequence[Pair], asked: Asked, rounds: int) -> None:
    """By turns, each desk the first one as often as the other."""
    for number in range(rounds):
        for pair in pairs:
            for side in (0, 1) if number % 2 else (1, 0):
                if not asked.warm:
                    _OTHER.find(b"!")  # which reads all of it
                begun = asked.clock()
                await desks[side].ask(asked.who, pair.queries[side])
                pair.least[side] = min(pair.least[side], (asked.clock() - begun) * 1000)


def steepness(pairs: Sequence[Pair], dearest: float) -> float:
    """The ratio of the pages that are alike, all together, and of the others the greatest to the dearest one."""
    alike = [pair for pair in pairs if pair.is_alike]
    ratio = sum(pair.many for pair in alike) / sum(pair.few for pair in alike) if alike else 0.0
    return max([ratio, *(pair.many / dearest for pair in pairs if not pair.is_alike)])


async def compare(desks: Sequence[Desk], asked: Asked) -> bool:
    """Print what was found; whether all of it is flat."""
    few, many = (combinations_of(desk.filters, asked.who) for desk in desks)
    every = {name: await pairs_of(desks, zip(few[name], many[name], strict=True), asked) for name in few}
    found = {name: pairs for name, pairs in every.items() if pairs}
    for pairs in found.values():
        await measure(desks, pairs, asked, asked.rounds)
    again: Counter[str] = Counter()
    while (name := _unsure(found, again)) is not None:
        await measure(desks, found[name], asked, AGAIN * asked.rounds)
        again[name] += 1
    return _told(asked, found, [name for name in every if name not in found])


def _unsure(found: Mapping[str, Sequence[Pair]], again: Mapping[str, int]) -> str | None:
    """What is to be measured again: what has the dearest page first, to which others are compared."""
    name = max(found, key=lambda name: max(pair.few for pair in found[name]))
    if not again[name]:
        return name
    dearest = max(pair.few for pair in found[name])
    ratios = {name: steepness(pairs, dearest) for name, pairs in found.items() if again[name] < OFTEN}
    return next((name for name, ratio in ratios.items() if ratio > (MOST if again[name] else NEAR)), None)


def _told(asked: Asked, found: Mapping[str, Sequence[Pair]], refused: Sequence[str]) -> bool:
    dearest, most = (max(pair.least[side] for pairs in found.values() for pair in pairs) for side in (0, 1))
    ratios = {name: steepness(pairs, dearest) for name, pairs in found.items()}
    above = {name: ratio for name, ratio in ratios.items() if ratio > MOST}
    print(
        f"{asked.who:9}{asked.sort:11}{len(found) + len(refused):4} combinations, {len(refused):3} refused: ratio"
        f" {median(ratios.values()):.2f} in the middle, {max(ratios.values()):.2f} at most, {len(above)} above {MOST};"
        f" dearest page {dearest:.1f} ms and {most:.1f} ms ({most / dearest:.2f})",
        flush=True,
    )
    for name, ratio in above.items():
        costs = "; ".join(f"{pair.few:.2f}, {pair.many:.2f}{'' if pair.is_alike else ' ends'}" for pair in found[name])
        print(f"    above {MOST}: {name}: {ratio:.2f} ({costs})")
    if refused:
        print(f"    refused: {'; '.join(refused[:6])}{' ...' if len(refused) > 6 else ''}")
    return not above


async def compare_all(desks: Sequence[Desk], clock: Callable[[], float], options: argparse.Namespace) -> bool:
    lives = [asyncio.create_task(desk.live()) for desk in desks]
    for desk in desks:
        await desk.begin()
    lists = [
        Asked(who, sort, clock, options.rounds, options.warm)
        for who in options.who or WHO
        for sort in options.sort or SORTS
    ]
    flat = [await compare(desks, asked) for asked in lists]
    for desk in desks:
        await desk.end()
    await asyncio.gather(*lives)
    return all(flat)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL, such as postgresql://keesa@127.0.0.1:5432")
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--who", choices=WHO, action="append", help="for a part, more than once for more")
    parser.add_argument("--sort", choices=SORTS, action="append", help="the same")
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the log's lines are made, as when a server serves
    set_up_logs("json")
    flat = True
    for engine in options.engine:
        flat = _on(engine, options) and flat
    raise SystemExit(0 if flat else 1)


def _on(engine: Engine, options: argparse.Namespace) -> bool:
    if engine == "sqlite":
        return _compared(engine, options, None)
    if options.server:
        return _compared(engine, options, options.server)
    with server_of(engine) as server:
        return _compared(engine, options, None if server is None else server.url("").rstrip("/"))


def _compared(engine: Engine, options: argparse.Namespace, server: str | None) -> bool:
    desks: list[Desk] = []
    for tickets in (options.few, options.many):
        data = options.data / f"rows_{tickets}"
        url = server and f"{server}/rows_{tickets}"
        world = dataset.prepared(data, url, tickets)
        _furnish(data, url, world)
        desks.append(Desk(data, url, world))
    print(f"{engine}: {options.few:,} and {options.many:,} tickets, {LIMIT} rows a page", flush=True)
    clock = time.process_time if engine == "sqlite" else time.perf_counter
    return asyncio.run(compare_all(desks, clock, options))


def _furnish(data: Path, url: str | None, world: World) -> None:
    database = open_database(data, url)
    done = database.migrating(lambda tx: furnish(tx, (world.admin, world.engineer)))  # longer than a write may take
    database.close()
    if done and url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")  # as the server would by itself, some time later


if __name__ == "__main__":
    main()
