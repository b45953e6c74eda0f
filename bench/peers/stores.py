"""Where a peer keeps its tickets: a PostgreSQL cluster of its own, or one SQLite file; either can be made empty again.

A peer makes its tables once, between `begin` and `keep`; from then on `renew` gives it those empty tables, and `load`
fills them with SQL that both engines know: the table `numbers` has a row a ticket, `n` from 1, its `moment` (UTC) and
what its last note says `besides`. `fill` does both, where they are needed.
"""

import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from bench.engines import Engine
from bench.peers.kept import forget, load_once, name_of
from bench.peers.texts import OFTEN, RARELY, besides
from bench.programs import Program, Surroundings, Unavailable, finish, free_port, program

DATABASE: Final = "tickets"
OWNER: Final = "postgres"
_EMPTY: Final = "tickets_empty"
_WHILE_LOADING: Final = {"max_wal_size": "4GB", "maintenance_work_mem": "1GB"}
_BINARIES: Final = Path("/usr/lib/postgresql/15/bin")

_NUMBERS: Final = "CREATE TEMPORARY TABLE numbers (n integer PRIMARY KEY, moment timestamp NOT NULL, besides text)"
_SEQUENCES: Final = """
    SELECT c.table_name, c.column_name,
           coalesce(substring(c.column_default FROM $$nextval\\('([^']+)'$$),
                    pg_get_serial_sequence(quote_ident(c.table_name), c.column_name))
      FROM information_schema.columns c
     WHERE c.table_schema = 'public' AND (c.column_default LIKE 'nextval(%' OR c.is_identity = 'YES')
"""


class Sqlite:
    def __init__(self, file: Path, user: str | None) -> None:
        self.file = file
        self._empty = file.with_name(f"{file.name}.empty")
        self._user = user
        self.processes: Sequence[int] = ()

    @property
    def made(self) -> bool:
        return self._empty.exists()

    def begin(self) -> None:
        self.remove()

    def keep(self) -> None:
        making = self._empty.with_name(f"{self._empty.name}.part")
        making.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(making)) as target:
            source.backup(target)
        making.rename(self._empty)

    def renew(self) -> None:
        self.remove()
        shutil.copyfile(self._empty, self.file)
        if self._user:
            shutil.chown(self.file, self._user, self._user)

    def load(self, tickets: int, statements: Sequence[str]) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(_NUMBERS)
            connection.executemany("INSERT INTO numbers VALUES (?, ?, ?)", _numbers(tickets))
            for statement in statements:
                connection.execute(statement)
            connection.execute("ANALYZE")

    def remove(self) -> None:
        for ending in ("", "-journal", "-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)


class Postgres:
    def __init__(self, port: int, process: int) -> None:
        self.port = port
        self.processes: Sequence[int] = (process,)

    @property
    def made(self) -> bool:
        with self.connect("postgres") as connection:
            return bool(connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_EMPTY]).fetchone())

    def begin(self) -> None:
        self.remove()
        self._copy("template0", DATABASE)

    def keep(self) -> None:
        self._copy(DATABASE, _EMPTY)

    def renew(self) -> None:
        self.remove()
        self._copy(_EMPTY, DATABASE)

    def load(self, tickets: int, statements: Sequence[str]) -> None:
        with self.connect(DATABASE) as connection, _written_at_once(connection):
            with connection.transaction():
                connection.execute(_NUMBERS)
                with connection.cursor().copy("COPY numbers FROM STDIN") as copy:
                    for row in _numbers(tickets):
                        copy.write_row(row)
                for statement in statements:
                    connection.execute(statement.encode())
                _advance_sequences(connection)
            connection.execute("VACUUM ANALYZE")

    def connect(self, database: str) -> psycopg.Connection:
        """Every statement its own transaction."""
        place = f"host=127.0.0.1 port={self.port} user={OWNER} dbname={database}"
        return psycopg.connect(place, autocommit=True)

    def remove(self) -> None:
        with self.connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))

    def _copy(self, source: str, target: str) -> None:
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(target), sql.Identifier(source))
        with self.connect("postgres") as connection:
            connection.execute(copy)


def fill(
    store: Sqlite | Postgres,
    folder: Path,
    tickets: int,
    statements: Sequence[str],
    *,
    searched: bool,
    write_files: Callable[[], None] | None = None,
) -> None:
    """Have these tickets in it and nothing else, and in files what does not stand in a database.

    A peer that is `searched` is only read, so its tickets stay for the next time: `folder` remembers them.
    """

    def load() -> None:
        store.renew()
        store.load(tickets, statements)
        if write_files is not None:
            write_files()

    if searched:
        load_once(folder, name_of(tickets, statements, besides(OFTEN * RARELY)), load)
    else:
        forget(folder)
        load()


@contextmanager
def opened(
    engine: Engine, folder: Path, user: str | None = None, file: str = f"{DATABASE}.sqlite3"
) -> Iterator[Sqlite | Postgres]:
    """The store in that folder, for as long as it is wanted; the SQLite `file` belongs to `user`."""
    folder.mkdir(parents=True, exist_ok=True)
    if engine == "sqlite":
        if user:
            shutil.chown(folder, user, user)
        yield Sqlite(folder / file, user)
        return
    with _cluster(folder) as port_and_process:
        yield Postgres(*port_and_process)


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[int, int]]:
    """Debian's PostgreSQL 15 as it comes: durable, listening on loopback alone, trusting who connects."""
    if not (_BINARIES / "postgres").exists():
        raise Unavailable("The peers keep their tickets in PostgreSQL 15: `apt-get install postgresql-15`")
    cluster, port = folder / "cluster", free_port()
    around = Surroundings(folder / "postgres.log", None if os.geteuid() else OWNER, Path("/"))
    if not cluster.exists():
        _make_cluster(cluster, around)
    place = [f"--{name}={value}" for name, value in (("listen_addresses", "127.0.0.1"), ("port", port))]
    command = [str(_BINARIES / "postgres"), "-D", str(cluster), *place, "--unix_socket_directories="]
    with program(command, around, signal.SIGINT) as server:
        _wait_for(port, server)
        yield port, server.pid


def _make_cluster(cluster: Path, around: Surroundings) -> None:
    making = cluster.with_name("cluster.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    if around.user:
        shutil.chown(making, around.user, around.user)
    how = [f"--pgdata={making}", f"--username={OWNER}", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    finish([str(_BINARIES / "initdb"), *how], around)
    making.rename(cluster)


def _wait_for(port: int, server: Program, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        server.require_alive()
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user={OWNER} dbname=postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def _written_at_once(connection: psycopg.Connection) -> Iterator[None]:
    """With fewer checkpoints and more memory for indexes, without which a million tickets take twice as long; then as
    before, whatever became of the load.
    """
    for name, value in _WHILE_LOADING.items():
        connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    connection.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")
    connection.execute("CHECKPOINT")


def _numbers(tickets: int) -> Iterator[tuple[int, str, str]]:
    """A ticket a minute, the last one a minute ago."""
    now = datetime.now(UTC)
    for n in range(1, tickets + 1):
        yield n, f"{now - timedelta(minutes=tickets + 1 - n):%Y-%m-%d %H:%M:%S}", besides(n)


def _advance_sequences(connection: psycopg.Connection) -> None:
    """Past the numbers that were loaded without asking them."""
    for table, column, sequence in connection.execute(_SEQUENCES).fetchall():
        advance = sql.SQL("SELECT setval(%s, max({})) FROM {} HAVING max({}) IS NOT NULL")
        name = sql.Identifier(column)
        connection.execute(advance.format(name, sql.Identifier(table), name), [sequence.lower()])
