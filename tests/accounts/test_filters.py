"""Filters as data: what meets two of them, and what they are in SQL."""

from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.accounts.filters import MOST_VALUES, Equals, Filter, IsNull, OneOf, Range, Term, any_of, is_met, meet, one_of
from keesa.db import Database
from many_tickets import fill
from plain_filters import COLUMNS, filters, meets

MET: Final[list[tuple[Term, Term, Filter | None]]] = [
    (Equals("priority", 1), Equals("priority", 1), (Equals("priority", 1),)),
    (Equals("priority", 1), Equals("priority", 2), None),
    (Equals("priority", 1), OneOf("priority", frozenset({1, 2})), (Equals("priority", 1),)),
    (Equals("priority", 3), OneOf("priority", frozenset({1, 2})), None),
    (OneOf("priority", frozenset({1, 2})), OneOf("priority", frozenset({2, 3})), (Equals("priority", 2),)),
    (
        OneOf("priority", frozenset({1, 2, 3})),
        OneOf("priority", frozenset({2, 3, 4})),
        (OneOf("priority", frozenset({2, 3})),),
    ),
    (OneOf("priority", frozenset({1})), OneOf("priority", frozenset({2})), None),
    (IsNull("category"), IsNull("category"), (IsNull("category"),)),
    (IsNull("category"), Equals("category", "a"), None),
    (IsNull("category"), OneOf("category", frozenset({"a", "b"})), None),
    (IsNull("category"), Range("category", "a", None), None),
    (Range("priority", 1, None), Range("priority", 0, 4), (Range("priority", 1, 4),)),
    (Range("priority", 3, None), Range("priority", None, 3), None),
    (Range("priority", 1, 3), Equals("priority", 1), (Equals("priority", 1),)),
    (Range("priority", 1, 3), Equals("priority", 3), None),
    (Range("priority", 2, 4), OneOf("priority", frozenset({1, 2, 3, 4})), (OneOf("priority", frozenset({2, 3})),)),
    (
        Range("category", "a", None),
        Range("category", None, "b"),
        (Range("category", "a", None), Range("category", None, "b")),
    ),
    (Range("category", "a", None), Equals("category", "b"), (Equals("category", "b"), Range("category", "a", None))),
    (Equals("priority", 1), IsNull("category"), (IsNull("category"), Equals("priority", 1))),
]
"""Two terms, and the filter of what meets both; None where nothing does."""


@pytest.mark.parametrize(("one", "other", "met"), MET)
def test_two_terms_become_what_meets_both(one: Term, other: Term, met: Filter | None) -> None:
    """Whichever comes first; what contradicts itself vanishes."""
    expected = [] if met is None else [met]
    for found in (meet([(one,)], [(other,)]), meet([(other,)], [(one,)]), meet([()], [(one, other)])):
        assert [set(filter_) for filter_ in found] == [set(filter_) for filter_ in expected]


def test_a_filter_that_another_one_covers_is_left_out() -> None:
    """What is wanted twice is searched for once."""
    wide, narrow = (Equals("category", "a"),), (Equals("category", "a"), Equals("priority", 1))
    assert meet([()], [narrow, wide, wide]) == [wide]


def test_an_empty_membership_means_nothing() -> None:
    """And one of a single value is that value."""
    assert meet([()], [(one_of("priority", []),)]) == []
    assert meet([()], [(one_of("priority", [1, 1]),)]) == [(Equals("priority", 1),)]


def test_a_membership_has_a_bound() -> None:
    """Of a thousand values each might become a search of its own."""
    assert len(one_of("id", range(MOST_VALUES)).values) == MOST_VALUES
    with pytest.raises(ValueError, match=r"^id may be one of at most 100 values, not of 1000$"):
        one_of("id", range(1000))


@pytest.fixture(scope="module")
def rows(shared_database: Database) -> list[dict[str, Any]]:
    """What is kept of many tickets."""
    shared_database.write(fill)
    found = shared_database.read(lambda tx: tx.all(f"SELECT {', '.join(COLUMNS)} FROM tickets"))
    return [{column: row[column] for column in COLUMNS} for row in found]


@given(some=st.lists(filters, max_size=3), others=st.lists(filters, max_size=3))
@deterministic(200)
def test_what_is_met_is_what_meets_both(rows: list[dict[str, Any]], some: list[Filter], others: list[Filter]) -> None:
    """For filters of every kind and any ticket."""
    met = meet(some, others)
    for row in rows:
        expected = any(meets(row, one) for one in some) and any(meets(row, other) for other in others)
        assert any(meets(row, filter_) for filter_ in met) == expected


@given(some=st.lists(filters, max_size=3))
@deterministic(150)
def test_a_condition_holds_for_what_meets_a_filter(
    shared_database: Database, rows: list[dict[str, Any]], some: list[Filter]
) -> None:
    """On both engines as in Python, where a row is at hand."""
    condition = any_of(some)
    sql = f"SELECT id FROM tickets WHERE {condition.sql}"
    found = shared_database.read(lambda tx: {row["id"] for row in tx.all(sql, **condition.params)})
    assert found == {row["id"] for row in rows if any(meets(row, filter_) for filter_ in some)}
    assert found == {row["id"] for row in rows if is_met(some, SimpleNamespace(**row))}
