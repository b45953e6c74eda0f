"""Plans of statements that look for rows: which indexes lead to them, and desks that grow under them."""

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, Final

import cast
from furnished_tickets import FILTERS, furnish, joined
from keesa.db import Database, Tx, open_database, postgres_statements
from keesa.db.engine import Row
from keesa.db.migrate import migrate
from keesa.db.opening import SQLITE_FILE
from keesa.db.sqlite_tx import SqliteTx
from keesa.tickets.row_filters import RowsWanted
from many_tickets import grow
from undone import undone

IN_ORDER: Final = ("tickets_held", "tickets_answered", "ticket_events_by_time")
"""Indexes that are walked from one end, as far as the window goes."""
LATER: Final = 7
"""Milliseconds by which the changes of one copy of the tickets are after those of another."""
SCANNED: Final = r"Seq Scan on public\.(tickets|ticket_\w+|internal_notes)"
"""As a verbose plan says it."""
TEMPORARY: Final = "TEMP B-TREE FOR ORDER BY"


ASKING: Final = ("admin", "staff with a type", "customer")


def pairs_of_filters() -> Iterator[tuple[str, str, RowsWanted]]:
    """Who asks, the pair's name, and what it wants: each pair of one of those who ask, each filter alone of all."""
    for number, (one, other) in enumerate(combinations_with_replacement(FILTERS, 2)):
        for who in ASKING if one == other else [ASKING[number % len(ASKING)]]:
            yield who, f"{one} and {other}", joined(FILTERS[one], FILTERS[other])


class Watched:
    """In the place of a transaction: keeps each statement that it asks."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.merges_lazily = tx.merges_lazily
        self.statements: dict[str, dict[str, object]] = {}

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        self.statements[sql] = params
        return self._tx.each(sql, **params)

    def soon(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        self.statements[sql] = params
        return self._tx.soon(sql, **params)


def opened(folder: Path, url: str | None = None) -> Database:
    """A database with furnished tickets."""
    database = open_database(folder, url)
    migrate(database)
    cast.fill(database)
    database.write(furnish)
    return database


@contextmanager
def sqlite_connection(folder: Path) -> Iterator[sqlite3.Connection]:
    """To a file with furnished tickets."""
    opened(folder).close()
    connection = sqlite3.connect(folder / SQLITE_FILE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


# Growing


@contextmanager
def eight_times_as_many(connection: sqlite3.Connection) -> Iterator[None]:
    """Tickets, with what hangs on them, and as many more changes; none of it stays."""
    connection.execute("BEGIN")
    try:
        tx = SqliteTx(connection)
        grow(tx)
        for column in ("changed_at", "public_changed_at"):
            tx.run(f"UPDATE tickets SET {column} = {column} + {LATER} * (id / 10000000)")
        tx.run("UPDATE tickets SET duplicate_of_id = duplicate_of_id + id / 10000000 * 10000000")
        for table in ("ticket_events", "ticket_tags", "ticket_watchers", "ticket_mentions"):
            _grow_with_them(tx, table)
        yield
    finally:
        connection.execute("ROLLBACK")


def _grow_with_them(tx: Tx, table: str) -> None:
    """What hangs on the tickets that `grow` has made; events a little later each time, as tickets say."""
    columns = [row["name"] for row in tx.all(f"PRAGMA table_info({table})") if row["name"] not in ("id", "ticket_id")]
    for times in range(3):
        moved = ", ".join(f"at + {LATER * 2**times}" if column == "at" else column for column in columns)
        tx.run(
            f"INSERT INTO {table} (ticket_id, {', '.join(columns)})"
            f" SELECT ticket_id + {10_000_000 * 2**times}, {moved} FROM {table}"
        )


@contextmanager
def many_times_as_many(database: Database) -> Iterator[Tx]:
    """The same on PostgreSQL, where plans are asked for whatever the values are."""
    with undone(database) as tx:
        _multiply(tx)
        for table in ("ticket_notes", "internal_notes"):
            tx.run(
                f"INSERT INTO {table} (ticket_id, author_id, body, created_at) SELECT id, 1, '', raised_at FROM tickets"
            )
            tx.run(f"ANALYZE {table}")
        tx.run("SET LOCAL plan_cache_mode = force_generic_plan")
        yield tx


def _multiply(tx: Tx) -> None:
    tx.run("SET LOCAL session_replication_role = replica")
    for table in ("tickets", "ticket_events", "ticket_tags", "ticket_watchers", "ticket_mentions"):
        key = "id" if table == "tickets" else "ticket_id"
        columns = [
            row["name"]
            for row in tx.all(
                "SELECT column_name AS name FROM information_schema.columns WHERE table_name = :table", table=table
            )
            if row["name"] not in ("id", key)
        ]
        for times in range(6):
            moved = ", ".join(f"raised_at + {times}" if name == "raised_at" else name for name in columns)
            tx.run(
                f"INSERT INTO {table} ({key}, {', '.join(columns)})"
                f" SELECT {key} + {10_000_000 * 2**times}, {moved} FROM {table}"
            )
        tx.run(f"ANALYZE {table}")


def plan_of(tx: Tx, sql: str, params: dict[str, object]) -> list[str]:
    """As the server has it planned whatever its values are."""
    text = postgres_statements.DIALECT.words(sql)
    names = [name for name in params if re.search(rf":{name}\b", text)]
    kinds = []
    for number, name in enumerate(names):
        text = re.sub(rf":{name}\b", f"${number + 1}", text)
        kinds.append("bigint" if isinstance(params[name], int) else "text")
    types = f" ({', '.join(kinds)})" if kinds else ""
    tx.run(f"PREPARE listing{types} AS {text}")
    try:
        given = f" ({', '.join(['NULL'] * len(names))})" if names else ""
        return [row["QUERY PLAN"] for row in tx.all(f"EXPLAIN (COSTS OFF, VERBOSE) EXECUTE listing{given}")]
    finally:
        tx.run("DEALLOCATE listing")
