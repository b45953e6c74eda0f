"""What is kept, held against what the database names: what is missing, what is damaged, and what nobody needs."""

from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from keesa.db import Database, Tx
from keesa.files.needed import Needed, all_needed
from keesa.files.places import Place, Stored, place_of


class Difference(Enum):
    NONE = auto()
    MISSING = auto()
    DAMAGED = auto()
    """It has another size."""
    UNNEEDED = auto()


class Compared(NamedTuple):
    needed: Needed | None
    stored: Stored | None

    @property
    def difference(self) -> Difference:
        if self.needed is None:
            return Difference.UNNEEDED
        if self.stored is None:
            return Difference.MISSING
        return Difference.NONE if self.stored.size == self.needed.size else Difference.DAMAGED


def compare(needed: Iterable[Needed], there: Iterable[Stored]) -> Iterator[Compared]:
    """Both are in the order of their names, and read side by side: none of them is in memory as a whole."""
    stored = iter(there)
    found = next(stored, None)
    for each in needed:
        while found is not None and found.name < each.name:
            yield Compared(None, found)
            found = next(stored, None)
        if found is not None and found.name == each.name:
            yield Compared(each, found)
            found = next(stored, None)
        else:
            yield Compared(each, None)
    while found is not None:
        yield Compared(None, found)
        found = next(stored, None)


class Checked(NamedTuple):
    there: int
    bytes: int
    back: int
    """That were in the bin, and are where they belong again."""
    lost: list[str]
    """Names of those that are nowhere, or damaged: the first of them."""
    lost_count: int
    unneeded: int
    """That no row names: those that are a day old are swept away."""


SHOWN: Final = 1000
"""Of what is lost."""


def check(database: Database, place: Place, *, mend: bool) -> Checked:
    """Hold all that is kept against all that is named, and bring back from the bin what is needed."""
    there = size = back = lost_count = unneeded = 0
    lost: list[str] = []
    for needed, stored in compare(all_needed(database), place.all()):
        if needed is None:
            unneeded += 1
        elif (stored is not None and stored.size == needed.size) or _is_there_now(place, needed):
            there, size = there + 1, size + needed.size
        elif mend and _is_back(place, needed):
            back, size = back + 1, size + needed.size
        elif database.read(lambda tx: _is_named(tx, needed)):  # noqa: B023 - it is asked at once
            lost_count += 1
            lost += [needed.name] if len(lost) < SHOWN else []
    return Checked(there, size, back, lost, lost_count, unneeded)


def _is_there_now(place: Place, needed: Needed) -> bool:
    """It may have come since its neighbours were listed."""
    try:
        return place.size(needed.name) == needed.size
    except FileNotFoundError:
        return False


def _is_back(place: Place, needed: Needed) -> bool:
    try:
        place.fetch_back(needed.name)
    except (FileNotFoundError, FileExistsError):
        return False
    return _is_there_now(place, needed)


def _is_named(tx: Tx, needed: Needed) -> bool:
    """Still: a row may have gone meanwhile, and what it named with it."""
    return bool(tx.all(_NAMED, place=place_of(needed.name)))


_NAMED: Final = """
    SELECT 1 AS one FROM stored_files WHERE place = :place
    UNION ALL SELECT 1 FROM upload_pieces WHERE place = :place
"""


def tickets_of(tx: Tx, name: str) -> list[int]:
    """The numbers of the tickets that show a file, the first ten."""
    return [row["ticket_id"] for row in tx.all(_TICKETS, place=place_of(name))]


_TICKETS: Final = """
    SELECT DISTINCT ticket_id FROM attachments JOIN stored_files ON stored_files.id = file_id
    WHERE stored_files.place = :place ORDER BY ticket_id LIMIT 10
"""
