"""Copies to work on: a data set is loaded once, and stays as it was loaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.dataset import postgres, sqlite
from bench.dataset.loading import prepared
from bench.dataset.world import World
from keesa.db.opening import SQLITE_FILE


@dataclass(frozen=True, slots=True)
class EnginePlace:
    """Where data sets and their copies lie: each has a folder of its own in `data` and, with PostgreSQL, a database
    of its own whose name begins with that of `database_url`. This one itself is not touched, and may be missing.
    """

    data: Path
    database_url: str | None = None

    def pristine(self, tickets: int, seed: int) -> "EnginePlace":
        """The arguments of `prepared` for that data set."""
        return self._under(f"{tickets}_{seed}")

    def copy(self, tickets: int, seed: int, name: str) -> "EnginePlace":
        return self._under(f"{tickets}_{seed}_{name}")

    def _under(self, name: str) -> "EnginePlace":
        url = self.database_url
        return EnginePlace(self.data / name, postgres.named(url, name) if url else None)


class Copy(NamedTuple):
    """The arguments of `keesa --data --database-url`, and what is there."""

    data: Path
    database_url: str | None
    world: World


@contextmanager
def world_on(engine_place: EnginePlace, tickets: int, seed: int = 1, *, name: str = "copy") -> Iterator[Copy]:
    """A copy of the data set, which is loaded first where it is missing; afterwards the copy is gone, whoever
    is still connected to it. Two at the same time need two names: one that a killed benchmark left is replaced.
    """
    pristine, copy = engine_place.pristine(tickets, seed), engine_place.copy(tickets, seed, name)
    world = prepared(pristine.data, pristine.database_url, tickets, seed)
    _remove(copy)
    try:
        _copy(pristine, copy)
        yield Copy(copy.data, copy.database_url, world)
    finally:
        _remove(copy)


def _copy(pristine: EnginePlace, copy: EnginePlace) -> None:
    copy.data.mkdir(mode=0o700, parents=True)
    if pristine.database_url and copy.database_url:
        postgres.copy(pristine.database_url, copy.database_url)
    else:
        sqlite.copy(pristine.data / SQLITE_FILE, copy.data)


def _remove(copy: EnginePlace) -> None:
    if copy.database_url:
        postgres.drop(copy.database_url)
    if copy.data.exists():
        shutil.rmtree(copy.data)
