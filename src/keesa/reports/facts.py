"""What reports know of a ticket, and in which counts it stands."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple, get_args

from keesa.clock import Clock
from keesa.reports.lengths import bucket_of

Dimension = Literal["ticket_type", "category", "product_id", "priority", "customer_id", "eco_id", "assigned_to_id"]
DIMENSIONS: Final[Sequence[Dimension]] = get_args(Dimension)
OF_CUSTOMERS: Final[Sequence[Dimension]] = ("ticket_type", "category", "product_id", "priority", "eco_id")
"""By which a customer's own tickets are counted."""
MANY: Final[Sequence[Dimension]] = ("customer_id", "eco_id", "assigned_to_id")
"""Of which a desk may have very many: each value has rows of its own, one a year."""
NOW: Final = ""
"""In place of a month: of what is open now."""
ALL: Final = "all"
"""The part of a customer's counts: there are few of each."""
Part = Dimension | Literal["day", "times"]
PARTS: Final[Sequence[Part]] = ("day", "times", *DIMENSIONS[1:])
"""Of a ticket type."""
PARTS_OF_CUSTOMERS: Final[Sequence[Part]] = ("day", "times", *OF_CUSTOMERS)
Wanted = Callable[[str, Part], bool]
"""Whether counts of this scope are asked for, by this."""


class Facts(NamedTuple):
    """Columns of `tickets`."""

    raised_at: int
    closed_at: int | None
    first_answer_at: int | None
    ticket_type: str | None
    category: str | None
    product_id: int
    priority: int
    customer_id: int
    eco_id: int | None
    assigned_to_id: int | None


COLUMNS: Final = ", ".join(Facts._fields)


class Place(NamedTuple):
    """A row of counts."""

    scope: str
    part: str
    month: str


class Count(NamedTuple):
    """In a row: of what, and of which value."""

    place: Place
    counted: str
    value: str


def type_scope(ticket_type: str | None) -> str:
    return f"type {ticket_type or ''}"


def customer_scope(customer_id: int) -> str:
    return f"customer {customer_id}"


def is_customers(scope: str) -> bool:
    return scope.startswith("customer ")


def stored_in(scope: str, part: Part) -> str:
    """The part under which the counts by something lie."""
    return ALL if is_customers(scope) else part


def values_scope(dimension: Dimension, year: str) -> str:
    """The rows of a column's values in a year, such as 2026, or of what is open `NOW`: a row each, whose part is the
    value's `key_of`.
    """
    return f"{dimension} {year}"


def key_of(value: int | None) -> str:
    """By which values stand in their order."""
    return "" if value is None else f"{value:019d}"


def counts_of(facts: Facts, clock: Clock, wanted: Wanted) -> Iterator[Count]:
    """In which the ticket stands, once each, of those that are wanted."""
    for scope, parts in (
        (type_scope(facts.ticket_type), PARTS),
        (customer_scope(facts.customer_id), PARTS_OF_CUSTOMERS),
    ):
        for part in parts:
            if not wanted(scope, part):
                continue
            if part == "day":
                yield from _by_day(facts, scope, clock)
            elif part == "times":
                yield from _times(facts, scope, clock)
            else:
                yield from _by_value(facts, scope, part, clock)


def _by_day(facts: Facts, scope: str, clock: Clock) -> Iterator[Count]:
    part = stored_in(scope, "day")
    for counted, at in (("raised", facts.raised_at), ("closed", facts.closed_at)):
        if at is not None:
            month, day = month_and_day(at, clock)
            yield Count(Place(scope, part, month), f"day {counted}", day)
    if facts.closed_at is None:
        yield Count(Place(scope, part, NOW), "day open", "")


def _by_value(facts: Facts, scope: str, dimension: Dimension, clock: Clock) -> Iterator[Count]:
    value = getattr(facts, dimension)
    if value is None and dimension == "eco_id":
        return
    if dimension in MANY and not is_customers(scope):
        yield from _of_value(facts, dimension, key_of(value), clock)
        return
    part, key = stored_in(scope, dimension), "" if value is None else str(value)
    for counted, at in (("raised", facts.raised_at), ("closed", facts.closed_at)):
        if at is not None:
            yield Count(Place(scope, part, month_and_day(at, clock)[0]), f"{dimension} {counted}", key)
    if facts.closed_at is None:
        yield Count(Place(scope, part, NOW), f"{dimension} open", key)


def _of_value(facts: Facts, dimension: Dimension, key: str, clock: Clock) -> Iterator[Count]:
    """In the value's own rows, by ticket type."""
    of_type = facts.ticket_type or ""
    for counted, at in (("raised", facts.raised_at), ("closed", facts.closed_at)):
        if at is not None:
            month = month_and_day(at, clock)[0]
            yield Count(Place(values_scope(dimension, month[:-3]), key, NOW), f"{counted} {month}", of_type)
    if facts.closed_at is None:
        yield Count(Place(values_scope(dimension, NOW), key, NOW), "open", of_type)


def _times(facts: Facts, scope: str, clock: Clock) -> Iterator[Count]:
    """How long it took to answer and to close, in the months in which that was done."""
    part = stored_in(scope, "times")
    for counted, at in (("first_answer", facts.first_answer_at), ("closing", facts.closed_at)):
        if at is not None:
            bucket = bucket_of(at - facts.raised_at)
            yield Count(Place(scope, part, month_and_day(at, clock)[0]), f"times {counted}", str(bucket))


def month_and_day(at: int, clock: Clock) -> tuple[str, str]:
    """Of a time, such as 2026-03 and 07."""
    return _of_quarter(at // _QUARTER, clock)


_QUARTER: Final = 15 * 60 * 1000
"""Milliseconds: in no zone does a day begin within a quarter of an hour."""


@lru_cache(maxsize=65_536)
def _of_quarter(quarter: int, clock: Clock) -> tuple[str, str]:
    day = clock.local(quarter * _QUARTER).date().isoformat()
    return day[:-3], day[-2:]
