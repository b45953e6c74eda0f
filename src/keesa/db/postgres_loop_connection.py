"""A connection to PostgreSQL whose work hands over to the event loop wherever it waits for an answer."""

import asyncio
import time
from typing import Protocol

import psycopg
from greenlet import getcurrent, greenlet

from keesa.db.postgres_connection import Connection


class Pool(Protocol):
    """What it tells, and asks, those that it is one of."""

    loop: asyncio.AbstractEventLoop

    def waits_for(self, connection: "LoopConnection", /) -> bool:
        """Whether somebody waits for what it works at."""

    def lost(self, connection: "LoopConnection", /) -> None:
        """It was closed while nobody waited on it."""

    def settled(self, connection: "LoopConnection", /) -> None:
        """Its last transaction has been answered."""


class LoopConnection(Connection):
    """Used by one greenlet at a time; without one it is idle, or its last transaction is not answered yet."""

    pool: Pool
    """Set before it is used, and again where another loop takes it over."""
    work_seconds: float = 0.0
    """That the present work has kept the loop, before its last wait."""
    waits_since: float | None = None
    """On the loop's clock: for an answer, whoever it is for."""
    _waiting: greenlet | None = None
    _failure: BaseException | None = None
    _started: float = 0.0
    _resumed: float = 0.0

    def watch(self) -> None:
        self.pool.loop.add_reader(self._socket, self._readable)

    def started(self) -> None:
        """A work begins on it."""
        self.work_seconds = 0.0
        self._started = self._resumed = time.perf_counter()

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for its work."""
        return self.pool.waits_for(self)

    @property
    def total_seconds(self) -> float:
        """Since its work began, waits among them."""
        return time.perf_counter() - self._started

    @property
    def turn_seconds(self) -> float:
        """That the work has kept the loop since its last wait."""
        return time.perf_counter() - self._resumed

    def pause(self) -> None:
        """Let the loop do what else it has to do."""
        self.pool.loop.call_soon(getcurrent().switch)
        self._hand_over()

    def fail(self, error: BaseException, *, timed_out: bool = False) -> None:
        """Close it; the work that waits on it, if any, gets the error. One that lets others on meets it afterwards."""
        self.timed_out = self.timed_out or timed_out
        self.close()
        if self._waiting is None:
            self.pool.lost(self)
        else:
            self._failure = error
            self._waiting.switch()

    def close(self) -> None:
        if not self.closed and not self.pool.loop.is_closed():
            self.pool.loop.remove_reader(self._socket)
            self.pool.loop.remove_writer(self._socket)
        super().close()

    def _wait(self) -> None:
        self._waiting = getcurrent()
        self._hand_over()
        self._waiting = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _hand_over(self) -> None:
        self.work_seconds += time.perf_counter() - self._resumed
        hub = getcurrent().parent
        assert hub is not None  # noqa: S101 - a work runs in a greenlet that the loop has started
        hub.switch()
        self._resumed = time.perf_counter()

    def _flush(self) -> bool:
        self.waits_since = self.pool.loop.time()
        unsent = super()._flush()
        if unsent:
            self.pool.loop.add_writer(self._socket, self._writable)
        return unsent

    def _writable(self) -> None:
        try:
            unsent = super()._flush()
        except psycopg.Error as error:
            self.fail(error)
            return
        if not unsent:
            self.pool.loop.remove_writer(self._socket)

    def _readable(self) -> None:
        try:
            answered = self._receive()
        except psycopg.Error as error:
            self.fail(error)
            return
        if not answered:
            return
        self.waits_since = None
        if self._waiting is not None:
            self._waiting.switch()
        else:
            self.pool.settled(self)
