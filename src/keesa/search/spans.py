"""A part of the places of all tickets' words, and what was found in it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keesa.words.places import MOST_ROWS, ROWS_BITS

LARGEST: Final = 2**62
"""Behind all places."""
HITS: Final = 5_000
"""That are looked at for a page, at the most: rows, of which a long ticket has several."""
CHUNK: Final = 1_200
"""That are given at a time."""


class Span(NamedTuple):
    """Places from `lower` on, below `upper`."""

    lower: int = 0
    upper: int = LARGEST

    def beyond(self, place: int, *, newest_first: bool) -> "Span":
        """What is left of it behind this place."""
        return Span(self.lower, place) if newest_first else Span(place + 1, self.upper)

    def until(self, place: int, *, newest_first: bool) -> "Span":
        """What of it comes before that, with this place."""
        return Span(place, self.upper) if newest_first else Span(self.lower, place + 1)

    def behind(self, place: int, *, newest_first: bool) -> "Span":
        """What is left of it behind the ticket that has this place."""
        first = first_of(place)
        return Span(self.lower, first) if newest_first else Span(first + MOST_ROWS, self.upper)


def first_of(place: int) -> int:
    """The place of the first row of the same ticket."""
    return place - place % MOST_ROWS


class Met(NamedTuple):
    """What was met on a walk."""

    hits: Sequence[int]
    """Places of rows that have what is asked for, in the order of the walk."""
    end: int | None
    """The last place that was looked at; None where all of the span was."""


def each_once(places: Sequence[int]) -> list[int]:
    """Of each ticket, whose rows stand side by side, the place that comes first."""
    found = {place >> ROWS_BITS: place for place in reversed(places)}
    return [*reversed(found.values())]
