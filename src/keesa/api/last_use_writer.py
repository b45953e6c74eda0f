"""Writes down, beside the requests, when sessions and API tokens were last used."""

import asyncio
from itertools import islice
from typing import Final

import structlog

from keesa.accounts.last_use import BATCH, PRECISION, Key, LastUse, write_last_use
from keesa.clock import now
from keesa.db import Database

INTERVAL: Final = 60.0
"""Seconds from one time to the next."""
PATIENCE: Final = 10.0
"""Seconds that a time may take, with all of its writes."""
LAST_PATIENCE: Final = 3.0
"""The same while the process is waited for."""

_log = structlog.get_logger("keesa.last_use")


class LastUseWriter:
    """Of one process: `start` it within an event loop, and `stop` it before the database is closed."""

    def __init__(self, database: Database, last_use: LastUse) -> None:
        self._database = database
        self._last_use = last_use
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """What is noted is written once more."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            await self.write(last=True)

    async def write(self, *, last: bool = False) -> None:
        """Write what is due. Where that fails it stays noted, and the log tells why; no request knows of it."""
        at, apart, patience = now(), *((0, LAST_PATIENCE) if last else (PRECISION, PATIENCE))
        due = iter(self._last_use.due(at, all_of_them=last).items())
        try:
            async with asyncio.timeout(patience):
                while batch := dict(islice(due, BATCH)):
                    await self._write(batch, apart)
                    self._last_use.wrote(batch, at)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on serving
            _log.warning("times of last use are not written", reason=str(error) or type(error).__name__)

    async def _write(self, batch: dict[Key, int], apart: int) -> None:
        await self._database.awrite(lambda tx: write_last_use(tx, batch, apart))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            await self.write()
