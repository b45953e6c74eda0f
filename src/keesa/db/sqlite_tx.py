"""A transaction of SQLite's, and its words."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from keesa.db.engine import Dialect, Row, State, Tx

NEW_REVISION: Final = "(random() & 9223372036854775807)"
DIALECT = Dialect(
    {
        "identity": "INTEGER PRIMARY KEY",
        "for_update": "",
        "if_free": "",
        "json_ids": "(SELECT value FROM json_each(:ids))",
        "json_texts": "(SELECT value FROM json_each(:texts))",
        "json_list": "json_group_array",
        "json_row": "json_array",
        "new_revision": NEW_REVISION,
        "tables": "sqlite_master",
        "table_name": "name",
        "hurry": "SELECT 1",
        "own_tables": "sqlite_master",
        "has_right": "EXISTS (SELECT 1 FROM sqlite_master WHERE name = column1)",
        "filter": "+",
        "seen": "NULL",
    }
)


class SqliteTx(Tx):
    merges_lazily = True
    writes_alone = True

    def __init__(self, connection: sqlite3.Connection, *, may_be_undone: bool = True) -> None:
        self.may_be_undone = may_be_undone
        self._connection = connection
        self._cursors: list[sqlite3.Cursor] = []

    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        return self._connection.execute(DIALECT.words(sql), params).fetchall()

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        self._cursors.append(cursor)
        return cursor.execute(DIALECT.words(sql), params)

    def close(self) -> None:
        """A cursor that was not read to its end, and that an error's traceback may keep, would hold the snapshot."""
        for cursor in self._cursors:
            cursor.close()

    def soon(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        rows = self.all(sql, **params)
        return lambda: rows

    def run(self, sql: str, /, **params: object) -> None:
        self._connection.execute(DIALECT.words(sql), params)

    def changed(self, sql: str, /, **params: object) -> int:
        return self._connection.execute(DIALECT.words(sql), params).rowcount

    def state(self, seen: str | None) -> State | None:  # noqa: ARG002 - a PRAGMA stands in no other statement
        """By `PRAGMA data_version`, which moves with every commit of another connection: this one never writes."""
        if self.may_be_undone:
            return None
        return State(self._connection, self._connection.execute("PRAGMA data_version").fetchone()[0])

    @contextmanager
    def part(self) -> Iterator[None]:
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk or the like has undone all
                self._connection.execute("ROLLBACK TO part")
                self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")

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


class Reading:
    """A transaction that cannot write, on a connection that is taken and given back. No generator: one is entered with
    each request.
    """

    __slots__ = ("_connection", "_give", "_take", "_tx")

    def __init__(self, take: Callable[[], sqlite3.Connection], give: Callable[[sqlite3.Connection], None]) -> None:
        self._take = take
        self._give = give

    def __enter__(self) -> SqliteTx:
        self._connection = connection = self._take()
        self._tx = SqliteTx(connection, may_be_undone=False)
        try:
            connection.execute("BEGIN")
        except BaseException:
            self._end()
            raise
        return self._tx

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._tx.close()
        if self._connection.in_transaction:  # an unreadable disk has ended it already
            self._connection.execute("ROLLBACK")
        self._give(self._connection)
