"""What a request is made of: CPU of server and database, and how often they sleep and wake for it.

    PYTHONPATH=tests/support .venv/bin/python -m bench.anatomy [--tickets 10000] [--engine sqlite,postgres]

A context switch is a process that waits and is woken: of the other thread, of the database, of the network. On virtual
machines each costs tens of microseconds, and no profiler of Python shows it. docs/performance.md leans on the result.
"""

import argparse
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bench.__main__ import CLIENTS, place_of
from bench.accounts import cpu_seconds, tree
from bench.desks import server_of, serving
from bench.endpoints import reads, writes
from bench.engines import ENGINES, chosen_engines
from bench.wrk import Request, run

ENDPOINTS: Final = ("one ticket", "list, admin", "notes", "create")
SECONDS: Final = 2


def switches(roots: Iterable[int]) -> int:
    """Of all threads of the processes' trees, since they began."""
    found = 0
    for process in (process for root in roots for process in tree(root)):
        for status in Path(f"/proc/{process}/task").glob("*/status"):
            with suppress(OSError):  # it has ended meanwhile
                lines = status.read_text("ascii", "replace").splitlines()
                found += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return found


def dissect(url: str, requests: Sequence[Request], server: Sequence[int], database: Sequence[int]) -> str:
    """Requests a second; then microseconds and switches a request, of the server and of the database."""
    run(url, requests, CLIENTS[1], 1)
    before = [f(roots) for roots in (server, database) for f in (cpu_seconds, switches)]
    load = run(url, requests, CLIENTS[1], SECONDS)
    after = [f(roots) for roots in (server, database) for f in (cpu_seconds, switches)]
    spent = [(late - early) / load.requests for early, late in zip(before, after, strict=True)]
    return f"{load.per_second:8.0f}{spent[0] * 1e6:10.0f}{spent[1]:10.1f}{spent[2] * 1e6:10.0f}{spent[3]:10.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--engine", type=chosen_engines, default=ENGINES, help="sqlite, postgres, or both")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    options = parser.parse_args()
    print(f"{'':26}{'a second':>10}{'server µs':>10}{'switches':>10}{'db µs':>10}{'switches':>10}")
    for engine in options.engine:
        with (
            server_of(engine) as server,
            place_of(server, options.tickets, options.folder) as (place, world),
            serving(place, world, 1) as desk,
        ):
            for endpoint in ENDPOINTS:
                requests = {**reads(desk), **writes(desk)}[endpoint]
                database = [] if place.postmaster is None else [place.postmaster]
                print(f"{engine:12}{endpoint:14}{dissect(desk.url, requests, [desk.pid], database)}", flush=True)


if __name__ == "__main__":
    main()
