"""Which part of a list is asked for: a page by its number, or what follows a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from keesa.tickets.numbers import LARGEST
from keesa.tickets.views import VisibleTicket


class Position(NamedTuple):
    """A ticket's place in the lists by time raised. Both numbers are of 64 bits."""

    raised_at: int
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list by time raised. `number` counts from 1; `limit` None takes all. In a list of tickets, the
    first page begins after the position `after`, where it is given; there need not be a ticket at it.
    """

    number: int = 1
    limit: int | None = 20
    newest_first: bool = True
    after: Position | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """The limit and the offset of a statement."""
        limit = LARGEST if self.limit is None else self.limit
        return limit, min((self.number - 1) * limit, LARGEST)

    def at(self, number: int | None) -> "Page":
        """The same list at another page; at this one for None."""
        return self if number is None else Page(number, self.limit, self.newest_first, self.after)


@dataclass(frozen=True, slots=True)
class TicketsPage:
    """What was found for a page, and where the next one begins."""

    tickets: Sequence[VisibleTicket]
    next_after: Position | None
    """The last ticket's position, for the next page's `after`; None where no ticket follows."""
