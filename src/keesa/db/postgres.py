"""PostgreSQL 15 and later, through psycopg 3: some reading threads and one writer, each with its own connection.

The writer commits in groups (`grouping.py`). A lock orders the groups of all processes and nodes: so no two of them
ever wait for each other's rows, and a ticket number's row is held once a group, not once a ticket.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from keesa.db.admission import LONG_READS_PATIENCE, LONG_READS_QUEUE, Admission
from keesa.db.engine import Database, Steps, Tx, Work
from keesa.db.grouping import GroupWriter, Outcome
from keesa.db.postgres_connection import Connection, connect
from keesa.db.postgres_failures import TOO_BUSY, UNKNOWN, as_unavailable, unavailable_when_gone
from keesa.db.postgres_tx import PostgresTx
from keesa.db.steps import beginning, run_to_the_end
from keesa.errors import Refused, Unavailable

T = TypeVar("T")

OLDEST: Final = 150_000
"""PostgreSQL 15, as the server itself counts."""
READERS: Final = 8
"""Reading threads of a process, with a connection each; so many requests of it read at once."""
LONG_READS: Final = 2
"""Those of them that may be at long reads: more would take the interpreter and the processors from the short ones."""
PATIENCE: Final = 10
"""Seconds to wait for a connection, a lock or a thread before the answer is `Unavailable`."""
STATEMENT: Final = 12
"""Seconds after which the server ends a statement."""
ANSWER: Final = 15
"""Seconds after which a server that has not answered a statement is taken to be gone."""
MIGRATION: Final = 3600
"""Seconds that one statement of a migration may take."""
QUEUE: Final = 4096
"""The most reads of the event loop that run or wait; one more is refused as unavailable."""
RETRIES: Final = 5
"""How often a write is run again when PostgreSQL ended it to break a deadlock: it was undone whole."""
MIGRATION_LOCK: Final = 0x6B65657361
"""The advisory lock of who migrates: the letters of 'keesa'."""
WRITE_LOCK: Final = MIGRATION_LOCK + 1
"""The advisory lock of who writes."""


class PostgresDatabase(Database):
    def __init__(self, url: str) -> None:
        self._url = url
        self._version = _server_version(url)
        self._threads = ThreadPoolExecutor(READERS, "keesa-read")
        self._long_reads = Admission(LONG_READS, LONG_READS_QUEUE, LONG_READS_PATIENCE)
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._waiting = 0
        self._closed = False
        self._lock = threading.Lock()
        self._writer = GroupWriter(self._write_group)

    def read(self, work: Work[T]) -> T:
        with self._lock:
            self._refuse_closed()
            reading = self._threads.submit(_in_time(lambda: self._read(work)))
        return reading.result()

    def write(self, work: Work[T]) -> T:
        return self._writer.write(work)

    async def aread(self, work: Work[T]) -> T:
        return await self._elsewhere(lambda: self._read(work))

    async def aread_in_steps(self, work: Work[Steps[T]], *, long: bool = False) -> T:
        """A work that takes long needs a place to go on, so that short ones find a thread; where there is none it
        begins again later.
        """

        def begin(tx: Tx) -> tuple[T] | None:
            steps = work(tx)
            done = beginning(steps)
            if done is None and self._long_reads.enter_now():
                try:
                    return (run_to_the_end(steps),)
                finally:
                    self._long_reads.leave()
            steps.close()
            return done

        done = None if long else await self._elsewhere(lambda: self._read(begin))
        if done is not None:
            return done[0]
        await self._long_reads.enter()
        try:
            return await self._elsewhere(lambda: self._read(lambda tx: run_to_the_end(work(tx))))
        finally:
            self._long_reads.leave()

    async def awrite(self, work: Work[T]) -> T:
        return await self._writer.awrite(work)

    def migrating(self, work: Work[T]) -> T:
        with unavailable_when_gone():
            connection = connect(self._url, PATIENCE, [*_SETTINGS, "SET statement_timeout = 0"])
            connection.patience = MIGRATION
            try:
                with connection.transaction():
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
                    return work(PostgresTx(connection))
            finally:
                connection.close()

    def require_writable(self) -> None:
        """Nothing is known here that a write would not tell."""

    def describe(self) -> str:
        info = psycopg.conninfo.conninfo_to_dict(self._url)
        place = f"{info.get('dbname', '')} on {info.get('host', 'the local socket')}:{info.get('port', 5432)}"
        return f"PostgreSQL {self._version // 10_000} ({place})"

    def close(self) -> None:
        stopped = self._writer.close()
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._threads.shutdown()
        for connection in self._connections if stopped else ():
            connection.close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("The database is closed")

    async def _elsewhere(self, run: Callable[[], T]) -> T:
        """In one of the threads; called in the event loop only, so that the count needs no lock."""
        self._refuse_closed()
        if self._waiting >= QUEUE:
            raise Unavailable("Too many requests are waiting, please try again later")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _in_time(run))
        finally:
            self._waiting -= 1

    def _read(self, work: Work[T]) -> T:
        """In one of the reading threads."""
        begin: LiteralString = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with unavailable_when_gone(reading=True), self._transaction(begin) as connection:
            return work(PostgresTx(connection, may_be_undone=False))

    def _write_group(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        """In the writer's thread. What fails after it has written is taken out, and the others are run again: so a
        group needs no savepoints, which would cost each work two more calls.
        """
        outcomes: dict[int, Outcome] = {}
        tries = dict.fromkeys(range(len(works)), RETRIES)
        with unavailable_when_gone():
            while len(outcomes) < len(works):
                waiting = [number for number in range(len(works)) if number not in outcomes]
                with self._transaction(f"BEGIN; SELECT pg_advisory_xact_lock({WRITE_LOCK})") as connection:
                    found = _run_group(connection, works, waiting, tries)
                outcomes |= found
        return [outcomes[number] for number in range(len(works))]

    @contextmanager
    def _transaction(self, begin: LiteralString) -> Iterator[Connection]:
        """Committed at the end, unless an error has undone it."""
        connection = self._begun(begin)
        try:
            yield connection
        except BaseException:
            if not connection.closed and connection.info.transaction_status is not TransactionStatus.IDLE:
                connection.execute("ROLLBACK")
            raise
        if connection.info.transaction_status is not TransactionStatus.IDLE:
            try:
                connection.execute("COMMIT")
            except psycopg.OperationalError as error:
                if connection.closed:
                    raise Unavailable(UNKNOWN) from error
                raise

    def _begun(self, begin: LiteralString) -> Connection:
        """The thread's own connection, in a new transaction; one that died while it was idle is replaced."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None or connection.closed or not _begins(connection, begin):
            connection = self._replace(connection)
            if not _begins(connection, begin):
                raise psycopg.OperationalError("the connection was cut at once")
        return connection

    def _replace(self, dead: Connection | None) -> Connection:
        """A new connection for the thread."""
        self._local.connection = None
        if dead is not None:
            with self._lock:
                self._connections.remove(dead)
        connection = connect(self._url, PATIENCE, _SETTINGS)
        connection.patience = ANSWER
        with self._lock:
            self._connections.append(connection)
        self._local.connection = connection
        return connection


