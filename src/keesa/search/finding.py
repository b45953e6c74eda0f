"""Searching tickets: those that have what is asked for, with any filters of rows, in one of four orders, page by page.

A page looks at a bounded number of rows (docs/decisions/0065-searching.md). Where the filters lead to few tickets,
these are looked at. Else hits are, the newest first: the first `MOST` of them that fit are a block, which is sorted;
the next block goes on behind it, so that the pages together have each hit once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Condition, OneOf
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Pace, Row, Steps, Tx
from keesa.search.asking import Asked, Heads
from keesa.search.language import Query
from keesa.search.matching import match_of
from keesa.search.names import MOST_NAMES
from keesa.search.spans import Met, Span, each_once, first_of
from keesa.search.walking import hits_of, walk
from keesa.tickets.row_filters import RowsWanted, changed_for, condition_on
from keesa.tickets.row_numbers import few_of, fits_all
from keesa.tickets.row_selects import fits_of
from keesa.words.pieces import customer_mark, eco_mark
from keesa.words.places import MOST_ROWS, numbers_between, place_of, ticket_at, ticket_of
from keesa.words.statements import GIVEN

SearchSort = Literal["best", "raised", "changed", "priority"]
SORTS: Final[tuple[SearchSort, ...]] = get_args(SearchSort)
MOST: Final = 1_000
"""So many that fit are sorted, and counted."""
FEW: Final = 2_000
"""So many tickets that filters lead to are looked at one by one."""
SCATTERED: Final = 8
"""Of so many tickets, which have numbers side by side, PostgreSQL looks at all rather than at one by its id."""
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


@dataclass(frozen=True, slots=True)
class FoundTickets:
    places: Sequence[int]
    """Of the tickets of the page: where the row of words lies in which each was found."""
    next_after: After | None
    count: int | None
    """How many fit, as far as it was counted: with the first page alone."""
    count_is_exact: bool


NOTHING: Final = FoundTickets((), None, 0, count_is_exact=True)


class _Block(NamedTuple):
    fits: Sequence[int]
    """Where a row of each ticket was found, in the order of the walk."""
    span: Span
    rest: Span | None
    """What was not looked at."""


def search(tx: Tx, actor: Actor, query: Query, wanted: RowsWanted, page: SearchPage) -> Steps[FoundTickets]:
    if not visible_to(actor):
        return NOTHING
    yield Pace.LONG
    internal = sees_internal(actor)
    own = None if internal else actor.customer_id
    match = match_of(tx, query, internal=internal, customer_id=own, marks=[*_marks(wanted)])
    fitting = None if fits_all(actor, wanted) else condition_on(actor, wanted)
    asked = Asked(match, internal, own_alone=not internal, by_heads=page.sort == "best", heads=Heads(set(), set()))
    searching = _Searching(tx, actor, fitting, page, asked)
    few = few_of(tx, actor, wanted, FEW)
    yield Pace.LONG
    block = searching.of_few(few) if few is not None else searching.of_many()
    yield Pace.LONG
    return searching.found(block)


def _marks(wanted: RowsWanted) -> Iterator[Sequence[str]]:
    """Of the customers and the ECOs that are wanted, as far as they are few: the index leads to theirs alone."""
    customers = [term.values for term in wanted.terms if isinstance(term, OneOf) and term.column == "customer_id"]
    for ids in filter(_are_few, customers):
        yield [customer_mark(int(each)) for each in sorted(ids)]
    if wanted.eco_ids is not None and _are_few(wanted.eco_ids):
        yield [eco_mark(each) for each in sorted(wanted.eco_ids)]


def _are_few(ids: Collection[object]) -> bool:
    return 0 < len(ids) <= MOST_NAMES


class _Searching:
    """One page's search."""

    def __init__(self, tx: Tx, actor: Actor, fitting: Condition | None, page: SearchPage, asked: Asked) -> None:
        """`fitting`: what a ticket must be; None where each one will do."""
        self._tx, self._actor, self._condition, self._page, self._asked = tx, actor, fitting, page, asked
        self._hits = hits_of(tx)
        self._newest_first = page.sort != "raised" or page.descending
        self._keys: dict[int, int] = {}
        """What those that fit are sorted by, by their places."""

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
        firsts = self._fitting([*map(place_of, tickets)])
        span = self._span
        rows = sorted(self._hits.among(self._tx, self._asked, firsts), reverse=self._newest_first) if firsts else []
        places = [place for place in each_once(rows) if span.lower <= place < span.upper]
        if self._keys:  # by the first rows, where others may have been found
            self._keys.update([(place, self._keys[first_of(place)]) for place in places])
        return _Block(places, span, None)

    def of_many(self) -> _Block:
        """The first ones that fit."""
        fits: list[int] = []
        span, met = self._span, Met((), None)
        for met in walk(self._tx, self._asked, span, newest_first=self._newest_first):
            places = each_once(met.hits)
            if fits and places and first_of(places[0]) == first_of(fits[-1]):
                del places[0]
            fits += self._fitting(places)
            if len(fits) > self._needed:
                return self._cut(fits[: self._needed], span, fits[self._needed - 1])
        return _Block(fits, span, None) if met.end is None else self._cut(fits, span, self._stop(span, met.end, fits))

    @property
    def _needed(self) -> int:
        """A further page that needs no sorting needs no more than it shows."""
        return self._page.limit if self._page.sort == "raised" and self._page.after is not None else MOST

    def _stop(self, span: Span, end: int, fits: Sequence[int]) -> int:
        """The place to go on behind, where no more was looked at."""
        if fits and first_of(fits[-1]) == first_of(end):
            return end
        rounded = (end // ROUND + 1) * ROUND if self._newest_first else end // ROUND * ROUND - 1
        return rounded if span.lower <= rounded < span.upper - 1 else end

    def _cut(self, fits: Sequence[int], span: Span, end: int) -> _Block:
        rest = span.behind(end, newest_first=self._newest_first)
        kept = fits[: bisect_left(fits, x=True, key=lambda place: rest.lower <= place < rest.upper)]
        looked = Span(rest.upper, span.upper) if self._newest_first else Span(span.lower, rest.lower)
        return _Block(kept, looked, rest)

    # Tickets

    def _fitting(self, places: Sequence[int]) -> Sequence[int]:
        """Those of the tickets that the actor sees and wants; what they are sorted by is written down."""
        column = {"changed": changed_for(self._actor), "priority": "priority"}.get(self._page.sort)
        condition = self._condition
        if not places or (column is None and condition is None):
            return places
        looked = f"tickets.{column or 'id'} AS sorted_by, {fits_of([condition.sql]) if condition else '1'} AS fits"
        between = None if self._tx.writes_alone else numbers_between(min(places), max(places))
        if between is not None and between <= SCATTERED * len(places):
            keys = self._keys_between(places, looked)
        else:
            keys = self._keys_of(places, looked)
        if column is not None:
            self._keys |= keys
        return [place for place in places if place in keys]

    def _keys_of(self, places: Sequence[int], looked: str) -> dict[int, int]:
        tickets = f"({GIVEN}) given CROSS JOIN tickets WHERE tickets.id = {ticket_of('given.place')}"
        row = self._listed("given.place", looked, tickets, ids=msgspec.json.encode(places).decode())
        return dict(zip(_numbers(row["found"]), _numbers(row["keys"]), strict=True))

    def _keys_between(self, places: Sequence[int], looked: str) -> dict[int, int]:
        """The same where the tickets are many of those between the first and the last: all are looked at in turn, which
        takes PostgreSQL a fifth of finding each by its id.
        """
        between = {"first": ticket_at(min(places)), "last": ticket_at(max(places))}
        row = self._listed("id", looked, "tickets WHERE id >= :first AND id <= :last", **between)
        keys = dict(zip(map(place_of, _numbers(row["found"])), _numbers(row["keys"]), strict=True))
        return {place: keys[first] for place in places if (first := first_of(place)) in keys}

    def _listed(self, found: str, looked: str, tickets: str, **given: object) -> Row:
        """As lists of numbers: what is found of the tickets that fit, and what they are sorted by."""
        [row] = self._tx.all(
            f"SELECT {_LIST.format('found')} AS found, {_LIST.format('sorted_by')} AS keys"
            f" FROM (SELECT {found} AS found, {looked} FROM {tickets}) looked WHERE fits = 1",
            **given,
            **(self._condition.params if self._condition else {}),
        )
        return row

    # Pages

    def found(self, block: _Block) -> FoundTickets:
        in_order = self._in_order(block.fits)
        begin = self._beginning(in_order)
        shown = in_order[begin : begin + self._page.limit]
        is_first = self._page.after is None
        return FoundTickets(
            shown,
            self._next(block, shown, more=begin + len(shown) < len(in_order)),
            len(block.fits) if is_first else None,
            is_first and block.rest is None,
        )

    def _in_order(self, places: Sequence[int]) -> Sequence[int]:
        """Those that are alike in what is sorted by stay as they are: the newest first."""
        if self._page.sort == "raised" or not places:
            return places
        if self._page.sort == "best":
            heads = self._hits.heads_of(self._tx, self._asked, places)
            self._keys = dict.fromkeys(places, 0) | dict.fromkeys(heads, 1)
            if not heads:
                return places
        return sorted(places, key=self._keys.__getitem__, reverse=self._largest_first)

    @property
    def _largest_first(self) -> bool:
        return self._page.descending if self._page.sort != "priority" else not self._page.descending

    def _beginning(self, places: Sequence[int]) -> int:
        """How many of them come before the page."""
        after = self._page.after
        if after is None or after.key is None or after.place is None:
            return 0
        return bisect_right(places, self._rank(after.key, after.place), key=lambda at: self._rank(self._keys[at], at))

    def _rank(self, key: int, place: int) -> tuple[int, int]:
        return -key if self._largest_first else key, -first_of(place)

    def _next(self, block: _Block, shown: Sequence[int], *, more: bool) -> After | None:
        if more and self._page.sort != "raised":
            upper = first_of(block.fits[0]) + MOST_ROWS if self._page.after is None else block.span.upper
            return After(upper, block.span.lower, self._keys[shown[-1]], first_of(shown[-1]))
        rest = block.rest or self._below
        if more:
            rest = block.span.behind(shown[-1], newest_first=self._newest_first)
        if rest is None:
            return None
        return After(rest.upper if self._newest_first else rest.lower, None, None, None)

    @property
    def _below(self) -> Span | None:
        """What lies behind the block that the page is of."""
        lower = self._page.after and self._page.after.lower
        return Span(upper=lower) if lower else None


_LIST: Final = "CAST($json_list({}) AS TEXT)"


def _numbers(listed: str | None) -> list[int]:
    return msgspec.json.decode(listed, type=list[int]) if listed else []
