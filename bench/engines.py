"""The engines that a benchmark is asked for, and a server of the one that needs one."""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.peers.peer import Engine
from postgres_server import PostgresServer

ENGINES: Final[tuple[Engine, ...]] = ("sqlite", "postgres")


def chosen_engines(text: str) -> Sequence[Engine]:
    """An option's value: their names, separated by commas, or `both`."""
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in {*ENGINES, "both"}]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no engine: it is sqlite, postgres or both")
    return [engine for engine in ENGINES if engine in words or "both" in words]


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
