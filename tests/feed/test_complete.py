"""The feed is complete while all that can go wrong does: many change tickets at once on two nodes, slow transactions
commit late or never, deadlocks undo some, and workers and nodes are killed.
"""

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from threading import Event
from time import monotonic
from typing import Final

import pytest

import cast
from acting import actor_of, rows
from cast import ADMIN, RAISED, TYPED
from feed_fleet import Client, Fleet, Tickets, as_reader
from feed_readers import FeedReader
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.errors import Unavailable
from keesa.events.recording import Event as Happening
from keesa.tickets.changing import change
from keesa.tickets.finding import lock_ticket
from places import Place, opened
from soaking import SOAKS, times
from waiting import PATIENCE, wait_until

CHANGES: Final = times(1_000, 60_000)
"""That are made on each engine; one in six or so changes nothing."""
STILL: Final = times(2, 100)
"""Moments at which nothing is done, and copies are held against the lists."""
KILLED_AT: Final = times(1, 4)
"""Before one of so many moments something is killed, a worker and a node by turns."""
CLIENTS: Final = 6
READERS: Final = 3
SLOW: Final = (RAISED, TYPED)
"""The tickets of the slow transactions, which take them in any order."""
SLOW_WRITERS: Final = 3
MOST_AT_ONCE: Final = 500


class _UndoneError(Exception):
    """What a slow transaction ends with that is not to be kept."""


@dataclass
class SlowWriter:
    """Transactions that have their number, or their events' ids, long before they commit. Two of them may wait for each
    other, until the database undoes one.
    """

    database: Database
    chance: Random
    pauses: tuple[float, float]
    """Seconds."""
    kept: int = 0
    undone: int = 0
    given_up: int = 0
    """Since the database undid each try."""
    tries: int = 0

    def work(self, over: Event) -> None:
        while not over.is_set():
            keeps = self.chance.random() < 2 / 3
            try:
                self.database.write(partial(self._change, keeps=keeps))
                self.kept += 1
            except _UndoneError:
                self.undone += 1
            except Unavailable:
                self.given_up += 1
            over.wait(self.chance.uniform(*self.pauses) / 2)

    def _change(self, tx: Tx, *, keeps: bool) -> None:
        self.tries += 1
        actor, never = actor_of(tx, ADMIN), Event()
        for number in self.chance.sample(SLOW, len(SLOW)):
            ticket = lock_ticket(tx, actor, number)
            if self.chance.random() < 0.5:
                never.wait(self.chance.uniform(*self.pauses) / 2)
            title = f"Slow {self.chance.random()}"
            change(tx, actor, ticket, now(), Happening("edited", {"title": ("Before", title)}), title=title)
            never.wait(self.chance.uniform(*self.pauses) / 2)
        if not keeps:
            raise _UndoneError


