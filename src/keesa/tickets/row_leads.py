"""What leads to the tickets of a list of rows: parts of indexes, whose order is that of the list or does not matter."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Column, Filter, IsNull, OneOf, Range, Term, meet, naming
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.tickets.branches import MANY, Search, branches_of, only_leading, searches
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Position
from keesa.tickets.row_filters import RowsWanted, held_within, times_of, within
from keesa.tickets.shapes import named

DRIFT: Final = 60_000
"""Milliseconds by which a ticket's time of change may be before that of the event."""
_FEW: Final[frozenset[Column]] = frozenset({"customer_id", "raised_by_id", "assigned_to_id"})
"""Columns whose values few tickets have."""
_NAME: Final = re.compile(r":(\w+)")


@dataclass(frozen=True, slots=True)
class Lead:
    """Tickets that stand beside each other in an index."""

    table: str
    ticket: str
    """The column with their ids."""
    condition: str
    order: Sequence[str]
    """In which the index has them. PostgreSQL sees it only where the columns are named that are null in all of it."""


@dataclass(frozen=True, slots=True)
class Leads:
    """Together they lead to all that is wanted and visible."""

    parts: Sequence[Lead]
    params: dict[str, object] = field(default_factory=dict)
    copies: int = 1
    """In so many parts at most the same ticket may be."""
    exact: bool = False
    """Whether they lead to nothing but what is wanted and visible."""
    by_events: bool = False
    """Whether they are of changes: that of a duplicate changes its main ticket too."""


# In no order that matters


def every_lead(actor: Actor, wanted: RowsWanted) -> list[Leads]:
    """Each leads to all that is wanted and visible; of the first the fewest tickets are expected. Of a customer's user
    the only one leads to nothing of anybody else's.
    """
    of_columns = _each_once(_column_leads(actor, wanted, _sides(wanted, None, newest_first=True)))
    if not (of_columns.parts and sees_internal(actor)):
        return [of_columns]
    return [*sets_for(actor, wanted, held=False, ordered=False), of_columns]


def _each_once(leads: Leads) -> Leads:
    """Without parts that lead to the same as another one: one customer's tickets are led to for each reason for which a
    member of staff may see them.
    """
    said = {_NAME.sub(lambda name: repr(leads.params[name[1]]), lead.condition): lead for lead in leads.parts}
    return replace(leads, parts=list(said.values()))


def sets_for(actor: Actor, wanted: RowsWanted, *, held: bool, ordered: bool) -> list[Leads]:
    """Each leads to all that can be wanted. Where the list is `ordered` by the time raised, without those that
    `leads_for` has in that order.
    """
    params = _sides(wanted, None, newest_first=True)
    name = naming(params, "set")
    found = []
    if not (ordered and sees_internal(actor)):
        found += [Leads(link.parts(name, params), params, len(link.values)) for link in _links(actor, wanted)]
    if wanted.updated_since is not None:
        since = f"at >= :{name(wanted.updated_since - DRIFT)}"
        changes = Lead("ticket_events", "ticket_id", since, ("at", "ticket_id"))
        found.append(Leads([changes], params, by_events=True))
    if wanted.answered:
        found.append(Leads([Lead("tickets", "id", "answered_at IS NOT NULL", ("answered_at", "id"))], params))
    if held or wanted.is_held:
        found.append(Leads([Lead("tickets", "id", held_within(wanted, name), ("held_until", "id"))], params))
    for column, between in times_of(wanted):
        found.append(Leads([Lead("tickets", "id", within(column, between, name), (column, "id"))], params))
    return found


# In the order of the time raised


def leads_for(actor: Actor, wanted: RowsWanted, after: Position | None, *, newest_first: bool) -> Leads:
    """From behind the position on. Of a customer's user they lead to nothing of anybody else's: no cursor and no empty
    page tells of that.
    """
    params = _sides(wanted, after, newest_first=newest_first)
    links = _links(actor, wanted) if sees_internal(actor) else []
    if links and (links[0].is_rare or not any(_is_few(term) for term in wanted.terms)):
        return _linked_leads(links[0], params)
    return _column_leads(actor, wanted, params)


def _is_few(term: Term) -> bool:
    return term.column in _FEW and not isinstance(term, IsNull | Range)


