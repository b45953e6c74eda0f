"""The searches that a page is put together from: each scans one index, whose order is that of the page.

A filter becomes one branch for each value of what the index begins with: the statuses, and the values of a membership.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from keesa.accounts.filters import Column, Equals, Filter, IsNull, OneOf, Range, Term, condition_of
from keesa.tickets.statuses import STATUSES, Status

MANY: Final = 100
"""Above so many branches, a membership leads only where nothing else does."""
MOST: Final = 500
"""The most that SQLite puts together in one statement."""
_BY_COLUMN: Final[Sequence[Column]] = (
    *("id", "customer_id", "raised_by_id", "assigned_to_id", "ticket_type", "category"),
)
"""The column whose index a branch uses is the first of these that it has: the first ones mean the fewest tickets."""
_WITHOUT_STATUS: Final[frozenset[Column]] = frozenset({"id", "category"})
"""In the indexes of these, no status stands before the time raised."""


@dataclass(frozen=True, slots=True)
class Branch:
    condition: str
    nulls: tuple[Column, ...]
    """The columns of the index that are null, in its order."""


@dataclass(frozen=True, slots=True)
class Search:
    """How a filter is searched for: what its index begins with, and which statuses are wanted."""

    filter_: Filter
    columns: frozenset[Column]
    statuses: tuple[Status, ...]

    @property
    def splits_by_status(self) -> bool:
        return not self.columns & _WITHOUT_STATUS

    @property
    def size(self) -> int:
        """How many branches it has."""
        sizes = [len(term.values) for term in self.filter_ if isinstance(term, OneOf) and term.column in self.columns]
        return prod(sizes) * (len(self.statuses) if self.splits_by_status else 1)

    @property
    def may_be_long(self) -> bool:
        """Whether rows are looked at one by one for more than to equal what another index begins with."""
        if "id" in self.columns:
            return False
        aside = [term for term in self.filter_ if not _is_apart(term) and not _is_led_to(term, self.columns)]
        return any(not isinstance(term, Equals) or term.column not in _BY_COLUMN for term in aside) or (
            not self.splits_by_status and len(self.statuses) < len(STATUSES)
        )


def searches(filters: Sequence[Filter], statuses: Sequence[Status] | None) -> list[Search]:
    """How the filters are searched for, with these statuses (None: any) and their own; what wants none is left out.
    Raises `ValueError` where memberships would need more than `MOST` branches.
    """
    wanted = [(filter_, _statuses(filter_, statuses)) for filter_ in filters]
    for sparing in (False, True):
        found = [Search(filter_, _leading(filter_, sparing=sparing), some) for filter_, some in wanted if some]
        needed = sum(search.size for search in found)
        if needed <= MANY:
            break
    if needed > MOST and any(isinstance(term, OneOf) for filter_ in filters for term in filter_):
        raise ValueError(f"These values would need {needed} searches, more than {MOST}")
    return found


def only_leading(search: Search) -> Search:
    """The same search without what its index does not lead to: the same one where it leads to nothing else."""
    terms = tuple(term for term in search.filter_ if _is_apart(term) or _is_led_to(term, search.columns))
    return Search(terms, search.columns, search.statuses if search.splits_by_status else STATUSES)


def _leading(filter_: Filter, *, sparing: bool) -> frozenset[Column]:
    """The columns that the index begins with; the others are looked at row by row."""
    exact = [term.column for term in filter_ if isinstance(term, Equals | IsNull) and term.column in _BY_COLUMN]
    members = [term.column for term in filter_ if isinstance(term, OneOf) and term.column in _BY_COLUMN]
    usable = sorted({*exact, *members}, key=_BY_COLUMN.index)
    if sparing:
        usable = sorted(exact, key=_BY_COLUMN.index) or usable[:1]
    if usable[:2] == ["ticket_type", "category"]:
        return frozenset(usable)
    return frozenset(usable[:1])


def _statuses(filter_: Filter, statuses: Sequence[Status] | None) -> tuple[Status, ...]:
    """Those that the filter and the list both want."""
    wanted = set(STATUSES if statuses is None else statuses)
    for term in filter_:
        if term.column == "status" and isinstance(term, Equals):
            wanted &= {term.value}
        elif term.column == "status" and isinstance(term, OneOf):
            wanted &= term.values
    return tuple(status for status in STATUSES if status in wanted)


def branches_of(search: Search, bounds: Sequence[str]) -> Iterator[Branch]:
    """`bounds` are conditions on the time raised and the id, with which every index ends. The values of the filter's
    terms are the names of parameters.
    """
    null = {term.column for term in search.filter_ if isinstance(term, IsNull)} & search.columns
    nulls = tuple(column for column in _BY_COLUMN if column in null)
    choices = [_choices(term, search.columns) for term in search.filter_ if not _is_apart(term)]
    for conditions in product(*choices):
        for by_status in _by_status(search):
            yield Branch(" AND ".join((*conditions, *by_status, *bounds)) or "1 = 1", nulls)


def _choices(term: Term, columns: frozenset[Column]) -> Sequence[str]:
    """The term as conditions, for one branch each."""
    if not _is_led_to(term, columns):
        return [condition_of(term, str, "$filter ")]
    if isinstance(term, OneOf):
        return [condition_of(Equals(term.column, value), str) for value in sorted(term.values, key=str)]
    return [condition_of(term, str)]


def _is_led_to(term: Term, columns: frozenset[Column]) -> bool:
    """Whether the index leads to nothing but what meets the term."""
    return term.column in columns and not isinstance(term, Range)


def _is_apart(term: Term) -> bool:
    """Whether the branch's status or its bounds say what the term says."""
    if term.column == "status":
        return isinstance(term, Equals | OneOf)
    return term.column == "raised_at" and isinstance(term, Range)


def _by_status(search: Search) -> Sequence[Sequence[str]]:
    """The conditions on the status, for one branch each."""
    statuses = [f"'{status}'" for status in search.statuses]
    if search.splits_by_status:
        return [(f"tickets.status = {status}",) for status in statuses]
    return [()] if len(statuses) == len(STATUSES) else [(f"$filter tickets.status IN ({', '.join(statuses)})",)]
