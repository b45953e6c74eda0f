"""PostgreSQL 15 and later, through libpq as psycopg 3 brings it: transactions side by side, few round trips each.

The event loop's works run in greenlets (`postgres_loop.py`), those of threads block (`postgres_threads.py`); both on
connections on which statements travel together (`postgres_connection.py`). What orders two writes is a row that both
lock: docs/decisions/0015-postgres-writes.md.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from keesa.db.admission import LONG_READS_PATIENCE, LONG_READS_QUEUE, Admission, Place
from keesa.db.engine import Database, Steps, Tell, Tx, Work, tell_nobody
from keesa.db.load import Load
from keesa.db.postgres_attempts import attempt
from keesa.db.postgres_connecting import connect
from keesa.db.postgres_copying import CopyingConnection, Filling, Snapshot
from keesa.db.postgres_failures import unavailable_when_gone
from keesa.db.postgres_limits import CONNECTIONS, FEWEST_CONNECTIONS
from keesa.db.postgres_loop import LoopConnections
from keesa.db.postgres_loop_connection import LoopConnection
from keesa.db.postgres_migrating import Migrating
from keesa.db.postgres_steps import NO_PLACE, run_steps
from keesa.db.postgres_threads import BlockingConnection, ThreadConnections
from keesa.db.postgres_tx import PostgresTx
from keesa.db.postgres_waits import Waits
from keesa.errors import Refused, Unavailable

T = TypeVar("T")

OLDEST: Final = 150_000
"""PostgreSQL 15, as the server itself counts."""
OF_THREADS: Final = 4
"""Those of them that threads use, where there are so many; logins have as many threads."""
LONG_READS: Final = 4
"""Those of the loop's that may be at long reads: more would take the processors from the short ones."""
_DEFAULT_WAITS: Final = Waits()


