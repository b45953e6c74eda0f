"""A migration's transaction on PostgreSQL: alone among those that migrate, and never for long in the way of readers.

A statement that needs a table for itself waits behind whoever uses it, and all that come later, readers among them,
wait behind that statement. So it gives up after half a second, all of its transaction is undone, and it is tried again
a second later, in which those others go on. Who stands in its way is asked on another connection meanwhile.
"""

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from psycopg.errors import DeadlockDetected, LockNotAvailable

from keesa.db.engine import Tell, Tx, Work
from keesa.db.postgres_attempts import Again, attempt, when_tried_enough
from keesa.db.postgres_threads import BlockingConnection
from keesa.db.postgres_waits import Waits
from keesa.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

MIGRATION_LOCK: Final = 0x6B65657361
"""The advisory lock of who migrates: the letters of 'keesa'."""
ENDING: Final = 5.0
"""Seconds in which the server undoes what was stopped; it goes on undoing it where that is not enough."""
_LOOK: Final = 0.1
"""Seconds between two looks at who stands in the way."""

_ALONE: Final = "SELECT pg_backend_pid() AS process, pg_advisory_xact_lock(:lock)"
_BLOCKING: Final = """
    SELECT pid, usename, application_name, backend_type,
        CAST(extract(epoch FROM now() - xact_start) AS BIGINT) AS seconds
    FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(CAST(:process AS INTEGER))) ORDER BY xact_start
"""
_GOES_ON: Final = "SELECT count(*) AS value FROM pg_stat_activity WHERE pid = :process AND xact_start IS NOT NULL"


class Migrating:
    """The tries of one migration."""

    def __init__(
        self, connection: BlockingConnection, read: Callable[[Work[object]], object], waits: Waits, tell: Tell
    ) -> None:
        """`read` reads on another connection."""
        self._connection = connection
        self._read = read
        self._waits = waits
        self._tell = tell
        self._process = 0
        """The server's, while the transaction is alone."""
        self._blocking = ""
        """Who stands in the way, in words."""
        self._begun = time.monotonic()
        self._first_failed: float | None = None

    def run(self, work: Work[T]) -> T:
        """Raises `Unavailable` where the locks are not to be had."""
        while True:
            try:
                with self._watched():
                    return attempt(self._connection, lambda tx: self._alone(tx, work), writing=True)
            except Again as again:
                if self._connection.closed or not isinstance(again.reason, DeadlockDetected):
                    raise when_tried_enough(again) from again.reason
            except Unavailable as error:
                if self._connection.closed or not isinstance(error.__cause__, LockNotAvailable):
                    raise
            except KeyboardInterrupt:
                self._wait_until_undone()
                raise
            self._pause()

    def _alone(self, tx: Tx, work: Work[T]) -> T:
        self._process = 0
        [row] = tx.all(_ALONE, lock=MIGRATION_LOCK)
        self._process = row["process"]
        return work(tx)

    def _pause(self) -> None:
        """Until the next try."""
        at = time.monotonic()
        if not self._process:
            if at - self._begun > self._waits.migration:
                raise Unavailable("Another process migrates the database, and has not come to an end")
            return  # it has waited already, in nobody's way
        if self._first_failed is None:
            self._first_failed = at
        elif at - self._first_failed > self._waits.tries:
            raise Unavailable(
                f"A migration does not get the tables that it needs, and is undone: {self._blocking or 'others'} had"
                " them all the time. End that, and run `keesa migrate` again"
            )
        time.sleep(self._waits.pause)

    @contextmanager
    def _watched(self) -> "Iterator[None]":
        """From the second try on."""
        if self._first_failed is None:
            yield
            return
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=[ended], name="keesa-blocking", daemon=True)
        watch.start()
        try:
            yield
        finally:
            ended.set()
            watch.join(self._waits.answer)

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(_LOOK):
            with suppress(Unavailable):
                found = str(self._read(self._who_blocks))
                if found and not self._blocking:
                    self._tell(f"A migration waits for {found}, and is tried again")
                self._blocking = found or self._blocking

    def _who_blocks(self, tx: Tx) -> str:
        rows = tx.all(_BLOCKING, process=self._process)
        return " and ".join(
            f"process {row['pid']} ({row['application_name'] or row['backend_type'] or 'unknown'}"
            f" of {row['usename'] or 'the server'}, for {row['seconds'] or 0} s)"
            for row in rows
        )

    def _wait_until_undone(self) -> None:
        """The connection is closed, which the server finds out soon."""
        self._connection.close()
        ends = time.monotonic() + ENDING
        with suppress(Unavailable):
            while time.monotonic() < ends and self._read(lambda tx: tx.value(_GOES_ON, process=self._process)):
                time.sleep(_LOOK)
