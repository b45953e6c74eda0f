"""What filters mean, in plain Python, and filters of every kind drawn at random."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from cast import ADMIN, CUSTOMER, ENGINEER, HARBOUR, LONE, SCHOOL, STRANGER, at
from keesa.accounts.filters import Column, Equals, Filter, IsNull, NullableColumn, OneOf, Range, Term, Value
from keesa.tickets.statuses import STATUSES
from many_tickets import FIRST, MOMENTS

PEOPLE: Final = (ADMIN.id, ENGINEER.id, STRANGER.id, CUSTOMER.id, 999)
TIMES: Final = [at(moment) + change for moment in MOMENTS[::3] for change in (-1, 0, 1)]
VALUES: Final[Mapping[Column, Sequence[Value]]] = {
    "id": [FIRST + number for number in range(0, 300, 20)],
    "status": STATUSES,
    "priority": (1, 2, 3),
    "ticket_type": ("eco_support", "remote_support", "project_support", "routine_maintenance"),
    "category": ("fault", "survey", "hardware"),
    "customer_id": (HARBOUR, SCHOOL, LONE, 999),
    "raised_by_id": PEOPLE,
    "assigned_to_id": PEOPLE,
    "raised_at": TIMES,
    "closed_on": [moment[:10] for moment in MOMENTS[::4]],
}
"""What the columns of many tickets hold, and what none of them holds."""
COLUMNS: Final = ("revision", *VALUES)
NULLABLE: Final[Sequence[NullableColumn]] = ("ticket_type", "category", "assigned_to_id", "closed_on")
OF_MANY: Final[Sequence[Column]] = ("status", "ticket_type", "category", "customer_id", "raised_by_id")
ORDERED: Final[Sequence[Column]] = ("id", "priority", "customer_id", "raised_by_id", "raised_at", "closed_on")
"""Whose values both engines and Python compare alike."""


EACH_TERM: Final[Sequence[Term]] = (
    *(IsNull(column) for column in NULLABLE),
    *(Equals(column, values[0]) for column, values in VALUES.items()),
    *(OneOf(column, frozenset(values[:3])) for column, values in VALUES.items()),
    *(Range(column, VALUES[column][1], None) for column in ORDERED),
    *(Range(column, VALUES[column][0], VALUES[column][-1]) for column in ORDERED),
)
"""One term of each kind on each column."""


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """Of values that single tickets have, less often than of what many have."""
    kind = draw(st.sampled_from(("equals", "null", "range", "times", "one of", "one of")))
    if kind == "null":
        return IsNull(draw(st.sampled_from(NULLABLE)))
    if kind in ("range", "times"):
        column = draw(st.sampled_from(ORDERED)) if kind == "range" else "raised_at"
        bounds = st.one_of(st.none(), st.sampled_from(VALUES[column]))
        return Range(column, draw(bounds), draw(bounds))
    column = draw(st.sampled_from((*VALUES, *OF_MANY, *OF_MANY)))
    values = st.sampled_from(VALUES[column])
    if kind == "equals":
        return Equals(column, draw(values))
    return OneOf(column, draw(st.frozensets(values, max_size=4)))


filters: Final[st.SearchStrategy[Filter]] = st.lists(terms(), max_size=3).map(tuple)


def meets(row: Mapping[str, Any], filter_: Filter) -> bool:
    return all(_meets(row[term.column], term) for term in filter_)


def _meets(value: Any, term: Term) -> bool:  # noqa: ANN401 - a column may hold anything
    match term:
        case IsNull():
            return value is None
        case Equals(value=wanted):
            return bool(value == wanted)
        case OneOf(values=values):
            return value in values
        case Range(start=start, end=end):
            return value is not None and (start is None or start <= value) and (end is None or value < end)
