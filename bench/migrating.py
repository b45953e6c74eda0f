"""How long a reader and a writer wait at the most while a column of all tickets is filled, at once and in batches.

    PYTHONPATH=tests/support .venv/bin/python -m bench.migrating [--tickets 20000] [--engine both] [--folder var/bench]

The fill runs in a process of its own, as `keesa migrate` does beside a server. A reader and a writer ask one ticket
after the other meanwhile. What is refused counts as that long a wait, and is told. docs/upgrading.md shows the figures
of 200,000 tickets.
"""

import argparse
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.dataset import EnginePlace, world_on
from bench.desks import server_of
from bench.engines import Engine, chosen_engines
from keesa.db import Database, Tx, migrate, open_database
from keesa.db.migrate import Migration, latest, migrations
from keesa.db.migration_files import Batches
from keesa.errors import Unavailable

_ADD: Final = "ALTER TABLE tickets ADD COLUMN title_size INTEGER;"
_FILL: Final = "UPDATE tickets SET title_size = length(title)"
_ROWS: Final = 5000
WAYS: Final[dict[str, Sequence[Migration]]] = {
    "in one transaction": (Migration(latest() + 1, "at_once", None, f"{_ADD}\n{_FILL};"),),
    "in batches": (
        Migration(latest() + 1, "column", None, _ADD),
        Migration(
            latest() + 2, "fill", None, f"{_FILL} WHERE id > :after AND id <= :upto", batches=Batches("tickets", _ROWS)
        ),
    ),
}


@dataclass(slots=True)
class Waits:
    """Of one who asks again and again, in seconds."""

    longest: float = 0.0
    asked: int = 0
    refused: int = 0


def bring_up(data: Path, url: str | None, way: str) -> None:
    """In a process of its own."""
    migrate.migrations = lambda engine: [*migrations(engine), *WAYS[way]]
    database = open_database(data, url)
    try:
        migrate.migrate(database)
    finally:
        database.close()


def ask(act: Callable[[int], object], ids: Sequence[int], ended: threading.Event) -> Waits:
    waits, chance = Waits(), random.Random(1)  # noqa: S311 - which ticket
    while not ended.is_set():
        begun = time.perf_counter()
        try:
            act(chance.choice(ids))
        except Unavailable:
            waits.refused += 1
        waits.longest = max(waits.longest, time.perf_counter() - begun)
        waits.asked += 1
        time.sleep(0.005)
    return waits


def read(database: Database, ticket: int) -> None:
    database.read(lambda tx: tx.one("SELECT title FROM tickets WHERE id = :id", id=ticket))


def write(database: Database, ticket: int) -> None:
    database.write(lambda tx: tx.run("UPDATE tickets SET reference = 'x' WHERE id = :id", id=ticket))


def measure(data: Path, url: str | None, way: str) -> tuple[float, Waits, Waits]:
    """Seconds of the migration, and the waits of the reader and of the writer."""
    database = open_database(data, url)
    ids = database.read(_ids)
    ended = threading.Event()
    found: dict[str, Waits] = {}

    def asking(name: str, act: Callable[[Database, int], None]) -> None:
        found[name] = ask(lambda ticket: act(database, ticket), ids, ended)

    threads = [threading.Thread(target=asking, args=each) for each in (("reader", read), ("writer", write))]
    process = multiprocessing.get_context("spawn").Process(target=bring_up, args=(data, url, way))
    for thread in threads:
        thread.start()
    begun = time.perf_counter()
    process.start()
    process.join()
    took = time.perf_counter() - begun
    ended.set()
    for thread in threads:
        thread.join()
    database.close()
    if process.exitcode:
        raise RuntimeError("the migration has failed")
    return took, found["reader"], found["writer"]


def _ids(tx: Tx) -> list[int]:
    return [number for (number,) in tx.each("SELECT id FROM tickets")]


def compare(engine: Engine, tickets: int, folder: Path) -> None:
    with server_of(engine) as server:
        place = EnginePlace(folder / engine, server.url("bench") if server else None)
        for way in WAYS:
            with world_on(place, tickets, name="migrating") as (data, url, _):
                took, reader, writer = measure(data, url, way)
            print(
                f"{engine:10}{way:20}{took:10.1f} s   reader {reader.longest:8.2f} s   writer {writer.longest:8.2f} s"
                f"   {reader.refused + writer.refused} refused of {reader.asked + writer.asked}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument(
        "--engine", type=chosen_engines, default=chosen_engines("both"), help="sqlite, postgres or both"
    )
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    options = parser.parse_args()
    for engine in options.engine:
        compare(engine, options.tickets, options.folder)


if __name__ == "__main__":
    main()