@dataclass
class Trial:
    """All that is at work, and what it came to."""

    database: Database
    fleet: Fleet
    clients: Sequence[Client]
    slow: Sequence[SlowWriter]
    readers: Sequence[FeedReader]
    chance: Random
    kills: int = 0
    pages: int = 0

    @property
    def changes(self) -> int:
        return sum(client.changes for client in self.clients)

    def work_until(self, changes: int, *, kills: bool) -> None:
        """Everybody, until so many changes are made; then nothing is under way any more."""
        over = Event()
        with ThreadPoolExecutor(len(self.clients) + len(self.slow) + len(self.readers)) as threads:
            working = [threads.submit(client.work, over) for client in self.clients]
            working += [threads.submit(writer.work, over) for writer in self.slow]
            working += [threads.submit(self._follow, reader, over) for reader in self.readers]
            try:
                if kills:
                    halfway = (self.changes + changes) // 2
                    wait_until(lambda: self._has_made(halfway, working), 300)
                    self.fleet.kill(self.chance, "node" if self.kills % 2 else "worker")
                    self.kills += 1
                wait_until(lambda: self._has_made(changes, working), 300)
            finally:
                over.set()
        for each in working:
            each.result()

    def _has_made(self, changes: int, working: Sequence[Future[None]]) -> bool:
        for each in working:
            if each.done():
                each.result()
        return self.changes >= changes

    def _follow(self, reader: FeedReader, over: Event) -> None:
        chance = Random(self.chance.random())  # noqa: S311 - no secret
        while not over.is_set():
            reader.read(chance.choice((1, 2, 5, 20, 100, MOST_AT_ONCE)), wait=chance.choice((0, 0, 1)))
            self.pages += 1
            if not reader.more:
                over.wait(0.01)

    def happened(self) -> list[tuple[int, int]]:
        """All events by their tickets and numbers, in the order of commits."""

        def work(tx: Tx) -> list[tuple[int, int]]:
            order = "id" if tx.writes_alone else "xid, id"
            found = rows(tx, f"SELECT ticket_id, number FROM ticket_events ORDER BY {order}")
            return [(row["ticket_id"], row["number"]) for row in found]

        return self.database.read(work)

    def check(self, before: int) -> None:
        """Of each reader: what it was told, and what it has, after so many events of before it began."""
        for reader in self.readers:
            deadline = monotonic() + PATIENCE
            while not self._has_all(reader, before) and monotonic() < deadline:
                pass
            told = [(each["ticket_id"], each["number"]) for each in reader.told]
            happened = self.happened()[before:]
            assert not set(happened) - set(told), "some was never told"
            assert told == happened
            assert reader.begun == 1
            assert reader.rows == reader.listed(MOST_AT_ONCE)

    def _has_all(self, reader: FeedReader, before: int) -> bool:
        """What was killed may still be ending, and then there is more."""
        reader.read(MOST_AT_ONCE)
        self.pages += 1
        return not reader.more and len(reader.told) >= len(self.happened()) - before

    def figures(self) -> str:
        kept, undone = (sum(getattr(each, name) for each in self.slow) for name in ("kept", "undone"))
        tries = sum(each.tries for each in self.slow)
        lost, refused = (sum(getattr(each, name) for each in self.clients) for name in ("lost", "refused"))
        return (
            f"{self.changes} changes by {len(self.clients)} clients, {refused} refused, {lost} lost on the way;"
            f" {kept} slow transactions kept, {undone} undone, {tries - kept - undone} undone by the database;"
            f" killed: {(self.kills + 1) // 2} workers, {self.kills // 2} nodes;"
            f" {len(self.readers[0].told)} events told to each of {len(self.readers)} readers, in {self.pages} pages\n"
        )


@pytest.fixture
def trial(place: Place, database: Database) -> Iterator[Trial]:
    chance = Random(20261201)  # noqa: S311 - no secret
    tickets = Tickets([number for number in cast.SEEN_BY[ADMIN] if number not in SLOW])
    token = cast.token(database, ADMIN)
    pauses = (0.05, 0.3) if place.url is None else (0.5, 2.0)
    with Fleet.of(place) as fleet, _connections(place, SLOW_WRITERS) as slow:
        yield Trial(
            database,
            fleet,
            [Client(fleet.node(number), token, tickets, Random(chance.random())) for number in range(CLIENTS)],  # noqa: S311
            [SlowWriter(each, Random(chance.random()), pauses) for each in slow],  # noqa: S311 - as above
            [as_reader(fleet.node(number), token) for number in range(READERS)],
            chance,
        )


@contextmanager
def _connections(place: Place, count: int) -> Iterator[list[Database]]:
    """On SQLite one, as all others wait for it."""
    with ExitStack() as stack:
        yield [stack.enter_context(opened(place)) for _ in range(1 if place.url is None else count)]


def test_each_reader_is_told_everything_once_and_in_one_order(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    """And whenever it has been told all, its copy is what the lists show."""
    before = len(trial.happened())
    for reader in trial.readers:
        while reader.is_copying:
            reader.read(MOST_AT_ONCE)
    for moment in range(STILL):
        trial.work_until((moment + 1) * CHANGES // STILL, kills=moment % KILLED_AT == 0)
        trial.check(before)
    if SOAKS:
        with capsys.disabled():
            sys.stdout.write(f"\n{trial.figures()}")
