"""A connection to PostgreSQL on which statements travel together, in libpq's pipeline mode.

What is sent waits for the next exchange: one round trip, for however many statements. Nothing waits for ever.
Subclasses say how to wait: a thread (`postgres_threads.py`), or a task of an event loop (`postgres_loop.py`).
"""

from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

from keesa.db.postgres_connecting import Link, of_transaction
from keesa.db.postgres_pending import Dropping, Key, Pending, Preparing
from keesa.db.postgres_statements import Statement, Types

PREPARED: Final = 128
"""The most statements that are kept prepared; one that is run a second time is."""
NOTICED: Final = 1024
"""The most statements that are known to have been run once."""

_READING: Final = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_WRITING: Final = Statement("BEGIN ISOLATION LEVEL READ COMMITTED")
_COMMIT: Final = Statement("COMMIT")
_NEXT_READING: Final = Statement("COMMIT AND CHAIN")
"""The end of one and the beginning of the next, of two that only read."""
_ROLLBACK: Final = Statement("ROLLBACK")
_NOTHING: Final = Statement("SELECT 1")
_GOOD: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Connection(ABC):
    def __init__(self, link: Link, settings: Mapping[str, str]) -> None:
        self.identity: Final = object()
        """What stands for it where it may be gone already."""
        self.pooled = link.pooled
        self.closed = False
        self.timed_out = False
        self.committing = False
        """Whether a COMMIT of changes was sent that has not been answered."""
        self._driver = link.driver
        self._libpq = libpq = link.driver.pgconn
        self._keeps_statements = link.keeps_statements
        self._local = Statement(of_transaction(settings)) if link.pooled and settings else None
        self._begin: Statement | None = None
        self._sent: list[Pending] = []
        self._under_way: deque[list[Pending]] = deque()
        """What was sent and is not answered yet, each list to the next point of synchronization."""
        self._results: list[PGresult] = []
        """Of the first of these lists, as far as they have come."""
        self._failed: PGresult | None = None
        """The first error of the last list that was answered."""
        self._unended = False
        """Whether a transaction that only read has an end that was not sent."""
        self._never_ended = False
        self._answered = False
        self._in_script = False
        self._prepared: OrderedDict[Key, bytes] = OrderedDict()
        """Their names, the one that was not used for the longest first."""
        self._noticed: OrderedDict[Key, None] = OrderedDict()
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
            self._unended = True

    def undo(self) -> None:
        """Nobody waits for it. Apart from what was sent before, for after a statement that fails the server passes over
        all others up to the next point of synchronization.
        """
        if not self.closed and self._is_open():
            if self._sent:
                self._synchronize()
            self._send(_ROLLBACK, {})
            self._synchronize()

    def settle(self) -> None:
        """Send the end of the transaction, unless something that was sent since has taken it along."""
        if self._unended and not self.closed:
            self._send_end()
            self._synchronize()

    # Statements

    def send(self, statement: Statement, params: dict[str, object]) -> Pending:
        """Its errors are raised by the next exchange; those of its parameters at once."""
        if self._begin is not None:
            begin, self._begin = self._begin, None
            self._send_beginning(begin)
        return self._send(statement, params)

    def ask(self, statement: Statement, params: dict[str, object]) -> PGresult:
        """The result, after one round trip with all that was sent before. Raises `psycopg.Error`."""
        return self.answer(self.send(statement, params))

    def answer(self, pending: Pending) -> PGresult:
        """The result, after one round trip where it has not come yet. Raises `psycopg.Error`."""
        if pending.result is None:
            self.exchange()
        if pending.result is None:
            raise psycopg.InternalError("The statement has failed already, and the work has overlooked it")
        return pending.result

    def exchange(self) -> None:
        """Send what waits, and wait for the answers. Raises the first error among them."""
        if not self._sent:
            return
        self._synchronize()
        self._wait()
        self._answered = True
        failed, self._failed = self._failed, None
        if failed is not None:
            raise error_from_result(failed)

    @property
    def waiting(self) -> int:
        """How many statements wait for the next exchange."""
        return len(self._sent)

    def rows(self, statement: Statement, result: PGresult, make: Callable[[Any], Any]) -> list[Any]:
        """The rows of the answer, each made of a sequence of its values."""
        self._transformer.set_pgresult(result)
        if statement.columns is None or len(statement.columns) != result.nfields:
            statement.columns = tuple((result.fname(number) or b"").decode() for number in range(result.nfields))
        rows: list[Any] = self._transformer.load_rows(0, result.ntuples, make)
        self._transformer.set_pgresult(None)  # it would be kept until the next one comes
        return rows

    def script(self, text: str) -> None:
        """Several statements without parameters, in the transaction that has begun: outside of the pipeline, in which
        a text is one statement.
        """
        with self._outside_the_pipeline():
            try:
                self._libpq.send_query(text.encode())
                self._under_way.append([])
                self._in_script = True
                self._flush()
                self._wait()
            finally:
                self._in_script = False
        results, self._results = self._results, []
        for result in results:
            if result.status not in (*_GOOD, ExecStatus.EMPTY_QUERY):
                raise error_from_result(result)

    @contextmanager
    def _outside_the_pipeline(self) -> Iterator[None]:
        """With all that was sent before answered. What a KeyboardInterrupt has left under way has no end: then there is
        no way back, the connection is closed, and the error stays what it was.
        """
        self.send(_NOTHING, {})
        self.exchange()
        try:
            self._libpq.exit_pipeline_mode()
            yield
        finally:
            if not self.closed:
                try:
                    self._libpq.enter_pipeline_mode()
                except psycopg.OperationalError:
                    self.close()

    @property
    def is_sound(self) -> bool:
        """Whether it can be used again."""
        return not self.closed and not self._never_ended and self._libpq.status == ConnStatus.OK

    @property
    def is_settled(self) -> bool:
        """Whether nothing of earlier transactions is under way."""
        return not self._under_way and not self._unended

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._driver.close()

    @abstractmethod
    def _wait(self) -> None:
        """Until all is answered that was sent. Raises `OperationalError`, and then the connection is closed."""

    # libpq

    def _send_beginning(self, begin: Statement) -> None:
        """Behind the end of one that only read, if that was not sent."""
        if self._unended and begin is _READING and self._local is None:
            self._unended = False
            self._send(_NEXT_READING, {})
            return
        self._send_end()
        self._send(begin, {})
        if self._local is not None:
            self._send(self._local, {})

    def _send_end(self) -> None:
        if self._unended:
            self._unended = False
            self._send(_COMMIT, {})

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
        self._sent.append(Preparing(key))
        self._prepared[key] = name
        while len(self._prepared) > PREPARED:
            old, dropped = self._prepared.popitem(last=False)
            self._libpq.send_close_prepared(dropped)
            self._sent.append(Dropping(old, dropped))
        return name

    def _synchronize(self) -> None:
        self._under_way.append(self._sent)
        self._sent = []
        self._libpq.pipeline_sync()
        self._flush()

    def _flush(self) -> bool:
        """Whether something is left to send, for when the other side takes more."""
        return bool(self._libpq.flush())

    def _receive(self) -> bool:
        """Take in what has come; whether nothing more is awaited. Raises `OperationalError` where it is cut."""
        libpq = self._libpq
        libpq.consume_input()
        while self._under_way and not libpq.is_busy():
            result = libpq.get_result()
            if result is None:
                if libpq.status == ConnStatus.BAD:
                    raise psycopg.OperationalError("the connection was cut")
                if self._in_script:
                    self._under_way.clear()
            elif result.status == ExecStatus.PIPELINE_SYNC:
                self._attribute()
            else:
                self._results.append(result)
                if libpq.status == ConnStatus.BAD:
                    raise error_from_result(result)
        return not self._under_way

    def _attribute(self) -> None:
        """Each result to its statement, also of those that nobody waits for: what was not prepared is not there, and
        where a transaction has not ended the next one cannot begin.
        """
        answered = self._under_way.popleft()
        results, self._results = self._results, []
        self._failed = None
        for pending, result in zip(answered, results, strict=True):
            if result.status in _GOOD:
                pending.result = result
            elif self._failed is None:
                self._failed = result
        if self._failed is not None:
            for pending in reversed([each for each in answered if each.result is None]):
                pending.take_back(self._prepared)
                self._never_ended = self._never_ended or pending.statement is _ROLLBACK
