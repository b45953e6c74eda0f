"""Failed logins that are no user's, written from time to time while the application runs, and at its end."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from keesa.accounts.audit.unknown_logins import Gathered, UnknownLogins, write
from keesa.clock import now
from keesa.db import Database, driver_errors
from keesa.errors import KeesaError

EVERY: Final = 60.0
"""Seconds."""
LAST: Final = 5.0
"""Seconds that the end of the application waits for the last writing."""
_log = structlog.get_logger("keesa.logins")


class GatheredLogins:
    def __init__(self, database: Database, unknown: UnknownLogins) -> None:
        self._database = database
        self._unknown = unknown
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """On the running event loop."""
        self._task = asyncio.create_task(self._again_and_again())

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        with suppress(TimeoutError):
            await asyncio.wait_for(self.write(), LAST)

    async def write(self) -> None:
        """What there is; where that cannot be, it is kept for the next time."""
        gathered = self._unknown.take()
        if gathered is None:
            return
        at = now()
        try:
            await self._database.awrite(lambda tx: write(tx, gathered, at))
        except KeesaError as error:
            self._put_back(gathered, error)
        except driver_errors() as error:
            self._put_back(gathered, error)

    def _put_back(self, gathered: Gathered, error: Exception) -> None:
        self._unknown.put_back(gathered)
        _log.warning("failed logins could not be written yet", error=str(error))

    async def _again_and_again(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.write()
