"""Filters apart from their values, so that those of one shape make one statement, whatever their values are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keesa.accounts.filters import Column, Equals, Filter, OneOf, Range, Term, Value
from keesa.tickets.numbers import LARGEST
from keesa.tickets.pages import Page, Position

_SMALLEST: Final = -LARGEST - 1
_PAGE: Final = "page"
"""Ends the name of a bound that comes from the page alone."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that the names in a shape stand for."""

    params: Mapping[str, Value]
    starts: Mapping[str, Value]
    """Of ranges of the time raised: these bound the searches together with a page's position."""
    ends: Mapping[str, Value]

    @property
    def has_bounds(self) -> bool:
        """Whether any of them bounds the searches."""
        return bool(self.starts or self.ends)

    def of_bounds(self, number: int, page: Page) -> dict[str, object]:
        """The parameters that `bounds_of` names for the group of this number: of a range and a position, the nearer."""
        lowest, highest = (None, page.after) if page.newest_first else (page.after, None)
        sides = (("lower", self.starts, lowest, max), ("upper", self.ends, highest, min))
        found: dict[str, object] = {}
        for side, values, position, nearest in sides:
            for name, value in ((_PAGE, None), *values.items()):
                bounds = [bound for bound in (position, _position(value)) if bound is not None]
                if bounds:
                    found[f"{side}_at_{number}_{name}"], found[f"{side}_id_{number}_{name}"] = nearest(bounds)
        return found


def _position(raised_at: Value | None) -> Position | None:
    """The one before every ticket that was raised then."""
    if not isinstance(raised_at, int):
        return None
    return Position(max(min(raised_at, LARGEST), _SMALLEST), _SMALLEST)


def bounds_of(filter_: Filter, number: int, *, goes_on: bool, newest_first: bool) -> list[str]:
    """The conditions on the position of a ticket: from the filter's range of the time raised, and, where the page of
    the group of this number goes on after a position, from that.
    """
    ranges = [term for term in filter_ if isinstance(term, Range) and term.column == "raised_at"]
    [start, end] = [ranges[0].start, ranges[0].end] if ranges else [None, None]
    bounds = []
    if start or (goes_on and not newest_first):
        bounds.append(_bound(">", f"lower_{{}}_{number}_{start or _PAGE}"))
    if end or (goes_on and newest_first):
        bounds.append(_bound("<", f"upper_{{}}_{number}_{end or _PAGE}"))
    return bounds


def _bound(sign: str, name: str) -> str:
    return f"(tickets.raised_at, tickets.id) {sign} (:{name.format('at')}, :{name.format('id')})"


def named(filters: Sequence[Filter]) -> tuple[tuple[Filter, ...], Values]:
    """The filters with a name in place of each value, but for statuses, of which there are few."""
    names: dict[tuple[Column, Value], str] = {}

    def name(column: Column, value: Value) -> str:
        return names.setdefault((column, value), f"value_{len(names)}")

    shape = tuple(tuple(_named(term, name) for term in filter_) for filter_ in filters)
    times = [term for filter_ in filters for term in filter_ if isinstance(term, Range) and term.column == "raised_at"]
    return shape, Values(
        {given: value for (_, value), given in names.items()},
        {name("raised_at", term.start): term.start for term in times if term.start is not None},
        {name("raised_at", term.end): term.end for term in times if term.end is not None},
    )


def _named(term: Term, name: Callable[[Column, Value], str]) -> Term:
    match term:
        case Equals(column=column, value=value) if column != "status":
            return Equals(column, name(column, value))
        case OneOf(column=column, values=values) if column != "status":
            return OneOf(column, frozenset(name(column, value) for value in sorted(values, key=str)))
        case Range(column=column, start=start, end=end):
            return Range(
                column, None if start is None else name(column, start), None if end is None else name(column, end)
            )
        case _:
            return term
