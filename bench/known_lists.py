"""What a list costs whose client has it already (304), beside the same one answered in full.

    PYTHONPATH=tests/support .venv/bin/python -m bench.known_lists [--tickets 10000] [--rounds 7] [--engine both]

A real server of one worker, asked by wrk over eight connections, the two by turns: microseconds of CPU of the server
and its database for each answer, and the middle of the rounds' ratios with the least and the most. The rule: a list of
20 at most half. Needs a machine with nothing else to do.
"""

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

from bench.contending import Contender, alternate, middle, ratio
from bench.dataset import EnginePlace, world_on
from bench.desks import Desk, Place, serving
from bench.endpoints import LIST
from bench.wrk import Request, require_wrk
from postgres_server import PostgresServer

CLIENTS: Final = 8


def etag_of(desk: Desk, path: str) -> str:
    headers = {"Authorization": f"Bearer {desk.tokens['admin']}"}
    with urlopen(HttpRequest(f"{desk.url}{path}", headers=headers), timeout=60) as answer:  # noqa: S310 - loopback
        return str(answer.headers["ETag"])


def contenders(desk: Desk, path: str) -> Sequence[Contender]:
    """The list in full, and to who has it."""
    plain = {"Authorization": f"Bearer {desk.tokens['admin']}"}
    known = plain | {"If-None-Match": etag_of(desk, path)}
    return [
        Contender(name, desk.url, [Request("GET", path, headers)], desk.processes)
        for name, headers in (("200", plain), ("304", known))
    ]


def lists_of(desk: Desk) -> Sequence[str]:
    world = desk.world
    return (
        LIST,
        f"{LIST}/tickets_by_category?category={world.category}",
        f"{LIST}/tickets_of_customer?customer_id={world.customer_id}",
        f"{LIST}/rows?limit=20",
    )


def compare(engine: str, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer(durable=True)) if engine == "postgres" else None
        place = EnginePlace(options.folder / engine, postgres.url("bench") if postgres else None)
        data, url, world = stack.enter_context(world_on(place, options.tickets, name="known_lists"))
        desk = stack.enter_context(serving(Place(data, url, postgres.pid if postgres else None), world, 1))
        for path in lists_of(desk):
            found = alternate(contenders(desk, path), CLIENTS, options.seconds, options.rounds)
            plain, known = (middle(found[name]) for name in ("200", "304"))
            if known.broken or plain.refused:
                raise RuntimeError(f"{path}: {plain} {known}")
            told = ratio(found["304"], found["200"], lambda figure: figure.cpu)
            print(f"{engine:10}{path:60}{plain.cpu:8.0f}{known.cpu:8.0f}  {told}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("var/bench"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    options = parser.parse_args()
    require_wrk()
    print(f"{'':70}{'200 µs':>8}{'304 µs':>8}  ratio")
    for engine in ("sqlite", "postgres") if options.engine == "both" else (options.engine,):
        compare(engine, options)


if __name__ == "__main__":
    main()
