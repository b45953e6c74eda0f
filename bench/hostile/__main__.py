"""The real server under 1,200 slow connections, a flood of hostile notes and a burst of logins, all at once.

    PYTHONPATH=tests/support .venv/bin/python -m bench.hostile [--engine sqlite,postgres] [--connections 1200]
        [--seconds 40]

While they last, another process asks for /health (on a connection of its own each time) and for one ticket, and
writes notes. Prints what was felt, and whether it is within the bounds; exit status 1 if not: p99 of /health and of
one ticket at most 250 ms, no acknowledged note lost, and memory and open files back afterwards.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.desks import log_in
from bench.hostile.asking import Client, Target, answer_of
from bench.hostile.watching import Felt, Usage, notes_of, usage_of
from keesa.demo.people import JOHN_DOE
from live import LiveServer
from postgres_server import PostgresServer

P99_MS: Final = 250
MORE_MIB: Final = 64
"""What a worker that has had a busy time may keep: caches, and what the C library has not given back."""
MORE_FILES: Final = 40
"""The same of files: SQLite keeps those of closed readers until its last connection to the file is idle."""
BACK_SECONDS: Final = 90
"""In which it must have let go of the rest."""
_LONG: Final = "A long answer from the island. " * 2000


def main() -> int:
    parser = argparse.ArgumentParser(
        "bench.hostile", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--engine", default="sqlite,postgres")
    parser.add_argument("--connections", type=int, default=1200)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    good = True
    for engine in options.engine.split(","):
        if engine not in ("sqlite", "postgres"):
            parser.error(f"--engine knows sqlite and postgres, not {engine!r}")
        with _server(engine, options.workers) as server:
            good = _try(engine, server, options) and good
    return 0 if good else 1


@contextmanager
def _server(engine: str, workers: int) -> Iterator[LiveServer]:
    with tempfile.TemporaryDirectory(prefix="keesa-hostile-") as folder:
        data = Path(folder, "data")
        data.mkdir(mode=0o700)
        options = ("--demo", "--workers", str(workers))
        if engine == "sqlite":
            with LiveServer(data, None, *options) as server:
                yield server
            return
        with PostgresServer(durable=True) as postgres:
            postgres.create_database("hostile")
            with LiveServer(data, postgres.url("hostile"), *options) as server:
                yield server


def _try(engine: str, server: LiveServer, options: argparse.Namespace) -> bool:
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    target = Target(host, int(port), log_in(server.url, JOHN_DOE.email, "Password123")["access"])
    attacked, watched = asyncio.run(_prepared(target))
    before = usage_of(server.pid)
    attackers = _process("attackers", target, options.connections, attacked, options.seconds)
    time.sleep(3)  # they are there first
    watchers = _process("watching", target, watched, options.seconds - 6)
    felt = Felt(**_told(watchers))
    during = usage_of(server.pid)
    done = _told(attackers)
    after = _when_back(server.pid, before, options.workers)
    back = _is_back(after, before, options.workers)
    lost = set(felt.acknowledged) - asyncio.run(notes_of(target, watched))
    rows = [
        ("p99 of /health", f"{felt.p99('health'):.0f} ms", felt.p99("health") <= P99_MS),
        ("p99 of one ticket", f"{felt.p99('one ticket'):.0f} ms", felt.p99("one ticket") <= P99_MS),
        ("p99 of adding a note", f"{felt.p99('add note'):.0f} ms", True),
        ("acknowledged notes lost", f"{len(lost)} of {len(felt.acknowledged)}", not lost and bool(felt.acknowledged)),
        (
            "memory before, during, after",
            f"{before.mib:.0f}, {during.mib:.0f}, {after.mib:.0f} MiB",
            back,
        ),
        (
            "files before, during, after",
            f"{before.files}, {during.files}, {after.files}",
            back,
        ),
    ]
    print(
        f"\n{engine}: {options.connections} slow connections; done meanwhile: {json.dumps(dict(sorted(done.items())))}"
    )
    for what, value, good in rows:
        print(f"  {what:32}{value:28}{'' if good else 'NOT within bounds'}")
    return all(good for _, _, good in rows)


async def _prepared(target: Target) -> tuple[int, int]:
    """The number of a ticket to flood and of one to watch; and some long notes, so that lists are long."""
    client, numbers = Client(target), []
    for _ in range(3):
        fields = {
            "title": "Mast",
            "description": "x",
            "category": "fault",
            "ticket_type": "roc_support",
            "product_id": 4,
        }
        _, body, _ = await client.ask("POST", "/api/v1/tickets", {"ticket": fields, "customer_id": 20})
        numbers.append(int(answer_of(body)["id"]))
    for _ in range(12):
        note = {"ticket_note": {"note": _LONG}, "ticket_number": str(numbers[2])}
        await client.ask("POST", "/api/v1/tickets/add_ticket_note", note)
    client.close()
    return numbers[0], numbers[1]


def _process(module: str, target: Target, *arguments: object) -> "subprocess.Popen[str]":
    given = (target.host, target.port, target.token, *arguments)
    call = f"from bench.hostile.{module} import main; main(*{given!r})"
    return subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", call],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": ":".join(sys.path)},
    )


def _told(process: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - JSON
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit("a process of the benchmark has failed")
    return json.loads(out)


def _is_back(now: Usage, before: Usage, workers: int) -> bool:
    return now.mib <= before.mib + MORE_MIB * workers and now.files <= before.files + MORE_FILES * workers


def _when_back(pid: int, before: Usage, workers: int) -> Usage:
    deadline = time.monotonic() + BACK_SECONDS
    while not _is_back(now := usage_of(pid), before, workers) and time.monotonic() < deadline:
        time.sleep(1)
    return now


if __name__ == "__main__":
    sys.exit(main())
