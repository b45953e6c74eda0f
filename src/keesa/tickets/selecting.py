"""The ids and revisions of a page of tickets, each found through an index, however many tickets there are.

Who sees a ticket is a matter of several columns (`visible_to`), and so are the statuses of a group. No index gives
`a OR b` in order; but each part by itself has one that does. So a page is put together from as many branches
(`branches.py`), each of which is read no further than the page could need of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Column, Filter, OneOf, Range, meet
from keesa.accounts.permissions import visible_to
from keesa.db import Pace, Steps, Tx
from keesa.tickets.branches import MANY, Branch, branches_of, searches
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Page, Position, TicketsPage
from keesa.tickets.shapes import Values, bounds_of, named
from keesa.tickets.statuses import Status
from keesa.tickets.views import VisibleTicket, revision_for

EVERY: Final[tuple[Filter, ...]] = ((),)
FAR: Final = 2000
"""A page that begins behind so many tickets may take long to find; what is on it is found one after the other."""

Group = tuple[Sequence[Status] | None, Page]
"""A part of a list: the statuses of its tickets (None: any), and the page of them."""


def select(tx: Tx, actor: Actor, wanted: tuple[Filter, ...], groups: Sequence[Group]) -> Steps[Iterable[VisibleTicket]]:
    """The pages of the groups, one after the other, of the tickets that the actor sees and that are wanted. Raises
    `ValueError` where memberships would need too many searches (`branches.MOST`).
    """
    rows = yield from _rows(tx, actor, wanted, groups, with_positions=False)
    return map(VisibleTicket, rows)


def select_page(
    tx: Tx, actor: Actor, wanted: tuple[Filter, ...], statuses: Sequence[Status] | None, page: Page
) -> Steps[TicketsPage]:
    """As `select`, one page and where the next one begins: one ticket more is looked for, and none is counted."""
    found = list((yield from _rows(tx, actor, wanted, [(statuses, page)], with_positions=True)))
    shown = found[: page.limit]
    tickets = [VisibleTicket((ticket_id, revision)) for ticket_id, revision, _ in shown]
    if len(shown) == len(found) or not shown:
        return TicketsPage(tickets, None)
    ticket_id, _, raised_at = shown[-1]
    return TicketsPage(tickets, Position(raised_at, ticket_id))


class _Form(NamedTuple):
    """What a statement depends on beside its filters."""

    groups: tuple[tuple[tuple[Status, ...] | None, bool], ...]
    """Of each group, the statuses, and whether its page begins after a position."""
    newest_first: bool
    merges_lazily: bool
    revision: str
    """The column that the actor gets."""
    with_positions: bool
    """Whether each ticket's time raised is read too, and one ticket more than the page has."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement, empty where nothing can be found, and its parameters but for what the pages add."""

    text: str
    may_be_long: bool
    values: Values


def _rows(
    tx: Tx, actor: Actor, wanted: tuple[Filter, ...], groups: Sequence[Group], *, with_positions: bool
) -> Steps[Iterable[tuple[Any, ...]]]:
    """Ids, revisions and, where they are wanted, times raised."""
    form = _Form(
        tuple((None if statuses is None else tuple(statuses), page.after is not None) for statuses, page in groups),
        groups[0][1].newest_first,
        tx.merges_lazily,
        revision_for(actor),
        with_positions,
    )
    prepare = _prepared if _is_worth_keeping(wanted) else _prepared.__wrapped__
    prepared = prepare(visible_to(actor), wanted, form)
    if not prepared.text:
        return ()
    params: dict[str, object] = {**prepared.values.params}
    has_bounds = prepared.values.has_bounds
    skipped = 0
    for number, (_, page) in enumerate(groups):
        limit, offset = page.bounds
        limit = min(limit + with_positions, LARGEST)
        params |= {f"limit_{number}": limit, f"offset_{number}": offset, f"end_{number}": min(offset + limit, LARGEST)}
        if page.after or has_bounds:
            params |= prepared.values.of_bounds(number, page)
        skipped = max(skipped, offset)
    if prepared.may_be_long or skipped > FAR:
        yield Pace.LONG
    found = tx.each(prepared.text, **params)
    return list(found) if prepared.may_be_long else found


def _is_worth_keeping(wanted: tuple[Filter, ...]) -> bool:
    """Whether what was prepared for these values may be asked for again: ranges and memberships come in too many."""
    return not [term for filter_ in wanted for term in filter_ if isinstance(term, (Range, OneOf))]


@lru_cache(maxsize=2048)
def _prepared(visible: tuple[Filter, ...], wanted: tuple[Filter, ...], form: _Form) -> _Prepared:
    shape, values = named(meet(visible, wanted))
    text, may_be_long = _statement(shape, form)
    return _Prepared(text, may_be_long, values)


@lru_cache(maxsize=1024)
def _statement(shape: tuple[Filter, ...], form: _Form) -> tuple[str, bool]:
    """The text for filters that hold names of parameters in place of values, and whether it may take long."""
    parts = []
    may_be_long = False
    union = "UNION" if len(shape) > 1 else "UNION ALL"
    for number, (statuses, goes_on) in enumerate(form.groups):
        branches: list[Branch] = []
        for search in searches(shape, statuses):
            bounds = bounds_of(search.filter_, number, goes_on=goes_on, newest_first=form.newest_first)
            branches += branches_of(search, bounds)
            may_be_long = may_be_long or search.may_be_long
        may_be_long = may_be_long or len(branches) > MANY
        if branches:
            parts.append(_group(branches, union, number, form))
    text = parts[0] if len(parts) == 1 else " UNION ALL ".join(f"SELECT * FROM ({part}) part" for part in parts)
    return text, may_be_long


def _group(branches: Sequence[Branch], union: str, number: int, form: _Form) -> str:
    """One group's page. The revisions are read of what is on it, and of no other row that was looked at."""
    raised_at = ", raised_at" if form.with_positions else ""
    page = f"LIMIT :limit_{number} OFFSET :offset_{number}"
    if len(branches) == 1:
        [branch] = branches
        order = _order(form, branch.nulls)
        return f"SELECT id, {form.revision}{raised_at} FROM tickets WHERE {branch.condition} {order} {page}"
    selects = [f"SELECT raised_at, id FROM tickets WHERE {branch.condition}" for branch in branches]
    if not form.merges_lazily:
        orders = [_order(form, branch.nulls) for branch in branches]
        selects = [f"({select} {order} LIMIT :end_{number})" for select, order in zip(selects, orders, strict=True)]
    return (
        f"SELECT id, (SELECT {form.revision} FROM tickets WHERE tickets.id = page.id){raised_at}"
        f" FROM ({f' {union} '.join(selects)} {_order(form)} {page}) page"
    )


def _order(form: _Form, nulls: Sequence[Column] = ()) -> str:
    """PostgreSQL sees that an index is in this order only where the columns are named that are null in all of it."""
    columns = (*(nulls if not form.merges_lazily else ()), "raised_at", "id")
    return "ORDER BY " + ", ".join(f"{column} DESC" if form.newest_first else column for column in columns)
