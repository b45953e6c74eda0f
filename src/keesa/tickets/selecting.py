"""The ids and revisions of a page of tickets, each found through an index, however many tickets there are.

Who sees a ticket is a matter of several columns (`visible_to`), and so are the statuses of a group. No index gives
`a OR b` in order; but each part by itself has one that does. So a page is put together from as many branches, each
of which is read no further than the page could need of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import Match, visible_to
from keesa.db import Pace, Steps, Tx
from keesa.tickets.numbers import LARGEST
from keesa.tickets.statuses import STATUSES, Status
from keesa.tickets.views import VisibleTicket

EVERY: Final[tuple[Match, ...]] = ((),)
FAR: Final = 2000
"""A page that begins behind so many tickets may take long to find; what is on it is found one after the other."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list by time raised. `number` counts from 1; `limit` None takes all."""

    number: int = 1
    limit: int | None = 20
    newest_first: bool = True

    @property
    def bounds(self) -> tuple[int, int]:
        """The limit and the offset of a statement."""
        limit = LARGEST if self.limit is None else self.limit
        return limit, min((self.number - 1) * limit, LARGEST)

    def at(self, number: int | None) -> "Page":
        """The same list at another page; at this one for None."""
        return self if number is None else Page(number, self.limit, self.newest_first)


Group = tuple[Sequence[Status] | None, Page]
"""A part of a list: the statuses of its tickets (None: any), and the page of them."""


def select(tx: Tx, actor: Actor, wanted: tuple[Match, ...], groups: Sequence[Group]) -> Steps[Iterable[VisibleTicket]]:
    """The pages of the groups, one after the other, of the tickets that the actor sees and that are wanted."""
    text, params = _statement(
        visible_to(actor),
        wanted,
        tuple(statuses and tuple(statuses) for statuses, _ in groups),
        groups[0][1].newest_first,
        tx.merges_lazily,
    )
    if not text:
        return ()
    limits: dict[str, object] = {}
    skipped = 0
    for number, (_, page) in enumerate(groups):
        limit, offset = page.bounds
        end = min(offset + limit, LARGEST)
        limits |= {f"limit_{number}": limit, f"offset_{number}": offset, f"end_{number}": end}
        skipped = max(skipped, offset)
    if skipped > FAR:
        yield Pace.LONG
    return map(VisibleTicket, tx.each(text, **params, **limits))


@lru_cache(maxsize=2048)
def _statement(
    visible: tuple[Match, ...],
    wanted: tuple[Match, ...],
    groups: tuple[tuple[Status, ...] | None, ...],
    newest_first: bool,  # noqa: FBT001 - a cached function takes no keywords alone
    merges_lazily: bool,  # noqa: FBT001 - as above
) -> tuple[str, dict[str, object]]:
    """The text, and the parameters but for the pages'; no text where nothing can be found."""
    matches = _meeting(visible, wanted)
    names = {pair: f"value_{number}" for number, pair in enumerate(dict.fromkeys(pair for m in matches for pair in m))}
    order = "ORDER BY raised_at DESC, id DESC" if newest_first else "ORDER BY raised_at, id"
    parts = []
    for number, statuses in enumerate(groups):
        branches = [_condition(match, status, names) for match in matches for status in _statuses(match, statuses)]
        union = "UNION" if len(matches) > 1 else "UNION ALL"
        parts.append(_group(branches, union, order, number, merges_lazily=merges_lazily))
    text = parts[0] if len(parts) == 1 else " UNION ALL ".join(f"SELECT * FROM ({part}) part" for part in parts)
    return (text if matches else ""), {name: value for (_, value), name in names.items()}


def _meeting(some: tuple[Match, ...], others: tuple[Match, ...]) -> list[Match]:
    """Matches of the rows that one of `some` and one of `others` mean, without those that another one covers."""
    met = []
    for one, other in product(some, others):
        merged = dict(one) | dict(other)
        if all(merged[column] == value for column, value in one):
            met.append(tuple(sorted(merged.items())))
    distinct = list(dict.fromkeys(met))
    return [match for match in distinct if not any(set(other) < set(match) for other in distinct)]


_BY_COLUMN: Final = ("customer_id", "raised_by_id", "assigned_to_id", "ticket_type", "category")
"""The column whose index a branch uses is the first of these that it has: the first ones mean the fewest tickets."""


def _leading(match: Match) -> set[str]:
    """The columns that the branch's index begins with; the others are looked at row by row."""
    columns = dict(match)
    first = next((column for column in _BY_COLUMN if column in columns), None)
    if first == "ticket_type" and "category" in columns:
        return {"ticket_type", "category"}
    return {first} if first else set()


def _statuses(match: Match, statuses: tuple[Status, ...] | None) -> Sequence[Status | None]:
    """The status stands next in every index but in those that have the category."""
    if "category" in _leading(match):
        return statuses or (None,)
    return statuses or STATUSES


def _group(branches: Sequence[str], union: str, order: str, number: int, *, merges_lazily: bool) -> str:
    """One group's page. The revisions are read of what is on it, and of no other row that was looked at."""
    page = f"{order} LIMIT :limit_{number} OFFSET :offset_{number}"
    if len(branches) == 1:
        return f"SELECT id, revision FROM tickets WHERE {branches[0]} {page}"
    selects = [f"SELECT raised_at, id FROM tickets WHERE {branch}" for branch in branches]
    if not merges_lazily:
        selects = [f"({select} {order} LIMIT :end_{number})" for select in selects]
    return (
        "SELECT id, (SELECT revision FROM tickets WHERE tickets.id = page.id)"
        f" FROM ({f' {union} '.join(selects)} {page}) page"
    )


def _condition(match: Match, status: Status | None, names: dict[tuple[str, object], str]) -> str:
    leading = _leading(match)
    terms = [f"{'' if pair[0] in leading else '$filter '}tickets.{pair[0]} = :{names[pair]}" for pair in match]
    if status:
        terms.append(f"tickets.status = '{status}'")
    return " AND ".join(terms)
