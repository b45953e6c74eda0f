"""Keeping a database's writer busy, so that what comes after them has to wait where it takes turns."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from keesa.db import Database, Tx


@asynccontextmanager
async def busy_writer(database: Database) -> AsyncIterator[threading.Event]:
    """A write of another thread goes on until the event is set, at the latest at the end of the block. On SQLite all
    others wait for it.
    """
    gate, started = threading.Event(), threading.Event()

    def wait(_tx: Tx) -> None:
        started.set()
        gate.wait()

    held = asyncio.ensure_future(asyncio.to_thread(database.write, wait))
    try:
        await asyncio.to_thread(started.wait)
        yield gate
    finally:
        gate.set()
        await held
