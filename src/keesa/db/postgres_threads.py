"""PostgreSQL's connections for threads, which block while they wait: logins, and the command line."""

import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import psycopg

from keesa.db.engine import Work
from keesa.db.postgres_attempts import TRIES, Again, attempt, when_tried_enough
from keesa.db.postgres_connection import Connection
from keesa.db.postgres_failures import TOO_BUSY, unavailable_when_gone
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable

T = TypeVar("T")

TURN: Final = 1.0
"""Seconds of one wait: a signal that comes just before it is noticed at its end only."""


class BlockingConnection(Connection):
    patience: float
    """Seconds to wait for each answer."""

    def _wait(self) -> None:
        ends = time.monotonic() + self.patience
        try:
            self._poll_until(ends)
        except BaseException:  # a KeyboardInterrupt too: whoever asked does not hear what is answered
            self.close()
            raise

    def wait_for_input(self, *, sending: bool = False) -> None:
        """Or, where something is left to send, until the other side takes more. Raises `OperationalError`."""
        ends = time.monotonic() + self.patience
        while not self._poll(ends, sending=sending):
            pass

    def _poll_until(self, ends: float) -> None:
        while not self._receive():
            self._poll(ends, sending=self._flush())

    def _poll(self, ends: float, *, sending: bool) -> bool:
        """Wait for a turn, for something to come or to be taken; whether it has."""
        left = ends - time.monotonic()
        if left <= 0:
            self.timed_out = True
            raise psycopg.OperationalError("the server has not answered in time")
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if sending else 0))
        return bool(poll.poll(min(left, TURN) * 1000))


class ThreadConnections:
    """`most` of them at once, made when they are needed; each is one thread's for a transaction."""

    def __init__(self, connect: Callable[[], BlockingConnection], most: int, waits: Waits) -> None:
        self._connect = connect
        self._waits = waits
        self._places = threading.Semaphore(most)
        self._most = most
        self._idle: list[BlockingConnection] = []
        self._busy: set[BlockingConnection] = set()
        self._closed = False

    @property
    def busy(self) -> int:
        """Connections that threads have."""
        return len(self._busy)

    @property
    def idle(self) -> int:
        """Those that are kept for the next."""
        return len(self._idle)

    def run(self, work: Work[T], *, writing: bool) -> T:
        if not self._places.acquire(timeout=self._waits.patience):
            raise Unavailable(TOO_BUSY)
        try:
            with unavailable_when_gone(reading=not writing):
                return self._run(work, writing=writing)
        finally:
            self._places.release()

    def close(self) -> None:
        """Let go of each when its thread has done its work; not waiting without an end."""
        self._closed = True
        ends = time.monotonic() + 2 * self._waits.patience
        for _ in range(self._most):
            if not self._places.acquire(timeout=max(0.0, ends - time.monotonic())):
                break
        self._drop_idle()

    def _run(self, work: Work[T], *, writing: bool) -> T:
        for tried in range(1, TRIES + 1):
            connection = self._take()
            try:
                return attempt(connection, work, writing=writing)
            except Again as again:
                if tried == TRIES:
                    raise when_tried_enough(again) from again.reason
                if connection.closed:  # those beside it have met the same
                    self._drop_idle()
            finally:
                self._give_back(connection)
        raise AssertionError

    def _take(self) -> BlockingConnection:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        self._busy.add(connection)
        return connection

    def _give_back(self, connection: BlockingConnection) -> None:
        self._busy.discard(connection)
        if connection.is_sound and not self._closed:
            with suppress(psycopg.Error):  # what was done before is done
                connection.settle()
                self._idle.append(connection)
                return
        connection.close()

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()