def _begins(connection: Connection, begin: LiteralString) -> bool:
    """Whether the transaction has begun; no where the connection is dead. Raises where the server refuses, or does not
    answer in time.
    """
    try:
        connection.execute(begin, prepare=False)
    except psycopg.Error:
        if connection.closed and not connection.timed_out:
            return False
        if connection.closed:
            raise
        connection.execute("ROLLBACK")  # of a lock that was not to be had, or must not be taken
        raise
    return True


def _run_group(
    connection: Connection, works: Sequence[Work[Any]], waiting: Sequence[int], tries: dict[int, int]
) -> dict[int, Outcome]:
    """The outcomes of the works that wait; of a single one, and none left of what was written, where one fails that
    had written, or that a row which another program holds has stopped.
    """
    outcomes = {}
    for number in waiting:
        tx = PostgresTx(connection)
        try:
            outcomes[number] = Outcome(works[number](tx))
            _require_sound(connection)
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            connection.execute("ROLLBACK")
            tries[number] -= 1
            return {} if tries[number] else {number: Outcome(error=Unavailable(TOO_BUSY))}
        except BaseException as error:  # it belongs to the caller who waits, not to this thread
            if connection.closed:
                raise
            outcomes[number] = Outcome(error=as_unavailable(error))
            if tx.wrote or connection.info.transaction_status is not TransactionStatus.INTRANS:
                connection.execute("ROLLBACK")
                return {number: outcomes[number]}
    return outcomes


def _require_sound(connection: Connection) -> None:
    """A work may have overlooked the error that ended its transaction: a COMMIT would then undo all without a word."""
    if connection.info.transaction_status is TransactionStatus.INERROR:
        raise psycopg.InternalError("The work went on after an error had ended its transaction")


def _in_time(run: Callable[[], T]) -> Callable[[], T]:
    """For a thread that may be free only when nobody should wait for its answer any more."""
    latest = time.monotonic() + PATIENCE

    def run_in_time() -> T:
        if time.monotonic() > latest:
            raise Unavailable(TOO_BUSY)
        return run()

    return run_in_time


_SETTINGS: Final[Sequence[LiteralString]] = (
    "SET synchronous_commit = on",
    "SET max_parallel_workers_per_gather = 0",  # many small queries; and UNION ALL keeps the order of its parts
    "SET plan_cache_mode = force_generic_plan",  # planning a list costs more than running it
    f"SET lock_timeout = '{PATIENCE}s'",
    f"SET statement_timeout = '{STATEMENT}s'",
    f"SET idle_in_transaction_session_timeout = '{PATIENCE}s'",  # a node that hangs must not hold the others' locks
)


def _server_version(url: str) -> int:
    try:
        connection = connect(url, PATIENCE, ())
        version = connection.info.server_version
        encoding = connection.info.parameter_status("server_encoding")
        connection.close()
    except (psycopg.ProgrammingError, UnicodeError):
        # its text shows the whole URL, with the password
        raise Refused(
            "The database URL is not readable: it must be like postgresql://user:password@host/name"
        ) from None
    except psycopg.Error as error:
        raise Refused(f"Cannot connect to PostgreSQL: {' '.join(str(error).split())}") from error
    if version < OLDEST:
        raise Refused(f"PostgreSQL {version // 10_000} is too old: Keesa needs 15 or later")
    if encoding != "UTF8":
        raise Refused(f"The PostgreSQL database is encoded in {encoding}: Keesa needs UTF8")
    return version
