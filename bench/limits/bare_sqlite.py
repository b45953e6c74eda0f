"""The plain sqlite3 module: a connection a process, everything run on the spot, a commit a write."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bench.limits.engine import Parameters, Rows, Run
from bench.limits.statements import statements
from keesa.db.sqlite_tx import NEW_REVISION

STATEMENTS: Final = statements("json_group_array", "json_array", NEW_REVISION)
BUSY_TIMEOUT: Final = 30.0
"""Seconds that a write waits for another process's, in SQLite's own way."""


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class BareSqlite:
    statements = STATEMENTS

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)

    async def open(self) -> None:
        """It is."""

    async def close(self) -> None:
        self._connection.close()

    async def read(self, sql: str, parameters: Parameters) -> Rows:
        return self._connection.execute(sql, parameters).fetchall()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Run]:
        """Nothing in it ever waits, so the event loop runs one after the other."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.read
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
