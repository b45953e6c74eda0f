"""Waking those who wait for the feed: one look for all of a process, as soon as it has written something itself, and
every few hundredths of a second for what others have.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from keesa.accounts.actors import Actor
from keesa.db import Database
from keesa.feed.positions import Position
from keesa.feed.watching import MOST, Happened, concerns, look

PAUSE: Final = 0.04
"""Seconds between two looks, while anybody waits."""
TROUBLED_PAUSE: Final = 1.0
"""The same where the database did not answer."""
PATIENCE: Final = 5.0
"""Seconds that a look may take."""

_log = structlog.get_logger("keesa.feed")


@dataclass(slots=True, eq=False)
class _Waiter:
    actor: Actor
    woken: asyncio.Future[bool]


class FeedWatch:
    """Of one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters: set[_Waiter] = set()
        self._seen: Position | None = None
        """Behind which nothing was looked at; None while nobody waits."""
        self._written = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._stopped = False

    async def until(self, actor: Actor, after: Position, seconds: float) -> bool:
        """Wait for something behind the position that may concern the actor; False where nothing came in so many
        seconds, or the server stops.
        """
        if self._stopped:
            return False
        if self._seen is not None and after[:2] < self._seen[:2]:
            return True  # what came between was looked at before this one waited
        waiter = _Waiter(actor, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        if self._watching is None:
            self._seen = after
            self._watching = asyncio.ensure_future(self._watch())
        try:
            async with asyncio.timeout(seconds):
                return await waiter.woken
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)

    def written(self) -> None:
        """By this process, which may have something to tell at once."""
        if self._watching is not None:
            self._written.set()

    def stop(self) -> None:
        """Whoever waits is answered, and nobody waits from now on."""
        self._stopped = True
        self._wake_all(something=False)

    async def _watch(self) -> None:
        try:
            while self._waiters:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._written.wait(), PAUSE)
                self._written.clear()
                await self._look()
        finally:
            self._watching = self._seen = None
            self._wake_all(something=True)  # who came at the last moment asks again

    async def _look(self) -> None:
        assert self._seen is not None  # noqa: S101 - as long as somebody waits
        after = self._seen
        try:
            async with asyncio.timeout(PATIENCE):
                happened = await self._database.aread(lambda tx: look(tx, after))
        except Exception as error:  # noqa: BLE001 - whoever waits is answered at the end of their time
            _log.warning("the feed is not looked at", reason=str(error) or type(error).__name__)
            await asyncio.sleep(TROUBLED_PAUSE)
            return
        if happened:
            self._seen = happened[-1].position
            self._tell(happened)

    def _tell(self, happened: list[Happened]) -> None:
        """Of more than is looked at everybody is told."""
        for waiter in [*self._waiters]:
            if not waiter.woken.done() and (len(happened) == MOST or concerns(waiter.actor, happened)):
                waiter.woken.set_result(True)

    def _wake_all(self, *, something: bool) -> None:
        for waiter in self._waiters:
            if not waiter.woken.done():
                waiter.woken.set_result(something)
