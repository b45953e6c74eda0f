"""PostgreSQL's connections of an event loop: as many transactions side by side as there are connections.

A work is a plain function that asks and waits. It runs in a greenlet, which hands over to the loop at each wait, and
goes on when the answers are there: on the loop's thread, without a thread of its own.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

import psycopg
from greenlet import error as greenlet_error
from greenlet import greenlet

from keesa.db.postgres_attempts import TRIES, Again, when_tried_enough
from keesa.db.postgres_failures import TOO_BUSY, UNKNOWN, as_unavailable
from keesa.db.postgres_loop_connecting import Made, NewConnections
from keesa.db.postgres_loop_connection import LoopConnection
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable

T = TypeVar("T")

QUEUE: Final = 4096
"""The most works of a loop that wait for a connection; one more is refused as unavailable."""
TICK: Final = 0.5
"""Seconds between two looks at who has waited for too long."""
CONNECTING: Final = 16
"""The most connections that a loop makes at the same time, however many may be made: the process has a bound too."""
SETTLE: Final = 0.003
"""Seconds that the end of a transaction that only read waits for a next one, to travel with its beginning."""


class Job:
    """A work that waits for a connection or runs on one, and who waits for it."""

    def __init__(self, act: Callable[[LoopConnection], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.act = act
        self.future: asyncio.Future[Any] = loop.create_future()
        self.since = loop.time()
        self.tries = 0

    def tell(self, value: object = None, error: BaseException | None = None) -> None:
        """What was told first counts."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
            return
        if isinstance(error, StopIteration):  # which no future takes
            error = RuntimeError("the work raised StopIteration")
        self.future.set_exception(error)


