"""What an `Idempotency-Key` costs a create, beside the same without one.

    PYTHONPATH=tests/support .venv/bin/python -m bench.key_cost [--rounds 9] [--count 600] [--engine both]

A real server of one worker on the cast's desk, asked by wrk over four connections, each time for so many creates, by
turns: microseconds of CPU of the server and its database for each, the middle of the rounds' ratios, and the least and
the most. The rule: at most 1.25 of one without a key. Needs a machine with nothing else to do.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import cast
from bench.accounts import cpu_seconds
from bench.wrk import Request, require_wrk, run_exactly
from keesa.db import open_database
from keesa.db.migrate import migrate
from live import LiveServer
from new_tickets import BODY_2024
from postgres_server import PostgresServer

CLIENTS: Final = 4
WAYS: Final = ("plain", "keyed")


@contextmanager
def serving(engine: str, *options: str) -> Iterator[tuple[LiveServer, str, Sequence[int]]]:
    """The server, an admin's token, and the processes whose CPU counts."""
    with ExitStack() as stack:
        folder, url, processes = Path(stack.enter_context(TemporaryDirectory())), None, list[int]()
        if engine == "postgres":
            postgres = stack.enter_context(PostgresServer(durable=True))
            postgres.create_database("key_cost")
            url, processes = postgres.url("key_cost"), [postgres.pid]
        database = open_database(folder, url)
        migrate(database)
        cast.fill(database)
        token = cast.token(database, cast.ADMIN)
        database.close()
        server = stack.enter_context(LiveServer(folder, url, *options, KEESA_SECRET=cast.SECRET))
        yield server, token, [server.pid, *processes]


def creates(token: str, way: str, count: int) -> Sequence[Request]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps(BODY_2024).encode()
    keys = [{"Idempotency-Key": str(uuid4())} if way == "keyed" else {} for _ in range(count)]
    return [Request("POST", "/api/v1/tickets", headers | key, body) for key in keys]


def compare(engine: str, rounds: int, count: int) -> str:
    spent: dict[str, list[float]] = {way: [] for way in WAYS}
    with serving(engine) as (server, token, processes):
        for number in range(rounds + 1):
            for way in WAYS[:: 1 if number % 2 else -1]:
                asked = creates(token, way, count)
                before = cpu_seconds(processes)
                run_exactly(server.url, asked, CLIENTS, count)
                if number:  # the first round has warmed up
                    spent[way].append((cpu_seconds(processes) - before) / count * 1e6)
    ratios = sorted(keyed / plain for plain, keyed in zip(*spent.values(), strict=True))
    plain, keyed = (median(each) for each in spent.values())
    return f"{engine:10}{plain:10.0f}{keyed:10.0f}{median(ratios):10.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    require_wrk()
    print(f"{'':10}{'plain µs':>10}{'keyed µs':>10}{'ratio':>10}")
    for engine in ("sqlite", "postgres") if options.engine == "both" else (options.engine,):
        print(compare(engine, options.rounds, options.count), flush=True)


if __name__ == "__main__":
    main()
