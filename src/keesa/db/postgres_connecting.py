"""Connecting to PostgreSQL, with a deadline for all of it, and finding out what stands between.

A server that is frozen still has its packets acknowledged, by the kernel: so it is the clock here that counts, and
TCP's own deadlines only beside it.
"""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus

CONNECTING: Final = 32
"""The most connections that a process makes at the same time, those among them that nobody waits for any more."""
KEEPALIVE: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""For a server whose machine is gone; the URL's own go before these."""

_connecting: Final = threading.BoundedSemaphore(CONNECTING)


@dataclass(frozen=True, slots=True)
class Link:
    """A connection as it was made."""

    driver: "psycopg.Connection[tuple[object, ...]]"
    pooled: bool
    """Whether a pooler stands between, which may give each transaction another of its own connections to the server:
    then no setting outlasts the transaction.
    """
    keeps_statements: bool
    """Whether a statement that was prepared is there in later transactions too."""


def connect(url: str, patience: float, settings: Mapping[str, str]) -> Link:
    """Every statement is by itself, but between BEGIN and COMMIT. Raises `psycopg.Error`.

    In a thread of its own, as psycopg's deadline is one for each address of a name, and looking the name up has none.
    """
    attempt = _Attempt(url, patience, settings)
    if not _connecting.acquire(blocking=False):
        raise psycopg.OperationalError("too many connections are being made")
    try:
        threading.Thread(target=attempt.run, name="keesa-connect", daemon=True).start()
    except RuntimeError as error:  # the system gives no more threads
        _connecting.release()
        raise psycopg.OperationalError(str(error)) from error
    return attempt.result()


def of_transaction(settings: Mapping[str, str]) -> str:
    """The statement that makes these settings for the transaction that it is in."""
    return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())


class _Attempt:
    def __init__(self, url: str, patience: float, settings: Mapping[str, str]) -> None:
        self._url = url
        self._patience = patience
        self._settings = settings
        self._made: SimpleQueue[Link | BaseException] = SimpleQueue()
        self._open = [True]  # who pops it, the thread or who waits for it, has been there first

    def run(self) -> None:
        try:
            made = self._connect()
        except BaseException as error:  # noqa: BLE001 - it is told to who waits
            # what failed goes now: the frames of the driver's have it, and are in a circle with the error
            self._made.put(error.with_traceback(None))
        else:
            self._made.put(made)
            if not self._first():
                made.driver.close()
        finally:
            _connecting.release()

    def result(self) -> Link:
        try:
            made = self._made.get(timeout=self._patience)
        except Empty:
            if self._first():
                raise psycopg.errors.ConnectionTimeout("the server has not answered in time") from None
            made = self._made.get()
        if isinstance(made, Link):
            return made
        try:
            raise made
        finally:
            del made  # in whose traceback this frame is

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

    def _connect(self) -> Link:
        driver = psycopg.connect(
            **{**KEEPALIVE, **conninfo_to_dict(self._url), **self._own()},  # type: ignore[arg-type]  # libpq's own
            autocommit=True,
            prepare_threshold=None,
        )
        try:
            return self._made_fit(driver)
        except BaseException:
            driver.close()
            raise

    def _made_fit(self, driver: "psycopg.Connection[tuple[object, ...]]") -> Link:
        """A pooler gives its clients a number of its own, which is no process of the server's; and its connections are
        others' too, so that no setting may stay there.
        """
        own = f"pg_backend_pid() = {driver.pgconn.backend_pid}"
        made = [
            f"CASE WHEN {own} THEN set_config('{name}', '{value}', false) END" for name, value in self._settings.items()
        ]
        row = driver.execute(f"SELECT {', '.join([own, *made])}".encode()).fetchone()
        if row is not None and row[0]:
            return Link(driver, pooled=False, keeps_statements=True)
        return Link(driver, pooled=True, keeps_statements=_keeps_statements(driver))


def _keeps_statements(driver: "psycopg.Connection[tuple[object, ...]]") -> bool:
    """A pooler that keeps track of prepared statements names them anew, since its clients' names may be the same; one
    that does not passes them on as they are, to whichever connection it is.
    """
    name = f"keesa_{secrets.token_hex(8)}"
    with driver.transaction():
        prepared = driver.pgconn.prepare(name.encode(), b"SELECT 1")
        if prepared.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(prepared)
        row = driver.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = %s", [name]).fetchone()
        kept = row is not None and row[0] == 0
        if not kept:  # a pooler's own goes with us; libpq's way to end one would wait with the interpreter's lock held
            driver.execute(f"DEALLOCATE {name}".encode())
    return kept
