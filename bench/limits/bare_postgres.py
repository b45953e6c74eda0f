"""Plain psycopg 3 in the event loop: a few connections a process, prepared statements, a commit a write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from psycopg import AsyncConnection

from bench.limits.engine import Parameters, Rows, Run
from bench.limits.statements import DRAWN, statements
from keesa.db.postgres_statements import NEW_REVISION

STATEMENTS: Final = statements("json_agg", "json_build_array", NEW_REVISION, "FOR UPDATE", r"%(\1)s", DRAWN)
CONNECTIONS: Final = 8
"""A process; Keesa keeps as many for its reads."""


class BarePostgres:
    statements = STATEMENTS

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: asyncio.Queue[AsyncConnection[Any]] = asyncio.Queue()

    async def open(self) -> None:
        for _ in range(CONNECTIONS):
            connection = await AsyncConnection.connect(self._url, autocommit=True, prepare_threshold=0)
            await connection.execute("SET synchronous_commit = on")
            self._free.put_nowait(connection)

    async def close(self) -> None:
        for _ in range(CONNECTIONS):
            await (await self._free.get()).close()

    async def read(self, sql: str, parameters: Parameters) -> Rows:
        async with self._connection() as connection:
            return await (await connection.execute(sql, parameters)).fetchall()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Run]:
        async with self._connection() as connection, connection.transaction():

            async def run(sql: str, parameters: Parameters) -> Rows:
                cursor = await connection.execute(sql, parameters)
                return await cursor.fetchall() if cursor.description else ()

            yield run

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        connection = await self._free.get()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)