class PostgresDatabase(Database):
    def __init__(self, url: str, connections: int = CONNECTIONS, waits: Waits = _DEFAULT_WAITS) -> None:
        """`connections` is the most that this process has, of which one loop has nearly all."""
        self._url = url
        self._waits = waits
        self._version = _server_version(url, waits)
        of_threads = min(OF_THREADS, connections // FEWEST_CONNECTIONS)
        self._of_loops = connections - of_threads
        self._threads = ThreadConnections(self._blocking, of_threads, waits)
        self._loops: dict[asyncio.AbstractEventLoop, LoopConnections] = {}
        places = min(LONG_READS, self._of_loops - 1)
        self._long_reads = Admission(places, LONG_READS_QUEUE, LONG_READS_PATIENCE)
        self._closed = False
        self._lock = threading.Lock()

    def read(self, work: Work[T]) -> T:
        self._refuse_closed()
        return self._threads.run(work, writing=False)

    def write(self, work: Work[T]) -> T:
        self._refuse_closed()
        return self._threads.run(work, writing=True)

    async def aread(self, work: Work[T]) -> T:
        return await self._on_loop(lambda connection: attempt(connection, work, writing=False))

    async def aread_in_steps(self, work: Work[Steps[T]], *, long: bool = False) -> T:
        """A work that takes long needs a place to go on, so that short ones find a connection; where there is none it
        begins again later.
        """

        def reading(connection: LoopConnection, places: Admission | None) -> T | object:
            return attempt(connection, lambda tx: run_steps(work(tx), connection, places), writing=False)

        def reading_in(place: Place) -> Callable[[LoopConnection], T | object]:
            def act(connection: LoopConnection) -> T | object:
                with place:  # also when nobody waits any more
                    return reading(connection, None)

            return act

        done = NO_PLACE if long else await self._on_loop(lambda connection: reading(connection, self._long_reads))
        if done is NO_PLACE:
            await self._long_reads.enter()
            with (place := Place(self._long_reads)):
                done = await self._on_loop(reading_in(place))
        return done  # type: ignore[return-value]  # the work's own

    async def awrite(self, work: Work[T]) -> T:
        return await self._on_loop(lambda connection: attempt(connection, work, writing=True))

    def migrating(self, work: Work[T], tell: Tell = tell_nobody) -> T:
        return self._migrating(lambda tx, _: work(tx), tell)

    def filling(self, work: Callable[[Tx, Filling], T]) -> T:
        """As `migrating`, for a work that fills whole tables."""
        return self._migrating(lambda tx, connection: work(tx, Filling(tx, connection)), tell_nobody)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """One state of all tables, for as long as it is read."""
        settings = {**self._waits.settings(), "statement_timeout": "0"}
        with unavailable_when_gone(), closing(self._copying(settings, self._waits.longest)) as connection:
            connection.begin(writing=False)
            yield Snapshot(PostgresTx(connection, may_be_undone=False), connection)

    def require_writable(self) -> None:
        """Nothing is known here that a write would not tell."""

    def load(self) -> Load:
        with self._lock:
            loops = list(self._loops.values())
        return Load(
            waiting=sum(connections.waiting for connections in loops),
            long_reads=self._long_reads.taken,
            long_reads_waiting=self._long_reads.waiting,
            connections_busy=self._threads.busy + sum(connections.busy for connections in loops),
            connections_idle=self._threads.idle + sum(connections.idle for connections in loops),
        )

    def describe(self) -> str:
        info = conninfo_to_dict(self._url)
        place = f"{info.get('dbname', '')} on {info.get('host', 'the local socket')}:{info.get('port', 5432)}"
        return f"PostgreSQL {self._version // 10_000} ({place})"

    def close(self) -> None:
        """Called on a loop itself, it does not wait for what that loop has under way."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            loops = list(self._loops.items())
        self._threads.close()
        for loop, connections in loops:
            self._close_those_of(loop, connections)

    def _close_those_of(self, loop: asyncio.AbstractEventLoop, connections: LoopConnections) -> None:
        if not loop.is_running():
            connections.abandon()
        elif loop is _running_loop():
            connections.close(lambda: None)
        else:
            closed = threading.Event()
            loop.call_soon_threadsafe(connections.close, closed.set)
            closed.wait(2 * self._waits.patience)

    def _refuse_closed(self) -> None:
        if self._closed:
            raise Unavailable("The database is closed")

    async def _on_loop(self, act: Callable[[LoopConnection], T]) -> T:
        self._refuse_closed()
        loop = asyncio.get_running_loop()
        return await (self._loops.get(loop) or self._those_of(loop)).run(act)

    def _those_of(self, loop: asyncio.AbstractEventLoop) -> LoopConnections:
        """Made at the loop's first use; what loops had that were closed since is taken over."""
        with self._lock:
            self._refuse_closed()
            made = self._loops[loop] = LoopConnections(loop, self._for_loop, self._of_loops, self._waits)
            for other in [known for known in self._loops if known.is_closed()]:
                left = self._loops.pop(other)
                made.adopt(left.give_up_idle())
                left.abandon()
        return made

    def _blocking(self) -> BlockingConnection:
        settings = self._waits.settings()
        made = BlockingConnection(connect(self._url, self._waits.patience, settings), settings)
        made.patience = self._waits.answer
        return made

    def _migrating(self, work: Callable[[Tx, CopyingConnection], T], tell: Tell) -> T:
        settings = self._waits.settings(migrating=True)
        with unavailable_when_gone(), closing(self._copying(settings, self._waits.migration)) as connection:
            return Migrating(connection, self.read, self._waits, tell).run(lambda tx: work(tx, connection))

    def _copying(self, settings: Mapping[str, str], patience: float) -> CopyingConnection:
        connection = CopyingConnection(connect(self._url, self._waits.patience, settings), settings)
        connection.patience = patience
        return connection

    def _for_loop(self) -> LoopConnection:
        settings = self._waits.settings()
        return LoopConnection(connect(self._url, self._waits.patience, settings), settings)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _server_version(url: str, waits: Waits) -> int:
    try:
        driver = connect(url, waits.patience, {}).driver
        version = driver.info.server_version
        encoding = driver.info.parameter_status("server_encoding")
        driver.close()
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
