"""PostgreSQL's tables as COPY has them: out of one state of all, while others write; and into an empty schema.

As text, which every version from 15 on reads (https://www.postgresql.org/docs/current/sql-copy.html).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from keesa.db.engine import Tx
from keesa.db.postgres_threads import BlockingConnection

PIECE: Final = 4 * 1024 * 1024
"""Bytes that are handed on at a time, or a row where that has more."""

_TABLES: Final = """
    SELECT relname AS table_name, attname AS column_name
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition
        AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND atttypid <> CAST('xid8' AS regtype)
    ORDER BY relname, attnum
"""
"""But for numbers of transactions, which mean nothing in another cluster: a row has that of the one that brings it."""
_SEQUENCES: Final = """
    SELECT sequencename AS name, last_value FROM pg_sequences WHERE schemaname = current_schema() ORDER BY sequencename
"""
_EXPECTED: Final = """
    SELECT CAST(coalesce(sum(greatest(reltuples, 0)), 0) AS BIGINT) AS value
    FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind = 'r'
"""
_KEYS: Final = """
    SELECT CAST(conrelid AS regclass) AS of_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND connamespace = CAST(current_schema() AS regnamespace)
"""
_INDEXES: Final = """
    SELECT CAST(indexrelid AS regclass) AS name, pg_get_indexdef(indexrelid) AS definition
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = CAST(current_schema() AS regnamespace)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


class CopyingConnection(BlockingConnection):
    """One that copies too, in a transaction that has begun."""

    def copy_out(self, sql: str) -> Iterator[tuple[bytes, int]]:
        """The rows, in pieces of whole ones, and how many each piece has."""
        done = False
        with self._outside_the_pipeline():
            try:
                self._start(sql, ExecStatus.COPY_OUT)
                yield from self._pieces()
                self._finish()
                done = True
            finally:
                if not done:  # the rest of the rows would come before all other answers
                    self.close()

    def copy_in(self, sql: str, pieces: Iterable[bytes]) -> int:
        """The number of rows that were taken in."""
        done = False
        with self._outside_the_pipeline():
            try:
                self._start(sql, ExecStatus.COPY_IN)
                for piece in pieces:
                    self._libpq.put_copy_data(piece)
                    self._push()
                self._libpq.put_copy_end()
                self._push()
                rows = self._finish()
                done = True
                return rows
            finally:
                if not done:
                    self.close()

    def _start(self, sql: str, expected: ExecStatus) -> None:
        self._libpq.send_query(sql.encode())
        self._push()
        result = self._next()
        if result is None or result.status != expected:
            raise error_from_result(result) if result is not None else psycopg.InternalError("no COPY has begun")

    def _pieces(self) -> Iterator[tuple[bytes, int]]:
        rows: list[bytes] = []
        size = 0
        while True:
            length, data = self._libpq.get_copy_data(1)
            if length == 0:
                self.wait_for_input()
                self._libpq.consume_input()
                continue
            if length > 0:
                rows.append(bytes(data))
                size += length
            if rows and (length < 0 or size >= PIECE):
                yield b"".join(rows), len(rows)
                rows, size = [], 0
            if length < 0:
                return

    def _finish(self) -> int:
        rows = 0
        while (result := self._next()) is not None:
            if result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result)
            rows = result.command_tuples or 0
        return rows

    def _push(self) -> None:
        """Until all that waits is sent."""
        while self._flush():
            self.wait_for_input(sending=True)
            self._libpq.consume_input()

    def _next(self) -> PGresult | None:
        while self._libpq.is_busy():
            self.wait_for_input()
            self._libpq.consume_input()
        return self._libpq.get_result()


class Snapshot:
    """One state of all tables."""

    def __init__(self, tx: Tx, connection: CopyingConnection) -> None:
        self.tx = tx
        self._connection = connection
        self.columns = _columns(tx)

    def rows(self, table: str) -> Iterator[tuple[bytes, int]]:
        """In pieces of whole rows, and how many each piece has."""
        return self._connection.copy_out(f"COPY {_listed(table, self.columns[table])} TO STDOUT")

    def expected_rows(self) -> int:
        """About how many there are, as the server has last counted them."""
        [row] = self.tx.all(_EXPECTED)
        return int(row["value"])

    def sequences(self) -> dict[str, int | None]:
        """The last number that each has given. To be asked last: no transaction keeps them, and what was given
        since must not be given again.
        """
        return {row["name"]: row["last_value"] for row in self.tx.all(_SEQUENCES)}


class Filling:
    """A schema whose tables get all of their rows at once."""

    def __init__(self, tx: Tx, connection: CopyingConnection) -> None:
        self._tx = tx
        self._connection = connection
        self.columns: Mapping[str, Sequence[str]] = {}

    def look(self) -> None:
        """At the tables, once they are there."""
        self.columns = _columns(self._tx)

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """Without rows; what would be looked up or done for each one that comes is put off to the end."""
        self._tx.script(f"TRUNCATE {', '.join(map(_quoted, self.columns))}")
        keys, indexes = self._tx.all(_KEYS), self._tx.all(_INDEXES)
        tables = [_quoted(name) for name in self.columns]
        self._tx.script("".join(f"ALTER TABLE {key['of_table']} DROP CONSTRAINT {key['name']};\n" for key in keys))
        self._tx.script("".join(f"DROP INDEX {index['name']};\n" for index in indexes))
        self._tx.script("".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;\n" for table in tables))
        yield
        for index in indexes:
            self._tx.script(index["definition"])
        for key in keys:
            self._tx.script(f"ALTER TABLE {key['of_table']} ADD CONSTRAINT {key['name']} {key['definition']}")
        self._tx.script("".join(f"ALTER TABLE {table} ENABLE TRIGGER USER;\n" for table in tables))
        self._tx.script("".join(f"ANALYZE {table};\n" for table in tables))

    def fill(self, table: str, columns: Sequence[str], pieces: Iterable[bytes]) -> int:
        """The number of rows that it got."""
        return self._connection.copy_in(f"COPY {_listed(table, columns)} FROM STDIN", pieces)

    def follow(self, sequences: Mapping[str, int | None]) -> None:
        """The next number of each comes after the last one that was given."""
        for name, last in sequences.items():
            if last is not None:
                self._tx.all("SELECT setval(CAST(:name AS regclass), :last)", name=_quoted(name), last=last)


def _columns(tx: Tx) -> dict[str, list[str]]:
    """Of each table, in their order."""
    columns: dict[str, list[str]] = {}
    for row in tx.all(_TABLES):
        columns.setdefault(row["table_name"], []).append(row["column_name"])
    return columns


def _listed(table: str, columns: Sequence[str]) -> str:
    return f"{_quoted(table)} ({', '.join(map(_quoted, columns))})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
