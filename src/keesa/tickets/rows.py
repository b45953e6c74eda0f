"""Tickets as short rows, for lists that people look through: any filters together, in one of four orders, page by page.

A page looks at a bounded number of tickets, however many there are (docs/decisions/0050-rows.md). Where an index leads
to few, they are sorted whole. Else a page looks through a window of `LOOKED_AT` of what its order begins with; the next
one goes on behind that window, so that a page may be short, or empty, and yet have a next one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Condition, Equals, naming
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.db import Pace, Steps, Tx
from keesa.errors import Invalid
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Position
from keesa.tickets.row_filters import RowsWanted, changed_for, condition_on, held_within
from keesa.tickets.row_leads import Lead, Leads, leads_for, sets_for
from keesa.tickets.row_selects import Window, fits_of, in_their_rows, whole, whole_fitting
from keesa.tickets.row_views import TicketRow, row_of, shown_to

RowSort = Literal["raised", "changed", "priority", "held_until"]
SORTS: Final[tuple[RowSort, ...]] = get_args(RowSort)
FEW: Final = 250
"""So many tickets are sorted whole, and so many events are read for them. A customer's user is refused more, who gets
no windows of what is not theirs.
"""
LOOKED_AT: Final = 150
"""Tickets, or events, that a page looks at before it leaves the rest to the next one, where there are more. A page of
many rows looks at twice as many as it has, and at `MOST` at the most.
"""
MOST: Final = 1000
CHANGED: Final = 60
"""Tickets that are looked at by their events, or as many as the page has rows."""
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
            return _cut(few, page.limit, None)
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


class _Looked(NamedTuple):
    """What was looked at: tickets that may be wanted, and behind which key all else lies; None where nothing does."""

    ids: Sequence[int]
    end: Key | None
    with_mains: bool = False
    fits: bool = False
    """Whether they are known to be wanted, and in the order of the list."""


_Look = Callable[[int, Key | None, int], _Looked]
"""Looks at so many tickets behind a key, for at most so many rows."""


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

    def few(self) -> list[_Keyed] | None:
        """The rows of the page, and one more, where an index leads to few."""
        for leads in self._sets if self._page.sort == "raised" else (*self._sets, self.leads(None)):
            if not leads.parts:
                return []
            found = whole(leads, FEW + 1, lazily=self._tx.merges_lazily)
            if not any(True for _ in self._tx.each(f"{found} LIMIT 1 OFFSET {FEW}", **leads.params)):
                return self._sorted(leads, self._page.limit + 1)
        return None

    def _sorted(self, leads: Leads, limit: int) -> list[_Keyed]:
        lazily = self._tx.merges_lazily
        if in_their_rows(leads, lazily=lazily):
            fits = self._fits(self._page.after)
            found = whole_fitting(leads, fits.sql, self._key_columns, self._direction, FEW, lazily=lazily)
            rows = self._tx.each(found, rows=limit * leads.copies, **leads.params, **fits.params)
            return self._shown([row[0] for row in rows], limit)
        found = whole(leads, FEW, lazily=lazily)
        rows = self._tx.each(f"{found} LIMIT {FEW}", **leads.params)
        return self.matching(_Looked([row[0] for row in rows], None, leads.by_events), limit)

    # Window after window

    def walk(self) -> FoundRows:
        match self._page.sort:
            case "held_until":
                return self._through(self._held_window, self._page.after)
            case "changed":
                return self._through(self._changed_window, self._page.after)
            case "priority":
                return self._by_priority()
        return self._through(self._raised_window, self._page.after)

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

    def _through(self, look: _Look, after: Key | None) -> FoundRows:
        rows, goes_on = self.collect(look, after, self._page.limit + 1)
        return _cut(rows, self._page.limit, goes_on)

    def collect(self, look: _Look, after: Key | None, rows: int) -> tuple[list[_Keyed], Key | None]:
        """At most so many of the rows behind the key, and behind which key all others lie; None where none do. All of a
        window is looked at, unless each ticket there is wanted: so that no page costs more for what it finds.
        """
        looked = look(max(LOOKED_AT, min(2 * self._page.limit, MOST)), after, rows)
        return self.matching(looked, rows, after=after), looked.end

    def _raised_window(self, size: int, after: Key | None, rows: int) -> _Looked:
        return self._window(self.leads(None if after is None else Position(*after)), "raised_at", size, rows)

    def _held_window(self, size: int, after: Key | None, rows: int) -> _Looked:
        params: dict[str, object] = {"after_day": after and after[0], "after_id": after and after[1]}
        condition = held_within(self._wanted, naming(params, "held"))
        if after is not None:
            condition += f" AND (held_until, id) {self._beyond} (:after_day, :after_id)"
        leads = Leads([Lead("tickets", "id", condition, ("held_until", "id"))], params)
        return self._window(leads, "held_until", size, rows)

    def _window(self, leads: Leads, column: str, size: int, rows: int) -> _Looked:
        """The first tickets by this column."""
        if not leads.parts:
            return _Looked((), None)
        if leads.exact:
            size = next(some for some in _EXACT if some >= rows)
        window = Window(leads, column, self._direction, size, self._tx.merges_lazily)
        if leads.exact:
            found = list(self._tx.each(window.keys, **leads.params))
            end = found[-1] if len(found) == size else None
            return _Looked([ticket_id for _, ticket_id in found], end, fits=True)
        last = self._tx.soon(window.last_key, **leads.params)
        fits = self._fits()
        found = list(self._tx.each(window.fitting(fits.sql), rows=rows * leads.copies, **leads.params, **fits.params))
        end = next(((row[column], row["id"]) for row in last()), None)
        return _Looked([ticket_id for _, ticket_id in found], end, fits=True)

    def _changed_window(self, size: int, after: Key | None, _rows: int) -> _Looked:
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
            some = _of_few_tickets(found, max(CHANGED, min(self._page.limit, MOST)))
            if some and some[-1][0] == found[0][0]:
                some = found
            ids = list(dict.fromkeys(ticket_id for _, ticket_id in some))
            if len(found) < size and len(some) == len(found):
                return _Looked(ids, None, with_mains=True)
            last = some[-1][0]
            if last != found[0][0]:
                return _Looked(ids, (last, LARGEST if descending else -1), with_mains=True)
            size *= 2

    # Rows

    @property
    def _beyond(self) -> str:
        return "<" if self._page.descending else ">"

    def matching(self, looked: _Looked, limit: int, *, after: Key | None = None) -> list[_Keyed]:
        """Of these tickets, in order, at most so many that are wanted and lie behind the page's beginning, or `after`,
        and in front of what was not looked at.
        """
        if not looked.ids:
            return []
        if looked.fits:
            return self._shown(looked.ids, limit)
        columns = self._key_columns
        fits = self._fits(after or self._page.after, looked.end)
        order = ", ".join(f"{column}{self._direction}" for column in columns)
        found = self._tx.each(
            f"SELECT {shown_to(self._actor)}, {', '.join(columns)} FROM ("
            f"SELECT tickets.id AS row_id FROM tickets WHERE tickets.id IN"
            f" {WITH_MAINS if looked.with_mains else '$json_ids'} AND {fits.sql} = 1 ORDER BY {order} LIMIT :rows"
            f") page JOIN tickets ON tickets.id = page.row_id ORDER BY {order}",
            ids=msgspec.json.encode(looked.ids).decode(),
            rows=limit,
            **fits.params,
        )
        return [self._keyed(row) for row in found]

    def _shown(self, ids: Iterable[int], limit: int) -> list[_Keyed]:
        """The first of these, each once, in this order. A read sees one state of all: what was wanted still is."""
        chosen = list(dict.fromkeys(ids))[:limit]
        if not chosen:
            return []
        columns = f"{shown_to(self._actor)}, {', '.join(self._key_columns)}"
        found = self._tx.each(
            f"SELECT {columns} FROM tickets WHERE tickets.id IN $json_ids",
            ids=msgspec.json.encode(chosen).decode(),
        )
        rows = {keyed.row.id: keyed for keyed in map(self._keyed, found)}
        return [rows[ticket_id] for ticket_id in chosen]

    def _keyed(self, row: tuple[Any, ...]) -> _Keyed:
        size = len(self._key_columns)
        return _Keyed(row_of(row[:-size], self._actor), tuple(row[-size:]))

    def _fits(self, after: Key | None = None, until: Key | None = None) -> Condition:
        """Whether a ticket is wanted and lies between these keys."""
        condition = condition_on(self._actor, self._wanted, held=self._held)
        bounds, params = [condition.sql], {**condition.params}
        for name, key, sign in (("after", after, self._beyond), ("until", until, self._within)):
            if key is not None:
                places = [f"{name}_{number}" for number in range(len(key))]
                columns = ", ".join(self._key_columns)
                bounds.append(f"({columns}) {sign} ({', '.join(f':{place}' for place in places)})")
                params |= zip(places, key, strict=True)
        return Condition(fits_of(bounds), params)

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

    def priority_window(self, size: int, after: Key | None, rows: int) -> _Looked:
        found = self._raised_window(size, after[1:] if after else None, rows)
        return found._replace(end=None if found.end is None else (self._priority, *found.end))


def _of_few_tickets(events: Sequence[tuple[int, int]], tickets: int) -> Sequence[tuple[int, int]]:
    """The first ones, of so many tickets."""
    seen: set[int] = set()
    for number, (_, ticket_id) in enumerate(events):
        seen.add(ticket_id)
        if len(seen) > tickets:
            return events[:number]
    return events
