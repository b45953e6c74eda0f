"""SQLite, the embedded default: readers beside one writer that commits in groups (`grouping.py`).

Each work of a group runs in a savepoint of one `BEGIN IMMEDIATE` transaction, whose one commit flushes to the disk
(`synchronous=FULL`: one flush a group, not one a write).
Between processes a lock file orders the writers and the checkpoints: the kernel wakes who waits, where SQLite's own
busy handler polls with growing pauses (docs/decisions/0003-sqlite-writes.md, 0018-sqlite-checkpoints.md).
"""

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from keesa.db.admission import LONG_READS_PATIENCE, LONG_READS_QUEUE, Admission
from keesa.db.engine import Database, Pace, Steps, Tell, Tx, Work, tell_nobody
from keesa.db.grouping import GroupWriter, Outcome
from keesa.db.load import Load
from keesa.db.sqlite_copying import copy
from keesa.db.sqlite_failures import as_unavailable, unavailable_when_unfit
from keesa.db.sqlite_file import MARKS, DataFile, Log
from keesa.db.sqlite_frozen import Frozen, begin_behind
from keesa.db.sqlite_tx import Reading, SqliteTx
from keesa.db.steps import first_turn, run_in_turns
from keesa.errors import Unavailable

T = TypeVar("T")

_CLOSED: Final = "The database is closed"

PATIENCE: Final = 10.0
"""Seconds to wait for the lock file when the database is opened and closed, and for a connection to read with."""
BUSY_TIMEOUT: Final = 10.0
"""Seconds to wait for a lock that another program (a back-up, a shell) holds on the file."""
READING_BUSY_TIMEOUT: Final = 0.5
"""The same of a read, which such locks seldom stop: the event loop waits with it."""
PAGE_CACHE: Final = 16_000
"""KiB of pages that a connection keeps; the system keeps the others of the file."""
SURPLUS_PAGE_CACHE: Final = 2_000
"""The same of a connection that is not kept."""
IDLE_READERS: Final = 2
"""Connections that are kept for the reads to come; more are open only while so many reads are under way."""
LONG_READS: Final = 10
"""Reads that take more than a turn and go on at the same time, with a connection each."""
THREAD_READS: Final = 7
"""Reads of other threads than the event loop's at the same time."""
LONG_STEPS: Final = 4
"""Long steps that are done at the same time."""
CHECKPOINT: Final = 1000
"""Pages in the log after which it is written back to the file."""
LONG_LOG: Final = 16_000
"""Pages (64 MB) from which on a checkpoint waits for readers of older states, and everybody with it."""
LONG_LOG_PATIENCE: Final = 500
"""Milliseconds of that."""
LONGEST_LOG: Final = 256_000
"""Pages (1 GB) with which nothing more is written: a reader of another program holds the log."""
FREEZING: Final = 10.0
"""Seconds in which readers of older states must end for the data file to be frozen."""
BETWEEN_FREEZING: Final = 0.1
"""Seconds between two tries."""
MIGRATION: Final = 3600.0
"""Seconds that a migration may take."""
MIGRATION_PATIENCE: Final = 600.0
"""Seconds that it waits for its beginning: another process may be at one."""
STEPS: Final = 100_000
"""Of SQLite's own, some milliseconds, after which a migration looks whether it shall stop."""


