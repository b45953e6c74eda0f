"""Keesa as an operator starts it, on a data set of the benchmark, with its people logged in."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

import psycopg

from bench.accounts import memory_mib, tree
from bench.dataset import PASSWORD, World
from bench.engines import Engine
from keesa.db.opening import SQLITE_FILE
from live import KEESA, UNMET, LiveServer
from postgres_server import PostgresServer

PEOPLE: Final = ("admin", "engineer", "customers_user", "bot")
_WARM: Final = 60
"""Seconds at most for one request by hand."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a data set lies: a folder, and on PostgreSQL a database too; `postmaster` is its first process."""

    data: Path
    database_url: str | None
    postmaster: int | None

    def size_mb(self) -> float:
        """Of the database, in megabytes, with its indexes."""
        if self.database_url is None:
            return sum(path.stat().st_size for path in self.data.glob(f"{SQLITE_FILE}*")) / 1e6
        with psycopg.connect(self.database_url) as connection:
            [[found]] = connection.execute("SELECT pg_database_size(current_database())").fetchall()
        return int(found) / 1e6


@dataclass(frozen=True, slots=True)
class Desk:
    """A server that answers."""

    url: str
    pid: int
    place: Place
    world: World
    tokens: Mapping[str, str]
    """Of each of PEOPLE: an access token of a 2024 session."""
    refresh_tokens: Mapping[str, str]
    started_in: float
    """Seconds from its start to its first answer."""

    @property
    def processes(self) -> Sequence[int]:
        return (self.pid,) if self.place.postmaster is None else (self.pid, self.place.postmaster)

    def worker_mib(self) -> float:
        """Memory of its largest worker."""
        return max(memory_mib(process) for process in tree(self.pid)[1:])


@contextmanager
def serving(place: Place, world: World, workers: int, *, keesa: Sequence[str] | None = None) -> Iterator[Desk]:
    """`keesa` is the command in place of Keesa's own, for a variant of it."""
    server = LiveServer(place.data, place.database_url, "--workers", str(workers), keesa=keesa or KEESA, **UNMET)
    server.log = place.data / f"serve-{time.monotonic_ns()}.log"
    begun = time.perf_counter()
    with server:
        started_in = time.perf_counter() - begun
        opened = {person: log_in(server.url, getattr(world, person)) for person in PEOPLE}
        access = {person: answer["access"] for person, answer in opened.items()}
        refresh = {person: answer["refresh"] for person, answer in opened.items()}
        yield Desk(server.url, server.pid, place, world, access, refresh, started_in)
    server.log.unlink()


def log_in(url: str, email: str, password: str = PASSWORD) -> dict[str, str]:
    body = json.dumps({"user": email, "password": password}).encode()
    request = Request(f"{url}/api/v1/auth/login", body, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urlopen(request, timeout=_WARM) as answer:  # noqa: S310 - as above
        tokens: dict[str, str] = json.loads(answer.read())
    return tokens


def get(url: str, path: str, token: str) -> bytes:
    request = Request(f"{url}{path}", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - loopback
    with urlopen(request, timeout=_WARM) as answer:  # noqa: S310 - as above
        body: bytes = answer.read()
    return body


@contextmanager
def server_of(engine: Engine) -> Iterator[PostgresServer | None]:
    """PostgreSQL as it comes, fsync and all: Debian's newest, or else that of the tests; none for SQLite."""
    if engine == "sqlite":
        yield None
        return
    for binaries in sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]:
        os.environ.setdefault("KEESA_TEST_POSTGRES_BIN", str(binaries))
    with PostgresServer(durable=True) as server:
        yield server