def _sides(wanted: RowsWanted, after: Position | None, *, newest_first: bool) -> dict[str, object]:
    """The parameters for what bounds the times raised and the ids of what is looked at: neither end counts any more.
    Who was closed or answered before a time was raised before it.
    """
    smallest = -LARGEST - 1
    ends = [wanted.raised.end, wanted.open_at, *(between.end for _, between in times_of(wanted))]
    starts, stops = (
        [Position(max(min(bound, LARGEST), smallest), smallest) for bound in bounds if isinstance(bound, int)]
        for bounds in ([wanted.raised.start], ends)
    )
    lower = [*starts, *([] if newest_first or after is None else [after])]
    upper = [*stops, *([after] if newest_first and after is not None else [])]
    sides = {**({"lower": max(lower)} if lower else {}), **({"upper": min(upper)} if upper else {})}
    return {
        name: value
        for side, position in sides.items()
        for name, value in ((f"{side}_at", position.raised_at), (f"{side}_id", position.id))
    }


def _said(params: Mapping[str, object], at: str, ticket: str) -> list[str]:
    sides = (("lower", ">"), ("upper", "<"))
    return [f"({at}, {ticket}) {sign} (:{side}_at, :{side}_id)" for side, sign in sides if f"{side}_at" in params]


@dataclass(frozen=True, slots=True)
class _Link:
    """An index that has the tickets of one value in the order of their times raised."""

    table: str
    ticket: str
    column: str
    values: Sequence[object]
    is_rare: bool
    """Whether hardly any ticket has such a value."""

    def parts(self, name: Callable[[object], str], params: Mapping[str, object]) -> list[Lead]:
        """One for each value: several together have an order in no index. Within the bounds of the parameters."""
        bounds = _said(params, f"{self.table}.raised_at", f"{self.table}.{self.ticket}")
        return [
            Lead(
                self.table,
                self.ticket,
                " AND ".join((f"{self.table}.{self.column} = :{name(value)}", *bounds)),
                ("raised_at", self.ticket),
            )
            for value in self.values
        ]


def _links(actor: Actor, wanted: RowsWanted) -> list[_Link]:
    """Those that lead to all that is wanted; of the first the fewest tickets are expected."""
    found = []
    if wanted.reference is not None:
        found.append(_Link("tickets", "id", "reference", [wanted.reference], is_rare=True))
    if wanted.eco_ids is not None:
        found.append(_Link("tickets", "id", "eco_id", sorted(wanted.eco_ids), is_rare=True))
    if wanted.mentioned:
        found.append(_Link("ticket_mentions", "ticket_id", "user_id", [actor.id], is_rare=True))
    if wanted.watched:
        found.append(_Link("ticket_watchers", "ticket_id", "user_id", [actor.id], is_rare=True))
    if wanted.tag_ids is not None:
        found.append(_Link("ticket_tags", "ticket_id", "tag_id", sorted(wanted.tag_ids), is_rare=False))
    return found


def _linked_leads(link: _Link, params: dict[str, object]) -> Leads:
    names = {value: f"link_{number}" for number, value in enumerate(link.values)}
    given = {name: value for value, name in names.items()}
    return Leads(link.parts(names.__getitem__, params), params | given, copies=len(names))


def _column_leads(actor: Actor, wanted: RowsWanted, params: dict[str, object]) -> Leads:
    """By the columns that tickets' own indexes begin with."""
    of_columns = [term for term in wanted.terms if term.column not in ("priority", "product_id")]
    if wanted.statuses is not None:
        of_columns.append(OneOf("status", frozenset(wanted.statuses)))
    for terms in (of_columns, [term for term in of_columns if term.column == "status"]):
        shape, values = named(meet(visible_to(actor), (tuple(terms),)))
        found = _searches(shape)
        if found is not None:  # else too many values together: what the actor sees leads, and the others are looked at
            break
    else:
        found = []
    bounds = _said(params, "tickets.raised_at", "tickets.id")
    parts = [
        Lead("tickets", "id", branch.condition, (*branch.nulls, "raised_at", "id"))
        for search in found
        for branch in branches_of(only_leading(search), bounds)
    ]
    asked = RowsWanted(statuses=wanted.statuses, terms=tuple(term for term in terms if term.column != "status"))
    exact = wanted == replace(asked, raised=wanted.raised) and all(only_leading(search) == search for search in found)
    return Leads(parts, params | dict(values.params), max(len(found), 1), exact)


def _searches(filters: Sequence[Filter]) -> list[Search] | None:
    try:
        found = searches(filters, None)
    except ValueError:
        return None
    return found if sum(search.size for search in found) <= MANY else None
