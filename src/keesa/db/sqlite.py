"""SQLite, the embedded default: readers beside one writer that commits in groups (`grouping.py`).

Each work of a group runs in a savepoint of one `BEGIN IMMEDIATE` transaction, whose one commit flushes to the disk
(`synchronous=FULL`: one flush a group, not one a write).
Between processes a lock file orders the writers: the kernel wakes who waits, where SQLite's own busy handler
polls with growing pauses (docs/decisions/0003-sqlite-writes.md).
"""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from keesa.db.engine import Database, Dialect, Row, Steps, Tx, Work
from keesa.db.grouping import GroupWriter, Outcome
from keesa.db.steps import run_in_turns
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
        "filter": "+",
    }
)
BUSY_TIMEOUT: Final = 30.0
"""Seconds to wait for a lock that another program (a back-up, a shell) holds on the file."""
PAGE_CACHE: Final = 16_000
"""KiB of pages that a connection keeps; the system keeps the others of the file."""
IDLE_READERS: Final = 2
"""Connections that are kept for the reads to come; more are open only while so many reads are under way."""
LONG_STEPS: Final = 4
"""Long steps that are done at the same time."""


class SqliteTx(Tx):
    merges_lazily = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursors: list[sqlite3.Cursor] = []

    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        return self._connection.execute(DIALECT.text(sql), params).fetchall()

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        self._cursors.append(cursor)
        return cursor.execute(DIALECT.text(sql), params)

    def close(self) -> None:
        """A cursor that was not read to its end, and that an error's traceback may keep, would hold the snapshot."""
        for cursor in self._cursors:
            cursor.close()

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


class SqliteDatabase(Database):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle_readers: list[sqlite3.Connection] = []
        self._closed = False
        self._long_steps = ThreadPoolExecutor(LONG_STEPS, "keesa-long")
        path.touch(mode=0o600)  # before SQLite makes it, with the mode of everybody's files
        self._lock_file = path.with_suffix(".lock").open("a")
        try:
            with self._locked():  # of two processes that turn a new file to WAL at once, SQLite refuses one
                self._writing = self._connect()
        except BaseException:
            self._lock_file.close()
            raise
        self._writer = GroupWriter(self._write_group)

    def read(self, work: Work[T]) -> T:
        with _unavailable_when_locked(), self._reading() as tx:
            return work(tx)

    def write(self, work: Work[T]) -> T:
        return self._writer.write(work)

    async def aread(self, work: Work[T]) -> T:
        return self.read(work)

    async def aread_in_steps(self, work: Work[Steps[T]]) -> T:
        with _unavailable_when_locked(), self._reading() as tx:
            return await run_in_turns(work(tx), self._long_steps)

    async def awrite(self, work: Work[T]) -> T:
        return await self._writer.awrite(work)

    def migrating(self, work: Work[T]) -> T:
        return self.write(work)

    def describe(self) -> str:
        return f"SQLite {sqlite3.sqlite_version} in {self._path}"

    def close(self) -> None:
        if self._closed:
            return
        self._writer.close()
        self._closed = True
        self._long_steps.shutdown()
        for connection in [*self._idle_readers, self._writing]:
            connection.close()
        self._lock_file.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{PAGE_CACHE}"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextmanager
    def _reading(self) -> Iterator["SqliteTx"]:
        """A transaction on a connection that nobody else uses meanwhile: the one that was idle the shortest."""
        if self._closed:
            raise Unavailable(_CLOSED)
        try:
            connection = self._idle_readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
        tx = SqliteTx(connection)
        try:
            connection.execute("BEGIN")
            yield tx
        finally:
            tx.close()
            if connection.in_transaction:  # an unreadable disk has ended it already
                connection.execute("ROLLBACK")
            if self._closed or len(self._idle_readers) >= IDLE_READERS:
                connection.close()
            else:
                self._idle_readers.append(connection)

    def _write_group(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        with _unavailable_when_locked(), self._transaction():
            return [self._run(work) for work in works]

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

    def _run(self, work: Work[Any]) -> Outcome:
        self._writing.execute("SAVEPOINT work")
        tx = SqliteTx(self._writing)
        try:
            outcome = Outcome(work(tx))
        except BaseException as error:  # it belongs to the caller who waits, not to this thread
            if not self._writing.in_transaction:
                raise  # a full disk or the like undid the whole group, not this work alone
            self._writing.execute("ROLLBACK TO work")
            outcome = Outcome(error=_as_unavailable(error))
        finally:
            tx.close()
        self._writing.execute("RELEASE work")
        return outcome


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
