"""Where a test's database lies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from keesa.db import Database, open_database


@dataclass(frozen=True)
class Place:
    """Where a database lies: the arguments of `open_database`, and of `keesa --data --database-url`."""

    data: Path
    url: str | None


class NewPlace(Protocol):
    """Makes an empty place, or a copy of the template."""

    def __call__(self, template: str | None = None) -> Place: ...


@contextmanager
def opened(place: Place) -> Iterator[Database]:
    database = open_database(place.data, place.url)
    try:
        yield database
    finally:
        database.close()
