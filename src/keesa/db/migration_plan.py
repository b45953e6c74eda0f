"""What migrating a database would do, how long it may take there, and who would wait: to be told before it begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keesa.db.engine import Database
from keesa.db.migrate import State, missing
from keesa.db.migration_files import Migration, Waiting

MILLION: Final = 1_000_000
NOTICED: Final = 1.0
"""Seconds of waiting that readers may notice."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One migration, and the oldest schema that a program may be written for and go on beside it."""

    name: str
    what: str
    seconds: float
    waiting: Waiting
    in_batches: bool
    compatible: int


@dataclass(frozen=True, slots=True)
class Plan:
    state: State
    """Of the database as it is."""
    tickets: int
    migrations: Sequence[Planned]

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.migrations)

    @property
    def readers_wait(self) -> float:
        """The seconds that readers would wait at the longest, where they would notice it; else 0."""
        longest = max((each.seconds for each in self.migrations if each.waiting == "readers"), default=0.0)
        return longest if longest > NOTICED else 0.0

    @property
    def ends_older(self) -> bool:
        """Whether programs that are written for the database as it is can not go on beside it."""
        return self.state.version > 0 and any(each.compatible > self.state.version for each in self.migrations)


def plan(database: Database) -> Plan:
    """Raises `Refused` where migrating would."""
    state, lacking = missing(database)
    tickets: int = database.read(lambda tx: tx.value(_COUNT)) if state.version and lacking else 0
    planned: list[Planned] = []
    compatible = state.compatible
    for migration in lacking:
        compatible = migration.compatible or compatible
        planned.append(_planned(migration, tickets, compatible))
    return Plan(state, tickets, planned)


_COUNT: Final = "SELECT count(*) AS value FROM tickets"


def _planned(migration: Migration, tickets: int, compatible: int) -> Planned:
    return Planned(
        migration.file,
        migration.what,
        migration.takes * tickets / MILLION,
        migration.stops,
        migration.batches is not None,
        compatible,
    )
