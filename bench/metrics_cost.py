"""What counting costs a request: one ticket asked for in this process, with the observer and without it, by turns.

    PYTHONPATH=tests/support .venv/bin/python -m bench.metrics_cost [--turns 50] [--rounds 300] 2>/dev/null

Prints microseconds of CPU a request and the ratio, round by round (the middle one, and the middle half of them); a
second application without the observer shows what the difference of two that are alike is. Then what the observer takes
by itself, and a scrape. It logs as a server does: send standard error away.
docs/decisions/0038-metrics.md tells what was decided by it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final
from unittest.mock import patch

import uvloop
from starlette.types import ASGIApp, Message, Scope

import cast
from bench.contending import Ratio
from keesa import app as composition
from keesa.app import VERSIONS, App, serve_from
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.db.migrate import migrate
from keesa.logs import set_up_logs
from keesa.metrics.cells import only_slot
from keesa.metrics.requests import RequestCounts, RequestTable
from keesa.web.calls import Client
from keesa.web.clients import Clients
from keesa.web.middleware import Middleware
from keesa.web.observer import Observer, Unobserved
from keesa.web.trace import Trace

BEARER: Final = "a-token-of-the-benchmark-for-metrics"
ALONE: Final = 100_000
"""Requests that are counted without any request."""


def scope_of(path: str, authorization: str) -> Scope:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"desk"), (b"authorization", authorization.encode())],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }


async def receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Message) -> None:
    assert message.get("status", 200) == 200


async def spent(app: App, path: str, authorization: str, turns: int) -> float:
    """Microseconds of CPU a request."""
    begun = time.process_time()
    for _ in range(turns):
        await app(scope_of(path, authorization), receive, send)
    return (time.process_time() - begun) / turns * 1e6


async def by_turns(apps: Mapping[str, App], authorization: str, turns: int, rounds: int) -> Mapping[str, list[float]]:
    path, found = f"/api/v1/tickets/{cast.RAISED}", {name: list[float]() for name in apps}
    for number in range(rounds + 1):
        for name in sorted(apps, reverse=number % 2 == 0):
            figure = await spent(apps[name], path, authorization, turns)
            found[name] += [figure] if number else []  # the first round fills the caches
    return found


def applications(database: Database, config: Config) -> Mapping[str, App]:
    def unobserved_one(mounted: ASGIApp, origins: Sequence[str], clients: Clients, _: Observer) -> Middleware:
        return Middleware(mounted, origins, clients, Unobserved())

    with patch.object(composition, "Middleware", unobserved_one):
        unobserved = [serve_from(database, config) for _ in range(2)]
    return {"counted": serve_from(database, config), "uncounted": unobserved[0], "uncounted too": unobserved[1]}


def alone() -> float:
    """Microseconds of the observer for a request."""
    table = RequestTable("/api/v1", VERSIONS, ["/api/v1"])
    route = next(each for each in VERSIONS[0].routes if each.path == "/tickets/{ticket}")
    trace = Trace("id", Client("", secure=False, prefix=""), mount="/api/v1", version="2024", route=route)
    counts, begun = RequestCounts(table, only_slot()), time.process_time()
    for _ in range(ALONE):
        counts.in_flight += 1
        counts.in_flight -= 1
        counts.ended(trace, "GET", 200, 0.0004)
    return (time.process_time() - begun) / ALONE * 1e6


def tell(found: Mapping[str, list[float]], other: str, to: str) -> None:
    ratios = sorted(one / another for one, another in zip(found[other], found[to], strict=True))
    ratio = Ratio(median(ratios), ratios[len(ratios) // 4], ratios[-len(ratios) // 4])
    print(
        f"{other:14} {median(found[other]):7.1f} µs, to {to} {ratio.middle:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
    )


async def measure(database: Database, config: Config, turns: int, rounds: int) -> None:
    apps = applications(database, config)
    found = await by_turns(apps, cast.token(database, cast.ADMIN), turns, rounds)
    tell(found, "counted", "uncounted")
    tell(found, "uncounted too", "uncounted")
    print(f"the observer   {alone():7.2f} µs")
    scrapes = [await spent(apps["counted"], "/metrics", f"Bearer {BEARER}", 20) for _ in range(5)]
    print(f"a scrape       {median(scrapes):7.0f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=300)
    options = parser.parse_args()
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = open_database(data, None)
        stack.callback(database.close)
        migrate(database)
        cast.fill(database)
        set_up_logs("json")
        config = Config(data=data, secret=cast.SECRET, metrics_token=BEARER)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(database, config, options.turns, options.rounds))


if __name__ == "__main__":
    main()
