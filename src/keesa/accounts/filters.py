"""Filters of tickets as data: what `visible_to` allows and what a list asks for are both made of them, so that the two
can be combined before any SQL is written.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final, Literal, NamedTuple

NullableColumn = Literal["ticket_type", "category", "eco_id", "assigned_to_id", "closed_on"]
Column = NullableColumn | Literal["id", "status", "priority", "customer_id", "product_id", "raised_by_id", "raised_at"]
"""The columns of `tickets` that a filter may name."""
Value = int | str

MOST_VALUES: Final = 100
"""Of one membership."""


class Equals(NamedTuple):
    column: Column
    value: Value


class IsNull(NamedTuple):
    column: NullableColumn


class Range(NamedTuple):
    """From `start`, but below `end`. Either may be absent; without both, any value but null."""

    column: Column
    start: Value | None
    end: Value | None


class OneOf(NamedTuple):
    """The column has one of the values; with none of them, no ticket matches. `one_of` checks how many there are."""

    column: Column
    values: frozenset[Value]


Term = Equals | IsNull | Range | OneOf
Filter = tuple[Term, ...]
"""The tickets that meet every term; an empty one means every ticket. Several filters mean those that meet any."""


def one_of(column: Column, values: Iterable[Value]) -> OneOf:
    """Raises `ValueError` for more than `MOST_VALUES`: each may become a search of its own."""
    distinct = frozenset(values)
    if len(distinct) > MOST_VALUES:
        raise ValueError(f"{column} may be one of at most {MOST_VALUES} values, not of {len(distinct)}")
    return OneOf(column, distinct)


# What meets two filters


def meet(some: Sequence[Filter], others: Sequence[Filter]) -> list[Filter]:
    """Filters of the tickets that meet one of `some` and one of `others`, without those that another one covers. Each
    has its columns in order, one term each where it can be said with one.
    """
    met = (_simplified((*one, *other)) for one, other in product(some, others))
    distinct = list(dict.fromkeys(filter_ for filter_ in met if filter_ is not None))
    return [filter_ for filter_ in distinct if not any(set(other) < set(filter_) for other in distinct)]


def _simplified(terms: Sequence[Term]) -> Filter | None:
    """The same filter with as few terms as can be; None where no ticket can meet it."""
    by_column: dict[Column, list[Term]] = {}
    for term in terms:
        by_column.setdefault(term.column, []).append(term)
    simplified: list[Term] = []
    for column in sorted(by_column):
        of_column = _of_one_column(column, by_column[column])
        if of_column is None:
            return None
        simplified += of_column
    return tuple(simplified)


def _of_one_column(column: Column, terms: Sequence[Term]) -> Sequence[Term] | None:
    if any(isinstance(term, IsNull) for term in terms):
        return terms[:1] if all(isinstance(term, IsNull) for term in terms) else None
    ranges = _overlap(column, [term for term in terms if isinstance(term, Range)])
    sets = [term.values for term in terms if isinstance(term, OneOf)]
    sets += [frozenset([term.value]) for term in terms if isinstance(term, Equals)]
    if not sets:
        return None if any(_is_empty(range_) for range_ in ranges) else ranges
    values = frozenset(
        value for value in frozenset.intersection(*sets) if all(_may_hold(range_, value) for range_ in ranges)
    )
    if not values:
        return None
    exact: Term = OneOf(column, values) if len(values) > 1 else Equals(column, *values)
    return [exact, *(range_ for range_ in ranges if not _of_numbers(range_))]


def _overlap(column: Column, ranges: Sequence[Range]) -> list[Range]:
    """Ranges of numbers as one. Those of texts stay as they are: how texts compare is the database's own matter."""
    numbers = [range_ for range_ in ranges if _of_numbers(range_)]
    starts = [range_.start for range_ in numbers if isinstance(range_.start, int)]
    ends = [range_.end for range_ in numbers if isinstance(range_.end, int)]
    whole = Range(column, max(starts, default=None), min(ends, default=None))
    return [*([whole] if numbers else []), *dict.fromkeys(range_ for range_ in ranges if range_ not in numbers)]


def _of_numbers(range_: Range) -> bool:
    return not isinstance(range_.start, str) and not isinstance(range_.end, str)


def _is_empty(range_: Range) -> bool:
    start, end = range_.start, range_.end
    return isinstance(start, int) and isinstance(end, int) and start >= end


def _may_hold(range_: Range, value: Value) -> bool:
    """Whether the value is in a range of numbers; of texts only the database knows."""
    start, end = range_.start, range_.end
    if not isinstance(value, int) or isinstance(start, str) or isinstance(end, str):
        return True
    return (start is None or start <= value) and (end is None or value < end)


# As SQL


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL that is true or false for a row, and the parameters that it names."""

    sql: str
    params: dict[str, object] = field(default_factory=dict)


def any_of(filters: Sequence[Filter], prefix: str = "") -> Condition:
    """The condition on `tickets` that holds where any of the filters does; `prefix` stands before their name."""
    params: dict[str, object] = {}
    name = naming(params, "visible")
    parts = [" AND ".join(condition_of(term, name, prefix) for term in filter_) or "1 = 1" for filter_ in filters]
    return Condition(f"({' OR '.join(parts) or '1 = 0'})", params)


def naming(params: dict[str, object], prefix: str) -> Callable[[object], str]:
    """Puts each value among the parameters, and gives the name that it has there."""

    def name(value: object) -> str:
        given = f"{prefix}_{len(params)}"
        params[given] = value
        return given

    return name


def condition_of(term: Term, name: Callable[[Value], str], prefix: str = "") -> str:
    """The term in SQL. `name` gives the parameter of a value; `prefix` stands before each mention of the column."""
    column = f"{prefix}tickets.{term.column}"
    match term:
        case Equals(value=value):
            return f"{column} = :{name(value)}"
        case IsNull():
            return f"{column} IS NULL"
        case Range(start=start, end=end):
            bounds = [
                f"{column} {sign} :{name(bound)}" for sign, bound in ((">=", start), ("<", end)) if bound is not None
            ]
            return " AND ".join(bounds) or f"{column} IS NOT NULL"
        case OneOf(values=values):
            names = sorted(f":{name(value)}" for value in values)
            return f"{column} IN ({', '.join(names)})" if names else "1 = 0"


# In Python


def is_met(filters: Sequence[Filter], row: object) -> bool:
    """What `any_of` says of a row of `tickets`, whose columns are the object's attributes."""
    return any(all(_holds(term, getattr(row, term.column)) for term in filter_) for filter_ in filters)


def _holds(term: Term, value: Value | None) -> bool:
    match term:
        case Equals(value=wanted):
            return value == wanted
        case IsNull():
            return value is None
        case Range(start=start, end=end):
            return value is not None and _is_between(start, value, end)
        case OneOf(values=values):
            return value in values


def _is_between(start: Value | None, value: Value, end: Value | None) -> bool:
    """Texts compare by code points, as SQLite has them, and days do everywhere."""
    low: Any = start
    high: Any = end
    return (low is None or low <= value) and (high is None or value < high)
