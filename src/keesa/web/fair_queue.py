"""What takes a thread of its own (password checks, say) waits for one of a few: a bounded number, not for long, and
each address in its turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from keesa.web.http_errors import HttpError

T = TypeVar("T")

AT_ONCE: Final = 4
"""Calls that a process runs at the same time: a password check takes 19 MiB and a core."""
WAITING: Final = 64
"""The most calls that wait for a thread."""
PATIENCE: Final = 5.0
"""Seconds that one of them waits."""
RETRY_SECONDS: Final = "2"


class FairQueue:
    """The networks that have calls waiting are served one after the other, so that many calls from one of them let
    those from another wait for one of theirs at the most. Where no more may wait, a network with fewer of them takes a
    place from the one with most. Belongs to one event loop.
    """

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self._threads = ThreadPoolExecutor(at_once, "keesa-thread")
        self._at_once = at_once
        self._most = waiting
        self._patience = patience
        self._free = at_once
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}
        """By network, the next one to be served first."""
        self._waiting = 0

    @property
    def running(self) -> int:
        """Calls that have a thread."""
        return self._at_once - self._free

    @property
    def waiting(self) -> int:
        """Calls that wait for one."""
        return self._waiting

    def close(self) -> None:
        self._threads.shutdown()

    async def run(self, network: str, call: Callable[[], T]) -> T:
        """What `call` gives, from a thread; raises `HttpError` (503) where it has not got one."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(network)
        job = asyncio.get_running_loop().run_in_executor(self._threads, call)
        job.add_done_callback(self._done)
        return await asyncio.shield(job)  # the thread is busy until it is done, whoever has gone meanwhile

    def _done(self, job: asyncio.Future[T]) -> None:
        if not job.cancelled():
            job.exception()  # somebody may have gone before it was theirs
        self._pass_on()

    async def _wait(self, network: str) -> None:
        """Until a thread is handed over."""
        if self._waiting >= self._most:
            self._free_place(network)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(network, deque()).append(place)
        self._waiting += 1
        ours = False
        try:
            async with asyncio.timeout(self._patience):
                await place
            ours = True
        except TimeoutError:
            raise _too_many() from None
        finally:
            if not ours:
                self._give_up(network, place)

    def _give_up(self, network: str, place: asyncio.Future[None]) -> None:
        if place.done() and not place.cancelled() and place.exception() is None:
            self._pass_on()  # it was handed over at the very moment
        else:
            self._leave(network, place)

    def _pass_on(self) -> None:
        """The thread goes to the first of the network whose turn it is."""
        if not self._queues:
            self._free += 1
            return
        network = next(iter(self._queues))
        queue = self._queues.pop(network)
        place = queue.popleft()
        self._waiting -= 1
        if queue:
            self._queues[network] = queue  # behind all others
        if place.done():  # given up, and not yet out of its queue
            self._pass_on()
        else:
            place.set_result(None)

    def _free_place(self, network: str) -> None:
        longest = max(self._queues, key=lambda name: len(self._queues[name]))
        if len(self._queues[longest]) <= len(self._queues.get(network, ())) + 1:
            raise _too_many()
        place = self._queues[longest][-1]
        self._leave(longest, place)
        if not place.done():
            place.set_exception(_too_many())

    def _leave(self, network: str, place: asyncio.Future[None]) -> None:
        queue = self._queues.get(network)
        if queue is None or place not in queue:
            return
        queue.remove(place)
        self._waiting -= 1
        if not queue:
            del self._queues[network]


def _too_many() -> HttpError:
    return HttpError(503, "Too many calls of this kind are under way, please try again", {"Retry-After": RETRY_SECONDS})