class SqliteDatabase(Database):
    def __init__(self, path: Path) -> None:
        path = path.resolve() if path.is_symlink() else path  # SQLite has its log beside the file itself
        self.path = path
        self._idle_readers: list[sqlite3.Connection] = []
        self._surplus: set[sqlite3.Connection] = set()
        self._closed = False
        self._long_steps = ThreadPoolExecutor(LONG_STEPS, "keesa-long")
        self._long_reads = Admission(LONG_READS, LONG_READS_QUEUE, LONG_READS_PATIENCE)
        self._thread_reads = threading.Semaphore(THREAD_READS)
        path.touch(mode=0o600)  # before SQLite makes it, with the mode of everybody's files
        self._file = DataFile(path)
        try:
            with self._file.locked_within(PATIENCE):  # of two that turn a new file to WAL at once, SQLite refuses one
                self._file.require_own_log()
                pragmas = _OF_THE_WRITER if path.stat().st_size else (*_OF_A_NEW_FILE, *_OF_THE_WRITER)
                self._writing = self._connect(PAGE_CACHE, BUSY_TIMEOUT, *pragmas)
                self._file.opened()
        except sqlite3.OperationalError:
            with closing(self._file):
                self._file.require_writable()  # which names the file, where its mode is the reason
            raise
        except BaseException:
            self._file.close()
            raise
        self._marked = False
        self._write_back_asked = False
        self._when_written_back: Callable[[], None] | None = None
        self._written_back = 0
        self._writer = GroupWriter(self._write_group)

    def read(self, work: Work[T]) -> T:
        if not self._thread_reads.acquire(timeout=PATIENCE):
            raise Unavailable("The database is too busy, please try again later")
        try:
            return self._read(work)
        finally:
            self._thread_reads.release()

    def write(self, work: Work[T]) -> T:
        return self._writer.write(work)

    async def aread(self, work: Work[T]) -> T:
        return self._read(work)

    async def aread_in_steps(self, work: Work[Steps[T]], *, long: bool = False) -> T:
        """A work that is not done after one turn needs a place to go on; where none is free it begins again later."""
        if not long:
            done = await self._begun(work)
            if done is not None:
                return done[0]
        await self._long_reads.enter()
        try:
            with unavailable_when_unfit, self._reading() as tx:
                return await run_in_turns(work(tx), Pace.SHORT, self._long_steps)
        finally:
            self._long_reads.leave()

    async def _begun(self, work: Work[Steps[T]]) -> tuple[T] | None:
        """What the work gives, unless it takes long and there is no place to go on."""
        with unavailable_when_unfit, self._reading() as tx:
            steps = work(tx)
            pace, done = first_turn(steps)
            if done is not None:
                return done
            if self._long_reads.enter_now():
                try:
                    return (await run_in_turns(steps, pace, self._long_steps),)
                finally:
                    self._long_reads.leave()
            steps.close()
        return None

    async def awrite(self, work: Work[T]) -> T:
        return await self._writer.awrite(work)

    def migrating(self, work: Work[T], tell: Tell = tell_nobody) -> T:  # noqa: ARG002 - it waits for all alike
        stopped = threading.Event()

        def stoppable(tx: Tx) -> T:
            self._writing.set_progress_handler(stopped.is_set, STEPS)
            try:
                return work(tx)
            finally:
                self._writing.set_progress_handler(None, 0)

        try:
            return self._writer.write(stoppable, patience=MIGRATION_PATIENCE, longest=MIGRATION)
        except KeyboardInterrupt:
            stopped.set()
            raise

    def copy(self, to: Path) -> None:
        """One state of the data as a file of its own. Raises `Refused` where that does not fit."""
        with unavailable_when_unfit:
            reader = self._connect(SURPLUS_PAGE_CACHE, BUSY_TIMEOUT, *_OF_A_READER)
            with closing(reader):
                copy(reader, to)

    @contextmanager
    def frozen(self) -> Iterator[Frozen]:
        """One state of the data, all of it in the data file, which nobody writes until the end; writers go on in the
        log. Raises `Unavailable` where readers of older states keep the log from being written back.
        """
        deadline = time.monotonic() + FREEZING
        with unavailable_when_unfit:
            reader = self._connect(SURPLUS_PAGE_CACHE, BUSY_TIMEOUT, *_OF_A_READER)
            with closing(reader):
                while not self._freeze(reader):
                    if time.monotonic() > deadline:
                        raise Unavailable("Another program reads an old state of the database, please try again later")
                    time.sleep(BETWEEN_FREEZING)
                frozen = Frozen(self._file, SqliteTx(reader, may_be_undone=False))
                yield frozen
                frozen.require_unwritten()

    def _freeze(self, reader: sqlite3.Connection) -> bool:
        """Write the log back, and have the reader begin before anybody writes again; whether all was written back."""
        begun: list[bool] = []

        def ask(_tx: Tx) -> None:
            self._write_back_asked = True
            self._when_written_back = lambda: begun.append(begin_behind(reader, self._writing, self._file))

        self.write(ask)
        return begun == [True]

    def write_back(self) -> None:
        """Write the log back now, however short it is: a file that has given pages back is cut by that alone."""

        def ask(_tx: Tx) -> None:
            self._write_back_asked = True

        self.write(ask)

    def log_bytes(self) -> int:
        """Of what stands in the log; its file may be longer."""
        log = self._file.log()
        return log.frames * log.page

    def require_writable(self) -> None:
        self._file.require_here()
        self._file.require_writable()

    def load(self) -> Load:
        return Load(
            waiting=self._writer.waiting,
            long_reads=self._long_reads.taken,
            long_reads_waiting=self._long_reads.waiting,
            writes=self._writer.writes,
            commits=self._writer.commits,
        )

    def describe(self) -> str:
        return f"SQLite {sqlite3.sqlite_version} in {self.path}"

    def close(self) -> None:
        if self._closed:
            return
        stopped = self._writer.close()
        self._closed = True
        self._long_steps.shutdown()
        while self._idle_readers:
            self._idle_readers.pop().close()
        if stopped:
            with suppress(Unavailable), self._file.locked_within(PATIENCE):
                self._writing.close()  # the last one of all processes writes the log back
            self._writing.close()
            self._file.close()

    def _connect(self, page_cache: int, busy_timeout: float, *pragmas: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",  # never makes a file in place of one that is gone
            uri=True,
            timeout=busy_timeout,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.row_factory = sqlite3.Row
        try:
            for pragma in (*pragmas, f"cache_size=-{page_cache}"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute("SELECT 1 FROM sqlite_schema").fetchone()  # so that its log is open too
        except BaseException:
            connection.close()
            raise
        return connection

    def _read(self, work: Work[T]) -> T:
        with unavailable_when_unfit, self._reading() as tx:
            return work(tx)

    def _reading(self) -> Reading:
        return Reading(self._take, self._keep_or_close)

    def _take(self) -> sqlite3.Connection:
        """A connection that nobody else uses meanwhile: the one that was idle the shortest."""
        if self._closed:
            raise Unavailable(_CLOSED)
        try:
            return self._idle_readers.pop()
        except IndexError:
            return self._new_reader()

    def _keep_or_close(self, connection: sqlite3.Connection) -> None:
        keep = not self._closed and len(self._idle_readers) < IDLE_READERS
        if keep and connection in self._surplus:
            connection.execute(f"PRAGMA cache_size=-{PAGE_CACHE}")
        self._surplus.discard(connection)
        if keep:
            self._idle_readers.append(connection)
        else:
            connection.close()

    def _new_reader(self) -> sqlite3.Connection:
        """With few pages of its own: most of such readers are closed again soon."""
        connection = self._connect(SURPLUS_PAGE_CACHE, READING_BUSY_TIMEOUT, *_OF_A_READER)
        self._surplus.add(connection)
        try:
            self._file.require_here()
        except BaseException:
            self._surplus.discard(connection)
            connection.close()
            raise
        return connection

    def _write_group(self, works: Sequence[Work[Any]]) -> Sequence[Outcome]:
        with unavailable_when_unfit, self._file.locked():
            self._when_written_back = None
            before = self._file.log()
            if before.frames > LONGEST_LOG and not self._write_back():
                raise Unavailable("Another program reads an old state of the database: its log has grown too long")
            with self._transaction():
                outcomes = [self._run(work) for work in works]
            with suppress(sqlite3.Error, OSError, Unavailable):  # what is committed is; the next one tries again
                log = self._file.log()
                self._file.record_log(log)
                self._write_back_when_due(before, log)
            return outcomes

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._writing.execute("BEGIN IMMEDIATE")
            yield
            self._file.require_same(self._mark)
            self._writing.execute("COMMIT")
        finally:
            if self._writing.in_transaction:
                self._writing.execute("ROLLBACK")

    def _mark(self) -> int:
        found: int = self._writing.execute("PRAGMA user_version").fetchone()[0]
        return found

    def _write_back_when_due(self, before: Log, log: Log) -> None:
        """After the first commit of this process, so that the file has a mark that no copy of it has; then after so
        many pages. The lock is held.
        """
        if log.frames < self._written_back:  # begun anew
            self._written_back = 0
        due = not self._marked or log.frames - self._written_back >= CHECKPOINT
        if self._write_back_asked or (due and log.change != before.change):
            self._write_back_asked = False
            self._write_back()
            if self._when_written_back is not None:
                self._when_written_back()

    def _write_back(self) -> bool:
        """A checkpoint, under a new mark; whether the log is empty or its next write begins it anew."""
        with self._transaction():
            self._writing.execute(f"PRAGMA user_version = {(self._mark() + 1 + secrets.randbelow(20_000)) % MARKS}")
        self._written_back = self._file.log().frames
        if self._written_back > LONG_LOG:
            self._writing.execute(f"PRAGMA busy_timeout = {LONG_LOG_PATIENCE}")
        try:
            way = "TRUNCATE" if self._written_back > LONG_LOG else "PASSIVE"
            busy, _, _ = self._writing.execute(f"PRAGMA wal_checkpoint({way})").fetchone()
        finally:
            self._writing.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")
        self._file.require_same(self._mark)
        self._marked = True
        return not busy

    def _run(self, work: Work[Any]) -> Outcome:
        self._writing.execute("SAVEPOINT work")
        tx = SqliteTx(self._writing, may_be_undone=True)
        try:
            value = work(tx)
            outcome = Outcome(value, kept_calls=tx.kept_calls)
        except BaseException as error:  # it belongs to the caller who waits, not to this thread
            if not self._writing.in_transaction:
                raise  # a full disk or the like undid the whole group, not this work alone
            self._writing.execute("ROLLBACK TO work")
            outcome = Outcome(error=as_unavailable(error))
        finally:
            tx.close()
        self._writing.execute("RELEASE work")
        return outcome


_OF_A_NEW_FILE: Final = ("auto_vacuum=INCREMENTAL",)
"""Before its first page: later it would take a copy of all (docs/decisions/0034-shrinking-files.md)."""
_OF_A_READER: Final = ("wal_autocheckpoint=0", "query_only=ON")
_OF_THE_WRITER: Final = ("journal_mode=WAL", "wal_autocheckpoint=0", "synchronous=FULL", "foreign_keys=ON")
