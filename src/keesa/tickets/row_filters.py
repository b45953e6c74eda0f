"""What a list of rows may be asked for, as a condition on a ticket. What leads to such tickets is in `row_leads.py`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from keesa.accounts.actors import Actor
from keesa.accounts.filters import Condition, Filter, OneOf, Range, Term, any_of, condition_of, naming
from keesa.accounts.permissions import sees_internal, visible_to
from keesa.tickets.statuses import Status
from keesa.tickets.views import RAISED_ELSEWHERE, has_images

ALWAYS: Final = Range("raised_at", None, None)


class Between(NamedTuple):
    """Times in milliseconds since 1970: from `start` on, but before `end`. Without both it asks for nothing."""

    start: int | None = None
    end: int | None = None


ANY_TIME: Final = Between()
TimeColumn = Literal["closed_at", "first_answer_at"]


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
    has_images: bool = False
    """Whether a picture must hang on it, of those that who asks sees."""
    updated_since: int | None = None
    """Milliseconds since 1970; the first one that counts."""
    closed: Between = ANY_TIME
    """When the ticket, which is closed, was closed."""
    open_at: int | None = None
    """Milliseconds since 1970: the ticket was raised before, and is not closed, or was not before."""
    first_answered: bool | None = None
    """Whether the desk has answered."""
    answered_first: Between = ANY_TIME
    """When it did so first."""

    @property
    def is_held(self) -> bool:
        """Whether a day must be set until which the ticket is held."""
        return self.held_from is not None or self.held_to is not None


def condition_on(actor: Actor, wanted: RowsWanted, *, held: bool = False) -> Condition:
    """On `tickets`: the actor sees the ticket and wants it; where `held`, it is held until some day."""
    seen = any_of(visible_to(actor))
    params = {**seen.params}
    name = naming(params, "wanted")
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
    if wanted.has_images:
        parts.append(has_images(internal=sees_internal(actor)))
    if wanted.answered:
        parts.append("tickets.answered_at IS NOT NULL")
    if held or wanted.is_held:
        parts.append(held_within(wanted, name))
    if wanted.updated_since is not None:
        parts.append(f"tickets.{changed_for(actor)} >= :{name(wanted.updated_since)}")
    parts += _reached(wanted, name)
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
    """No EXISTS, for which PostgreSQL may read all that meets the condition, of whatever ticket."""
    return f"(SELECT 1 FROM {table} WHERE {table}.ticket_id = tickets.id AND {table}.{condition} LIMIT 1) = 1"


def held_within(wanted: RowsWanted, name: Callable[[object], str]) -> str:
    """The day until which a ticket is held is one of those that are wanted, or there is one."""
    bounds = ((">=", wanted.held_from), ("<=", wanted.held_to))
    said = [f"tickets.held_until {sign} :{name(day)}" for sign, day in bounds if day is not None]
    return " AND ".join(said) or "tickets.held_until IS NOT NULL"


def _reached(wanted: RowsWanted, name: Callable[[object], str]) -> list[str]:
    """What is wanted of the times at which the ticket was closed and first answered."""
    parts = [within(column, between, name) for column, between in times_of(wanted)]
    if wanted.open_at is not None:
        at = name(wanted.open_at)
        parts.append(f"tickets.raised_at < :{at} AND (tickets.closed_at IS NULL OR tickets.closed_at >= :{at})")
    if wanted.first_answered is not None:
        parts.append(f"tickets.first_answer_at IS {'NOT ' if wanted.first_answered else ''}NULL")
    return parts


def times_of(wanted: RowsWanted) -> list[tuple[TimeColumn, Between]]:
    """The columns that lie between times that are asked for; no ticket was raised after any of them."""
    asked: list[tuple[TimeColumn, Between]] = [
        ("closed_at", wanted.closed),
        ("first_answer_at", wanted.answered_first),
    ]
    return [(column, between) for column, between in asked if between != ANY_TIME]


def within(column: TimeColumn, between: Between, name: Callable[[object], str]) -> str:
    bounds = ((">=", between.start), ("<", between.end))
    return " AND ".join(f"tickets.{column} {sign} :{name(at)}" for sign, at in bounds if at is not None)


def _listed(values: Iterable[object], name: Callable[[object], str]) -> str:
    return ", ".join(f":{name(value)}" for value in sorted(values, key=str))
