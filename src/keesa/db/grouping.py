"""Writes of one process, done one after the other in one thread and committed in groups.

Whoever writes hands a piece of work over and hears of it after the commit that made it durable. What comes while a
group is committed waits for the next: the more there is to write, the more of it shares a commit.

Nobody waits for ever: what has not begun after `PATIENCE` is told so and never begins, whatever makes the writer
wait; of what has begun, whoever waits longer than `LONGEST` is told that its outcome is not known.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from types import CoroutineType, GeneratorType
from typing import Any, Final, TypeVar

from keesa.db.engine import Tx, Work
from keesa.errors import Unavailable

T = TypeVar("T")

GROUP: Final = 64
"""The most writes in one commit: on SQLite a group holds the lock for some 10 ms."""
QUEUE: Final = 4096
"""The most writes that wait; one more is refused as unavailable."""
PATIENCE: Final = 10.0
"""Seconds that a write waits for its beginning."""
LONGEST: Final = 60.0
"""Seconds that its caller waits for its end."""
TICK: Final = 1.0
"""Seconds between two looks at who has waited for too long."""
_LATE: Final = "The database does not take writes now, please try again later"
_UNKNOWN: Final = "The database has not answered in time: whether the change was made is not known"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one piece of work: its value, or the error that it ended with, and then it left nothing."""

    value: Any = None
    error: BaseException | None = None
    kept_calls: Sequence[Callable[[], None]] = ()
    """What to call once it is durable."""


Commit = Callable[[Sequence[Work[Any]]], Sequence[Outcome]]
"""Does a group of works in one transaction and commits it; raises where none of them is done."""


class Job:
    """A piece of work, and who waits for it: a thread, or a task of an event loop. It is a work itself, which begins
    only while somebody waits for it.
    """

    def __init__(
        self,
        work: Work[Any],
        future: "Future[Any] | asyncio.Future[Any]",
        *,
        patience: float | None = None,
        longest: float = LONGEST,
    ) -> None:
        self._work = work
        self._future = future
        self._patience = PATIENCE if patience is None else patience
        self._longest = longest
        self._since = time.monotonic()
        self._open = [True]  # who pops it, decides whether the work begins: to pop is one step among threads
        self._untold = [True]  # likewise, who tells the outcome
        self._begun = False

    def __call__(self, tx: Tx) -> Any:  # noqa: ANN401 - whatever the work gives
        if not self._begun:
            self._begun = _popped(self._open)
            if not self._begun or self._future.cancelled():
                raise Unavailable(_LATE)
        value = self._work(tx)
        if isinstance(value, GeneratorType | CoroutineType):
            value.close()
            raise TypeError(f"{self._work!r} has not run: it gives a {type(value).__name__}")
        return value

    def overdue(self, at: float) -> Outcome | None:
        """What to tell who has waited for too long, at that time of the monotonic clock; then it begins no more."""
        if at - self._since > self._longest and self._begun:
            return Outcome(error=Unavailable(_UNKNOWN))
        if at - self._since > self._patience and not self._begun and _popped(self._open):
            return Outcome(error=Unavailable(_LATE))
        return None

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        return self._future.get_loop() if isinstance(self._future, asyncio.Future) else None

    @property
    def wanted(self) -> bool:
        """False where nobody waits any more."""
        return bool(self._untold) and not self._future.cancelled()

    def tell(self, outcome: Outcome) -> None:
        """In the loop's own thread, where a loop waits; what was told first counts."""
        if self._future.cancelled() or not _popped(self._untold):
            return
        if outcome.error is None:
            self._future.set_result(outcome.value)
        else:
            try:
                self._future.set_exception(outcome.error)
            except TypeError:  # a StopIteration, which no future of a loop takes
                self._future.set_exception(RuntimeError("the work raised StopIteration"))


def _popped(once: list[bool]) -> bool:
    """Whether nobody else has popped it."""
    try:
        return once.pop()
    except IndexError:
        return False


def _result(future: "Future[T]") -> T:
    """Waited for in short turns: a signal that comes just before a wait is noticed at its end only."""
    while not future.done():
        with suppress(TimeoutError):
            return future.result(TICK)
    return future.result()


class GroupWriter:
    """The one thread that writes, and one that looks after who waits for it."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._queue: queue.Queue[Job | None] = queue.Queue(QUEUE)
        self._closed = False
        self._lock = threading.Lock()
        self._group: Sequence[Job] = ()
        self.writes = 0
        """That were handed to a commit."""
        self.commits = 0
        """Groups of them."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_groups, name="keesa-writer", daemon=True)
        self._thread.start()
        threading.Thread(target=self._look_after, name="keesa-deadlines", daemon=True).start()

    def write(self, work: Work[T], *, patience: float | None = None, longest: float = LONGEST) -> T:
        """A work that is known to take long names the seconds that its caller waits for its beginning and its end."""
        future: Future[T] = Future()
        self._submit(Job(work, future, patience=patience, longest=longest))
        return _result(future)

    async def awrite(self, work: Work[T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._submit(Job(work, future))
        return await future

    @property
    def waiting(self) -> int:
        """Writes that are in no group yet."""
        return self._queue.qsize()

    def close(self) -> bool:
        """Finish what is queued, and refuse what comes later. False where the writer waits for too long: what it
        has is then left to the end of the process.
        """
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            with suppress(queue.Full):
                self._queue.put(None, timeout=PATIENCE)
            self._thread.join(2 * PATIENCE)
            self._ended.set()
        return not self._thread.is_alive()

    def _submit(self, job: Job) -> None:
        with self._lock:  # nothing may be queued behind the end mark that close() puts
            if self._closed:
                raise Unavailable("The database is closed")
            try:
                self._queue.put_nowait(job)
            except queue.Full:
                raise Unavailable("Too many writes are waiting, please try again later") from None

    def _write_groups(self) -> None:
        while self._write_next():
            pass

    def _write_next(self) -> bool:
        """The group that comes next; nothing of it is kept while the one after it is waited for. False at the end."""
        first, ended = self._queue.get(), False
        if first is None:
            return False
        group = [first]
        with suppress(queue.Empty):
            while len(group) < GROUP and not ended:
                job = self._queue.get_nowait()
                if job is None:
                    ended = True
                else:
                    group.append(job)
        self._write_group([job for job in group if job.wanted])
        return not ended

    def _write_group(self, group: Sequence[Job]) -> None:
        """Each outcome is told only after the commit, or after its failure."""
        if not group:
            return
        self._group = group
        self.writes += len(group)
        self.commits += 1
        try:
            outcomes = self._commit(group)
        except BaseException as error:  # noqa: BLE001 - whatever it was, each caller hears of it
            outcomes = [Outcome(error=error)] * len(group)
        for call in dict.fromkeys(call for outcome in outcomes for call in outcome.kept_calls):
            call()
        self._group = ()
        _tell(group, outcomes)

    def _look_after(self) -> None:
        while not self._ended.wait(min(TICK, PATIENCE / 5)):
            with self._queue.mutex:
                waiting = [job for job in self._queue.queue if job is not None]
            at = time.monotonic()
            late = [(job, outcome) for job in [*self._group, *waiting] if (outcome := job.overdue(at))]
            _tell([job for job, _ in late], [outcome for _, outcome in late])


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
