"""SQLite, the embedded default: readers beside one writer thread that commits in groups.

The writer takes what is queued, runs each piece in a savepoint of one `BEGIN IMMEDIATE` transaction, and
acknowledges all of them after its one commit (`synchronous=FULL`: one flush to disk a group, not one a write).
Between processes a lock file orders the writers: the kernel wakes who waits, where SQLite's own busy handler
polls with growing pauses (docs/decisions/0003-sqlite-writes.md).
"""

import asyncio
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from keesa.db.engine import Database, Dialect, Row, Tx, Work
from keesa.errors import Unavailable

T = TypeVar("T")

_CLOSED: Final = "The database is closed"

DIALECT = Dialect(
    {
        "identity": "INTEGER PRIMARY KEY",
        "for_update": "",
        "json_list": "json_group_array",
        "json_row": "json_array",
        "tables": "sqlite_master",
        "table_name": "name",
    }
)
GROUP: Final = 64
"""The most writes in one commit: a group holds the lock for some 10 ms."""
QUEUE: Final = 4096
"""The most writes that wait; one more is refused as unavailable."""
BUSY_TIMEOUT: Final = 30.0
"""Seconds to wait for a lock that another program (a back-up, a shell) holds on the file."""


class SqliteTx(Tx):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        return self._connection.execute(DIALECT.text(sql), params).fetchall()

    def run(self, sql: str, /, **params: object) -> int:
        return self._connection.execute(DIALECT.text(sql), params).rowcount

    def script(self, sql: str, /) -> None:
        # executescript() would commit first; complete_statement() finds each statement's end
        statement = ""
        for line in DIALECT.words(sql).splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self._connection.execute(statement)
                statement = ""
        self._connection.execute(statement)  # a last one may lack its semicolon

    def follow_given_ids(self, table: str) -> None:
        """Nothing to do: SQLite's next id is one more than the largest."""


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: Future[Any]


class SqliteDatabase(Database):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._queue: queue.Queue[_Job | None] = queue.Queue(QUEUE)
        self._closed = False
        self._guard = threading.Lock()
        path.touch(mode=0o600)  # before SQLite makes it, with the mode of everybody's files
        self._lock_file = path.with_suffix(".lock").open("a")
        try:
            with self._locked():  # of two processes that turn a new file to WAL at once, SQLite refuses one
                self._writing = self._connect()
        except BaseException:
            self._lock_file.close()
            raise
        self._writer = threading.Thread(target=self._write_groups, name="keesa-writer", daemon=True)
        self._writer.start()

    def read(self, work: Work[T]) -> T:
        with _unavailable_when_locked():
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return work(SqliteTx(connection))
            finally:
                if connection.in_transaction:  # an unreadable disk has ended it already
                    connection.execute("ROLLBACK")

    def write(self, work: Work[T]) -> T:
        return self._submit(work).result()

    async def aread(self, work: Work[T]) -> T:
        return self.read(work)

    async def awrite(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._submit(work))

    def migrating(self, work: Work[T]) -> T:
        return self.write(work)

    def describe(self) -> str:
        return f"SQLite {sqlite3.sqlite_version} in {self._path}"

    def close(self) -> None:
        with self._guard:
            if self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._writer.join()
        for connection in [*self._readers, self._writing]:
            connection.close()
        self._lock_file.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _reader(self) -> sqlite3.Connection:
        if self._closed:
            raise Unavailable(_CLOSED)
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
            self._local.connection = connection
            with self._guard:
                self._readers.append(connection)
        return connection

    def _submit(self, work: Work[T]) -> Future[T]:
        future: Future[T] = Future()
        with self._guard:  # nothing may be queued behind the end mark that close() puts
            if self._closed:
                raise Unavailable(_CLOSED)
            try:
                self._queue.put_nowait(_Job(work, future))
            except queue.Full:
                raise Unavailable("Too many writes are waiting, please try again later") from None
        return future

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
            self._write_group([job for job in group if job.future.set_running_or_notify_cancel()])
            if ended:
                return

    def _write_group(self, group: list[_Job]) -> None:
        """One transaction; each job's outcome is told only after the commit, or after its failure."""
        outcomes: list[Callable[[], None]] = []
        try:
            with self._transaction():
                outcomes.extend(self._run_job(job) for job in group)
        except BaseException as error:  # noqa: BLE001 - whatever it was, each caller hears of it
            failure = _as_unavailable(error)
            outcomes = [_bind(job.future.set_exception, failure) for job in group]
        for tell in outcomes:
            tell()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._locked():
            try:
                self._writing.execute("BEGIN IMMEDIATE")
                yield
                self._writing.execute("COMMIT")
            finally:
                if self._writing.in_transaction:
                    self._writing.execute("ROLLBACK")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among all that write this file."""
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _run_job(self, job: _Job) -> Callable[[], None]:
        self._writing.execute("SAVEPOINT job")
        try:
            result = job.work(SqliteTx(self._writing))
        except BaseException as error:  # it belongs to the caller that waits for the future, not to this thread
            if not self._writing.in_transaction:
                raise  # a full disk or the like undid the whole group, not this job alone
            self._writing.execute("ROLLBACK TO job")
            outcome = _bind(job.future.set_exception, _as_unavailable(error))
        else:
            outcome = _bind(job.future.set_result, result)
        self._writing.execute("RELEASE job")
        return outcome


def _bind(tell: Callable[[Any], None], outcome: object) -> Callable[[], None]:
    return lambda: tell(outcome)


def _as_unavailable(error: BaseException) -> BaseException:
    """Locked, full or unreadable files may mend: `Unavailable`. Anything else is passed as it is."""
    if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in _PASSING:
        unavailable = Unavailable("The database does not answer now, please try again later")
        unavailable.__cause__ = error
        return unavailable
    return error


_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
}


@contextmanager
def _unavailable_when_locked() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raised = _as_unavailable(error)
        raise raised from raised.__cause__
