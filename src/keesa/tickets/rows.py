"""Tickets as short rows, for lists that people look through: any filters together, in one of four orders, page by page.

A page looks at a bounded number of tickets, however many there are (docs/decisions/0050-rows.md). Where an index leads
to few, they are sorted whole. Else a page looks through a window of `LOOKED_AT` of what its order begins with; the next
one goes on behind that window, so that a page may be short, or empty, and yet have a next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Condition, Equals
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Pace, Steps, Tx
from keesa.errors import Invalid
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Position
from keesa.tickets.row_filters import Leads, RowsWanted, changed_for, condition_on, leads_for, sets_for
from keesa.tickets.row_views import TicketRow, row_of, shown_to

RowSort = Literal["raised", "changed", "priority", "held_until"]
SORTS: Final[tuple[RowSort, ...]] = get_args(RowSort)
FEW: Final = 1000
"""So many tickets are sorted whole, and so many events are read for them."""
LOOKED_AT: Final = 400
"""Tickets, or events, that a page looks at before it leaves the rest to the next one, where there are more."""
CHANGED: Final = 100
"""Tickets that are looked at by their events: there are as many events of few tickets as of many."""
TOO_MANY: Final = (
    f"cannot sort more than {FEW} of your tickets by this: ask for fewer, by `status`, `group` or"
    " `updated_since`, or sort by `raised` or `priority`"
)
WITH_MAINS: Final = (
    "(SELECT * FROM $json_ids given"
    " UNION SELECT duplicate_of_id FROM tickets WHERE id IN $json_ids AND duplicate_of_id IS NOT NULL)"
)
"""Where events led to tickets (their ids are the parameter `ids`): those too that show what became of a duplicate."""
_EXACT: Final = (32, 128, 512)
"""Sizes of windows where an index leads to nothing but what is wanted. They stand in the statement's text, by which
PostgreSQL knows how few rows it will have.
"""
_PRIORITIES: Final = (1, 2, 3, 4, 5)

Key = tuple[Any, ...]
"""A row's place in the order: a priority, a time, or a day, and what tells those apart that share it."""


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Rows a page, their order, and behind which key the page begins."""

    limit: int
    sort: RowSort = "raised"
    descending: bool = True
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class FoundRows:
    rows: Sequence[TicketRow]
    next_after: Key | None
    """Behind which the next page begins; None where nothing follows."""


def list_rows(tx: Tx, actor: Actor, wanted: RowsWanted, page: RowsPage) -> Steps[FoundRows]:
    """A page of the tickets that the actor sees and wants. In the order `held_until` they are those alone that are held
    until some day. Raises `Invalid` where a customer's user would have too many sorted.
    """
    if not visible_to(actor):
        return FoundRows((), None)
    search = _Search(tx, actor, wanted, page)
    if page.sort != "raised" or search.has_sets:
        yield Pace.LONG
        if (few := search.few()) is not None:
            rows = search.matching(few, page.limit + 1)
            return _cut(rows, page.limit, None)
    elif not search.leads(None).exact:
        yield Pace.LONG
    if page.sort in ("held_until", "changed") and not sees_internal(actor):
        raise Invalid({"sort": [TOO_MANY]})
    return search.walk()


def _cut(rows: Sequence["_Keyed"], limit: int, goes_on: Key | None) -> FoundRows:
    shown = [row for row, _ in rows[:limit]]
    return FoundRows(shown, rows[limit - 1].key if len(rows) > limit else goes_on)


class _Keyed(NamedTuple):
    row: TicketRow
    key: Key


class _Window(NamedTuple):
    """What was looked at: tickets, and behind which key all else lies; None where nothing does."""

    ids: Sequence[int]
    end: Key | None


class _Search:
    """One page's search."""

    def __init__(self, tx: Tx, actor: Actor, wanted: RowsWanted, page: RowsPage) -> None:
        self._tx, self._actor, self._wanted, self._page = tx, actor, wanted, page
        self._held = page.sort == "held_until"
        self._sets = sets_for(actor, wanted, held=self._held, ordered=page.sort == "raised")
        self._direction = " DESC" if page.descending else ""

    @property
    def has_sets(self) -> bool:
        return bool(self._sets)

    def leads(self, after: Position | None) -> Leads:
        return leads_for(self._actor, self._wanted, after, newest_first=self._page.descending)

    # Few

    def few(self) -> Sequence[int] | None:
        """All that can be wanted, where an index leads to few."""
        for found in self._sets:
            ids = self._up_to(found)
            if ids is not None:
                return ids
        if self._page.sort == "raised":
            return None
        leads = self.leads(None)
        if not leads.branches:
            return ()
        parts = _in_order(leads, FEW + 1, self._direction) if not self._tx.merges_lazily else _texts(leads)
        return self._up_to(Condition(f"SELECT id FROM ({' UNION ALL '.join(parts)}) leads", leads.params))

    def _up_to(self, select: Condition) -> Sequence[int] | None:
        """What it finds, where it is no more than `FEW`; of more, none is read."""
        for _ in self._tx.each(f"{select.sql} LIMIT 1 OFFSET {FEW}", **select.params):
            return None
        return list(dict.fromkeys(row[0] for row in self._tx.each(f"{select.sql} LIMIT {FEW}", **select.params)))

    # Window after window

    def walk(self) -> FoundRows:
        match self._page.sort:
            case "held_until":
                return self._through(self._held_window, self._page.after)
            case "changed":
                return self._through(self._changed_window, self._page.after)
            case "priority":
                return self._by_priority()
        return self._through(self._raised_window, self._page.after, exact=self.leads(None).exact)

    def _by_priority(self) -> FoundRows:
        """Those of one priority after those of another, each in the order of the time raised."""
        after = self._page.after
        rows: list[_Keyed] = []
        for priority in sorted(_PRIORITIES, reverse=self._page.descending):
            if after is not None and (priority > after[0] if self._page.descending else priority < after[0]):
                continue
            begins = after if after is not None and after[0] == priority else None
            search = _OfPriority(self._tx, self._actor, self._wanted, self._page, priority)

            found, goes_on = search.collect(search.priority_window, begins, self._page.limit + 1 - len(rows))
            rows += found
            if len(rows) > self._page.limit or goes_on is not None:
                return _cut(rows, self._page.limit, goes_on)
        return _cut(rows, self._page.limit, None)

    def _through(
        self, window: Callable[[int, Key | None], _Window], after: Key | None, *, exact: bool = False
    ) -> FoundRows:
        rows, goes_on = self.collect(window, after, self._page.limit + 1, exact=exact)
        return _cut(rows, self._page.limit, goes_on)

    def collect(
        self, window: Callable[[int, Key | None], _Window], after: Key | None, rows: int, *, exact: bool = False
    ) -> tuple[list[_Keyed], Key | None]:
        """At most so many of the rows behind the key, and behind which key all others lie; None where none do. All of a
        window is looked at, unless each ticket there is wanted: so that no page costs more for what it finds.
        """
        looked = window(next(size for size in _EXACT if size >= rows) if exact else LOOKED_AT, after)
        return self.matching(looked.ids, rows, after=after, until=looked.end), looked.end

    def _raised_window(self, size: int, after: Key | None) -> _Window:
        leads = self.leads(None if after is None else Position(*after))
        if not leads.branches:
            return _Window((), None)
        found = list(self._tx.each(_ordered(leads, size, self._direction, self._tx), **leads.params))
        return _Window([ticket_id for _, ticket_id in found], found[-1] if len(found) == size else None)

    def _held_window(self, size: int, after: Key | None) -> _Window:
        wanted = self._wanted
        said = {"held_until >= :held_from": wanted.held_from, "held_until <= :held_to": wanted.held_to}
        conditions = ["held_until IS NOT NULL", *(text for text, day in said.items() if day is not None)]
        if after is not None:
            conditions.append(f"(held_until, id) {self._beyond} (:after_day, :after_id)")
        found = list(
            self._tx.each(
                f"SELECT held_until, id FROM tickets WHERE {' AND '.join(conditions)}"
                f" ORDER BY held_until{self._direction}, id{self._direction} LIMIT {size}",
                held_from=wanted.held_from,
                held_to=wanted.held_to,
                after_day=after and after[0],
                after_id=after and after[1],
            )
        )
        return _Window([ticket_id for _, ticket_id in found], found[-1] if len(found) == size else None)

    def _changed_window(self, size: int, after: Key | None) -> _Window:
        """By the events, the last of which has the ticket's time of change. All of one millisecond are looked at."""
        descending = self._page.descending
        conditions = ["1 = 1"]
        if after is not None:
            conditions.append(f"at {'<=' if descending else '>='} :after")
        if self._wanted.updated_since is not None:
            conditions.append("at >= :since")
        while True:
            found = list(
                self._tx.each(
                    f"SELECT at, ticket_id FROM ticket_events WHERE {' AND '.join(conditions)}"
                    f" ORDER BY at{self._direction}, ticket_id{self._direction} LIMIT {size}",
                    after=after and after[0],
                    since=self._wanted.updated_since,
                )
            )
            some = _of_few_tickets(found)
            if some and some[-1][0] == found[0][0]:
                some = found
            ids = list(dict.fromkeys(ticket_id for _, ticket_id in some))
            if len(found) < size and len(some) == len(found):
                return _Window(ids, None)
            last = some[-1][0]
            if last != found[0][0]:
                return _Window(ids, (last, LARGEST if descending else -1))
            size *= 2

    # Rows

    @property
    def _beyond(self) -> str:
        return "<" if self._page.descending else ">"

    def matching(
        self, ids: Sequence[int], limit: int, *, after: Key | None = None, until: Key | None = None
    ) -> list[_Keyed]:
        """Of these tickets, in order, at most so many that are wanted and lie behind the page's beginning, or `after`,
        and in front of what begins behind `until`.
        """
        if not ids:
            return []
        condition = condition_on(self._actor, self._wanted, held=self._held)
        columns = self._key_columns
        bounds, params = [condition.sql], {**condition.params}
        for name, key, sign in (("after", after or self._page.after, self._beyond), ("until", until, self._within)):
            if key is not None:
                places = [f"{name}_{number}" for number in range(len(columns))]
                bounds.append(f"({', '.join(columns)}) {sign} ({', '.join(f':{place}' for place in places)})")
                params |= zip(places, key, strict=True)
        order = ", ".join(f"{column}{self._direction}" for column in columns)
        found = self._tx.each(
            f"SELECT {shown_to(self._actor)}, {', '.join(columns)} FROM ("
            f"SELECT tickets.id AS row_id FROM tickets WHERE tickets.id IN {self._looked_at}"
            f" AND CASE WHEN {' AND '.join(bounds)} THEN 1 ELSE 0 END = 1 ORDER BY {order} LIMIT :rows"
            f") page JOIN tickets ON tickets.id = page.row_id ORDER BY {order}",
            ids=msgspec.json.encode(ids).decode(),
            rows=limit,
            **params,
        )
        size = len(columns)
        return [_Keyed(row_of(row[:-size], self._actor), tuple(row[-size:])) for row in found]

    @property
    def _looked_at(self) -> str:
        led_by_events = self._page.sort == "changed" or self._wanted.updated_since is not None
        return WITH_MAINS if led_by_events else "$json_ids"

    @property
    def _within(self) -> str:
        """How a key compares with that behind which all lies that was not looked at."""
        return ">=" if self._page.descending else "<="

    @property
    def _key_columns(self) -> Sequence[str]:
        match self._page.sort:
            case "changed":
                return f"tickets.{changed_for(self._actor)}", "tickets.id"
            case "priority":
                return "tickets.priority", "tickets.raised_at", "tickets.id"
            case "held_until":
                return "tickets.held_until", "tickets.id"
        return "tickets.raised_at", "tickets.id"


