"""What a page of `GET /tickets/rows` costs at a million tickets, to what it costs at ten thousand, in one run: each
filter in each order, alone and joined in pairs, as an admin, a member of staff and a customer's user.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.ticket_rows [--data var/bench] [--engine sqlite]

Asked is the application, in this process, without a network: by turns on both desks, and the least time counts (of CPU
on SQLite, on PostgreSQL by the clock). Pages with as many rows on both and a page behind them are alike; those of a
combination are compared together. Where the list ends on the smaller desk, its page has less to look at: then the
larger one's is compared with the dearest page that there is on the smaller one, in that order and for whom asks. Ends
with 1 where a ratio is above 1.3; what is refused is named. The desks are loaded, and given tags, equipment and the
like, where they are missing. docs/performance.md has the figures.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from bench import dataset
from bench.dataset import World
from bench.desks import server_of
from bench.engines import ENGINES, Engine, chosen_engines
from keesa.accounts.sessions import ACCESS_LIFETIME, open_session
from keesa.accounts.tokens import Signer
from keesa.api.v2024.tickets.row_queries import DESKS
from keesa.app import serve_from
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE, Config
from keesa.db import Tx, open_database
from keesa.logs import set_up_logs
from keesa.tickets.rows import SORTS, RowSort

MOST: Final = 1.3
FEW: Final = 10_000
MANY: Final = 1_000_000
LIMIT: Final = 20
PAGES: Final = 3
"""That are asked for, from the first one on."""
_PATH: Final = "/api/v1/tickets/rows"
_DAY: Final = 24 * 3600 * 1000
_CLOCK: Final = Clock(DEFAULT_ZONE)
_SECRET: Final = "a secret for benchmarks alone, 32 characters"  # noqa: S105 - nobody's


# What the desks have beside what they were loaded with


OF_EACH: Final = 200
"""Tickets that have the same equipment, that somebody watches or is mentioned on, that wait for somebody: a desk that
has a hundred times the history has a hundred times the equipment, and no more that waits.
"""


def furnish(tx: Tx, people: Sequence[str]) -> None:
    """Equipment, days until which tickets are held, answers that wait, tags, and what these people watch."""
    if tx.one("SELECT id FROM tags LIMIT 1"):
        return
    size = tx.value("SELECT count(*) AS value FROM tickets")
    last = tx.value("SELECT max(raised_at) AS value FROM tickets")
    customers = [row["id"] for row in tx.all("SELECT id FROM customers ORDER BY id LIMIT 5000")]
    count = max(size // 5 // OF_EACH, 1)
    for number in range(count):
        tx.run(
            "INSERT INTO ecos (name, customer_id) VALUES (:name, :customer)",
            name=f"Mast {number}",
            customer=customers[number],
        )
    for number in range(10):
        tx.run("INSERT INTO tags (name, folded) VALUES (:name, :name)", name=f"tag {number}")
    ecos, tags = ([row["id"] for row in tx.all(f"SELECT id FROM {table} ORDER BY id")] for table in ("ecos", "tags"))
    tx.run(
        "UPDATE tickets SET eco_id = :first + id % :all WHERE id % :all < :count",
        first=ecos[-count],
        all=5 * count,
        count=count,
    )
    step = max(tx.value("SELECT count(*) AS value FROM tickets WHERE status = 'on_hold'") // OF_EACH, 1)
    for number in range(60):
        day = _CLOCK.local(last + number * _DAY).date().isoformat()
        tx.run(
            "UPDATE tickets SET held_until = :day WHERE status = 'on_hold' AND id % :all = :rest",
            day=day,
            all=60 * step,
            rest=number * step,
        )
    every = max(size // OF_EACH, 1)
    tx.run(f"UPDATE tickets SET answered_at = :at WHERE status IN ('on_hold', 'closed') AND id % {every} = 7", at=last)
    for number, tag in enumerate(tags):
        _link(tx, "ticket_tags", "tag_id", tag, f"id % {20 * (1 + number)} = {number}")
    for email in people:
        user = tx.value("SELECT id AS value FROM users WHERE email = :email", email=email)
        _link(tx, "ticket_watchers", "user_id", user, f"id % {every} = {user % every}")
        _link(tx, "ticket_mentions", "user_id", user, f"id % {every} = {(user + 11) % every}")


def _link(tx: Tx, table: str, column: str, thing: int, condition: str) -> None:
    select = f"SELECT id, CAST(:thing AS BIGINT), raised_at FROM tickets WHERE {condition}"
    tx.run(f"INSERT INTO {table} (ticket_id, {column}, raised_at) {select}", thing=thing)


# What is asked for

Filter = Mapping[str, str]
"""A part of the query."""


def filters_of(tx: Tx) -> Mapping[str, Sequence[Filter]]:
    """Two values of each filter, a frequent one and a less frequent one."""

    def of(column: str) -> list[Filter]:
        rows = tx.all(
            f"SELECT {column} AS value FROM tickets WHERE {column} IS NOT NULL GROUP BY {column}"
            f" ORDER BY count(*) DESC, {column} LIMIT 12"
        )
        return [{column: str(row["value"])} for row in (rows[0], rows[len(rows) // 2])]

    last = tx.value("SELECT max(raised_at) AS value FROM tickets")
    reference = tx.value("SELECT reference AS value FROM tickets WHERE reference IS NOT NULL ORDER BY id DESC LIMIT 1")
    times = [_CLOCK.iso(last - number * _DAY) for number in (1, 400)]
    days = [_CLOCK.local(last + number * _DAY).date().isoformat() for number in (5, 25)]
    columns = ("ticket_type", "category", "product_id", "priority", "customer_id", "eco_id", "assigned_to_id")
    return {
        "status": [{"status": "open"}, {"status": "in_progress,closed"}],
        **{column: of(column) for column in (*columns, "raised_by_id")},
        "unassigned": [{"unassigned": "true"}],
        "reference": [{"reference": reference}],
        "tag": [{"tag": str(row["id"])} for row in tx.all("SELECT id FROM tags ORDER BY id LIMIT 2")],
        **{name: [{name: "true"}] for name in ("watched", "mentioned", "answered")},
        "held_until": [{"held_until_from": days[0], "held_until_to": days[1]}],
        "raised": [{"raised_from": time} for time in times],
        "updated_since": [{"updated_since": time} for time in times],
    }


_CANNOT_BE: Final = frozenset({("assigned_to_id", "unassigned")})
"""Filters that are refused together."""


def combinations_of(filters: Mapping[str, Sequence[Filter]], who: str) -> Mapping[str, Sequence[Filter]]:
    """None, each alone, and each pair, with their values."""
    names = [name for name in filters if who != "customer" or name not in DESKS]
    found: dict[str, Sequence[Filter]] = {"(none)": [{}], **{name: filters[name] for name in names}}
    for one, other in combinations(names, 2):
        if (one, other) not in _CANNOT_BE:
            of_one, of_other = filters[one], filters[other]
            count = max(len(of_one), len(of_other))
            pairs = [(of_one[number % len(of_one)], of_other[number % len(of_other)]) for number in range(count)]
            found[f"{one} and {other}"] = [{**first, **second} for first, second in pairs]
    return found


# What it costs


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


class Cost(NamedTuple):
    """Of a page on both desks, in milliseconds."""

    few: float
    many: float
    is_alike: bool
    """Whether both have as many rows, and a page behind them: else the list has ended on the smaller desk."""


class Asked(NamedTuple):
    who: str
    sort: RowSort
    clock: Callable[[], float]
    rounds: int


async def costs(desks: Sequence[Desk], values: Iterable[Sequence[Filter]], asked: Asked) -> list[Cost]:
    """Of the first pages, for each value of the filter; none where it is refused."""
    found = []
    for pair in values:
        queries = [{**filter_, "sort": asked.sort, "limit": str(LIMIT)} for filter_ in pair]
        for _ in range(PAGES):
            pages = [await desk.ask(asked.who, query) for desk, query in zip(desks, queries, strict=True)]
            if None in pages:
                return []
            times: list[list[float]] = [[], []]
            for _ in range(asked.rounds):
                for desk, query, of_desk in zip(desks, queries, times, strict=True):
                    begun = asked.clock()
                    await desk.ask(asked.who, query)
                    of_desk.append((asked.clock() - begun) * 1000)
            ends = [page.after for page in pages if page is not None]
            sizes = {page.rows for page in pages if page is not None}
            found.append(Cost(min(times[0]), min(times[1]), len(sizes) == 1 and None not in ends))
            if None in ends:
                break
            queries = [{**query, "after": end or ""} for query, end in zip(queries, ends, strict=True)]
    return found


def steepness(of_name: Sequence[Cost], dearest: float) -> float:
    """The ratio of the pages that are alike, all together, and of the others the greatest to the dearest one."""
    alike = [cost for cost in of_name if cost.is_alike]
    ratio = sum(cost.many for cost in alike) / sum(cost.few for cost in alike) if alike else 0.0
    return max([ratio, *(cost.many / dearest for cost in of_name if not cost.is_alike)])


async def compare(desks: Sequence[Desk], asked: Asked) -> bool:
    """Print what was found; whether all of it is flat."""
    few, many = (combinations_of(desk.filters, asked.who) for desk in desks)
    found = {name: await costs(desks, zip(few[name], many[name], strict=True), asked) for name in few}
    refused = [name for name, of_name in found.items() if not of_name]
    dearest = max(cost.few for of_name in found.values() for cost in of_name)
    again = asked._replace(rounds=5 * asked.rounds)  # something else may have had the machine
    for name in [name for name in found if name not in refused and steepness(found[name], dearest) > MOST]:
        found[name] = await costs(desks, zip(few[name], many[name], strict=True), again)
    ratios = {name: steepness(of_name, dearest) for name, of_name in found.items() if name not in refused}
    most = max(cost.many for of_name in found.values() for cost in of_name)
    print(
        f"{asked.who:9}{asked.sort:11}{len(found):4} combinations, {len(refused):3} refused: ratio"
        f" {median(ratios.values()):.2f} in the middle, {max(ratios.values()):.2f} at most;"
        f" dearest page {dearest:.1f} ms and {most:.1f} ms ({most / dearest:.2f})",
        flush=True,
    )
    for name, ratio in ratios.items():
        if ratio > MOST:
            print(f"    above {MOST}: {name}: {ratio:.2f}")
    if refused:
        print(f"    refused: {'; '.join(refused[:6])}{' ...' if len(refused) > 6 else ''}")
    return max(ratios.values()) <= MOST


async def compare_all(desks: Sequence[Desk], clock: Callable[[], float], rounds: int) -> bool:
    lives = [asyncio.create_task(desk.live()) for desk in desks]
    for desk in desks:
        await desk.begin()
    flat = [
        await compare(desks, Asked(who, sort, clock, rounds))
        for who in ("admin", "staff", "customer")
        for sort in SORTS
    ]
    for desk in desks:
        await desk.end()
    await asyncio.gather(*lives)
    return all(flat)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the log's lines are made, as when a server serves
    set_up_logs("json")
    flat = True
    for engine in options.engine:
        flat = _on(engine, options) and flat
    raise SystemExit(0 if flat else 1)


def _on(engine: Engine, options: argparse.Namespace) -> bool:
    desks: list[Desk] = []
    with server_of(engine) as server:
        for tickets in (options.few, options.many):
            data = options.data / f"rows_{tickets}"
            url = server.url(f"rows_{tickets}") if server else None
            world = dataset.prepared(data, url, tickets)
            database = open_database(data, url)
            database.write(lambda tx, world=world: furnish(tx, (world.admin, world.engineer)))  # type: ignore[misc]  # a default in a lambda
            database.close()
            desks.append(Desk(data, url, world))
        print(f"{engine}: {options.few:,} and {options.many:,} tickets, {LIMIT} rows a page")
        clock = time.process_time if engine == "sqlite" else time.perf_counter
        return asyncio.run(compare_all(desks, clock, options.rounds))


if __name__ == "__main__":
    main()
