"""A connection to PostgreSQL on which statements travel together, in libpq's pipeline mode.

What is sent waits for the next exchange: one round trip, for however many statements. Nothing waits for ever.
Subclasses say how to wait: a thread (`postgres_threads.py`), or a task of an event loop (`postgres_loop.py`).
"""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Final

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from keesa.db.postgres_connecting import Link, setting
from keesa.db.postgres_statements import Statement, Types

PREPARED: Final = 128
"""The most statements that are kept prepared; one that is run a second time is."""
NOTICED: Final = 1024
"""The most statements that are known to have been run once."""

_READING: Final = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_WRITING: Final = Statement("BEGIN ISOLATION LEVEL READ COMMITTED")
_COMMIT: Final = Statement("COMMIT")
_ROLLBACK: Final = Statement("ROLLBACK")
_NOTHING: Final = Statement("SELECT 1")
_GOOD: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Pending:
    """A statement that was sent; its result comes with an exchange."""

    __slots__ = ("preparing", "result", "statement")

    def __init__(self, statement: Statement, preparing: "tuple[Statement, Types] | None" = None) -> None:
        self.statement = statement
        self.preparing = preparing
        """What was to be prepared, where that is all."""
        self.result: PGresult | None = None


class Connection(ABC):
    def __init__(self, link: Link, settings: Mapping[str, str]) -> None:
        self.pooled = link.pooled
        self.closed = False
        self.timed_out = False
        self.committing = False
        """Whether a COMMIT of changes was sent that has not been answered."""
        self._driver = link.driver
        self._libpq = libpq = link.driver.pgconn
        self._keeps_statements = link.keeps_statements
        self._local = Statement(setting(settings, for_transaction=True)) if link.pooled and settings else None
        self._begin: Statement | None = None
        self._sent: list[Pending] = []
        self._results: list[PGresult] = []
        self._awaited = 0
        self._unended = False
        self._answered = False
        self._in_script = False
        self._prepared: OrderedDict[tuple[Statement, Types], bytes] = OrderedDict()
        self._noticed: OrderedDict[tuple[Statement, Types], None] = OrderedDict()
        self._number = 0
        self._transformer = Transformer(link.driver)
        self._socket = libpq.socket
        libpq.nonblocking = 1
        libpq.enter_pipeline_mode()

    # A transaction

    def begin(self, *, writing: bool) -> None:
        """Of the statements that follow; it travels with the first."""
        self._begin = _WRITING if writing else _READING
        self.committing = self._answered = False

    def commit(self) -> None:
        """Wait until it is done. Raises what a statement raises that has not been answered, and `OperationalError`.

        Not before the connection has answered in this transaction: of a COMMIT on one that had died while it was idle
        nobody would know the outcome.
        """
        if self._is_open():
            if not self._answered:
                self.exchange()
            ended = self._send(_COMMIT, {})
            self.committing = True
            self.exchange()
            self.committing = False
            if ended.result is None or ended.result.command_status != b"COMMIT":
                raise psycopg.InternalError("The transaction was ended by an error that the work has overlooked")

    def end(self) -> None:
        """Of a transaction that only read: it travels with what follows, or when `settle` is called. Raises what a
        statement raises that has not been answered.
        """
        if self._is_open():
            self.exchange()
            self._send(_COMMIT, {})
            self._unended = True

    def undo(self) -> None:
        """Nobody waits for it."""
        if not self.closed and self._is_open():
            self._send(_ROLLBACK, {})
            self._unended = True
            self.settle()

    def settle(self) -> None:
        """Send the end of the transaction, unless something that was sent since has taken it along."""
        if self._unended and not self.closed:
            self._synchronize()

    # Statements

    def send(self, statement: Statement, params: dict[str, object]) -> Pending:
        """Its errors are raised by the next exchange; those of its parameters at once."""
        if self._begin is not None:
            begin, self._begin = self._begin, None
            self._send(begin, {})
            if self._local is not None:
                self._send(self._local, {})
        return self._send(statement, params)

    def ask(self, statement: Statement, params: dict[str, object]) -> PGresult:
        """The result, after one round trip with all that was sent before. Raises `psycopg.Error`."""
        pending = self.send(statement, params)
        self.exchange()
        assert pending.result is not None  # noqa: S101 - or an error was raised
        return pending.result

    def exchange(self) -> None:
        """Send what waits, and wait for the answers. Raises the first error among them."""
        if not self._sent:
            return
        sent = self._sent
        self._results.clear()  # of transactions that have ended
        self._synchronize()
        self._wait()
        self._answered = True
        results, self._results = self._results, []
        failed: PGresult | None = None
        for pending, result in zip(sent, results, strict=True):
            pending.result = result
            if result.status in _GOOD:
                continue
            if pending.preparing is not None:
                self._prepared.pop(pending.preparing, None)
            if failed is None:
                failed = result
        if failed is not None:
            raise error_from_result(failed)

    def rows(self, statement: Statement, result: PGresult, make: Callable[[Any], Any]) -> list[Any]:
        """The rows of the answer, each made of a sequence of its values."""
        self._transformer.set_pgresult(result)
        if statement.columns is None or len(statement.columns) != result.nfields:
            statement.columns = tuple((result.fname(number) or b"").decode() for number in range(result.nfields))
        rows: list[Any] = self._transformer.load_rows(0, result.ntuples, make)
        return rows

    def script(self, text: str) -> None:
        """Several statements without parameters, in the transaction that has begun: outside of the pipeline, in which
        a text is one statement.
        """
        self.send(_NOTHING, {})
        self.exchange()
        self._libpq.exit_pipeline_mode()
        try:
            self._libpq.send_query(text.encode())
            self._awaited, self._in_script = 1, True
            self._wait()
        finally:
            self._in_script = False
            if not self.closed:
                self._libpq.enter_pipeline_mode()
        results, self._results = self._results, []
        for result in results:
            if result.status not in (*_GOOD, ExecStatus.EMPTY_QUERY):
                raise error_from_result(result)

    @property
    def is_sound(self) -> bool:
        """Whether it can be used again."""
        return not self.closed and self._libpq.status == ConnStatus.OK

    @property
    def is_settled(self) -> bool:
        """Whether nothing of earlier transactions is under way."""
        return not self._awaited and not self._unended

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._driver.close()

    @abstractmethod
    def _wait(self) -> None:
        """Until all is answered that was sent. Raises `OperationalError`, and then the connection is closed."""

    # libpq

    def _is_open(self) -> bool:
        """Whether a transaction has begun."""
        begun, self._begin = self._begin is None, None
        return begun

    def _send(self, statement: Statement, params: dict[str, object]) -> Pending:
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
        types, values = statement.values(params)
        name = self._name_of(statement, types) if self._keeps_statements else None
        if name is None:
            self._libpq.send_query_params(statement.text, values, types or None)
        else:
            self._libpq.send_query_prepared(name, values)
        pending = Pending(statement)
        self._sent.append(pending)
        return pending

    def _name_of(self, statement: Statement, types: Types) -> bytes | None:
        """Of the prepared statement; None where it is run for the first time."""
        key = (statement, types)
        name = self._prepared.get(key)
        if name is not None:
            self._prepared.move_to_end(key)
            return name
        if key not in self._noticed:
            self._noticed[key] = None
            if len(self._noticed) > NOTICED:
                self._noticed.popitem(last=False)
            return None
        self._number += 1
        name = b"k%d" % self._number
        self._libpq.send_prepare(name, statement.text, types or None)
        self._sent.append(Pending(statement, key))
        self._prepared[key] = name
        if len(self._prepared) > PREPARED:
            (old, _), dropped = self._prepared.popitem(last=False)
            self._libpq.send_close_prepared(dropped)
            self._sent.append(Pending(old))
        return name

    def _synchronize(self) -> None:
        self._sent = []
        self._unended = False
        self._libpq.pipeline_sync()
        self._awaited += 1
        self._flush()

    def _flush(self) -> bool:
        """Whether something is left to send, for when the other side takes more."""
        return bool(self._libpq.flush())

    def _receive(self) -> bool:
        """Take in what has come; whether nothing more is awaited. Raises `OperationalError` where it is cut."""
        libpq = self._libpq
        libpq.consume_input()
        while self._awaited and not libpq.is_busy():
            result = libpq.get_result()
            if result is None:
                if libpq.status == ConnStatus.BAD:
                    raise psycopg.OperationalError("the connection was cut")
                if self._in_script:
                    self._awaited = 0
            elif result.status == ExecStatus.PIPELINE_SYNC:
                self._awaited -= 1
                if self._awaited:
                    self._results.clear()
            else:
                self._results.append(result)
                if libpq.status == ConnStatus.BAD:
                    raise error_from_result(result)
        return not self._awaited

    @property
    def in_failed_transaction(self) -> bool:
        return self._libpq.transaction_status == TransactionStatus.INERROR