class _OfPriority(_Search):
    """The part of a list by priority that has one of them."""

    def __init__(self, tx: Tx, actor: Actor, wanted: RowsWanted, page: RowsPage, priority: int) -> None:
        terms = (*wanted.terms, Equals("priority", priority))
        super().__init__(tx, actor, replace(wanted, terms=terms), page)
        self._priority = priority

    def priority_window(self, size: int, after: Key | None) -> _Window:
        found = self._raised_window(size, after[1:] if after else None)
        return found._replace(end=None if found.end is None else (self._priority, *found.end))


def _of_few_tickets(events: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """The first ones, of `CHANGED` tickets."""
    seen: set[int] = set()
    for number, (_, ticket_id) in enumerate(events):
        seen.add(ticket_id)
        if len(seen) > CHANGED:
            return events[:number]
    return events


def _ordered(leads: Leads, size: int, direction: str, tx: Tx) -> str:
    """The first tickets of them all."""
    order = f"ORDER BY raised_at{direction}, id{direction}"
    union = " UNION " if leads.overlap else " UNION ALL "
    if tx.merges_lazily:
        return f"{union.join(_texts(leads))} {order} LIMIT {size}"
    parts = _in_order(leads, size, direction)
    return parts[0] if len(parts) == 1 else f"{union.join(parts)} {order} LIMIT {size}"


def _texts(leads: Leads) -> list[str]:
    return [branch.condition for branch in leads.branches]


def _in_order(leads: Leads, size: int, direction: str) -> list[str]:
    """The first ones of each, from its index. PostgreSQL sees that an index is in this order only where the columns are
    named that are null in all of it.
    """
    parts = []
    for branch in leads.branches:
        columns = ", ".join(f"{column}{direction}" for column in (*branch.nulls, "raised_at", "id"))
        parts.append(f"({branch.condition} ORDER BY {columns} LIMIT {size})")
    return parts
