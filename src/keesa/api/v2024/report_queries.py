"""What reports may be asked for: their queries, and how they are read."""

from datetime import date
from typing import Annotated, Final

from msgspec import Meta, field

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.api.cursor_pages import CursorQuery
from keesa.clock import Clock
from keesa.db import Tx
from keesa.directory.reference import unknown_key_soon
from keesa.errors import Invalid
from keesa.reports.facts import OF_CUSTOMERS, Dimension
from keesa.reports.periods import Period, Step, end_of_month
from keesa.reports.scopes import MOST_TYPES, Scope, scope_for
from keesa.reports.tickets import STEPS
from keesa.web.input.fields import Id

LONGEST: Final = 3_700
"""Days of a report."""
MOST_DAYS: Final = 1_100
"""That are told of one by one."""
TOO_LONG: Final = f"must be at most {LONGEST} days behind from"
TOO_MANY_DAYS: Final = f"must be at most {MOST_DAYS} days behind from where by is day"
NO_DAY: Final = "must be a day like 2025-03-04"
By = Step | Dimension
_Day = Annotated[str, Meta(max_length=10, examples=["2025-03-01"])]


class ScopeQuery(CursorQuery, frozen=True, kw_only=True):
    ticket_type: (
        Annotated[
            Annotated[list[str], Meta(max_length=MOST_TYPES)],
            Meta(description="Of these ticket types alone; the desk's"),
        ]
        | None
    ) = None
    customer_id: Annotated[Id, Meta(description="Of this customer alone; administrators'")] | None = None


class PeriodQuery(ScopeQuery, frozen=True, kw_only=True):
    first: Annotated[_Day, Meta(description="From this day on")] | None = field(default=None, name="from")
    last: Annotated[_Day, Meta(description="Until this day, which counts")] | None = field(default=None, name="to")


class ByQuery(PeriodQuery, frozen=True, kw_only=True):
    by: Annotated[By, Meta(title="By", description="What it is counted by", extra_json_schema={"type": "string"})] = (
        "month"
    )


def scope_of(tx: Tx, actor: Actor, query: ScopeQuery, dimension: Dimension | None = None) -> Scope:
    """Raises `Invalid`, also where the scope has no counts by that."""
    dimension = getattr(query, "by", dimension)
    types = None
    if query.ticket_type is not None:
        types = [key for text in query.ticket_type for key in text.split(",", MOST_TYPES)]
        if len(types) > MOST_TYPES:
            raise Invalid({"ticket_type": [f"may have at most {MOST_TYPES} values"]})
        for fault in [unknown_key_soon(tx, "ticket_types", key) for key in types]:
            if problem := fault():
                raise Invalid({"ticket_type": [problem]})
    scope = scope_for(tx, actor, types, query.customer_id)
    if dimension is not None and dimension not in (*STEPS, *OF_CUSTOMERS):
        if not sees_internal(actor):
            raise Invalid({"by": ["is the desk's alone"]})
        if query.customer_id is not None:
            raise Invalid({"customer_id": [f"cannot be joined with {dimension}"]})
    return scope


def period_of(query: ByQuery, clock: Clock, at: int, actor: Actor) -> Period:
    """The month that is, where no day is given. Raises `Invalid`."""
    period = _period(query, clock, at)
    if query.by == "day" and period.days > MOST_DAYS:
        raise Invalid({"to": [TOO_MANY_DAYS]})
    by_scope = query.by == "ticket_type" and sees_internal(actor) and query.customer_id is None
    if query.by not in STEPS and not by_scope:
        _require_months(period)
    return period


def period_of_months(query: PeriodQuery, clock: Clock, at: int) -> Period:
    """Likewise."""
    period = _period(query, clock, at)
    _require_months(period)
    return period


def _period(query: PeriodQuery, clock: Clock, at: int) -> Period:
    today, faults = clock.local(at).date(), {}
    days: dict[str, date | None] = {}
    for name, text in (("from", query.first), ("to", query.last)):
        try:
            days[name] = None if text is None else _day(text)
        except ValueError:
            faults[name] = [NO_DAY]
    if faults:
        raise Invalid(faults)
    first, last = days["from"], days["to"]
    if first is None:
        first = (last or today).replace(day=1)
    if last is None:
        last = end_of_month(max(today, first))
    if last < first:
        raise Invalid({"to": ["must not be before from"]})
    period = Period(first, last)
    if period.days > LONGEST:
        raise Invalid({"to": [TOO_LONG]})
    return period


def _day(text: str) -> date:
    """Raises `ValueError`."""
    if len(text) != len("2025-03-01"):
        raise ValueError(text)
    day = date.fromisoformat(text)
    if not date(1970, 1, 2) <= day <= date(9998, 12, 31):
        raise ValueError(text)
    return day


def _require_months(period: Period) -> None:
    if period.first.day != 1:
        raise Invalid({"from": ["must be the first day of a month, as this is counted by months"]})
    if not period.is_of_months:
        raise Invalid({"to": ["must be the last day of a month, as this is counted by months"]})
