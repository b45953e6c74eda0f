"""A read of two statements on PostgreSQL: psycopg's cursors, its pipeline mode, and Keesa's connection, in one run.

    make setup; PYTHONPATH=tests/support .venv/bin/python -m bench.cursors [--transactions 3000] [--rounds 5]

Prints the CPU that this process takes for a transaction and its time, in microseconds, by turns, and their ratios to
the first; docs/decisions/0015-postgres-writes.md tells what was decided by it.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bench.desks import server_of
from keesa.db import Tx
from keesa.db.postgres import PostgresDatabase

BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
TABLE = "CREATE TABLE things AS SELECT i AS id, 'thing ' || i AS name FROM generate_series(1, 1000) i"
ONE = "SELECT id, name FROM things WHERE id = {}"
OTHER = "SELECT id, name FROM things WHERE id = {} AND name <> {}"


def by_cursors(connection: psycopg.Connection[Any]) -> None:
    connection.execute(BEGIN, prepare=False)
    connection.execute(ONE.format("%s"), [5], prepare=True).fetchall()
    connection.execute(OTHER.format("%s", "%s"), [6, "none"], prepare=True).fetchall()
    connection.execute("COMMIT", prepare=False)


def by_pipeline(connection: psycopg.Connection[Any]) -> None:
    """With as few round trips as Keesa's: the end of each transaction travels with the beginning of the next."""
    connection.execute(BEGIN, prepare=True)
    connection.execute(ONE.format("%s"), [5], prepare=True).fetchall()
    connection.execute(OTHER.format("%s", "%s"), [6, "none"], prepare=True).fetchall()
    connection.execute("COMMIT", prepare=True)


def by_keesa(tx: Tx) -> None:
    tx.all(ONE.format(":one"), one=5)
    tx.all(OTHER.format(":other", ":name"), other=6, name="none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with server_of("postgres") as server:
        assert server is not None
        url = server.url("postgres")
        with (
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as plain,
            psycopg.connect(url, autocommit=True, row_factory=dict_row) as piped,
        ):
            plain.execute(TABLE)
            keesa = PostgresDatabase(url)
            with piped.pipeline():
                ways = {
                    "psycopg's cursors": lambda: by_cursors(plain),
                    "psycopg's pipeline": lambda: by_pipeline(piped),
                    "Keesa's connection": lambda: keesa.read(by_keesa),
                }
                tell(ways, options.transactions, options.rounds)
            keesa.close()


def tell(ways: Mapping[str, Callable[[], object]], transactions: int, rounds: int) -> None:
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begun, cpu = time.perf_counter(), time.process_time()
            for _ in range(transactions):
                way()
            spent[name].append((time.process_time() - cpu, time.perf_counter() - begun))
    first = next(iter(spent.values()))
    for name, figures in spent.items():
        cpu, wall = (median(each[kind] for each in figures) / transactions * 1e6 for kind in (0, 1))
        ratio = median(mine[0] / other[0] for mine, other in zip(figures, first, strict=True))
        print(f"{name:20} CPU {cpu:6.0f} µs   time {wall:6.0f} µs   CPU to the first {ratio:.2f}")


if __name__ == "__main__":
    main()