class LoopConnections:
    """`most` of them, made when they are needed."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[], LoopConnection],
        most: int,
        waits: Waits,
    ) -> None:
        self.loop = loop
        self._new = NewConnections(loop, lambda: self._own(connect()), self._connected)
        self._most = most
        self._waits = waits
        self._open: set[LoopConnection] = set()
        self._idle: list[LoopConnection] = []
        self._unended: list[LoopConnection] = []
        self._busy: dict[LoopConnection, Job] = {}
        self._connect_after = 0.0
        self._queue: deque[Job] = deque()
        self._looks = False
        self._closing: Callable[[], None] | None = None

    @property
    def busy(self) -> int:
        """Connections that works are run on."""
        return len(self._busy)

    @property
    def idle(self) -> int:
        """The others that are open."""
        return max(0, len(self._open) - len(self._busy))

    @property
    def waiting(self) -> int:
        """Works that wait for a connection."""
        return len(self._queue)

    async def run(self, act: Callable[[LoopConnection], T]) -> T:
        """What `act` gives, which runs in a greenlet with a connection of its own, and again after `Again`. Raises
        `Unavailable` where too many wait, or it waits for too long.
        """
        if self._closing is not None:
            raise Unavailable("The database is closed")
        if len(self._queue) >= QUEUE:
            raise Unavailable("Too many requests are waiting, please try again later")
        job = Job(act, self.loop)
        self._submit(job)
        self._look_later()
        try:
            value: T = await job.future
        finally:
            del job  # which has the error, whose traceback has this frame
        return value

    def give_up_idle(self) -> list[LoopConnection]:
        """The connections that another loop can take over. This one is closed."""
        fit = [connection for connection in self._idle if connection.is_sound and connection.is_settled]
        self._idle = [connection for connection in self._idle if connection not in fit]
        self._open.difference_update(fit)
        return fit

    def adopt(self, connections: list[LoopConnection]) -> None:
        """Those of a loop that was closed."""
        for connection in connections:
            connection.pool = self
            if len(self._open) < self._most:
                self._open.add(connection)
                connection.watch()
                self._idle.append(connection)
            else:
                connection.close()

    def close(self, done: Callable[[], None]) -> None:
        """Refuse what comes, and let go of all connections when what waits has been done. On the loop."""
        self._closing = done
        self._close_when_done()

    def abandon(self) -> None:
        """The loop has ended: nobody waits. Should it go on, it ends what is left.

        A greenlet that is left where it waits would be ended by the collector, at any moment; it can only be resumed in
        its own thread.
        """
        self._closing = lambda: None
        for connection in list(self._busy):
            with suppress(greenlet_error, RuntimeError):
                connection.fail(psycopg.OperationalError("the event loop has ended"))
        for connection in self._open:
            connection.close()
        self._new.abandon()

    def waits_for(self, connection: LoopConnection) -> bool:
        """Whether somebody waits for what it works at."""
        return not self._busy[connection].future.done()

    # What a connection tells

    def lost(self, connection: LoopConnection) -> None:
        """It was closed while nobody waited on it."""
        if connection not in self._busy:
            self._forget(connection)
            self._start_waiting()

    def settled(self, connection: LoopConnection) -> None:
        """Its last transaction has been answered."""
        if connection.pooled and connection not in self._busy and connection not in self._idle:
            self._release(connection)

    # Works

    def _submit(self, job: Job) -> None:
        connection = self._free()
        if connection is not None:
            self._start(job, connection)
            return
        self._queue.append(job)
        self._connect_one()

    def _free(self) -> LoopConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_sound:
                return connection
            self._forget(connection)
        return None

    def _start(self, job: Job, connection: LoopConnection) -> None:
        """From the loop alone, so that each greenlet hands over to it."""
        greenlet(self._run).switch(job, connection)

    def _run(self, job: Job | None, connection: LoopConnection) -> None:
        """In a greenlet: the work, and those after it that wait for a connection."""
        while job is not None:
            self._busy[connection] = job
            self._do(job, connection)
            del self._busy[connection]
            job = self._next_for(connection)
        if self._closing is not None:
            self.loop.call_soon(self._close_when_done)

    def _do(self, job: Job, connection: LoopConnection) -> None:
        job.tries += 1
        connection.started()
        try:
            job.tell(job.act(connection))
        except Again as again:
            if connection.closed:  # those beside it may have met the same, and more of them than there are tries
                self._forget(*self._idle)
            if job.tries < TRIES and self.loop.time() - job.since < self._waits.patience:
                self._queue.appendleft(job)
            else:
                job.tell(error=when_tried_enough(again))
        except BaseException as error:  # noqa: BLE001 - it is told to who waits
            job.tell(error=error)
        finally:
            del job  # which has the error, whose traceback has this frame

    def _next_for(self, connection: LoopConnection) -> Job | None:
        """The work that goes on with the connection; where there is none it is put away."""
        if not connection.is_sound:
            self._forget(connection)
            self.loop.call_soon(self._start_waiting)
            return None
        if connection.pooled and not connection.is_settled:
            self._settle(connection)
            return None
        job = self._waiting_longest()
        if job is None:
            self._put_away(connection)
        return job

    def _release(self, connection: LoopConnection) -> None:
        job = self._waiting_longest()
        if job is None:
            self._put_away(connection)
        else:
            self._start(job, connection)

    def _put_away(self, connection: LoopConnection) -> None:
        self._idle.append(connection)
        if not connection.is_settled:
            if not self._unended:
                self.loop.call_later(SETTLE, self._settle_all)
            self._unended.append(connection)

    def _settle_all(self) -> None:
        unended, self._unended = self._unended, []
        for connection in unended:
            if connection not in self._busy:
                self._settle(connection)
        self._look_later()

    def _settle(self, connection: LoopConnection) -> None:
        try:
            connection.settle()
        except psycopg.Error as error:
            self.loop.call_soon(connection.fail, error)

    def _waiting_longest(self) -> Job | None:
        while self._queue:
            job = self._queue.popleft()
            if not job.future.done():
                return job
        return None

    def _start_waiting(self) -> None:
        """For who waits there may be an idle connection, or another has to be made."""
        while self._queue and (connection := self._free()) is not None:
            self._release(connection)
        self._connect_one()
        if self._closing is not None:
            self._close_when_done()

    # Connections

    def _connect_one(self) -> None:
        """Where one more is of use and may be made."""
        enough = min(len(self._queue), CONNECTING, self._most - len(self._open))
        if self._new.count < enough and self.loop.time() >= self._connect_after:
            self._new.begin()

    def _own(self, made: LoopConnection) -> LoopConnection:
        made.pool = self
        return made

    def _connected(self, made: Made) -> None:
        if isinstance(made, LoopConnection):
            self._open.add(made)
            made.watch()
            self._release(made)
        elif self._open or self._new.count:  # one of those comes free: the server may take no more of them
            self._connect_after = self.loop.time() + TICK
        else:
            self._connect_after = 0.0
            while (job := self._waiting_longest()) is not None:
                job.tell(error=as_unavailable(made))
        self._start_waiting()

    def _forget(self, *connections: LoopConnection) -> None:
        for connection in connections:
            connection.close()
            self._open.discard(connection)
            if connection in self._idle:
                self._idle.remove(connection)

    # Deadlines

    def _look_later(self) -> None:
        if not self._looks:
            self._looks = True
            self.loop.call_later(min(TICK, self._waits.patience / 5), self._look_after)

    def _look_after(self) -> None:
        """Tell those who have waited for too long."""
        self._looks = False
        at = self.loop.time()
        for job in self._queue:
            if at - job.since > self._waits.patience:
                job.tell(error=Unavailable(TOO_BUSY))
        self._queue = deque(job for job in self._queue if not job.future.done())
        for job in self._busy.values():
            if at - job.since > self._waits.longest:
                job.tell(error=Unavailable(UNKNOWN))
        waiting = [(each.waits_since, each) for each in self._open if each.waits_since is not None]
        for since, connection in waiting:
            if at - since > self._waits.answer:
                connection.fail(psycopg.OperationalError("the server has not answered in time"), timed_out=True)
        self._start_waiting()
        if self._queue or self._busy or waiting:
            self._look_later()

    def _close_when_done(self) -> None:
        if self._closing is None or self._busy or self._queue or self._new.count:
            return
        self._forget(*self._open)
        done, self._closing = self._closing, lambda: None
        done()
