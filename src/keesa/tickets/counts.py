"""How many tickets there are, for lists and screens: several counts at once, each exact up to `MOST`.

A count looks at a bounded number of tickets, however many there are (docs/decisions/0067-counts.md). Where an index
leads to nothing but what is wanted, its entries are counted. Else the index that leads to the fewest is looked through,
`LOOKED_AT` tickets of it at the most: where that was not all of it, the count is what was found there, and is no more
than the least that there can be.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal, get_args

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Equals, IsNull, Term
from keesa.accounts.permissions import sees_internal
from keesa.db import Pace, Row, Steps, Tx
from keesa.tickets.row_filters import RowsWanted, condition_on
from keesa.tickets.row_leads import Leads, every_lead
from keesa.tickets.row_selects import fits_of, sized, sized_fitting
from keesa.tickets.statuses import ACTIVE, CLOSED, OPEN, STATUSES, Status

OfStatus = Literal["all", "open", "active", "closed", "in_progress", "on_hold"]
OfDesk = Literal["mine_open", "mine_active", "unassigned", "held", "due_today", "answered", "mentioned", "watched"]
CountName = OfStatus | OfDesk
OF_STATUS: Final[Mapping[OfStatus, Sequence[Status]]] = {
    "all": STATUSES,
    "open": OPEN,
    "active": ACTIVE,
    "closed": CLOSED,
    "in_progress": ("in_progress",),
    "on_hold": ("on_hold",),
}
OF_DESK: Final[tuple[OfDesk, ...]] = get_args(OfDesk)
"""What a screen of the desk shows besides; not for customers' users."""
MOST: Final = 1000
"""Up to here a count is told."""
LOOKED_AT: Final = MOST + 1
"""Tickets, or changes, that one count looks at where no index leads to nothing but what is wanted; of an index that
does, so many entries for each time that it may have the same ticket.
"""
_COPIES: Final = 3
"""In so many parts at most that lead to nothing else a ticket is: for who raised it, who has it, and its type."""
FIRST_DAY: Final = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Count:
    count: int
    """`MOST` at the most."""
    exact: bool
    """Else there are as many or more; of `MOST`, more."""


def names_for(actor: Actor) -> Sequence[CountName]:
    """The counts that there are for whom."""
    return (*OF_STATUS, *(OF_DESK if sees_internal(actor) else ()))


def count_tickets(
    tx: Tx, actor: Actor, wanted: RowsWanted, names: Iterable[CountName], today: str
) -> Steps[dict[CountName, Count]]:
    """Of the tickets that the actor sees and wants, those of each name: as many as a list has that wants that too.
    `today` is the desk's day in ISO's form.
    """
    yield Pace.LONG
    every, asked = _parts(actor, wanted, today), _Asked(tx)
    parts = {name: every[name] for name in names}
    searches = {part: _Search(asked, actor, part) for some in parts.values() for part in some}
    for search in searches.values():
        search.look()
    return {name: _sum([searches[part].found() for part in some]) for name, some in parts.items()}


def _sum(counts: Sequence[Count]) -> Count:
    """Of tickets none of which is in two of them."""
    count = sum(each.count for each in counts)
    return Count(min(count, MOST), count <= MOST and all(each.exact for each in counts))


# What is counted


def _parts(actor: Actor, wanted: RowsWanted, today: str) -> dict[CountName, list[RowsWanted]]:
    """What is wanted for each name, a part for each status where they are shown beside each other."""
    mine = Equals("assigned_to_id", actor.id)
    of_status = {name: [_of(wanted, (status,)) for status in statuses] for name, statuses in OF_STATUS.items()}
    return {
        **of_status,
        "mine_open": [_of(wanted, OPEN, mine)],
        "mine_active": [_of(wanted, ACTIVE, mine)],
        "unassigned": [_of(wanted, (*OPEN, *ACTIVE), IsNull("assigned_to_id"))],
        "held": [replace(wanted, held_from=max(wanted.held_from or "", FIRST_DAY))],
        "due_today": [replace(wanted, held_to=min(wanted.held_to or today, today))],
        "answered": [replace(wanted, answered=True)],
        "mentioned": [replace(wanted, mentioned=True)],
        "watched": [replace(wanted, watched=True)],
    }


def _of(wanted: RowsWanted, statuses: Sequence[Status], *terms: Term) -> RowsWanted:
    left = frozenset(statuses) & (frozenset(STATUSES) if wanted.statuses is None else wanted.statuses)
    return replace(wanted, statuses=left, terms=(*wanted.terms, *terms))


# How it is


class _Asked:
    """Asks each question once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.lazily = tx.merges_lazily
        self._known: dict[object, Callable[[], Sequence[Row]]] = {}

    def soon(self, sql: str, params: Mapping[str, object]) -> Callable[[], Sequence[Row]]:
        question = sql, frozenset(params.items())
        if question not in self._known:
            self._known[question] = cache(self._tx.soon(sql, **params))
        return self._known[question]


class _Search:
    """One count, in two steps, each of which travels with those of the others."""

    def __init__(self, asked: _Asked, actor: Actor, wanted: RowsWanted) -> None:
        self._asked, self._actor, self._wanted = asked, actor, wanted
        self._leads = every_lead(actor, wanted)
        self._most = LOOKED_AT
        self._sizes: list[Callable[[], Sequence[Row]]] = []
        if len(self._leads) > 1:
            self._sizes = [self._sized(leads) for leads in self._leads]

    def look(self) -> None:
        """Through what leads to the fewest; where none is known to lead to few, through the first."""
        sizes = [rows()[0]["looked"] for rows in self._sizes] or [0]
        leads = self._leads[sizes.index(min(sizes))]
        if not leads.parts:
            self._looked = _nothing
        elif leads.exact:
            self._most *= min(leads.copies, _COPIES)
            self._looked = self._sized(leads)
        else:
            self._looked = self._fitting(leads)

    def found(self) -> Count:
        row = self._looked()[0]
        return Count(min(row["found"], MOST), row["looked"] < self._most and row["found"] <= MOST)

    def _sized(self, leads: Leads) -> Callable[[], Sequence[Row]]:
        return self._asked.soon(sized(leads, self._most, lazily=self._asked.lazily), leads.params)

    def _fitting(self, leads: Leads) -> Callable[[], Sequence[Row]]:
        condition = condition_on(self._actor, self._wanted)
        sql = sized_fitting(leads, fits_of([condition.sql]), self._most, lazily=self._asked.lazily)
        return self._asked.soon(sql, leads.params | condition.params)


def _nothing() -> Sequence[Row]:
    return [{"looked": 0, "found": 0}]
