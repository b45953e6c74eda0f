"""What a list of rows may be asked for, as a condition on a ticket, and as the indexes that lead to such tickets."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.filters import (
    Column,
    Condition,
    Filter,
    IsNull,
    OneOf,
    Range,
    Term,
    any_of,
    condition_of,
    meet,
)
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.tickets.branches import MANY, Branch, Search, branches_of, only_leading, searches
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Position
from keesa.tickets.shapes import named
from keesa.tickets.statuses import Status
from keesa.tickets.views import RAISED_ELSEWHERE

DRIFT: Final = 60_000
"""Milliseconds by which a ticket's time of change may be before that of the event."""
_FEW: Final[frozenset[Column]] = frozenset({"customer_id", "raised_by_id", "assigned_to_id"})
"""Columns whose values few tickets have."""


ALWAYS: Final = Range("raised_at", None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsWanted:
    """What is asked for; all of it must fit. Ids and words that no ticket has find none."""

    statuses: frozenset[Status] | None = None
    terms: Filter = ()
    """On further columns of tickets, but for the time raised."""
    raised: Range = ALWAYS
    eco_ids: frozenset[int] | None = None
    reference: str | None = None
    tag_ids: frozenset[int] | None = None
    watched: bool = False
    """By who asks."""
    mentioned: bool = False
    """Of who asks, in a note."""
    answered: bool = False
    """Whether an answer of the customer's must wait."""
    held_from: str | None = None
    held_to: str | None = None
    """ISO days, both of which count."""
    updated_since: int | None = None
    """Milliseconds since 1970; the first one that counts."""

    @property
    def is_held(self) -> bool:
        """Whether a day must be set until which the ticket is held."""
        return self.held_from is not None or self.held_to is not None


def condition_on(actor: Actor, wanted: RowsWanted, *, held: bool = False) -> Condition:
    """On `tickets`: the actor sees the ticket and wants it; where `held`, it is held until some day."""
    seen = any_of(visible_to(actor))
    params = {**seen.params}

    def name(value: object) -> str:
        params[f"wanted_{len(params)}"] = value
        return f"wanted_{len(params) - 1}"

    parts = [seen.sql]
    parts += [condition_of(term, name) for term in (*_on_columns(wanted), *_raised(wanted))]
    if not sees_internal(actor) and any(term.column == "raised_by_id" for term in wanted.terms):
        parts.append(f"NOT {RAISED_ELSEWHERE}")
    if wanted.tag_ids is not None:
        parts.append(_linked("ticket_tags", f"tag_id IN ({_listed(wanted.tag_ids, name)})"))
    parts += [
        _linked(table, f"user_id = :{name(actor.id)}")
        for table, asked in (("ticket_watchers", wanted.watched), ("ticket_mentions", wanted.mentioned))
        if asked
    ]
    if wanted.reference is not None:
        parts.append(f"tickets.reference = :{name(wanted.reference)}")
    if wanted.answered:
        parts.append("tickets.answered_at IS NOT NULL")
    if held or wanted.is_held:
        parts.append(_held(wanted, name))
    if wanted.updated_since is not None:
        parts.append(f"tickets.{changed_for(actor)} >= :{name(wanted.updated_since)}")
    return Condition(" AND ".join(parts), params)


def changed_for(actor: Actor) -> str:
    """The column with the time of the last change that the actor may know of."""
    return "changed_at" if sees_internal(actor) else "public_changed_at"


def _on_columns(wanted: RowsWanted) -> list[Term]:
    terms: list[Term] = [*wanted.terms]
    if wanted.statuses is not None:
        terms.append(OneOf("status", frozenset(wanted.statuses)))
    if wanted.eco_ids is not None:
        terms.append(OneOf("eco_id", frozenset(wanted.eco_ids)))
    return terms


def _raised(wanted: RowsWanted) -> list[Range]:
    return [] if wanted.raised.start is None and wanted.raised.end is None else [wanted.raised]


def _linked(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {table}.ticket_id = tickets.id AND {table}.{condition})"


def _held(wanted: RowsWanted, name: Callable[[object], str]) -> str:
    bounds = ((">=", wanted.held_from), ("<=", wanted.held_to))
    said = [f"tickets.held_until {sign} :{name(day)}" for sign, day in bounds if day is not None]
    return " AND ".join(said) or "tickets.held_until IS NOT NULL"


def _listed(values: Iterable[object], name: Callable[[object], str]) -> str:
    return ", ".join(f":{name(value)}" for value in sorted(values, key=str))


# What an index leads to, in no order that matters


def sets_for(actor: Actor, wanted: RowsWanted, *, held: bool, ordered: bool) -> list[Condition]:
    """Selects of tickets' ids, each of all that can be wanted, by an index, to which its order keeps PostgreSQL. Where
    the list is `ordered` by the time raised, without those that `leads_for` has in that order.
    """
    params: dict[str, object] = {}

    def name(value: object) -> str:
        params[f"set_{len(params)}"] = value
        return f"set_{len(params) - 1}"

    found = []
    if not (ordered and sees_internal(actor)):
        found += [
            f"SELECT {link.ticket} FROM {link.table} WHERE {link.condition(name)}" for link in _links(actor, wanted)
        ]
    if wanted.updated_since is not None:
        since = name(wanted.updated_since - DRIFT)
        found.append(f"SELECT ticket_id FROM ticket_events WHERE at >= :{since} ORDER BY at, ticket_id")
    if wanted.answered:
        found.append("SELECT id FROM tickets WHERE answered_at IS NOT NULL ORDER BY answered_at, id")
    if held or wanted.is_held:
        found.append(f"SELECT id FROM tickets WHERE {_held(wanted, name)} ORDER BY held_until, id")
    return [Condition(text, params) for text in found]


# What an index leads to in the order of the time raised


@dataclass(frozen=True, slots=True)
class Leads:
    """Selects of `raised_at` and `id`, in the order of an index each."""

    branches: Sequence[Branch]
    """Their texts."""
    overlap: bool
    """Whether two may have the same ticket."""
    exact: bool
    """Whether they lead to nothing but what is wanted and visible."""
    params: dict[str, object] = field(default_factory=dict)


def leads_for(actor: Actor, wanted: RowsWanted, after: Position | None, *, newest_first: bool) -> Leads:
    """From behind the position on. Of a customer's user they lead to nothing of anybody else's: no cursor and no empty
    page tells of that.
    """
    params: dict[str, object] = {}
    for side, position in _bounds(wanted, after, newest_first=newest_first).items():
        params |= {f"{side}_at": position.raised_at, f"{side}_id": position.id}
    links = _links(actor, wanted) if sees_internal(actor) else []
    if links and (links[0].is_rare or not any(_is_few(term) for term in wanted.terms)):
        return _linked_leads(links[0], params)
    return _column_leads(actor, wanted, params)


def _is_few(term: Term) -> bool:
    return term.column in _FEW and not isinstance(term, IsNull | Range)


def _bounds(wanted: RowsWanted, after: Position | None, *, newest_first: bool) -> dict[str, Position]:
    """Of what is looked at, both of which count no more."""
    smallest = -LARGEST - 1
    start, end = (
        Position(max(min(bound, LARGEST), smallest), smallest) if isinstance(bound, int) else None
        for bound in (wanted.raised.start, wanted.raised.end)
    )
    lower = [position for position in (start, None if newest_first else after) if position is not None]
    upper = [position for position in (end, after if newest_first else None) if position is not None]
    return {**({"lower": max(lower)} if lower else {}), **({"upper": min(upper)} if upper else {})}


def _said(params: dict[str, object], at: str, ticket: str) -> list[str]:
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

    def condition(self, name: Callable[[object], str]) -> str:
        if len(self.values) == 1:  # in the index's order, which keeps PostgreSQL to it
            return f"{self.column} = :{name(self.values[0])} ORDER BY raised_at, {self.ticket}"
        return f"{self.column} IN ({_listed(self.values, name)})"


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
    bounds = _said(params, f"{link.table}.raised_at", f"{link.table}.{link.ticket}")
    branches = []
    for number, value in enumerate(link.values):
        conditions = " AND ".join([f"{link.table}.{link.column} = :link_{number}", *bounds])
        params[f"link_{number}"] = value
        branches.append(Branch(f"SELECT raised_at, {link.ticket} AS id FROM {link.table} WHERE {conditions}", ()))
    return Leads(branches, overlap=len(branches) > 1, exact=False, params=params)


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
    branches = [
        replace(branch, condition=f"SELECT raised_at, id FROM tickets WHERE {branch.condition}")
        for search in found
        for branch in branches_of(only_leading(search), bounds)
    ]
    asked = RowsWanted(statuses=wanted.statuses, terms=tuple(term for term in terms if term.column != "status"))
    exact = wanted == replace(asked, raised=wanted.raised) and all(only_leading(search) == search for search in found)
    return Leads(branches, len(found) > 1, exact, params | dict(values.params))


def _searches(filters: Sequence[Filter]) -> list[Search] | None:
    try:
        found = searches(filters, None)
    except ValueError:
        return None
    return found if sum(search.size for search in found) <= MANY else None
