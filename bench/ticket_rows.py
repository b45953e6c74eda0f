"""What a page of `GET /tickets/rows` costs at a million tickets, to what it costs at ten thousand, in one run: each
filter in each order, alone and joined in pairs, as an admin, a member of staff and a customer's user.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.ticket_rows [--data var/bench] [--engine sqlite]

A page is asked of the domain and made JSON, by turns on both desks, and the least of its times counts. Pages that have
as many rows on both, and a page behind them, are alike, and compared one with the other. Where the list ends on the
smaller desk, whose page has less to look at, the larger one's is compared with the dearest page that there is on the
smaller one, in that order and for whom asks. Ends with 1 where a ratio is above 1.3; what is refused is named. The
desks are loaded, and given tags, equipment and the like, where they are missing. docs/performance.md has the figures.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import msgspec

from bench import dataset
from bench.dataset import World
from bench.desks import server_of
from bench.engines import ENGINES, Engine, chosen_engines
from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.accounts.filters import Equals, IsNull, Range
from keesa.api.v2024.tickets.rows import shown
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Database, Tx, open_database
from keesa.db.steps import run_to_the_end
from keesa.errors import Invalid
from keesa.tickets.row_filters import RowsWanted
from keesa.tickets.rows import SORTS, FoundRows, RowSort, RowsPage, list_rows

MOST: Final = 1.3
FEW: Final = 10_000
MANY: Final = 1_000_000
LIMIT: Final = 20
_DAY: Final = 24 * 3600 * 1000
_UPWARDS: Final = ("priority", "held_until")
_CLOCK: Final = Clock(DEFAULT_ZONE)

Wanted = Mapping[str, Sequence[RowsWanted]]
"""Filter to some values of it."""


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
        tx.run("INSERT INTO tags (name) VALUES (:name)", name=f"tag {number}")
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


def filters_of(tx: Tx) -> Wanted:
    """Two values of each filter, a frequent one and a less frequent one."""

    def two(column: str) -> list[int | str]:
        rows = tx.all(
            f"SELECT {column} AS value FROM tickets WHERE {column} IS NOT NULL GROUP BY {column}"
            f" ORDER BY count(*) DESC, {column} LIMIT 12"
        )
        return [rows[0]["value"], rows[len(rows) // 2]["value"]]

    def of(column: str) -> list[RowsWanted]:
        return [RowsWanted(terms=(Equals(column, value),)) for value in two(column)]  # type: ignore[arg-type]  # a column

    last = tx.value("SELECT max(raised_at) AS value FROM tickets")
    reference = tx.value("SELECT reference AS value FROM tickets WHERE reference IS NOT NULL ORDER BY id DESC LIMIT 1")
    days = [_CLOCK.local(last + number * _DAY).date().isoformat() for number in (5, 25)]
    times = [last - number * _DAY for number in (1, 400)]
    return {
        "status": [RowsWanted(statuses=frozenset({"open"})), RowsWanted(statuses=frozenset({"in_progress", "closed"}))],
        **{name: of(name) for name in ("ticket_type", "category", "product_id", "priority", "customer_id")},
        "eco_id": [RowsWanted(eco_ids=frozenset({int(value)})) for value in two("eco_id")],
        "assigned_to_id": of("assigned_to_id"),
        "unassigned": [RowsWanted(terms=(IsNull("assigned_to_id"),))],
        "raised_by_id": of("raised_by_id"),
        "reference": [RowsWanted(reference=reference)],
        "tag": [RowsWanted(tag_ids=frozenset({int(tag)})) for tag in _first(tx, "tags", 2)],
        "watched": [RowsWanted(watched=True)],
        "mentioned": [RowsWanted(mentioned=True)],
        "answered": [RowsWanted(answered=True)],
        "held_until": [RowsWanted(held_from=days[0], held_to=days[1])],
        "raised": [RowsWanted(raised=Range("raised_at", start, last)) for start in times],
        "updated_since": [RowsWanted(updated_since=start) for start in times],
    }


def _first(tx: Tx, table: str, count: int) -> list[int]:
    return [row["id"] for row in tx.all(f"SELECT id FROM {table} ORDER BY id LIMIT {count}")]


_DESKS: Final = frozenset({"tag", "watched", "mentioned", "answered"})
"""Filters that are not for customers' users."""


def combinations_of(wanted: Wanted, actor: Actor) -> Iterator[tuple[str, Sequence[RowsWanted]]]:
    """Each filter alone, none, and each pair, with their values."""
    names = [name for name in wanted if actor.user_type != "customer" or name not in _DESKS]
    yield "(none)", [RowsWanted()]
    for name in names:
        yield name, wanted[name]
    for one, other in combinations(names, 2):
        values = max(len(wanted[one]), len(wanted[other]))
        pairs = [
            (wanted[one][number % len(wanted[one])], wanted[other][number % len(wanted[other])])
            for number in range(values)
        ]
        yield f"{one} and {other}", [_joined(*pair) for pair in pairs]


def _joined(one: RowsWanted, other: RowsWanted) -> RowsWanted:
    nothing = RowsWanted()
    fields = [name for name in RowsWanted.__dataclass_fields__ if name != "terms"]
    given = {name: getattr(other, name) for name in fields if getattr(other, name) != getattr(nothing, name)}
    return replace(one, **given, terms=(*one.terms, *other.terms))


# What it costs


