"""A transaction of PostgreSQL's."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from keesa.db.engine import Row, State, Tx
from keesa.db.postgres_connection import Connection
from keesa.db.postgres_statements import DIALECT, Statement, statement

WAITING: Final = 100
"""Statements that wait at the end of a part, at the most: they are sent, and the loop has its turn."""


class PostgresTx(Tx):
    merges_lazily = False
    writes_alone = False

    def __init__(self, connection: Connection, *, may_be_undone: bool = True) -> None:
        self.may_be_undone = may_be_undone
        self._connection = connection

    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        asked = statement(sql)
        return self._named(asked, self._connection.ask(asked, params))

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        asked = statement(sql)
        return self._connection.rows(asked, self._connection.ask(asked, params), tuple)

    def soon(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        asked = statement(sql)
        pending = self._connection.send(asked, params)

        def rows() -> Sequence[Row]:
            return self._named(asked, self._connection.answer(pending))

        return rows

    def run(self, sql: str, /, **params: object) -> None:
        self._connection.send(statement(sql), params)

    def changed(self, sql: str, /, **params: object) -> int:
        return self._connection.ask(statement(sql), params).command_tuples or 0

    def state(self, seen: str | None) -> State | None:
        """By the snapshot, which tells of all transactions which have ended: its two bounds and what runs between them.
        A standby's leaves out what runs, and after a failover numbers are given again: but then the connection is gone,
        unless a pooler has hidden that.
        """
        if seen is None or self.may_be_undone or self._connection.pooled:
            return None
        return State(self._connection.identity, seen)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Its beginning and its end travel with what else is sent."""
        self.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.is_sound:
                self.run("ROLLBACK TO SAVEPOINT part")
                self.run("RELEASE SAVEPOINT part")
            raise
        self.run("RELEASE SAVEPOINT part")
        if self._connection.waiting > WAITING:
            self._connection.exchange()

    def script(self, sql: str, /) -> None:
        self._connection.script(DIALECT.words(sql))

    def follow_given_ids(self, table: str) -> None:
        self.all(
            f"SELECT setval(pg_get_serial_sequence(:table_name, 'id'),"
            f" (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)",
            table_name=table,
        )

    def _named(self, asked: Statement, result: Any) -> list[Row]:  # noqa: ANN401 - the driver's own
        connection = self._connection

        def row(values: Sequence[Any]) -> Row:
            return dict(zip(asked.columns or (), values, strict=True))

        return connection.rows(asked, result, row)
