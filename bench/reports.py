"""What each report costs at a million tickets, to what it costs at ten thousand, in one run; and what a write costs
more for the differences that it leaves.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.reports [--many 100000] [--engine sqlite]

Asked are the domain functions, by turns on both desks, and the least time counts: of CPU on SQLite, on PostgreSQL by
the clock; `--server` is one that keeps the data sets. Lines are asked for by pages of 20; of customers and the like by
`values.LARGEST` too, as a table (`format=csv`) has them. `recounting.KEPT` differences are left unfolded, as the job
leaves them. Ends with 1 where a ratio is above 2.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from bench import dataset
from bench.desks import server_of
from bench.engines import ENGINES, Engine, chosen_engines
from keesa.accounts.actors import ACTOR_COLUMNS, Actor, actor_of
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Database, Steps, Tx, open_database
from keesa.db.steps import run_to_the_end
from keesa.reports import folding, recounting
from keesa.reports.facts import DIMENSIONS, MANY
from keesa.reports.periods import Period
from keesa.reports.scopes import Scope, scope_for
from keesa.reports.tickets import By, Page, count_tickets
from keesa.reports.times import waited
from keesa.reports.values import LARGEST
from keesa.reports.workload import oldest, workload

MOST: Final = 2.0
FEW: Final = 10_000
MOST_TICKETS: Final = 1_000_000
CLOCK: Final = Clock(DEFAULT_ZONE)
MONTH: Final = Period(date(2026, 5, 1), date(2026, 5, 31))
YEARS: Final = Period(date(2023, 6, 1), date(2026, 5, 31))
_FOLDED: Final = 50_000
"""Differences, or tickets, of one transaction: nobody waits for it here."""
_WRITES: Final = 300

Report = Callable[[Tx, Scope, Actor], Steps[Any]]
A = TypeVar("A")


def counted(by: By, period: Period, page: Page = Page(20)) -> Report:  # noqa: B008 - it never changes
    return lambda tx, scope, _: count_tickets(tx, CLOCK, scope, by, period, page)


PERIODS: Final = (("a month", MONTH), ("3 years", YEARS))
REPORTS: Final[Mapping[str, Report]] = {
    "by day, a month": counted("day", MONTH, Page(500)),
    "by month, 3 years": counted("month", YEARS, Page(500)),
    **{f"by {by}, {name}": counted(by, period) for by in DIMENSIONS for name, period in PERIODS},
    **{f"by {by}, {name}, {LARGEST}": counted(by, period, Page(LARGEST)) for by in MANY for name, period in PERIODS},
    "times, a month": lambda tx, scope, _: waited(tx, CLOCK, scope, MONTH),
    "times, 3 years": lambda tx, scope, _: waited(tx, CLOCK, scope, YEARS),
    "workload": lambda tx, scope, _: workload(tx, CLOCK, scope),
    "oldest": lambda tx, scope, actor: oldest(tx, actor, scope, 20, None),
}
OF_DESK: Final = ("customer_id", "assigned_to_id", "workload")


def actor_named(tx: Tx, email: str) -> Actor:
    [row] = tx.all(f"SELECT {ACTOR_COLUMNS} FROM users WHERE users.email = :email", email=email)
    return actor_of(row)


def fold_all(database: Database) -> None:
    """All but what the job leaves."""

    def part(tx: Tx) -> bool:
        counted = recounting.hold_counts(tx, CLOCK)
        if recounting.recount_some(tx, counted, _FOLDED):
            return True
        left: int = tx.value("SELECT count(*) AS value FROM report_changes") - recounting.KEPT
        if left > 0:
            folding.fold_some(tx, counted, min(left, _FOLDED))
        return left > 0

    if database.read(recounting.zone_of) is None:  # a data set is loaded without triggers
        database.write(lambda tx: recounting.begin_anew(tx, CLOCK))
    begun = time.perf_counter()
    while database.migrating(part):  # longer than a write may take
        pass
    database.write(_leave)
    print(f"  folded in {time.perf_counter() - begun:.0f} s", flush=True)


def _leave(tx: Tx) -> None:
    """As many differences as the job does: two of each of the newest tickets."""
    left = recounting.KEPT - tx.value("SELECT count(*) AS value FROM report_changes")
    newest = "SELECT id FROM tickets ORDER BY id DESC LIMIT :rows"
    tx.run(f"UPDATE tickets SET priority = 1 + priority % 5 WHERE id IN ({newest})", rows=left // 2)


def milliseconds_of(database: Database, clock: Callable[[], float], email: str, report: Report) -> float:
    def work(tx: Tx) -> float:
        actor = actor_named(tx, email)
        scope = scope_for(tx, actor, None, None)
        begun = clock()
        run_to_the_end(report(tx, scope, actor))
        return (clock() - begun) * 1000

    return database.read(work)


def compare(desks: Sequence[tuple[Database, dataset.World]], clock: Callable[[], float], rounds: int) -> bool:
    """Print what each costs; whether all that should be is flat."""

    def cost(database: Database, email: str, report: Report) -> float:
        return milliseconds_of(database, clock, email, report)

    return are_flat(desks, REPORTS, cost, rounds, lambda who, name: who != "customers_user" or not _is_of_desk(name))


def _is_of_desk(name: str) -> bool:
    return any(each in name for each in OF_DESK)


def are_flat(
    desks: Sequence[tuple[Database, dataset.World]],
    asked: Mapping[str, A],
    cost: Callable[[Database, str, A], float],
    rounds: int,
    wanted: Callable[[str, str], bool] = lambda _who, _name: True,
) -> bool:
    """Print what each of what is asked costs on the two desks, by turns, as the admin, an engineer and a customer's
    user, where it is `wanted` of them; whether no ratio is above `MOST`.
    """
    flat = True
    for who in ("admin", "engineer", "customers_user"):
        for name, each in asked.items():
            if not wanted(who, name):
                continue
            least = [float("inf")] * len(desks)
            for _ in range(rounds):
                for side, (database, world) in enumerate(desks):
                    least[side] = min(least[side], cost(database, getattr(world, who), each))
            ratio = least[1] / least[0]
            flat &= ratio <= MOST
            told = " ABOVE" if ratio > MOST else ""
            print(f"  {who:15}{name:30}{least[0]:8.2f} ms{least[1]:9.2f} ms{ratio:7.2f}{told}", flush=True)
    return flat


def cost_of_writes(database: Database) -> None:
    """Of a column that reports know, and of one that they do not."""
    ids = database.read(lambda tx: [number for (number,) in tx.each(f"SELECT id FROM tickets LIMIT {_WRITES}")])
    costs = dict[str, float]()
    for name, column in (("with a difference", "priority"), ("without", "contact_number")):
        least = float("inf")
        for round_ in range(7):
            begun = time.perf_counter()
            database.write(
                lambda tx, column=column, round_=round_: [  # type: ignore[misc]  # as they are now
                    tx.run(f"UPDATE tickets SET {column} = :value WHERE id = :id", value=1 + round_ % 5, id=ticket_id)
                    for ticket_id in ids
                ]
            )
            least = min(least, (time.perf_counter() - begun) * 1_000_000 / len(ids))
        costs[name] = least
    print("  an UPDATE of a ticket: " + ", ".join(f"{cost:.0f} µs {name}" for name, cost in costs.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("var/bench"))
    parser.add_argument("--engine", type=chosen_engines, default=[*ENGINES])
    parser.add_argument("--server", metavar="URL", help="a PostgreSQL, such as postgresql://keesa@127.0.0.1:5432")
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MOST_TICKETS)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
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
    print(f"{engine}: {options.few:,} and {options.many:,} tickets", flush=True)
    desks = []
    for tickets in (options.few, options.many):
        data, url = options.data / f"reports_{tickets}", server and f"{server}/reports_{tickets}"
        world = dataset.prepared(data, url, tickets)
        database = open_database(data, url)
        fold_all(database)
        desks.append((database, world))
    clock = time.thread_time if engine == "sqlite" else time.perf_counter
    flat = compare(desks, clock, options.rounds)
    cost_of_writes(desks[-1][0])
    for database, _ in desks:
        database.close()
    return flat


if __name__ == "__main__":
    main()
