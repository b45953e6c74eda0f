"""What is called once a transaction is kept: then, and for no other."""

import asyncio

import pytest

from keesa.db import Database, Tx
from lines import adding, read_lines


def told(calls: list[int], database: Database) -> None:
    """Notes how many lines others see at that moment."""
    calls.append(len(database.read(read_lines)))


def test_it_is_called_when_others_see_it(lines_database: Database) -> None:
    """Once, however often it is asked for; on the way of threads and on that of event loops."""
    calls: list[int] = []

    def call() -> None:
        told(calls, lines_database)

    def work(tx: Tx, line: str) -> None:
        tx.once_kept(call)
        adding(line)(tx)
        tx.once_kept(call)

    lines_database.write(lambda tx: work(tx, "one"))
    asyncio.run(lines_database.awrite(lambda tx: work(tx, "two")))
    assert calls == [1, 2]


def test_it_is_not_called_for_what_is_undone(lines_database: Database) -> None:
    """Nor for a transaction beside it."""
    calls: list[int] = []

    def fail(tx: Tx) -> None:
        tx.once_kept(lambda: calls.append(1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lines_database.write(fail)
    lines_database.write(adding("one"))
    assert calls == []
