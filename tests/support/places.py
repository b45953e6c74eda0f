"""Where a test's database lies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Place:
    """Where a database lies: the arguments of `open_database`, and of `keesa --data --database-url`."""

    data: Path
    url: str | None


class NewPlace(Protocol):
    """Makes an empty place, or a copy of the template."""

    def __call__(self, template: str | None = None) -> Place: ...
