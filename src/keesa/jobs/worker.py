"""What does the jobs: in each server process one worker, on the event loop, which nothing of it holds up.

It looks for what is due once a second, by a read, and at once where this process has queued something. So what another
process has queued begins a second later at the most, a desk on which nothing is due writes nothing, and nobody has to
listen to the database (docs/decisions/0052-jobs.md).
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar
from uuid import uuid4

import structlog

from keesa.clock import Clock, now
from keesa.db import Database, Tx, Work
from keesa.errors import Unavailable
from keesa.jobs import ending, leasing, queueing, scheduling
from keesa.jobs.kinds import SECOND, Job, Kind, Kinds, Outside
from keesa.jobs.leasing import Leased, LeaseLostError

T = TypeVar("T")

FIRST: Final = 2.0
"""Seconds from the start to the first look: a server that starts has better things to do."""
LOOK: Final = 1.0
"""Seconds between two looks, where nothing is due."""
LONGEST_LOOK: Final = 60.0
"""The same where the database does not answer: they grow up to it."""
MEASURE: Final = 60.0
"""Seconds between two looks at how much waits, and at what recurs."""
AT_ONCE: Final = 16
"""Jobs that one process does at the same time."""
PATIENCE: Final = 3.0
"""Seconds in which jobs that are under way may end when the server stops."""
LAST_PATIENCE: Final = 1.0
"""The same of leaving to others what has not."""
PUT_BACK: Final = 30 * SECOND
"""Milliseconds after which a job is begun again with which the database could not be reached."""
_STEPS: Final = 1_000_000

Outcome = Literal["done", "failed", "given_up"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("done", "failed", "given_up")

_log = structlog.get_logger("keesa.jobs")


@dataclass(slots=True)
class _Begun:
    """A job that is under way."""

    job: Job
    renewed: float
    """When its lease was taken or renewed, on the monotonic clock."""
    task: "asyncio.Task[None]"


class Worker:
    """Of one process: `start` it within an event loop, and `stop` it before the database is closed."""

    def __init__(self, database: Database, kinds: Kinds, clock: Clock) -> None:
        self._database = database
        self._kinds = kinds
        self._clock = clock
        self.name: Final = uuid4().hex
        """Of this process, with which the names of its leases begin."""
        self._leases = 0
        self._begun: dict[Job, _Begun] = {}
        self._running: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = self._waits = False
        self._woken = asyncio.Event()
        self._measured = -MEASURE
        self._look = LOOK
        self.tally: Counter[tuple[str, Outcome]] = Counter()
        """How attempts have ended, by kind."""

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running = self._loop.create_task(self._run())
        queueing.listen(self._wake)

    async def stop(self) -> None:
        """Nothing more is begun. What is under way has `PATIENCE` to end, is broken off then, and left to others."""
        if self._running is None:
            return
        queueing.listen_no_more(self._wake)
        self._stopping = True
        self._woken.set()
        _, late = await asyncio.wait([self._running, *self._tasks()], timeout=PATIENCE)
        left = [job for job, begun in self._begun.items() if begun.task in late]
        for task in late:
            task.cancel()
        await self._leave(left)

    def _tasks(self) -> "list[asyncio.Task[None]]":
        return [begun.task for begun in self._begun.values()]

    @property
    def idle(self) -> bool:
        """Whether it waits for something to do."""
        return self._waits and not self._begun

    @property
    def under_way(self) -> int:
        """How many jobs are."""
        return len(self._begun)

    async def look(self) -> bool:
        """Begin what is due, as far as more may be; whether there was anything."""
        await self._look_after()
        free = self._free()
        due = await self._database.aread(lambda tx: leasing.due(tx, [*free], now()))
        wanted = self._shared({self._kinds[name]: free[self._kinds[name]] for name in due})
        if not wanted or self._stopping:
            return False
        self._leases += 1
        name = f"{self.name}.{self._leases}"
        leased = await self._database.awrite(lambda tx: leasing.lease(tx, name, wanted, now()))
        if self._stopping:
            await self._leave(leased.jobs)
            return False
        self._begin(leased)
        return bool(leased.jobs or leased.given_up)

    def _wake(self) -> None:
        """From any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._woken.set)

    async def _run(self) -> None:
        await self._wait(FIRST)
        while not self._stopping:
            self._woken.clear()
            if not await self._looked():
                await self._wait(self._look)

    async def _wait(self, seconds: float) -> None:
        self._waits = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._waits = False

    async def _looked(self) -> bool:
        """The same as `look`; where that fails the log tells why, and the next one comes later."""
        try:
            found = await self.look()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on serving
            self._look = min(self._look * 2, LONGEST_LOOK)
            _log.warning("no jobs are begun", reason=str(error) or type(error).__name__)
            return False
        self._look = LOOK
        return found

    def _free(self) -> Mapping[Kind, int]:
        """By kind, how many more of it may be begun."""
        if len(self._begun) >= AT_ONCE:
            return {}
        taken = Counter(begun.job.kind for begun in self._begun.values())
        free = {kind: kind.side_by_side - taken[kind.name] for kind in self._kinds.by_name.values()}
        return {kind: most for kind, most in free.items() if most > 0}

    def _shared(self, wanted: Mapping[Kind, int]) -> Mapping[Kind, int]:
        """Of all together no more than a process does, by those that come first."""
        free, shared = AT_ONCE - len(self._begun), dict[Kind, int]()
        for kind, most in wanted.items():
            if taken := min(free, most):
                shared[kind] = taken
                free -= taken
        return shared

    def _begin(self, leased: Leased) -> None:
        for job in leased.given_up:
            self._count(job, "given_up", leasing.DIED)
        for job in leased.jobs:
            task = asyncio.create_task(self._perform(self._kinds[job.kind], job))
            self._begun[job] = _Begun(job, time.monotonic(), task)

    async def _perform(self, kind: Kind, job: Job) -> None:
        """One attempt, to its end, whatever that is."""
        try:
            await self._attempt(kind, job)
        except LeaseLostError:
            _log.warning("another worker has the job", kind=job.kind, job=job.mark)
        except Unavailable as error:
            _log.warning("a job is put back", kind=job.kind, job=job.mark, reason=str(error))
            await self._give_back([job], PUT_BACK)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this job's
            await self._fail(kind, job, str(error) or type(error).__name__)
        finally:
            del self._begun[job]
            self._woken.set()

    async def _attempt(self, kind: Kind, job: Job) -> None:
        way = kind.way
        if isinstance(way, Outside):
            done = await self._act(way, kind, job)
        else:
            done = await self._database.awrite(lambda tx: ending.do(tx, way, kind, job, self._clock))
        if done:
            self.tally[job.kind, "done"] += 1

    async def _act(self, way: Outside, kind: Kind, job: Job) -> bool:
        """Read, then act with no transaction open, then keep what came of it."""
        wanted, prepared = await self._database.aread(lambda tx: _prepare(tx, way, kind, job))
        if not wanted:
            await self._give_back([job], 0)
            return False
        if prepared is None:
            await self._database.awrite(lambda tx: ending.end(tx, kind, job, self._clock))
            return True
        async with asyncio.timeout(way.seconds):
            given = await way.act(prepared, job)
        return await self._database.awrite(lambda tx: ending.keep(tx, way, kind, job, given, self._clock))

    async def _fail(self, kind: Kind, job: Job, error: str) -> None:
        outcome = await self._kept(lambda tx: ending.fail(tx, kind, job, error, _chance))
        if outcome is not None:
            self._count(job, outcome, error)

    def _count(self, job: Job, outcome: ending.Failed, error: str) -> None:
        self.tally[job.kind, outcome] += 1
        told = "a job is given up: see keesa job list" if outcome == "given_up" else "a job failed, and is tried again"
        _log.warning(told, kind=job.kind, job=job.mark, attempts=job.attempts, reason=error)

    async def _give_back(self, jobs: Sequence[Job], after: int) -> None:
        await self._kept(lambda tx: leasing.give_back(tx, jobs, now() + after))

    async def _kept(self, work: Work[T]) -> T | None:
        """What has become of jobs; None where that is not kept, and they are another's once their leases run out."""
        try:
            return await self._database.awrite(work)
        except LeaseLostError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on serving
            _log.warning("what became of a job is not kept", reason=str(error) or type(error).__name__)
            return None

    async def _leave(self, jobs: Sequence[Job]) -> None:
        """At the end, which is waited for."""
        if jobs:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_PATIENCE):
                    await self._give_back(jobs, 0)

    async def _look_after(self) -> None:
        """What goes on beside: leases that are still needed, what recurs, and how much waits."""
        at = time.monotonic()
        await self._renew([begun for begun in self._begun.values() if self._ages(begun, at)], at)
        if at - self._measured >= MEASURE:
            kinds = self._kinds
            await self._database.aread(lambda tx: queueing.measure(tx, [*kinds.by_name]))
            if await self._database.aread(lambda tx: scheduling.lacking(tx, kinds, self._clock)):
                await self._database.awrite(lambda tx: scheduling.keep(tx, kinds, self._clock))
            self._measured = at

    def _ages(self, begun: _Begun, at: float) -> bool:
        """Whether a third of its lease is over."""
        return (at - begun.renewed) * SECOND * 3 >= self._kinds[begun.job.kind].lease

    async def _renew(self, begun: list[_Begun], at: float) -> None:
        """What another worker has taken since is broken off."""
        if not begun:
            return
        until = {each.job: now() + self._kinds[each.job.kind].lease for each in begun}
        kept = await self._database.awrite(lambda tx: leasing.renew(tx, until))
        for each in begun:
            if each.job in kept:
                each.renewed = at
            else:
                each.task.cancel()


def _prepare(tx: Tx, way: Outside, kind: Kind, job: Job) -> tuple[bool, Any]:
    """Whether to act now, and with what. Raises `LeaseLostError`."""
    if not leasing.is_held(tx, job):
        raise LeaseLostError
    if leasing.rests(tx, kind):
        return False, None
    return True, way.prepare(tx, job)


def _chance() -> float:
    return secrets.randbelow(_STEPS) / _STEPS
