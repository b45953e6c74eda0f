"""Running a work in one transaction of PostgreSQL's, and whether to run it once more.

It is run again where nothing of it can have been kept: the server has undone it to end a deadlock, or the connection
has died before the COMMIT was sent. So a fail-over is seldom seen by who asks.
"""

from types import CoroutineType, GeneratorType
from typing import Final, TypeVar

import psycopg
from psycopg.errors import (
    DeadlockDetected,
    FeatureNotSupported,
    InvalidSqlStatementName,
    ReadOnlySqlTransaction,
    SerializationFailure,
)

from keesa.db.engine import Work
from keesa.db.postgres_connection import Connection
from keesa.db.postgres_failures import TOO_BUSY, UNKNOWN, as_unavailable
from keesa.db.postgres_tx import PostgresTx
from keesa.errors import Unavailable

T = TypeVar("T")

TRIES: Final = 5
"""How often a work is run at the most."""
_UNDONE: Final = (DeadlockDetected, SerializationFailure)
_OUTDATED: Final = (FeatureNotSupported, InvalidSqlStatementName)
"""What a prepared statement meets after a migration, or behind a pooler that has lost it."""


class Again(Exception):
    """Nothing of the work was kept, and the next try may succeed."""

    def __init__(self, reason: BaseException) -> None:
        super().__init__()
        self.reason = reason


def attempt(connection: Connection, work: Work[T], *, writing: bool) -> T:
    """One try. Raises what the work raises, `Again`, and `Unavailable`; the connection is closed where it is of no use
    any more.
    """
    connection.begin(writing=writing)
    try:
        tx = PostgresTx(connection, may_be_undone=writing)
        value = work(tx)
        _require_value(work, value)
        if writing:
            connection.commit()
            for call in tx.kept_calls:
                call()
        else:
            connection.end()
    except BaseException as error:  # noqa: BLE001 - it is told to who waits
        told = _sorted_out(connection, error, writing=writing)
        try:
            if told is error:
                raise
            raise told from error
        finally:
            del told  # whose traceback has this frame
    return value


def when_tried_enough(again: Again) -> BaseException:
    """What the caller is told."""
    if isinstance(again.reason, _UNDONE):
        return Unavailable(TOO_BUSY)
    return as_unavailable(again.reason)


def _require_value(work: Work[T], value: T) -> None:
    if isinstance(value, GeneratorType | CoroutineType):
        value.close()
        raise TypeError(f"{work!r} has not run: it gives a {type(value).__name__}")


def _sorted_out(connection: Connection, error: BaseException, *, writing: bool) -> BaseException:
    """What to raise; of the transaction nothing is left."""
    if connection.is_sound:
        _undo(connection)
    if not connection.is_sound:
        connection.close()
        if connection.committing:
            return Unavailable(UNKNOWN)
        if not isinstance(error, psycopg.Error):
            return error
        return as_unavailable(error) if connection.timed_out else Again(error)
    if isinstance(error, _OUTDATED):
        connection.close()
        return Again(error)
    if isinstance(error, ReadOnlySqlTransaction) and writing:
        connection.close()  # it leads to a server that is the primary no more: a new one may find which is
    return Again(error) if isinstance(error, _UNDONE) else as_unavailable(error, reading=not writing)


def _undo(connection: Connection) -> None:
    """Or close it: a KeyboardInterrupt may have come where it was between two states."""
    try:
        connection.undo()
    except psycopg.Error:
        connection.close()
