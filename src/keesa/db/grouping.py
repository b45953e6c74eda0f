"""Writes of one process, done one after the other in one thread and committed in groups.

Whoever writes hands a piece of work over and hears of it after the commit that made it durable. What comes while a
group is committed waits for the next: the more there is to write, the more of it shares a commit.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from keesa.db.engine import Work
from keesa.errors import Unavailable

T = TypeVar("T")

GROUP: Final = 64
"""The most writes in one commit: on SQLite a group holds the lock for some 10 ms."""
QUEUE: Final = 4096
"""The most writes that wait; one more is refused as unavailable."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one piece of work: its value, or the error that it ended with, and then it left nothing."""

    value: Any = None
    error: BaseException | None = None


Commit = Callable[[Sequence[Work[Any]]], Sequence[Outcome]]
"""Does a group of works in one transaction and commits it; raises where none of them is done."""


class Job:
    """A piece of work, and who waits for it: a thread, or a task of an event loop."""

    def __init__(self, work: Work[Any], future: "Future[Any] | asyncio.Future[Any]") -> None:
        self.work = work
        self._future = future

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        return self._future.get_loop() if isinstance(self._future, asyncio.Future) else None

    def begins(self) -> bool:
        """False where nobody waits any more."""
        if isinstance(self._future, asyncio.Future):
            return not self._future.cancelled()
        return self._future.set_running_or_notify_cancel()

    def tell(self, outcome: Outcome) -> None:
        """In the loop's own thread, where a loop waits."""
        if self._future.cancelled():
            return
        if outcome.error is None:
            self._future.set_result(outcome.value)
        else:
            try:
                self._future.set_exception(outcome.error)
            except TypeError:  # a StopIteration, which no future of a loop takes
                self._future.set_exception(RuntimeError("the work raised StopIteration"))


class GroupWriter:
    """The one thread that writes."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._queue: queue.Queue[Job | None] = queue.Queue(QUEUE)
        self._closed = False
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._write_groups, name="keesa-writer", daemon=True)
        self._thread.start()

    def write(self, work: Work[T]) -> T:
        future: Future[T] = Future()
        self._submit(Job(work, future))
        return future.result()

    async def awrite(self, work: Work[T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._submit(Job(work, future))
        return await future

    def close(self) -> None:
        """Finish what is queued, and refuse what comes later."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _submit(self, job: Job) -> None:
        with self._guard:  # nothing may be queued behind the end mark that close() puts
            if self._closed:
                raise Unavailable("The database is closed")
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise Unavailable("Too many writes are waiting, please try again later") from None

    def _write_groups(self) -> None:
        while (first := self._queue.get()) is not None:
            group, ended = [first], False
            with suppress(queue.Empty):
                while len(group) < GROUP and not ended:
                    job = self._queue.get_nowait()
                    if job is None:
                        ended = True
                    else:
                        group.append(job)
            self._write_group([job for job in group if job.begins()])
            if ended:
                return

    def _write_group(self, group: Sequence[Job]) -> None:
        """Each outcome is told only after the commit, or after its failure."""
        if not group:
            return
        try:
            outcomes = self._commit([job.work for job in group])
        except BaseException as error:  # noqa: BLE001 - whatever it was, each caller hears of it
            outcomes = [Outcome(error=error)] * len(group)
        _tell(group, outcomes)


def _tell(group: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """A loop is woken once for all of its jobs."""
    told: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = {}
    for job, outcome in zip(group, outcomes, strict=True):
        if job.loop is None:
            job.tell(outcome)
        else:
            told.setdefault(job.loop, []).append((job, outcome))
    for loop, pairs in told.items():
        with suppress(RuntimeError):  # the loop has been closed: nobody waits there
            loop.call_soon_threadsafe(_tell_all, pairs)


def _tell_all(pairs: Sequence[tuple[Job, Outcome]]) -> None:
    for job, outcome in pairs:
        job.tell(outcome)
