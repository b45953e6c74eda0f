"""What files that can give pages back (`PRAGMA auto_vacuum`) cost a create: copies of one desk, in turns, in one run.

    python -m bench.auto_vacuum [--tickets 200000] [--creates 200] [--rounds 60]

With one client a commit has one ticket, with 32 up to 32. Figures are CPU of the whole process, and what is appended to
the log; docs/decisions/0034-shrinking-files.md tells what was decided by them.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

from bench.beside.verdicts import Interval, interval
from bench.dataset import EnginePlace, World, prepared
from keesa.accounts.actors import SYSTEM
from keesa.clock import Clock, now
from keesa.config import DEFAULT_ZONE
from keesa.db import sqlite
from keesa.db.opening import SQLITE_FILE
from keesa.rich_text.html import rich_text
from keesa.tickets.raising import Draft, raise_ticket

_CLIENTS: Final = (1, 32)
_CLOCK: Final = Clock(DEFAULT_ZONE)
PAGE: Final = 4096
_MODES: Final = ("NONE", "NONE", "INCREMENTAL")


@dataclass(frozen=True, slots=True)
class Turn:
    """Of one create."""

    cpu: float
    """Microseconds."""
    pages: float
    """In the log."""


def copy(pristine: Path, folder: Path, mode: str) -> sqlite.SqliteDatabase:
    made = Path(tempfile.mkdtemp(dir=folder)) / SQLITE_FILE
    with closing(sqlite3.connect(pristine)) as source:
        source.execute(f"PRAGMA auto_vacuum = {mode}")
        source.execute("VACUUM INTO ?", (str(made),))
    return sqlite.SqliteDatabase(made)


def turn(database: sqlite.SqliteDatabase, draft: Draft, creates: int, clients: int) -> Turn:
    def create(_number: int) -> None:
        work = partial(raise_ticket, actor=SYSTEM, draft=draft, at=now(), clock=_CLOCK, form="yearly")
        database.write(work)

    database.write_back()
    begun = time.process_time()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(create, range(creates)))
    cpu = time.process_time() - begun
    return Turn(cpu / creates * 1e6, database.log_bytes() / creates / PAGE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=200_000)
    parser.add_argument("--creates", type=int, default=200, help="a turn")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--data", type=Path, default=Path("var/bench/sqlite"))
    options = parser.parse_args()
    place = EnginePlace(options.data).pristine(options.tickets, 1)
    world = prepared(place.data, None, options.tickets, 1)
    sqlite.CHECKPOINT = 1_000_000  # type: ignore[misc] # so that a turn's log is all of it; nothing is written back
    with tempfile.TemporaryDirectory(dir=options.data) as folder, ExitStack() as stack:
        databases = [
            stack.enter_context(closing(copy(place.data / SQLITE_FILE, Path(folder), mode))) for mode in _MODES
        ]
        for clients in _CLIENTS:
            compare(databases, draft_of(world), options.creates, clients, options.rounds)


def compare(databases: Sequence[sqlite.SqliteDatabase], draft: Draft, creates: int, clients: int, rounds: int) -> None:
    turns: list[list[Turn]] = [[] for _ in databases]
    for number in range(rounds + 1):
        order = list(zip(databases, turns, strict=True))
        for database, taken in order[:: 1 if number % 2 else -1]:  # who comes first finds the disk idle
            done = turn(database, draft, creates, clients)
            if number:  # the first one of each warms it up
                taken.append(done)
    without, again, with_it = turns
    print(
        f"{clients} clients, to files that cannot: {_cpu(with_it, without)}; those to themselves {_cpu(again, without)}"
    )
    pages = [median(each.pages for each in taken) for taken in turns]
    print(f"    pages in the log {pages[2]:.2f} and {pages[0]:.2f}, CPU {median(each.cpu for each in without):.0f} µs")


def _cpu(these: Sequence[Turn], to: Sequence[Turn]) -> Interval:
    return interval([this.cpu / that.cpu for this, that in zip(these, to, strict=True)])


def draft_of(world: World) -> Draft:
    return Draft(
        title="Link to the harbour office is down",
        description=rich_text("No signal since the storm"),
        category=world.category,
        ticket_type=world.ticket_type,
        product_id=3,
        customer_id=world.customer_id,
    )


if __name__ == "__main__":
    main()
