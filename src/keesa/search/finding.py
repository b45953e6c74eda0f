"""Searching tickets: those that have what is asked for, with any filters of rows, in one of four orders, page by page.

A page looks at a bounded number of rows (docs/decisions/0065-searching.md). Where the filters lead to few tickets,
these are looked at. Else hits are, the newest first: the first `MOST` of them that fit are a block, which is sorted;
the next block goes on behind it, so that the pages together have each hit once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Pace, Steps, Tx
from keesa.search.asking import Asked
from keesa.search.language import Query
from keesa.search.matching import match_of
from keesa.search.spans import Met, Span, each_once, first_of
from keesa.search.walking import hits_of, walk
from keesa.tickets.row_filters import RowsWanted, changed_for, condition_on
from keesa.tickets.row_numbers import few_of
from keesa.tickets.row_selects import fits_of
from keesa.tickets.row_views import TicketRow, row_of, shown_to
from keesa.words.places import MOST_ROWS, ticket_at

SearchSort = Literal["best", "raised", "changed", "priority"]
SORTS: Final[tuple[SearchSort, ...]] = get_args(SearchSort)
MOST: Final = 1_000
"""So many that fit are sorted, and counted."""
FEW: Final = 500
"""So many tickets that filters lead to are looked at one by one."""
ROUND: Final = 1_000 * MOST_ROWS
"""Where a page stops at a hit that does not fit, the next one begins at a multiple of this, and not at the ticket: what
stands in tickets that somebody does not see is told by no cursor.
"""


class After(NamedTuple):
    """Where the next page begins: behind what a page before had of a block, or with the next block."""

    upper: int
    lower: int | None
    """The block's end; None where the block is not known yet."""
    key: int | None
    place: int | None
    """Those of the last ticket that was shown of it; None likewise."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    limit: int
    sort: SearchSort = "best"
    descending: bool = True
    """Of what is sorted by: the other way round with a priority, the most urgent of which is the smallest."""
    after: After | None = None


class FoundTicket(NamedTuple):
    row: TicketRow
    place: int
    """Of the row of words in which it was found."""


@dataclass(frozen=True, slots=True)
class FoundTickets:
    tickets: Sequence[FoundTicket]
    next_after: After | None
    count: int | None
    """How many fit, as far as it was counted: with the first page alone."""
    count_is_exact: bool


NOTHING: Final = FoundTickets((), None, 0, count_is_exact=True)


class _Fit(NamedTuple):
    """A ticket that fits, by what it is sorted."""

    key: int
    first: int
    """The place of its first row."""
    place: int


class _Block(NamedTuple):
    fits: Sequence[_Fit]
    span: Span
    rest: Span | None
    """What was not looked at."""


def search(tx: Tx, actor: Actor, query: Query, wanted: RowsWanted, page: SearchPage) -> Steps[FoundTickets]:
    if not visible_to(actor):
        return NOTHING
    yield Pace.LONG
    internal = sees_internal(actor)
    match = match_of(tx, query, internal=internal, customer_id=None if internal else actor.customer_id)
    asked = Asked(match, internal, own_alone=not internal)
    searching = _Searching(tx, actor, wanted, page, asked)
    few = few_of(tx, actor, wanted, FEW)
    yield Pace.LONG
    block = searching.of_few(few) if few is not None else searching.of_many()
    yield Pace.LONG
    return searching.found(block)


class _Searching:
    """One page's search."""

    def __init__(self, tx: Tx, actor: Actor, wanted: RowsWanted, page: SearchPage, asked: Asked) -> None:
        self._tx, self._actor, self._wanted, self._page, self._asked = tx, actor, wanted, page, asked
        self._hits = hits_of(tx)
        self._newest_first = page.sort != "raised" or page.descending

    @property
    def _span(self) -> Span:
        after = self._page.after
        if after is None:
            return Span()
        if self._newest_first:
            return Span(after.lower or 0, after.upper)
        return Span(after.upper)

    # Blocks

    def of_few(self, tickets: Sequence[int]) -> _Block:
        """All of them are looked at."""
        keys = self._keys(tickets)
        places = each_once(self._hits.among(self._tx, self._asked, [*keys])) if keys else []
        span = self._span
        found = (_Fit(keys[ticket_at(place)], first_of(place), place) for place in places)
        fits = [fit for fit in found if span.lower <= fit.first < span.upper]
        return _Block(sorted(fits, key=lambda fit: fit.first, reverse=self._newest_first), span, None)

    def of_many(self) -> _Block:
        """The first ones that fit."""
        fits: list[_Fit] = []
        span, met = self._span, Met((), None)
        for met in walk(self._tx, self._asked, span, newest_first=self._newest_first):
            known = {fit.first for fit in fits[-1:]}
            tickets = {ticket_at(place): place for place in each_once(met.hits) if first_of(place) not in known}
            keys = self._keys([*tickets])
            fits += [_Fit(keys[id_], first_of(place), place) for id_, place in tickets.items() if id_ in keys]
            if len(fits) > self._needed:
                return self._cut(fits[: self._needed], span, fits[self._needed - 1].first)
        return _Block(fits, span, None) if met.end is None else self._cut(fits, span, self._stop(span, met.end, fits))

    @property
    def _needed(self) -> int:
        """A further page that needs no sorting needs no more than it shows."""
        return self._page.limit if self._page.sort == "raised" and self._page.after is not None else MOST

    def _stop(self, span: Span, end: int, fits: Sequence[_Fit]) -> int:
        """The place to go on behind, where no more was looked at."""
        if fits and fits[-1].first == first_of(end):
            return end
        rounded = (end // ROUND + 1) * ROUND if self._newest_first else end // ROUND * ROUND - 1
        return rounded if span.lower <= rounded < span.upper - 1 else end

    def _cut(self, fits: Sequence[_Fit], span: Span, end: int) -> _Block:
        rest = span.behind(end, newest_first=self._newest_first)
        kept = [fit for fit in fits if not rest.lower <= fit.first < rest.upper]
        looked = Span(rest.upper, span.upper) if self._newest_first else Span(span.lower, rest.lower)
        return _Block(kept, looked, rest)

    # Tickets

    def _keys(self, tickets: Sequence[int]) -> dict[int, int]:
        """Of those that the actor sees and wants, by what they are sorted."""
        if not tickets:
            return {}
        column = {"changed": changed_for(self._actor), "priority": "priority"}.get(self._page.sort, "id")
        condition = condition_on(self._actor, self._wanted)
        found = self._tx.each(
            f"SELECT tickets.id, tickets.{column} FROM tickets WHERE tickets.id IN $json_ids"
            f" AND {fits_of([condition.sql])} = 1",
            ids=msgspec.json.encode(tickets).decode(),
            **condition.params,
        )
        return {ticket_id: int(key) for ticket_id, key in found}

    # Pages

    def found(self, block: _Block) -> FoundTickets:
        fits = self._by_heads(block.fits) if self._page.sort == "best" else block.fits
        sorted_ = fits if self._page.sort == "raised" else sorted(fits, key=self._place_in_order)
        left = [fit for fit in sorted_ if self._is_behind(fit)]
        shown = left[: self._page.limit]
        is_first = self._page.after is None
        return FoundTickets(
            self._shown(shown),
            self._next(block, shown, more=len(left) > len(shown)),
            len(block.fits) if is_first else None,
            is_first and block.rest is None,
        )

    def _by_heads(self, fits: Sequence[_Fit]) -> Sequence[_Fit]:
        """By whether their heads have all of what is asked for."""
        heads = self._hits.heads_of(self._tx, self._asked, [fit.place for fit in fits]) if fits else set[int]()
        return [fit._replace(key=int(fit.place in heads)) for fit in fits]

    def _place_in_order(self, fit: _Fit) -> tuple[int, int]:
        turned = self._page.descending if self._page.sort != "priority" else not self._page.descending
        return -fit.key if turned else fit.key, -fit.first

    def _is_behind(self, fit: _Fit) -> bool:
        after = self._page.after
        if after is None or after.key is None or after.place is None:
            return True
        return self._place_in_order(fit) > self._place_in_order(_Fit(after.key, after.place, after.place))

    def _next(self, block: _Block, shown: Sequence[_Fit], *, more: bool) -> After | None:
        if more and self._page.sort != "raised":
            upper = max(fit.first for fit in block.fits) + MOST_ROWS if self._page.after is None else block.span.upper
            return After(upper, block.span.lower, shown[-1].key, shown[-1].first)
        rest = block.rest or self._below
        if more:
            rest = block.span.behind(shown[-1].first, newest_first=self._newest_first)
        if rest is None:
            return None
        return After(rest.upper if self._newest_first else rest.lower, None, None, None)

    @property
    def _below(self) -> Span | None:
        """What lies behind the block that the page is of."""
        lower = self._page.after and self._page.after.lower
        return Span(upper=lower) if lower else None

    def _shown(self, fits: Sequence[_Fit]) -> list[FoundTicket]:
        """A read sees one state of all: what was found to fit still does."""
        if not fits:
            return []
        found = self._tx.each(
            f"SELECT {shown_to(self._actor)} FROM tickets WHERE tickets.id IN $json_ids",
            ids=msgspec.json.encode([ticket_at(fit.place) for fit in fits]).decode(),
        )
        rows = {row.id: row for row in (row_of(values, self._actor) for values in found)}
        return [FoundTicket(rows[ticket_at(fit.place)], fit.place) for fit in fits]
