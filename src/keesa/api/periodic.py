"""What is written beside the requests: from time to time, and once more when the server stops."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import ClassVar, Final

import structlog

INTERVAL: Final = 60.0
"""Seconds from one time to the next."""
PATIENCE: Final = 10.0
"""Seconds that a time may take."""
LAST_PATIENCE: Final = 3.0
"""The same while the server's end is waited for."""

_log = structlog.get_logger("keesa.periodic")


class Periodic(ABC):
    """Of one process: `start` it within an event loop, and `stop` it before the database is closed."""

    what: ClassVar[str]
    """As the log calls it."""

    def __init__(self) -> None:
        self._running: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @abstractmethod
    async def _write(self, *, last: bool) -> None:
        """All that is due. It may be broken off anywhere, and keeps what is not written for the next time."""

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """What there is is written once more. A write that is under way ends first: broken off, it might be done and
        not known to be.
        """
        self._stopping.set()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def write(self, *, last: bool = False) -> None:
        """Where that fails the log tells why, and no request knows of it."""
        try:
            async with asyncio.timeout(LAST_PATIENCE if last else PATIENCE):
                await self._write(last=last)
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on serving
            _log.warning("not written", what=self.what, reason=str(error) or type(error).__name__)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), INTERVAL)
                break
            await self.write()
        await self.write(last=True)
