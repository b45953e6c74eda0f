"""Nobody waits for the database without an end: not for a lock, nor for a server that is frozen."""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keesa.db import Database, grouping
from keesa.db.opening import SQLITE_FILE
from keesa.db.postgres import PostgresDatabase
from keesa.db.postgres_waits import Waits
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Unavailable
from lines import adding, make_table, read_lines
from postgres_server import PostgresServer


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second where SQLite's writers wait for ten."""
    monkeypatch.setattr(grouping, "PATIENCE", 1.0)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """As another program of the same user would hold the lock file."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_lock_that_somebody_holds_stops_writes_alone(tmp_path: Path) -> None:
    """Each write is told so and never done, reads go on, and the first write after it works."""
    database = SqliteDatabase(tmp_path / SQLITE_FILE)
    make_table(database)
    with held(tmp_path / "keesa.lock"):
        with pytest.raises(Unavailable):
            database.write(adding("never"))
        assert database.read(read_lines) == []
    assert database.write(adding("after")) == "after"
    assert database.read(read_lines) == ["after"]
    database.close()


def test_the_lock_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Who can open it can hold it: one that an older Keesa has left open to all is mended."""
    lock = tmp_path / "keesa.lock"
    lock.touch(mode=0o644)
    lock.chmod(0o644)
    SqliteDatabase(tmp_path / SQLITE_FILE).close()
    assert lock.stat().st_mode & 0o777 == 0o600


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """The server and all that it has started get no time, and the kernel still answers for them."""
    tree = [server.pid, *map(int, Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split())]
    for process in tree:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in tree:
            os.kill(process, signal.SIGCONT)


def patiently(act: Callable[[], object]) -> None:
    """At the thirtieth try at the latest, each of which waits itself."""
    for _ in range(29):
        try:
            act()
        except Unavailable:
            time.sleep(0.1)
        else:
            return
    act()


def test_a_frozen_server_is_unavailable_until_it_wakes() -> None:
    """Reads, writes and reads of the event loop are all told so, and nobody has to restart anything afterwards."""
    with PostgresServer() as server:
        server.create_database("desk")
        database = PostgresDatabase(server.url("desk"), waits=Waits(patience=1, answer=1))
        make_table(database)
        database.write(adding("before"))
        with frozen(server):
            for act in (
                lambda: database.read(read_lines),
                lambda: database.write(adding("unknown")),
                lambda: asyncio.run(database.aread(read_lines)),
                lambda: asyncio.run(database.awrite(adding("unknown too"))),
            ):
                with pytest.raises(Unavailable):
                    act()
        patiently(lambda: database.read(read_lines))
        patiently(lambda: database.write(adding("after")))
        assert {"before", "after"} <= set(database.read(read_lines))
        database.close()


def test_more_readers_than_connections_wait_wait_and_are_answered(lines_database: Database) -> None:
    """Three hundred at once; a bounded number of connections is open meanwhile."""
    lines_database.write(adding("line"))

    async def read_all() -> list[list[str]]:
        return list(await asyncio.gather(*(lines_database.aread(read_lines) for _ in range(300))))

    assert asyncio.run(read_all()) == [["line"]] * 300
