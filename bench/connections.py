"""How many connections to PostgreSQL a worker should have: several numbers of them against each other, in one run.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.connections [--connections 8,20,40] [--seconds 2]

One server with one worker for each number, all on one database behind one proxy, asked in turns by 32 clients. Prints
requests a second, and the ratio to the first number; docs/decisions/0015-postgres-writes.md tells what was decided.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from bench.dataset import EnginePlace, world_on
from bench.desks import Desk, Place, server_of, serving
from bench.distance.measuring import CLIENTS, requests_of
from bench.wrk import run
from database_proxy import DatabaseProxy
from live import KEESA

ROWS = ("one", "create")
DISTANCES = (0.0, 2.4)


@contextmanager
def desks(numbers: list[int], folder: Path) -> Iterator[tuple[DatabaseProxy, Mapping[int, Desk]]]:
    with server_of("postgres") as server, ExitStack() as stack:
        assert server is not None
        data, url, world = stack.enter_context(world_on(EnginePlace(folder, server.url("bench")), 10_000, 1))
        assert url is not None
        proxy = stack.enter_context(DatabaseProxy(url, measuring=True))
        place = Place(data, proxy.url, server.pid)
        yield (
            proxy,
            {
                number: stack.enter_context(
                    serving(place, world, 1, keesa=("env", f"KEESA_DATABASE_CONNECTIONS={number}", *KEESA))
                )
                for number in numbers
            },
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", default="8,12,20,40")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    numbers = [int(number) for number in options.connections.split(",")]
    with desks(numbers, Path("var/bench/postgres")) as (proxy, served):
        for row in ROWS:
            for distance in DISTANCES:
                proxy.delay(distance)
                found: dict[int, list[float]] = {number: [] for number in numbers}
                for _ in range(options.rounds):
                    for number, desk in served.items():
                        found[number].append(run(desk.url, requests_of(desk)[row], CLIENTS, options.seconds).per_second)
                for number, speeds in found.items():
                    ratio = median(speed / first for speed, first in zip(speeds, found[numbers[0]], strict=True))
                    print(f"{row:8}{distance:5.1f} ms {number:5} connections {median(speeds):8,.0f}/s {ratio:6.2f}")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
