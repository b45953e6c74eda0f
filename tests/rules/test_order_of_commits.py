"""Reading events in an order in which none is missed: that of `xid` and `id`, which is what the column `xid` is for.

Nothing in Keesa reads them so yet. Ids are given when events are added, and are seen when their transactions are
committed, which may be in another order. `xid` is the number of the transaction (a 64-bit one, which never comes
round). All of those below `pg_snapshot_xmin` have ended, and what begins later has a larger one; so nothing can come to
be seen before what has been read.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from random import Random
from threading import Event
from typing import Any, Final, NamedTuple

import psycopg
import pytest

from acting import actor_of
from cast import ADMIN, ASSIGNED, HIDDEN, RAISED, STRANGERS, TYPED, at
from keesa.db import Database, Tx
from keesa.notes.notes import add_note
from keesa.rich_text.html import rich_text
from meeting import PATIENCE, Nodes
from waiting import wait_until

NOON: Final = at("2025-03-10T12:00")
TICKETS: Final = (RAISED, ASSIGNED, TYPED, STRANGERS, HIDDEN)
WRITERS: Final = 4
TRANSACTIONS: Final = 20
"""Of each writer."""

Connection = psycopg.Connection[tuple[Any, ...]]


class Told(NamedTuple):
    """An event; the first two are its place in the order."""

    xid: int
    id: int
    ticket_id: int


class Reader:
    """Goes on behind the last one that it has read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.told: list[Told] = []

    def read(self, limit: int = 1000) -> list[Told]:
        last = self.told[-1] if self.told else Told(0, 0, 0)
        rows = self._connection.execute(
            "SELECT xid::text::bigint, id, ticket_id FROM ticket_events"
            " WHERE (xid, id) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
            " ORDER BY xid, id LIMIT %s",
            (str(last.xid), last.id, limit),
        )
        found = [Told(*row) for row in rows]
        self.told += found
        return found

    def read_on(self, events: int) -> list[Told]:
        """Until it has read so many: a transaction of the server's own, in another database, may hold it up."""
        found = self.read()

        def has_all() -> bool:
            found.extend(self.read())
            return len(found) >= events

        wait_until(has_all)
        return found


class ReaderById(Reader):
    """As one might think that it is enough."""

    def read(self, limit: int = 1000) -> list[Told]:
        last = max((each.id for each in self.told), default=0)
        rows = self._connection.execute(
            "SELECT xid::text::bigint, id, ticket_id FROM ticket_events WHERE id > %s ORDER BY id LIMIT %s",
            (last, limit),
        )
        found = [Told(*row) for row in rows]
        self.told += found
        return found


@pytest.fixture
def connection(nodes: Nodes) -> Iterator[Connection]:
    assert nodes.place.url is not None
    with psycopg.connect(nodes.place.url, autocommit=True) as opened:
        yield opened


def all_events(connection: Connection) -> set[Told]:
    rows = connection.execute("SELECT xid::text::bigint, id, ticket_id FROM ticket_events")
    return {Told(*row) for row in rows}


def note(tx: Tx, number: int) -> None:
    """By the verb itself, and on the server when this ends."""
    add_note(tx, actor_of(tx, ADMIN), number, rich_text("On my way"), NOON)
    tx.value("SELECT 1 AS value")


@contextmanager
def open_writer(database: Database, before: int, then: int) -> Iterator[None]:
    """A transaction with a note to the one ticket, which stays open for the block, and ends with one to the other."""
    begun, over = Event(), Event()

    def work(tx: Tx) -> None:
        note(tx, before)
        begun.set()
        over.wait(PATIENCE)
        note(tx, then)

    with ThreadPoolExecutor(1) as threads:
        writing: Future[None] = threads.submit(database.write, work)
        try:
            assert begun.wait(PATIENCE)
            yield
        finally:
            over.set()
        writing.result(PATIENCE)


def test_what_is_committed_late_is_not_missed(nodes: Nodes, connection: Connection) -> None:
    """Nor told twice. Who goes by the ids alone passes over it: a later id was there to be read before it was."""
    reader, by_id = Reader(connection), ReaderById(connection)
    reader.read_on(len(all_events(connection)))
    by_id.read()
    with open_writer(nodes.one, ASSIGNED, STRANGERS):
        nodes.other.write(lambda tx: note(tx, TYPED))
        assert [each.ticket_id for each in by_id.read()] == [TYPED]
        assert reader.read() == []
    assert [each.ticket_id for each in by_id.read()] == [STRANGERS]
    missed = all_events(connection) - {*by_id.told}
    assert [each.ticket_id for each in missed] == [ASSIGNED]
    found = reader.read_on(3)
    assert [each.ticket_id for each in found] == [ASSIGNED, STRANGERS, TYPED]
    assert [each.id for each in found] != sorted(each.id for each in found)
    assert reader.told == sorted(all_events(connection))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_many_writers_and_a_reader(nodes: Nodes, connection: Connection, seed: int) -> None:
    """Whatever they do, and however few it reads at a time: each event once, none too early for another."""
    dice = Random(seed)  # noqa: S311 - dice, no secret
    reader = Reader(connection)
    with ThreadPoolExecutor(WRITERS) as threads:
        writing = [
            threads.submit(write, (nodes.one, nodes.other)[number % 2], Random(dice.random()))  # noqa: S311 - likewise
            for number in range(WRITERS)
        ]
        while not all(each.done() for each in writing):
            reader.read(dice.randint(1, 4))
        committed = sum(each.result() for each in writing)
    read_meanwhile = len(reader.told)
    reader.read_on(len(all_events(connection)) - read_meanwhile)
    assert reader.told == sorted(all_events(connection))
    assert committed > WRITERS * TRANSACTIONS


class _UndoneError(Exception):
    """Ends a transaction without a trace, but for the ids that it has taken."""


def write(database: Database, dice: Random) -> int:
    """Transactions of one to three notes, in the order of tickets that lets none wait for each other; some are undone.
    How many events they have left.
    """
    committed = 0
    for _ in range(TRANSACTIONS):
        numbers = sorted(dice.sample(TICKETS, dice.randint(1, 3)))
        is_undone = dice.random() < 0.2

        def work(tx: Tx, numbers: list[int] = numbers, is_undone: bool = is_undone) -> None:  # noqa: FBT001 - of this turn
            for number in numbers:
                note(tx, number)
            if is_undone:
                raise _UndoneError

        with suppress(_UndoneError):
            database.write(work)
            committed += len(numbers)
    return committed
