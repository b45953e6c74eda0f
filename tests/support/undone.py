"""A transaction for one test, undone behind it: tests that share a database never see each other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Event
from typing import NoReturn

from keesa.db import Database, Tx

PATIENCE = 60.0  # seconds for a transaction to begin, on a machine under load


class _UndoneError(Exception):
    """What undoes it."""


@contextmanager
def undone(database: Database) -> Iterator[Tx]:
    """Transactions are functions to a database; here one waits, in a thread of its own, until the test has ended."""
    opened: SimpleQueue[Tx] = SimpleQueue()
    ended = Event()

    def hold(tx: Tx) -> NoReturn:
        opened.put(tx)
        ended.wait()
        raise _UndoneError

    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(database.write, hold)
        try:
            yield opened.get(timeout=PATIENCE)
        finally:
            ended.set()
            with suppress(_UndoneError):
                held.result()
