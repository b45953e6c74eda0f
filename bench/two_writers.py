"""Two processes that write one SQLite file: the lock file's order against SQLite's own waiting, in one run.

    .venv/bin/python bench/two_writers.py [--seconds 5] [--clients 16]

Prints acknowledged writes a second and the latency of each, in milliseconds, for both ways in turn, and their
ratios. The docs/decisions/0003-sqlite-writes.md tells what was decided by it.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from keesa.db import Tx, open_database
from keesa.db import sqlite_file as engine
from keesa.db.migrate import migrate

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

PROCESSES = 2


def write_for(seconds: float, clients: int, data: Path, *, lock_file: bool, found: "Queue[list[float]]") -> None:
    """One process: `clients` threads that each write, wait for the acknowledgement, and write again."""
    if not lock_file:
        engine.fcntl.flock = lambda *_: None  # type: ignore[attr-defined] # leave the order to SQLite
    database = open_database(data, None)
    end = time.perf_counter() + seconds
    latencies: list[float] = []

    def insert(tx: Tx) -> None:
        tx.run("INSERT INTO customers (name, contact_name, contact_number) VALUES ('a', 'b', 1)")

    def client() -> None:
        while (begun := time.perf_counter()) < end:
            database.write(insert)
            latencies.append((time.perf_counter() - begun) * 1000)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    found.put(latencies)


def measure(seconds: float, clients: int, *, lock_file: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder), None)
        migrate(database)
        database.close()
        context = multiprocessing.get_context("spawn")
        found: Queue[list[float]] = context.Queue()
        processes = [
            context.Process(
                target=write_for,
                args=(seconds, clients, Path(folder)),
                kwargs={"lock_file": lock_file, "found": found},
            )
            for _ in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        latencies = sorted(latency for _ in processes for latency in found.get())
        for process in processes:
            process.join()
    return {
        "writes/s": len(latencies) / seconds,
        "p50 ms": statistics.median(latencies),
        "p99 ms": latencies[len(latencies) * 99 // 100],
        "max ms": latencies[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, default=16, help="a process")
    options = parser.parse_args()
    with_lock = measure(options.seconds, options.clients, lock_file=True)
    without = measure(options.seconds, options.clients, lock_file=False)
    print(f"{'':10}{'lock file':>12}{'SQLite':>12}{'ratio':>8}")
    for name, figure in with_lock.items():
        print(f"{name:10}{figure:12.1f}{without[name]:12.1f}{figure / without[name]:8.2f}")


if __name__ == "__main__":
    main()
