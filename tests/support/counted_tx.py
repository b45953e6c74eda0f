"""A transaction that counts the statements that are asked of it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from keesa.db import Row, State, Tx


class CountedTx(Tx):
    """A transaction that counts what is asked of it."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.may_be_undone = tx.may_be_undone
        self.statements = 0

    def all(self, sql: str, /, **params: object) -> Sequence[Row]:
        self.statements += 1
        return self._tx.all(sql, **params)

    def each(self, sql: str, /, **params: object) -> Iterable[tuple[Any, ...]]:
        self.statements += 1
        return self._tx.each(sql, **params)

    def soon(self, sql: str, /, **params: object) -> Callable[[], Sequence[Row]]:
        self.statements += 1
        return self._tx.soon(sql, **params)

    def state(self, seen: str | None) -> State | None:
        return self._tx.state(seen)

    def run(self, sql: str, /, **params: object) -> None:
        raise NotImplementedError

    def changed(self, sql: str, /, **params: object) -> int:
        raise NotImplementedError

    def part(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def script(self, sql: str, /) -> None:
        raise NotImplementedError

    def follow_given_ids(self, table: str) -> None:
        raise NotImplementedError
