"""How many tickets there are, for lists and screens: several counts at once, each exact up to `MOST`.

A count looks at a bounded number of tickets, however many there are (docs/decisions/0067-counts.md). Where an index
leads to nothing but what is wanted, its entries are counted. Else the index that leads to the fewest is looked through,
`LOOKED_AT` tickets of it at the most, for all counts together that it leads to: where that was not all of it, a count
is what was found there, and there may be more.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import chain
from typing import Final, Literal, get_args

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Condition, Equals, IsNull, Term
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
LOOKED_AT: Final = 500
"""Tickets, or changes, that one count looks at where no index leads to nothing but what is wanted: where there are
fewer, it is exact. Of an index that does, one entry more than `MOST` is read for each time that it may have a ticket.
"""
_COPIES: Final = 3
"""In so many parts at most that lead to nothing else a ticket is: for who raised it, who has it, and its type."""
FIRST_DAY: Final = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Count:
    count: int
    """`MOST` at the most."""
    exact: bool
    """Else there are as many or more."""


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
    every, asked = _parts(actor, wanted, today), _Asked(tx, actor)
    parts = {name: every[name] for name in names}
    found = _found(asked, [_Search(asked, part) for part in dict.fromkeys(chain(*parts.values()))])
    return {name: _sum([found[part] for part in some]) for name, some in parts.items()}


def _sum(counts: Sequence[Count]) -> Count:
    """Of tickets none of which is in two of them."""
    count = sum(each.count for each in counts)
    return Count(min(count, MOST), count <= MOST and all(each.exact for each in counts))


# What is counted


def _parts(actor: Actor, wanted: RowsWanted, today: str) -> dict[CountName, list[RowsWanted]]:
    """What is wanted for each name, a part for each status where they are shown beside each other."""
    mine = Equals("assigned_to_id", actor.id)
    of_status: dict[CountName, list[RowsWanted]] = {
        name: [_of(wanted, (status,)) for status in statuses] for name, statuses in OF_STATUS.items()
    }
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
    """What the database is asked for one actor: each question once, and all that can be asked together."""

    def __init__(self, tx: Tx, actor: Actor) -> None:
        self.actor = actor
        self._tx = tx
        self._known: dict[object, _Answer] = {}

    def sized(self, leads: Leads, most: int) -> "_Answer":
        """How many entries they have, at most so many, and tickets in these."""
        return self._soon(sized(leads, most, lazily=self._tx.merges_lazily), leads.params)

    def entries(self, leads: Leads) -> object:
        """What tells them apart from others: the same of those that lead to the same entries."""
        return _question(sized(leads, LOOKED_AT, lazily=self._tx.merges_lazily), leads.params)

    def fitting(self, leads: Leads, wanted: Sequence[RowsWanted]) -> "_Answer":
        """The same, and how many of the tickets are wanted, for each."""
        conditions = [_apart(condition_on(self.actor, each), place) for place, each in enumerate(wanted)]
        fits = [fits_of([condition.sql]) for condition in conditions]
        given = [condition.params for condition in conditions]
        sql = sized_fitting(leads, fits, LOOKED_AT, lazily=self._tx.merges_lazily)
        return self._soon(sql, dict(chain(leads.params.items(), *(params.items() for params in given))))

    def _soon(self, sql: str, params: Mapping[str, object]) -> "_Answer":
        question = _question(sql, params)
        if question not in self._known:
            self._known[question] = cache(self._tx.soon(sql, **params))
        return self._known[question]


_Answer = Callable[[], Sequence[Row]]
_NAME: Final = re.compile(r":(\w+)")


def _question(sql: str, params: Mapping[str, object]) -> object:
    """With those parameters alone that it names."""
    return sql, *(params[name] for name in _NAME.findall(sql))


def _apart(condition: Condition, place: int) -> Condition:
    """With parameters of its own."""
    params = {f"of_{place}_{name}": value for name, value in condition.params.items()}
    return Condition(_NAME.sub(rf":of_{place}_\1", condition.sql), params)


class _Search:
    """What is wanted for one count, and what leads to it."""

    def __init__(self, asked: _Asked, wanted: RowsWanted) -> None:
        self.wanted = wanted
        self._leads = every_lead(asked.actor, wanted)
        self._sizes = [asked.sized(leads, LOOKED_AT) for leads in self._leads] if len(self._leads) > 1 else []

    def best(self) -> Leads:
        """What leads to the fewest; where nothing is known to lead to few, the first."""
        sizes = [rows()[0]["looked"] for rows in self._sizes] or [0]
        return self._leads[sizes.index(min(sizes))]


def _found(asked: _Asked, searches: Sequence[_Search]) -> dict[RowsWanted, Count]:
    """Tickets that the same index leads to are looked at once, for all that is wanted of them."""
    found: dict[RowsWanted, Callable[[], Count]] = {}
    passes: dict[object, tuple[Leads, list[RowsWanted]]] = {}
    for search in searches:
        leads = search.best()
        if not leads.parts:
            found[search.wanted] = partial(Count, 0, exact=True)
        elif leads.exact:
            most = (MOST + 1) * min(leads.copies, _COPIES)
            found[search.wanted] = partial(_count, asked.sized(leads, most), "found", most)
        else:
            passes.setdefault(asked.entries(leads), (leads, []))[1].append(search.wanted)
    for leads, wanted in passes.values():
        answer = asked.fitting(leads, wanted)
        found |= {each: partial(_count, answer, f"found_{place}", LOOKED_AT) for place, each in enumerate(wanted)}
    return {wanted: count() for wanted, count in found.items()}


def _count(answer: _Answer, column: str, most: int) -> Count:
    [row] = answer()
    return Count(min(row[column], MOST), row["looked"] < most and row[column] <= MOST)
