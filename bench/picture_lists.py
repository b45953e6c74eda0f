"""What a list takes whose tickets have pictures, beside the same list without.

    PYTHONPATH=tests/support .venv/bin/python -m bench.picture_lists [--tickets 10000] [--pictures 3] [--postgres]

In one process, without a network before it: microseconds of CPU of the process a request (on PostgreSQL without the
database's own), request by request in turns, and the middle of the rounds' ratios with the least and the most. Before
each request that is to be made anew something is written, which is not counted; where tickets are rendered anew, a
name has changed. The rule: at most 1.1, as long as the tickets are ready.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import cast
from bench.choices import open_as
from bench.dataset import EnginePlace, world_on
from bench.few_bytes import LIST, Way, ask, write
from keesa.accounts.tokens import Signer
from keesa.app import App, serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database, Tx, open_database
from keesa.logs import set_up_logs
from postgres_server import PostgresServer

_HOUR: Final = 3_600_000
"""Milliseconds."""
WAYS: Final[Mapping[str, tuple[str, bool, bool]]] = {
    "asked again": ("zstd", False, False),
    "made anew of ready tickets, zstd": ("zstd", True, False),
    "made anew of ready tickets, plain": ("identity", True, False),
    "rendered anew, plain": ("identity", True, True),
}
"""By name: the coding, whether something was written before, and whether a name was."""


@dataclass(frozen=True, slots=True)
class Desk:
    app: App
    database: Database
    token: str


def hang(tx: Tx, pictures: int) -> None:
    """So many on each ticket, which all have the same bytes."""
    tx.run(
        "INSERT INTO stored_files (customer_id, sum, kind, place, media_type, size, forms, created_at)"
        " SELECT min(id), 'sum', 'image', 'place', 'image/jpeg', 1, '{}', 0 FROM customers"
    )
    for _ in range(pictures):
        tx.run(
            "INSERT INTO attachments (ticket_id, file_id, kind, internal, number, name, added_by_id, added_at)"
            " SELECT tickets.id, stored_files.id, 'image', 0, 1, 'mast.jpg', tickets.raised_by_id, 0"
            " FROM tickets, stored_files"
        )
    tx.run("UPDATE tickets SET attachments = :pictures, revision = $new_revision", pictures=pictures)


def rename(tx: Tx) -> None:
    tx.run("UPDATE desk_revisions SET names = names + 1")


@contextmanager
def desk(place: EnginePlace, tickets: int, pictures: int) -> Iterator[Desk]:
    with world_on(place, tickets, name=f"picture_lists_{pictures}") as (data, url, world):
        database = open_database(data, url)
        if pictures:
            database.write(lambda tx: hang(tx, pictures))
        actor, session = open_as(database, world.admin)
        token = Signer(cast.SECRET.encode()).access(actor, session, now() + _HOUR).token
        config = Config(data=data, database_url=url, secret=cast.SECRET, log_format="json")
        yield Desk(serve_from(database, config), database, token)
        database.close()


async def cost(asked: Desk, coding: str, *, anew: bool, renamed: bool) -> tuple[int, int]:
    """Nanoseconds, and bytes of the answer."""
    if anew:
        await asked.database.awrite(write)
        if renamed:
            await asked.database.awrite(rename)
    else:
        await ask(asked.app, asked.token, Way(LIST, coding, anew=False))
    begun = time.process_time_ns()
    answer = await ask(asked.app, asked.token, Way(LIST, coding, anew=anew))
    spent = time.process_time_ns() - begun
    assert answer.status == 200, answer
    return spent, answer.body_bytes


async def compare(desks: Mapping[str, Desk], rounds: int, turns: int) -> None:
    """Another desk comes first from turn to turn."""
    for name, (coding, anew, renamed) in WAYS.items():
        figures: dict[str, list[float]] = {each: [] for each in desks}
        sizes: dict[str, int] = {}
        for _ in range(rounds + 1):
            spent: dict[str, list[int]] = {each: [] for each in desks}
            for number in range(turns):
                for each in list(desks)[:: 1 if number % 2 else -1]:
                    took, sizes[each] = await cost(desks[each], coding, anew=anew, renamed=renamed)
                    spent[each].append(took)
            for each in desks:
                figures[each].append(median(spent[each]) / 1000)
        ratios = sorted(one / other for one, other in zip(figures["with"][1:], figures["without"][1:], strict=True))
        middles = [f"{median(figures[each][1:]):8.0f} µs{sizes[each]:9,} bytes" for each in ("without", "with")]
        print(f"{name:36}{''.join(middles)}{median(ratios):8.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--pictures", type=int, default=3)
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
        desks = {
            name: stack.enter_context(desk(place, options.tickets, pictures))
            for name, pictures in (("without", 0), ("with", options.pictures))
        }
        asyncio.run(compare(desks, options.rounds, options.turns))


if __name__ == "__main__":
    main()
