"""Giving the free pages of a data file back to the disk, in steps between which everybody else writes.

A step is a write like any other: it moves pages from the end of the file into free ones, for as long as `STEP`. The
file itself is cut where the log is written back (docs/decisions/0034-shrinking-files.md).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from keesa.db.engine import Tx
from keesa.db.sqlite import LONG_LOG, SqliteDatabase
from keesa.errors import Refused, Unavailable

STEP: Final = 0.002
"""Seconds that a step moves pages for; its commit comes on top."""
STEP_PAGES: Final = 64
"""The most that it moves: what is moved has to be flushed."""
LONGEST_PAUSE: Final = 0.05
"""Seconds between two steps at the most. Else it is as long as the step was, so that half of the time is others'."""
LONGEST_LOG: Final = 2 * LONG_LOG
"""Pages of it that stop the vacuum: what it moves would else fill the log, until nobody could write."""
_CUTS: Final = 10
"""Tries to have the file cut, which readers of older states put off."""
_BETWEEN_CUTS: Final = 0.1
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """In bytes."""

    given_back: int
    free: int
    """Still in the file."""


def vacuum(database: SqliteDatabase, tell: Callable[[Progress], None]) -> Progress:
    """Give back what is free now; each step is told of. It may end between any two steps, and be begun again.

    Raises `Refused` for a file that was made without the way to, and `Unavailable` where the log becomes long.
    """
    if not database.read(lambda tx: _pragma(tx, "auto_vacuum")):
        raise Refused(
            "The data file was made by a Keesa whose files do not shrink; its free pages are used again. To give them"
            " back to the disk, make a back-up and restore it (docs/backup.md)"
        )
    page = database.read(lambda tx: _pragma(tx, "page_size"))
    wanted, given_back = database.read(_free_pages), 0
    database.write_back()
    while given_back < wanted:
        begun = time.monotonic()
        moved, free = database.write(_step)
        if not moved:
            break
        given_back += moved
        tell(Progress(given_back * page, free * page))
        if database.log_bytes() > LONGEST_LOG * page:
            raise Unavailable(
                "The vacuum has stopped, as the log grows: another program reads an old state of the data. What was"
                " given back is; run it again when that has ended"
            )
        time.sleep(min(LONGEST_PAUSE, time.monotonic() - begun))
    _cut(database)
    return Progress(given_back * page, database.read(_free_pages) * page)


def _step(tx: Tx) -> tuple[int, int]:
    """How many pages it has given back, one at the least, and how many are still free."""
    until = time.monotonic() + STEP
    moved, free = 0, _free_pages(tx)
    while free:
        tx.all("PRAGMA incremental_vacuum(1)")  # Python ends the statement after its first page, however many it names
        moved, free = moved + 1, _free_pages(tx)
        if moved == STEP_PAGES or time.monotonic() >= until:
            break
    return moved, free


def _cut(database: SqliteDatabase) -> None:
    """Where a reader stays, the file is cut with a later checkpoint."""
    for _ in range(_CUTS):
        database.write_back()
        pages, page = database.read(lambda tx: (_pragma(tx, "page_count"), _pragma(tx, "page_size")))
        if database.path.stat().st_size <= pages * page:
            return
        time.sleep(_BETWEEN_CUTS)


def _free_pages(tx: Tx) -> int:
    return _pragma(tx, "freelist_count")


def _pragma(tx: Tx, name: str) -> int:
    found: int = tx.all(f"PRAGMA {name}")[0][name]
    return found
