"""How long a reader and a writer wait at the longest while a data file is looked after, in one run on one server.

    PYTHONPATH=tests/support .venv/bin/python -m bench.pauses [--seconds 20] [--workers 2] [--data var/bench/pauses]

One client reads a ticket again and again, another adds notes, each with a short rest between; a third flushes a page to
the same disk, without Keesa, and a fourth only sleeps, which shows what is the machine's own. Meanwhile: nothing; 32
clients that write, with a checkpoint every 1,000 pages; `keesa vacuum`; the 32 clients, and another program that reads
an old state all the time, with a log that is long.
"""

import argparse
import http.client
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

from bench.dataset import EnginePlace, world_on
from bench.desks import Desk, Place, serving
from bench.endpoints import reads, writes
from bench.wrk import Request
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite import SqliteDatabase
from unshrunk import fill

CLIENTS: Final = 32
_REST: Final = 0.005
"""Seconds between two requests of who is measured."""
_WRITERS_REST: Final = 0.25
"""The same of the 32: with all that they could write the processors would be full, and nothing else be seen."""
_FREE: Final = 60_000
"""Pages for the vacuum: 240 MB."""
_LONG_LOG: Final = 20_000
"""Pages that are in the log before somebody is measured beside an old state: from 16,000 on a checkpoint waits."""
_PATIENCE: Final = 60

Waits = Mapping[str, Sequence[float]]
"""Of each that is measured, in milliseconds, from the shortest to the longest."""


def ask(connection: http.client.HTTPConnection, request: Request) -> None:
    connection.request(request.method, request.path, request.body, dict(request.headers))
    answer = connection.getresponse()
    answer.read()
    if answer.status >= 400:
        raise RuntimeError(f"{request.method} {request.path} was answered {answer.status}")


def asking(url: str, requests: Sequence[Request]) -> Callable[[int], None]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
    return lambda number: ask(connection, requests[number % len(requests)])


def flushing(folder: Path) -> Callable[[int], None]:
    file = os.open(folder / "flushed", os.O_RDWR | os.O_CREAT, 0o600)

    def flush(number: int) -> None:
        os.pwrite(file, b"x" * 4096, 4096 * (number % 100))
        os.fdatasync(file)

    return flush


def measured(desk: Desk, over: Callable[[], bool]) -> Waits:
    """Until `over`."""
    probes: Mapping[str, Callable[[int], None]] = {
        "reader": asking(desk.url, reads(desk)["one ticket"]),
        "writer": asking(desk.url, writes(desk)["add note"]),
        "disk": flushing(desk.place.data),
        "sleep": lambda _: time.sleep(_REST),
    }
    found: dict[str, list[float]] = {name: [] for name in probes}

    def probe(name: str) -> None:
        while not over():
            begun = time.perf_counter()
            probes[name](len(found[name]))
            found[name].append((time.perf_counter() - begun) * 1000)
            time.sleep(_REST)

    threads = [Thread(target=probe, args=(name,)) for name in probes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {name: sorted(waits) for name, waits in found.items()}


def for_seconds(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def write_until_ended(url: str, request: Request) -> None:
    def write() -> None:
        each = asking(url, [request])
        while True:
            each(0)
            time.sleep(_WRITERS_REST)

    threads = [Thread(target=write) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()


@contextmanager
def writers(desk: Desk) -> Iterator[None]:
    [request] = writes(desk)["create"]
    process = multiprocessing.get_context("spawn").Process(target=write_until_ended, args=(desk.url, request))
    process.start()
    time.sleep(2)  # they are at work
    try:
        yield
    finally:
        process.kill()
        process.join()


def while_vacuuming(desk: Desk) -> Waits:
    free_pages(desk.place.data / SQLITE_FILE, _FREE)
    ended = Event()

    def wait() -> None:
        vacuum.wait()
        ended.set()

    command = [sys.executable, "-m", "keesa", "vacuum", "--data", str(desk.place.data)]
    with subprocess.Popen(command) as vacuum:  # noqa: S603 - our own words
        Thread(target=wait).start()
        return measured(desk, ended.is_set)


def free_pages(file: Path, pages: int) -> None:
    with closing(SqliteDatabase(file)) as database:
        fill(database, pages)


_READS_AN_OLD_STATE: Final = """
import sqlite3, sys
reader = sqlite3.connect(sys.argv[1], uri=True, isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT count(*) FROM customers").fetchall()
print("reads", flush=True)
sys.stdin.read()
"""


@contextmanager
def old_state(file: Path) -> Iterator[None]:
    """In a process of its own: this one closes the file, and would let go of its locks."""
    command = [sys.executable, "-c", _READS_AN_OLD_STATE, f"{file.absolute().as_uri()}?mode=ro"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:  # noqa: S603 - as above
        assert reader.stdout
        assert reader.stdin
        reader.stdout.readline()
        free_pages(file, _LONG_LOG)
        try:
            yield
        finally:
            reader.stdin.close()


def run(desk: Desk, seconds: float) -> Iterator[tuple[str, Waits]]:
    file = desk.place.data / SQLITE_FILE
    yield "nothing", measured(desk, for_seconds(seconds))
    with writers(desk):
        yield f"{CLIENTS} writers, checkpoints", measured(desk, for_seconds(seconds))
    yield "keesa vacuum", while_vacuuming(desk)
    with old_state(file), writers(desk):
        found = measured(desk, for_seconds(seconds))
        log = file.with_name(f"{file.name}-wal").stat().st_size / 1e6
    yield f"{CLIENTS} writers, an old state is read (log {log:.0f} MB)", found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--data", type=Path, default=Path("var/bench/pauses"))
    options = parser.parse_args()
    print("in ms: middle, 99 of 100, longest, and the longest to that of nothing")
    with (
        world_on(EnginePlace(options.data), options.tickets, name="pauses") as (data, _, world),
        serving(Place(data, None, None), world, options.workers) as desk,
    ):
        quiet: Waits = {}
        for name, waits in run(desk, options.seconds):
            quiet = quiet or waits
            print(name)
            for who, each in waits.items():
                print(f"    {who:8}{tell(each)}   {each[-1] / quiet[who][-1]:6.2f}", flush=True)


def tell(waits: Sequence[float]) -> str:
    return "".join(f"{waits[len(waits) * part // 100]:9.1f}" for part in (50, 99)) + f"{waits[-1]:9.1f}"


if __name__ == "__main__":
    main()
