"""Tickets are found by the names of their customer and their ECO, as these are now."""

import pytest

from keesa.db import Tx
from keesa.search.language import read_query
from keesa.search.matching import match_of
from keesa.search.names import MOST_NAMES
from keesa.words.names import keep_customer_name, keep_eco_name
from laid_words import customer, eco, laid, places_of, ticket

HORIZON, SCHOOL, EQUIPMENT = 1, 2, 7


def found(tx: Tx, text: str, customer_id: int | None = None) -> list[int]:
    """How many, and how many of these by their heads."""
    match = match_of(tx, read_query(text), internal=customer_id is None, customer_id=customer_id)
    return [len(places_of(tx, match.whole)), len(places_of(tx, match.head))]


@pytest.fixture
def desk(tx: Tx) -> None:
    laid(
        tx,
        [ticket(2024001, HORIZON, EQUIPMENT), ticket(2024002, HORIZON), ticket(2024003, SCHOOL)],
        *(customer(HORIZON, "Horizon Fisheries"), customer(SCHOOL, "މާލެ School")),
        *(eco(EQUIPMENT, "sw-12 at the harbour", HORIZON), eco(EQUIPMENT + 1, "sw-12 at school", SCHOOL)),
    )


@pytest.mark.usefixtures("desk")
def test_a_name_stands_beside_the_texts(tx: Tx) -> None:
    """Its words, beginnings and phrases find, join with what a note says, and count as of the head."""
    assert found(tx, "horizon") == [2, 2]
    assert found(tx, "fish* link") == [2, 0]
    assert found(tx, '"horizon fisheries" aisha 2024002') == [1, 1]
    assert found(tx, "މާލެ -horizon") == [1, 1]
    assert found(tx, "link -horizon") == [1, 0]
    assert found(tx, "link -harbour") == [2, 0]
    assert found(tx, "horizon sw-12") == [1, 1]
    assert found(tx, '"fisheries horizon"') == [0, 0]
    assert found(tx, '"horizon fisheries fault"') == [0, 0]


@pytest.mark.usefixtures("desk")
def test_a_new_name_counts_at_once(tx: Tx) -> None:
    """And the old one no more: no ticket is written for it."""
    keep_customer_name(tx, HORIZON, "Ocean Fisheries")
    assert found(tx, "horizon") == [0, 0]
    assert found(tx, "ocean") == [2, 2]


@pytest.mark.usefixtures("desk")
def test_a_customer_s_user_finds_by_their_own_names_alone(tx: Tx) -> None:
    """Also where an ECO was theirs before, or hangs on a ticket of theirs and is another one's."""
    assert found(tx, "horizon", HORIZON) == [2, 2]
    assert found(tx, "horizon", SCHOOL) == found(tx, "school", HORIZON) == [0, 0]
    assert found(tx, "sw-12", HORIZON) == [1, 1]
    keep_eco_name(tx, EQUIPMENT, "sw-12 at the harbour", SCHOOL)
    assert found(tx, "sw-12", HORIZON) == [0, 0]
    assert found(tx, "sw-12") == [1, 1]


def test_a_word_of_many_names_counts_where_another_one_names(tx: Tx) -> None:
    """`ltd` alone finds those who write of it; beside a rarer word it is of the name, and so where it is refused."""
    numbers = range(1, MOST_NAMES + 2)
    names = [customer(id_, f"Firm{id_} Pvt Ltd") for id_ in numbers]
    tickets = [ticket(2024000 + id_, id_) for id_ in numbers]
    laid(tx, [*tickets, ticket(2024999, 1, said="ask the Ltd")], *names)
    assert found(tx, "ltd") == [1, 0]
    assert found(tx, "firm7 pvt ltd") == [1, 1]
    assert found(tx, "ltd firm1 link") == [1, 0]
    assert found(tx, 'firm7 "pvt ltd"') == [1, 1]
    assert found(tx, "firm7 -ltd") == [0, 0]
    assert found(tx, "pvt ltd") == [0, 0]
    laid(tx, tickets, *names[1:])
    assert found(tx, "ltd") == [MOST_NAMES, MOST_NAMES]


def test_how_many_others_have_a_word_changes_nothing_for_a_customer_s_user(tx: Tx) -> None:
    """They would learn from it that there are others."""
    laid(tx, [ticket(2024001, HORIZON)], *(customer(id_, "Pvt Ltd") for id_ in range(1, MOST_NAMES + 2)))
    assert found(tx, "ltd") == [0, 0]
    assert found(tx, "ltd", HORIZON) == [1, 1]
