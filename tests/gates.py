"""Keeping a database's writers busy, so that what comes after them has to wait."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from keesa.db import Database, Tx
from keesa.db.postgres import CONNECTIONS, PostgresDatabase


@asynccontextmanager
async def busy_writers(database: Database) -> AsyncIterator[threading.Event]:
    """Every writer of the database works until the event is set, at the latest at the end of the block."""
    gate = threading.Event()
    started = threading.Semaphore(0)

    def wait(_tx: Tx) -> None:
        started.release()
        gate.wait()

    count = CONNECTIONS if isinstance(database, PostgresDatabase) else 1
    held = [asyncio.ensure_future(database.awrite(wait)) for _ in range(count)]
    try:
        for _ in held:
            await asyncio.to_thread(started.acquire)
        yield gate
    finally:
        gate.set()
        await asyncio.gather(*held)
