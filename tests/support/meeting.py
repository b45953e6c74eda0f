"""Two nodes on one PostgreSQL, and two writes of theirs that meet at a statement of the test's choice."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg

from keesa.db import Database, Tx, Work, open_database
from places import Place

PATIENCE: Final = 60.0
"""Seconds for what comes for certain, on a machine under load."""
_WAITING: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


class Ended(NamedTuple):
    """How a write ended: with its value, or with its error."""

    value: Any = None
    error: BaseException | None = None


class Met(NamedTuple):
    first: Ended
    second: Ended
    waited: bool
    """Whether the second had to wait for the first."""

    @property
    def errors(self) -> list[BaseException]:
        return [ended.error for ended in (self.first, self.second) if ended.error is not None]

    @property
    def values(self) -> list[Any]:
        """Of those that ended well."""
        return [ended.value for ended in (self.first, self.second) if ended.error is None]


class Nodes(NamedTuple):
    """Two databases as two nodes have them, on one of PostgreSQL's."""

    one: Database
    other: Database
    place: Place

    def meet(self, first: Work[Any], before: str, second: Callable[[Database], Any]) -> Met:
        """`first` on one node, stopped where it is about to run a statement in which the pattern `before` is found,
        until `second` on the other node has ended or waits for a lock.
        """
        stop = _Stop(before)
        with ThreadPoolExecutor(2) as threads:
            try:
                leading = threads.submit(self.one.write, stop.within(first))
                assert stop.reached_by(leading), f"it ended without such a statement: {before}"
                following = threads.submit(second, self.other)
                waited = self._waits(following)
            finally:
                stop.over.set()
            return Met(_ended(leading), _ended(following), waited)

    def _waits(self, following: "Future[Any]") -> bool:
        """Whether it waits for a lock; no, once it has ended."""
        assert self.place.url is not None
        deadline = time.monotonic() + PATIENCE
        with psycopg.connect(self.place.url, autocommit=True) as connection:
            while not following.done():
                row = connection.execute(_WAITING).fetchone()
                if row is not None and row[0]:
                    return True
                assert time.monotonic() < deadline, "it neither ends nor waits for a lock"
                time.sleep(0.005)
        return False


class _Stop:
    """Where a write stops, once."""

    def __init__(self, before: str) -> None:
        self._before = re.compile(before)
        self._reached = threading.Event()
        self.over = threading.Event()

    def reached_by(self, leading: "Future[Any]") -> bool:
        """Once the write has come there; no, once it has ended without."""
        while not self._reached.wait(0.01):
            if leading.done():
                return self._reached.is_set()
        return True

    def within(self, work: Work[Any]) -> Work[Any]:
        def stopped(tx: Tx) -> Any:  # noqa: ANN401 - whatever the work gives
            for name in ("all", "each", "soon", "run", "changed"):
                if (method := getattr(tx, name, None)) is not None:
                    setattr(tx, name, self._stopping(method))
            return work(tx)

        return stopped

    def _stopping(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def run(sql: str, /, **params: object) -> Any:  # noqa: ANN401 - whatever the method gives
            if self._before.search(sql):
                self._reached.set()
                self.over.wait(PATIENCE)
            return method(sql, **params)

        return run


def _ended(future: "Future[Any]") -> Ended:
    try:
        return Ended(value=future.result(PATIENCE))
    except Exception as error:  # noqa: BLE001 - it is what the test asks about
        return Ended(error=error)


@contextmanager
def two_nodes(place: Place) -> Iterator[Nodes]:
    one, other = open_database(place.data, place.url), open_database(place.data, place.url)
    try:
        yield Nodes(one, other, place)
    finally:
        one.close()
        other.close()
