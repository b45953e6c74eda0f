"""The engine without HTTP: the bare function's statements in a tight loop, and PostgreSQL's own pgbench with the same.

    .venv/bin/python -m bench.limits.engine_alone --data DIR [--database-url URL] [--seconds 3]

Prints operations a second and the CPU time of one: this process's, and that of PostgreSQL with all its backends, where
it runs on this machine. The creates stay in the database.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.accounts import cpu_seconds
from bench.limits import bare_postgres, bare_sqlite, pgbench
from bench.limits.given import TICKET
from bench.limits.statements import Statements
from keesa.clock import now
from keesa.db.opening import SQLITE_FILE

SEED: Final = 1
LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class Speed:
    """What one statement, or one create, did."""

    name: str
    clients: int
    per_second: float
    cpu_micros: float
    """Of one operation, client and database together; pgbench's own is not in it."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A driver as the loop uses it, and the processes whose CPU time counts."""

    execute: Callable[[str, Mapping[str, object]], Any]
    """Answers a cursor."""
    transaction: Callable[[], AbstractContextManager[object]]
    sql: Statements
    processes: tuple[int, ...]


def measure(data: Path, database_url: str | None, seconds: float) -> list[Speed]:
    """Each operation for so long, on a database of Keesa's that holds tickets."""
    if database_url is None:
        return _measure_sqlite(data / SQLITE_FILE, seconds)
    return _measure_postgres(database_url, seconds)


def _measure_sqlite(path: Path, seconds: float) -> list[Speed]:
    connection = bare_sqlite.connect(path)

    @contextmanager
    def transaction() -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")

    try:
        plain = Plain(connection.execute, transaction, bare_sqlite.STATEMENTS, (os.getpid(),))
        return _loops(plain, seconds)
    finally:
        connection.close()


def _measure_postgres(url: str, seconds: float) -> list[Speed]:
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        connection.execute("SET synchronous_commit = on")
        postmaster = postmaster_of(connection)
        processes = (os.getpid(), *([postmaster] if postmaster else []))
        plain = Plain(connection.execute, connection.transaction, bare_postgres.STATEMENTS, processes)
        speeds = _loops(plain, seconds)
    for name, clients, script in pgbench.runs(url):
        before = cpu_seconds([postmaster]) if postmaster else 0.0
        done, per_second = pgbench.run(url, script, clients, seconds)
        spent = cpu_seconds([postmaster]) - before if postmaster else 0.0
        speeds.append(Speed(f"pgbench {name}", clients, per_second, spent / max(1, done) * 1e6))
    return speeds


def postmaster_of(connection: psycopg.Connection[Any]) -> int | None:
    """The process that all of the database's come from; None where it runs on another machine."""
    [[backend]] = connection.execute("SELECT pg_backend_pid()").fetchall()
    try:
        name, _, fields = Path(f"/proc/{backend}/stat").read_text("utf-8", "replace").rpartition(")")
    except OSError:
        return None
    return int(fields.split()[1]) if "postgres" in name else None


def _loops(plain: Plain, seconds: float) -> list[Speed]:
    rows = plain.execute("SELECT id FROM tickets", {}).fetchall()
    ids = random.Random(SEED).choices([row[0] for row in rows], k=1000)  # noqa: S311 - a choice of tickets
    sql = plain.sql
    works: dict[str, Callable[[int], object]] = {
        "list": lambda _: plain.execute(sql.lists["admin"], {"limit": LIMIT}).fetchall(),
        "one ticket": lambda turn: plain.execute(sql.one, {"id": ids[turn % len(ids)]}).fetchall(),
        "durable create": _creating(plain),
    }
    return [_timed(name, work, plain.processes, seconds) for name, work in works.items()]


def _creating(plain: Plain) -> Callable[[int], None]:
    """What the bare function's create does, for the first customer and in the name of the first user."""
    sql = plain.sql
    first = "SELECT (SELECT min(id) FROM customers), min(id) FROM users WHERE id > 0"  # 0 is Keesa itself
    [customer_id, user_id] = plain.execute(first, {}).fetchone()
    ticket = {**TICKET, "customer_id": customer_id, "user_id": user_id}

    def create(_: int) -> None:
        at, prefix = now(), time.strftime("%Y")
        with plain.transaction():
            [last] = plain.execute(sql.next_number, {"prefix": prefix}).fetchone()
            number = int(f"{prefix}{last:03}")
            plain.execute(sql.raise_ticket, {**ticket, "id": number, "at": at}).fetchone()
            about = {"id": number, "user_id": user_id, "at": at}
            plain.execute(sql.record_status, {**about, "status": "open"})
            plain.execute(sql.record_event, {**about, "kind": "raised", "changes": "{}"})

    return create


def _timed(name: str, work: Callable[[int], object], processes: tuple[int, ...], seconds: float) -> Speed:
    for turn in range(20):  # statements prepared, caches warm
        work(turn)
    spent, begun, turn = cpu_seconds(processes), time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        work(turn)
        turn += 1
    return Speed(name, 1, turn / passed, (cpu_seconds(processes) - spent) / turn * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data file")
    parser.add_argument("--database-url", help="PostgreSQL's, in place of it")
    parser.add_argument("--seconds", type=float, default=3, help="for each")
    options = parser.parse_args()
    print(f"{'':24}{'clients':>8}{'a second':>12}{'CPU µs each':>14}")
    for speed in measure(options.data, options.database_url, options.seconds):
        print(f"{speed.name:24}{speed.clients:8}{speed.per_second:12.0f}{speed.cpu_micros:14.0f}")
    if options.database_url and pgbench.program() is None:
        print(pgbench.MISSING)


if __name__ == "__main__":
    main()
