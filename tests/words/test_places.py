"""Where a ticket's words stand: in the order of its number among all, whatever form the numbers have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deterministic import deterministic
from keesa.db import Database
from keesa.words.places import MOST_ROWS, place_of, ticket_at, ticket_of

YEARLY = st.builds(lambda year, number: int(f"{year}{number:03}"), st.integers(2014, 2099), st.integers(1, 10**9))
MONTHLY = st.builds(
    lambda year, month, number: int(f"{year:02}{month:02}{number:03}"),
    st.integers(14, 99),
    st.integers(1, 12),
    st.integers(1, 10**9),
)
ODD = st.integers(1, 999_999)
ROWS = st.integers(0, MOST_ROWS - 1)


@deterministic(300)
@given(number=YEARLY | MONTHLY | ODD, row=ROWS)
def test_a_place_leads_back_to_its_ticket(number: int, row: int) -> None:
    """And a ticket's rows are side by side, so many that no other ticket's are among them."""
    place = place_of(number, row)
    assert ticket_at(place) == number
    assert place - place_of(number) == row
    assert 0 <= place < 2**63


@deterministic(25)
@given(number=YEARLY | MONTHLY | ODD, row=ROWS)
def test_so_it_does_in_sql(shared_database: Database, number: int, row: int) -> None:
    """On either engine."""
    sql = f"SELECT {ticket_of('place')} AS value FROM (SELECT CAST(:place AS BIGINT) AS place) one"
    assert shared_database.read(lambda tx: tx.value(sql, place=place_of(number, row))) == number


@deterministic(200)
@given(year=st.integers(2014, 2098), one=st.integers(1, 10**9), other=st.integers(1, 10**9))
def test_newer_tickets_have_larger_places(year: int, one: int, other: int) -> None:
    """Within a year by the running number, however many digits it has; and every one before the next year's."""
    first, second = sorted((one, other))
    places = [place_of(int(f"{year}{number:03}")) for number in (first, second)]
    assert places == sorted(places)
    assert places[1] < place_of(int(f"{year + 1}001"))


@deterministic(200)
@given(month=st.integers(1, 11), one=st.integers(1, 10**9), other=st.integers(1, 10**9))
def test_so_they_have_within_months(month: int, one: int, other: int) -> None:
    """Likewise."""
    first, second = sorted((one, other))
    places = [place_of(int(f"25{month:02}{number:03}")) for number in (first, second)]
    assert places == sorted(places)
    assert places[1] < place_of(int(f"25{month + 1:02}001"))


def test_what_is_no_number_stands_before_all() -> None:
    """As one that a test or a script has chosen."""
    assert place_of(7) < place_of(12345) < place_of(2014001)


def test_what_is_too_large_is_refused() -> None:
    """Nothing is kept at another ticket's place."""
    with pytest.raises(ValueError, match="no ticket"):
        place_of(2025 * 10**12)
