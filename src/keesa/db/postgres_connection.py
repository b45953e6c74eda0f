"""A connection to PostgreSQL on which nothing waits for ever: for the server's name, its handshake or its answers.

A server that is frozen still has its packets acknowledged, by the kernel: so it is the clock here that counts, and
TCP's own deadlines only beside it.
"""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Final, LiteralString, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

RV = TypeVar("RV")

CONNECTING: Final = 32
"""The most connections that a process makes at the same time, those among them that nobody waits for any more."""
KEEPALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""For a server whose machine is gone; the URL's own go before these."""

_connecting: Final = threading.BoundedSemaphore(CONNECTING)


class Connection(psycopg.Connection[DictRow]):
    """It is closed as soon as an answer has not come in time: nobody knows what the server still does."""

    patience: float = 10.0
    """Seconds to wait for each answer."""
    timed_out = False

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Every wait for the server goes through here."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.timed_out = True
                self.close()
            raise


def connect(url: str, patience: float, settings: Sequence[LiteralString]) -> Connection:
    """Every statement is by itself, but between BEGIN and COMMIT. Raises `psycopg.Error`.

    In a thread of its own, as psycopg's deadline is one for each address of a name, and looking the name up has none.
    """
    attempt = _Attempt(url, patience, settings)
    if not _connecting.acquire(blocking=False):
        raise psycopg.OperationalError("too many connections are being made")
    threading.Thread(target=attempt.run, name="keesa-connect", daemon=True).start()
    return attempt.result()


class _Attempt:
    def __init__(self, url: str, patience: float, settings: Sequence[LiteralString]) -> None:
        self._url = url
        self._patience = patience
        self._settings = settings
        self._made: SimpleQueue[Connection | BaseException] = SimpleQueue()
        self._open = [True]  # who pops it, the thread or who waits for it, has been there first

    def run(self) -> None:
        try:
            made = self._connect()
        except BaseException as error:  # noqa: BLE001 - it is told to who waits
            self._made.put(error)
        else:
            self._made.put(made)
            if not self._first():
                made.close()
        finally:
            _connecting.release()

    def result(self) -> Connection:
        try:
            made = self._made.get(timeout=self._patience)
        except Empty:
            if self._first():
                raise psycopg.errors.ConnectionTimeout("the server has not answered in time") from None
            made = self._made.get()
        if isinstance(made, Connection):
            return made
        raise made

    def _first(self) -> bool:
        try:
            return self._open.pop()
        except IndexError:
            return False

    def _own(self) -> dict[str, object]:
        """What no URL and no variable of libpq changes."""
        return {
            "application_name": "keesa",
            "client_encoding": "UTF8",
            "connect_timeout": max(2, int(self._patience)),
        }

    def _connect(self) -> Connection:
        connection = Connection.connect(
            **{**KEEPALIVE, **conninfo_to_dict(self._url), **self._own()},  # type: ignore[arg-type]  # libpq's own
            autocommit=True,
            row_factory=dict_row,
        )
        try:
            connection.patience = self._patience
            for setting in self._settings:
                connection.execute(setting)
        except BaseException:
            connection.close()
            raise
        return connection
