"""What keeping the search index costs a write, beside a commit that kept none.

    PYTHONPATH=tests/support .venv/bin/python -m bench.search_writes OLD [--rounds 9] [--engine both]

`OLD` is a commit, of which a copy is made, and run with the packages of this one. Each round raises tickets, gives
each some notes of 150 words, and some of 4,000 words, through a real server of one worker, asked by wrk over four
connections; by turns: microseconds of CPU of the server and its database for each write, the middle of the rounds'
ratios, and the least and the most. What is wanted is at most 1.3 of before for a note of 150 words. Behind them stands
what it takes for each write to fold its words into the index, which a job does some seconds later: so no job is done
meanwhile, and what has become pending is folded once each ticket has a note. Needs a machine with nothing else to do.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import accumulate, product
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench.accounts import cpu_seconds
from bench.wrk import Request, require_wrk, run_exactly
from cast import SECRET
from keesa.db import Database, open_database
from keesa.words.pending import fold
from live import UNMET, LiveServer
from new_tickets import BODY_2024
from postgres_server import PostgresServer

CLIENTS: Final = 4
ROOT: Final = Path(__file__).parents[1]
WRITES: Final = {"create": 300, "note of 150 words": 900, "note of 4,000 words": 60}
"""Of a round: notes go to its tickets in turn."""
WORDS: Final = {"note of 150 words": 150, "note of 4,000 words": 4_000}
_MAKE: Final = """
import sys, cast
from pathlib import Path
from keesa.db import open_database
from keesa.db.migrate import migrate
database = open_database(Path(sys.argv[1]), sys.argv[2] or None)
migrate(database)
cast.fill(database)
print(cast.token(database, cast.ADMIN))
database.close()
"""


@dataclass(frozen=True, slots=True)
class Side:
    server: LiveServer
    token: str
    processes: Sequence[int]
    """Whose CPU counts."""
    database: Database
    folds: bool
    """Whether what is written must be folded."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    require_wrk()
    print(f"{'':30}{'old µs':>10}{'new µs':>10}{'ratio':>10}{'':20}{'folding µs':>12}")
    for engine in ("sqlite", "postgres") if options.engine == "both" else (options.engine,):
        for line in compare(engine, options.old, options.rounds):
            print(line, flush=True)


def compare(engine: str, old: str, rounds: int) -> Iterator[str]:
    spent: dict[str, dict[str, list[float]]] = {write: {"old": [], "new": [], "folding": []} for write in WRITES}
    with ExitStack() as stack:
        tree = Path(stack.enter_context(TemporaryDirectory()))
        subprocess.run(f"git -C {ROOT} archive {old} | tar -x -C {tree}", shell=True, check=True)  # noqa: S602 - our own
        sides = {name: stack.enter_context(serving(engine, from_)) for name, from_ in (("old", tree), ("new", ROOT))}
        for number in range(rounds + 1):
            for name in [*sides][:: 1 if number % 2 else -1]:
                for write, micros, folding in round_of(sides[name], Random(number)):  # noqa: S311 - texts
                    if number:  # the first round has warmed up
                        spent[write][name].append(micros)
                        spent[write]["folding"] += [folding] if name == "new" else []
    for write, each in spent.items():
        ratios = sorted(new / before for before, new in zip(each["old"], each["new"], strict=True))
        before, new, folding = (median(found) for found in each.values())
        told = f"({ratios[0]:.3f} to {ratios[-1]:.3f})"
        yield f"{engine:10}{write:20}{before:10.0f}{new:10.0f}{median(ratios):10.3f} {told:19}{folding:12.0f}"


def folded(side: Side) -> float:
    """Seconds of CPU, of this process and of the database, until nothing is pending."""
    of_database = side.processes[1:]
    before = time.process_time() + cpu_seconds(of_database)
    while side.database.write(fold):
        pass
    return time.process_time() + cpu_seconds(of_database) - before


@contextmanager
def serving(engine: str, tree: Path) -> Iterator[Side]:
    """A server of these sources on a desk that they have made."""
    with ExitStack() as stack:
        folder, url, processes = Path(stack.enter_context(TemporaryDirectory())), None, list[int]()
        if engine == "postgres":
            postgres = stack.enter_context(PostgresServer(durable=True))
            postgres.create_database("desk")
            url, processes = postgres.url("desk"), [postgres.pid]
        paths = {"PYTHONPATH": f"{tree / 'src'}:{tree / 'tests/support'}:{tree}"}
        token = made(folder, url, paths)
        server = stack.enter_context(LiveServer(folder, url, KEESA_SECRET=SECRET, KEESA_JOBS="no", **paths, **UNMET))
        database = open_database(folder, url)
        stack.callback(database.close)
        yield Side(server, token, [server.pid, *processes], database, tree == ROOT)


def made(folder: Path, url: str | None, paths: Mapping[str, str]) -> str:
    """A desk with the cast; an admin's token."""
    command = [sys.executable, "-c", _MAKE, str(folder), url or ""]
    done = subprocess.run(command, env=os.environ | paths, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return done.stdout.strip()


def round_of(side: Side, random: Random) -> Iterator[tuple[str, float, float]]:
    """Microseconds of each write, and of folding what it has written."""
    headers = {"Authorization": f"Bearer {side.token}", "Content-Type": "application/json"}
    for write, count in WRITES.items():
        if write in WORDS:
            newest = side.database.read(lambda tx: [*tx.each(_NEWEST, most=WRITES["create"])])
            bodies = [json.dumps({"note": {"note": text(random, WORDS[write])}}).encode() for _ in range(count)]
            paths = [f"/api/v1/tickets/{newest[each % len(newest)][0]}/notes" for each in range(count)]
        else:
            bodies, paths = [json.dumps(BODY_2024).encode()] * count, ["/api/v1/tickets"] * count
        asked = [Request("POST", path, headers, body) for path, body in zip(paths, bodies, strict=True)]
        written = folding = 0.0
        for some in batched(asked, WRITES["create"]):
            before = cpu_seconds(side.processes)
            run_exactly(side.server.url, some, CLIENTS, len(some))
            written += cpu_seconds(side.processes) - before
            folding += folded(side) if side.folds else 0.0
        yield write, written / count * 1e6, folding / count * 1e6


def batched(asked: Sequence[Request], size: int) -> Iterator[Sequence[Request]]:
    return (asked[first : first + size] for first in range(0, len(asked), size))


_NEWEST: Final = "SELECT id FROM tickets ORDER BY raised_at DESC LIMIT :most"


def text(random: Random, words: int) -> str:
    """As people write: a few words often, many seldom."""
    return " ".join(random.choices(_WORDS, cum_weights=_OFTEN, k=words))


_WORDS: Final = ["".join(letters) for letters in product("aeiou", "klmnprst", "aeiou", "dfghjklmnprstvz", "aeiou")]

_OFTEN: Final = [*accumulate(1 / rank for rank in range(1, len(_WORDS) + 1))]


if __name__ == "__main__":
    main()