@dataclass(frozen=True, slots=True)
class Desk:
    database: Database
    actors: Mapping[str, Actor]
    wanted: Wanted

    def page(self, actor: Actor, wanted: RowsWanted, page: RowsPage) -> FoundRows | None:
        """Made JSON; None where it is refused."""

        def work(tx: Tx) -> FoundRows:
            return run_to_the_end(list_rows(tx, actor, wanted, page))

        try:
            found = self.database.read(work)
        except Invalid:
            return None
        msgspec.json.encode([shown(row, _CLOCK) for row in found.rows])
        return found


def desk_of(data: Path, url: str | None, world: World) -> Desk:
    database = open_database(data, url)

    def actor(tx: Tx, email: str) -> Actor:
        [row] = tx.all(f"SELECT {ACTOR_COLUMNS} FROM users WHERE email = :email", email=email)
        return actor_of(row)

    def read(tx: Tx) -> Desk:
        people = {"admin": world.admin, "staff": world.engineer, "customer": world.customers_user}
        return Desk(database, {name: actor(tx, email) for name, email in people.items()}, filters_of(tx))

    return database.read(read)


class Cost(NamedTuple):
    """Of a page on both desks, in milliseconds."""

    few: float
    many: float
    is_alike: bool
    """Whether both have as many rows, and a page behind them: else the list has ended on the smaller desk."""

    @property
    def ratio(self) -> float:
        return self.many / self.few


def costs(desks: Sequence[Desk], values: Sequence[Sequence[RowsWanted]], asked: "Asked", rounds: int) -> list[Cost]:
    """Of the first and the next page, for each value of the filter; none where it is refused."""
    found = []
    for pair in zip(*values, strict=True):
        pages: list[RowsPage] = [RowsPage(LIMIT, asked.sort, asked.sort not in _UPWARDS)] * 2
        for _ in range(2):
            shown_ = [
                desk.page(desk.actors[asked.who], wanted, page)
                for desk, wanted, page in zip(desks, pair, pages, strict=True)
            ]
            times = [[], []]  # type: list[list[float]]
            for _ in range(rounds):
                for desk, wanted, page, of_desk in zip(desks, pair, pages, times, strict=True):
                    begun = asked.clock()
                    desk.page(desk.actors[asked.who], wanted, page)
                    of_desk.append((asked.clock() - begun) * 1000)
            ends = [None if one is None else one.next_after for one in shown_]
            if None in shown_:
                return []
            sizes = {len(one.rows) for one in shown_ if one is not None}
            found.append(Cost(min(times[0]), min(times[1]), len(sizes) == 1 and None not in ends))
            if None in ends:
                break
            pages = [replace(page, after=end) for page, end in zip(pages, ends, strict=True)]
    return found


class Asked(NamedTuple):
    who: str
    sort: RowSort
    clock: Callable[[], float]


def compare(desks: Sequence[Desk], clock: Callable[[], float], rounds: int) -> bool:
    """Print what was found; whether all of it is flat."""
    flat = True
    for who in ("admin", "staff", "customer"):
        for sort in SORTS:
            flat = _compare(desks, Asked(who, sort, clock), rounds) and flat
    return flat


def _compare(desks: Sequence[Desk], asked: Asked, rounds: int) -> bool:
    all_of = [dict(combinations_of(desk.wanted, desk.actors[asked.who])) for desk in desks]
    found = {name: costs(desks, [of[name] for of in all_of], asked, rounds) for name in all_of[0]}
    dearest = max(cost.few for of_name in found.values() for cost in of_name)

    def steep(costs_: Sequence[Cost]) -> list[Cost]:
        return [cost for cost in costs_ if cost.many > MOST * (cost.few if cost.is_alike else dearest)]

    for name in [name for name, of_name in found.items() if steep(of_name)]:  # something else may have had the machine
        found[name] = costs(desks, [of[name] for of in all_of], asked, 5 * rounds)
    every = [cost for of_name in found.values() for cost in of_name]
    alike = [cost.ratio for cost in every if cost.is_alike]
    most = max(cost.many for cost in every)
    print(
        f"{asked.who:9}{asked.sort:11}{len(found):4} combinations, {len(alike):4} pages alike:"
        f" ratio {median(alike or [0]):.2f} (most {max(alike, default=0):.2f});"
        f" dearest page {dearest:.1f} ms and {most:.1f} ms ({most / dearest:.2f})",
        flush=True,
    )
    for name, of_name in found.items():
        for cost in steep(of_name):
            alike_ = "alike" if cost.is_alike else "not alike"
            print(f"    above {MOST}: {name}: {cost.few:.2f} ms, {cost.many:.2f} ms, {cost.ratio:.2f}, {alike_}")
    if refused := [name for name, of_name in found.items() if not of_name]:
        print(f"    refused: {len(refused)}, such as {'; '.join(refused[:4])}")
    return not any(map(steep, found.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    flat = True
    for engine in options.engine:
        flat = _on(engine, options) and flat
    raise SystemExit(0 if flat else 1)


def _on(engine: Engine, options: argparse.Namespace) -> bool:
    desks = []
    with server_of(engine) as server:
        for tickets in (options.few, options.many):
            data = options.data / f"rows_{tickets}"
            url = server.url(f"rows_{tickets}") if server else None
            world = dataset.prepared(data, url, tickets)
            database = open_database(data, url)
            database.write(lambda tx, world=world: furnish(tx, (world.admin, world.engineer)))  # type: ignore[misc]  # a default in a lambda
            database.close()
            desks.append(desk_of(data, url, world))
        print(f"{engine}: {options.few:,} and {options.many:,} tickets, {LIMIT} rows a page")
        flat = compare(desks, time.process_time if engine == "sqlite" else time.perf_counter, options.rounds)
        for desk in desks:
            desk.database.close()
    return flat


if __name__ == "__main__":
    main()
