"""Pages of a list by id, also of what is found by a part of its name: read in portions, with turns for others."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from keesa.db import Pace, Steps
from keesa.errors import Invalid

LONGEST_PAGE: Final = 500
"""Things."""
MOST_LOOKED_AT: Final = 20_000
"""Rows that are read for one page, whether they are on it or not."""
_FIRST_PORTION: Final = 200
_PORTION: Final = 2_000
"""Rows that a statement reads, after the first one's."""
_STEP: Final = 200
"""Rows that are looked at until others have their turn."""
_BEFORE_ALL: Final = -(2**63)

Read = Callable[[int, int], Iterable[tuple[Any, ...]]]
"""Given an id and a number: so many rows of greater ids, in their order. Each begins with its id."""


@dataclass(frozen=True, slots=True)
class PageAfter:
    """A page of a list by id: at most `limit` (1 to `LONGEST_PAGE`), beginning behind the id `after`; None: at the
    first one.
    """

    limit: int = 50
    after: int | None = None


class FoundRows(NamedTuple):
    rows: Sequence[tuple[Any, ...]]
    next_after: int | None
    """The `after` of the next page; None where nothing follows."""


def read_page(
    page: PageAfter, read: Read, is_wanted: Callable[[tuple[Any, ...]], bool], *, searching: bool
) -> Steps[FoundRows]:
    """The rows that are wanted; where it is a search, many are read for few.

    A page for which `MOST_LOOKED_AT` rows were read may hold fewer than its limit, or none, and yet have a
    `next_after`, from which the search goes on. Raises `Invalid` for a limit out of its bounds.
    """
    require_limit(page.limit)
    found: list[tuple[Any, ...]] = []
    after, left = _BEFORE_ALL if page.after is None else page.after, MOST_LOOKED_AT
    portion = _FIRST_PORTION if searching else min(_FIRST_PORTION, page.limit + 1)
    while left > 0:
        portion, looked_at = min(portion, left), 0
        for looked_at, row in enumerate(read(after, portion), start=1):
            if is_wanted(row):
                if len(found) == page.limit:
                    return FoundRows(found, found[-1][0])
                found.append(row)
            after = row[0]
            if looked_at % _STEP == 0:
                yield Pace.SHORT
        if looked_at < portion:
            return FoundRows(found, None)
        left, portion = left - portion, _PORTION
    return FoundRows(found, after)


def require_limit(limit: int) -> None:
    """Raises `Invalid` where no page may be so long."""
    if not 1 <= limit <= LONGEST_PAGE:
        raise Invalid({"limit": [f"must be 1 to {LONGEST_PAGE}"]})


def folded(text: str) -> str:
    """Equal for texts that differ in case alone; in Python, as each engine folds scripts of its own choice."""
    return unicodedata.normalize("NFC", text).casefold()
