"""A bound on what goes on at the same time on event loops: so many at once, so many that wait, and for so long."""

import asyncio
import threading
from collections import deque
from typing import Final

from keesa.errors import Unavailable

LONG_READS_QUEUE: Final = 1024
"""Long reads that wait for a place at the most."""
LONG_READS_PATIENCE: Final = 30.0
"""Seconds that each of them waits."""

_Waiting = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class Admission:
    """Places are given in the order in which they were asked for. Loops of several threads may share it."""

    def __init__(self, places: int, queue: int, patience: float) -> None:
        self._places = places
        self._free = places
        self._queue = queue
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """Places that somebody has."""
        return self._places - self._free

    @property
    def waiting(self) -> int:
        """Who waits for one."""
        return len(self._waiting)

    def enter_now(self) -> bool:
        """Whether there was a place; whoever has one calls `leave`."""
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    async def enter(self) -> None:
        """Wait for a place; raises `Unavailable` where too many wait, or none comes in time."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (place.get_loop(), place)
        with self._lock:
            if self._free:
                self._free -= 1
                return
            if len(self._waiting) >= self._queue:
                raise Unavailable("Too many requests are waiting, please try again later")
            self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._patience):
                await place
        except BaseException as error:
            self._withdraw(waiting)
            if isinstance(error, TimeoutError):
                raise Unavailable("The database is too busy, please try again later") from None
            raise

    def leave(self) -> None:
        """Give the place to who waits the longest."""
        with self._lock:
            while self._waiting:
                loop, place = self._waiting.popleft()
                try:
                    loop.call_soon_threadsafe(self._give, place)
                except RuntimeError:  # the loop has been closed: nobody waits there
                    continue
                return
            self._free += 1

    def _give(self, place: "asyncio.Future[None]") -> None:
        if place.done():  # taken back meanwhile
            self.leave()
        else:
            place.set_result(None)

    def _withdraw(self, waiting: _Waiting) -> None:
        with self._lock:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
        place = waiting[1]
        if place.done() and not place.cancelled():
            self.leave()
        else:
            place.cancel()


class Place:
    """One that was given by `enter`: it is left when the last of those that hold it lets go, who waits for the work or
    the work itself.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._holders = 0

    def __enter__(self) -> None:
        self._holders += 1

    def __exit__(self, *_: object) -> None:
        self._holders -= 1
        if not self._holders:
            self._admission.leave()
