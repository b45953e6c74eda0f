"""Lists that two nodes change at once, and equipment that moves while its new customer retires."""

from collections.abc import Callable
from typing import Any

import pytest

from acting import rows
from cast import BY, CANNED_ANSWER, HARBOUR, LONE, SCHOOL
from keesa.db import Tx, Work
from keesa.directory import canned_answers
from keesa.directory.canned_answers import CannedAnswerChanges, change_answer, create_answer, retire_answer
from keesa.directory.customers import retire_customer
from keesa.directory.ecos import EcoChanges, change_eco
from keesa.directory.keyed_lists import KeyedChanges, change_entry, retire_entry
from keesa.directory.places import ReferenceList
from keesa.directory.products import NewProduct, ProductChanges, add_product, change_product, retire_product
from keesa.directory.reference import KeyedList
from keesa.errors import Invalid
from keesa.rich_text.html import rich_text
from meeting import Nodes


def moving(table: ReferenceList, entry: str | int, position: int) -> Work[Any]:
    if table == "products":
        return lambda tx: change_product(tx, BY, int(entry), ProductChanges(position=position))
    return lambda tx: change_entry(tx, BY, table, str(entry), KeyedChanges(position=position))


def placed(table: ReferenceList) -> Work[list[Any]]:
    column = "id" if table == "products" else "key"

    def read(tx: Tx) -> list[Any]:
        found = rows(tx, f"SELECT {column} AS entry, position FROM {table} ORDER BY position")
        assert [row["position"] for row in found] == [*range(1, len(found) + 1)]
        return [row["entry"] for row in found]

    return read


@pytest.mark.parametrize(
    ("table", "first", "second"),
    [
        ("products", 24, 23),
        ("ticket_types", "eco_support", "routine_maintenance"),
    ],
)
def test_two_that_go_to_one_place_at_once_stand_in_two(
    nodes: Nodes, table: ReferenceList, first: str | int, second: str | int
) -> None:
    """The later one before the other; all others keep their order."""
    before = nodes.one.read(placed(table))
    met = nodes.meet(moving(table, first, 1), f"UPDATE {table}", lambda other: other.write(moving(table, second, 1)))
    assert met.errors == []
    others = [entry for entry in before if entry not in (first, second)]
    assert nodes.one.read(placed(table)) == [second, first, *others]


def defaulting(table: KeyedList, key: str) -> Work[Any]:
    changes = (
        ProductChanges(default_ticket_type=key) if table == "ticket_types" else ProductChanges(default_category=key)
    )
    return lambda tx: change_product(tx, BY, 3, changes)


@pytest.mark.parametrize(
    ("table", "key", "retiring_first"), [("ticket_types", "eco_support", True), ("ticket_categories", "fault", False)]
)
def test_no_product_has_what_retires_as_its_default(
    nodes: Nodes, table: KeyedList, key: str, *, retiring_first: bool
) -> None:
    """Whichever comes first, the other is refused."""
    retiring: Work[Any] = lambda tx: retire_entry(tx, BY, table, key)  # noqa: E731 - as its neighbour
    works = [retiring, defaulting(table, key)]
    first, second = works if retiring_first else reversed(works)
    met = nodes.meet(first, f"UPDATE {table if retiring_first else 'products'}", lambda other: other.write(second))
    assert [type(error) for error in met.errors] == [Invalid]
    assert met.second.error is not None


def retiring_product(product: int) -> Callable[[Tx], object]:
    return lambda tx: retire_product(tx, BY, product)


def test_one_product_stays_in_use(nodes: Nodes) -> None:
    """Of the last two that retire at once, one is refused."""
    nodes.one.write(lambda tx: tx.run("UPDATE products SET retired_at = 1 WHERE id > 2"))
    met = nodes.meet(retiring_product(1), "UPDATE products", lambda other: other.write(retiring_product(2)))
    assert [type(error) for error in met.errors] == [Invalid]


def test_a_name_is_given_once_by_a_change_too(nodes: Nodes) -> None:
    """A product that is renamed, and one that is added."""
    met = nodes.meet(
        lambda tx: change_product(tx, BY, 3, ProductChanges(name="Antenna")),
        "UPDATE products",
        lambda other: other.write(lambda tx: add_product(tx, BY, NewProduct(name="Antenna"))),
    )
    assert [str(error) for error in met.errors] == ["name is taken by another product"]


def test_the_last_place_for_a_canned_answer_is_one_answer_s(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that is made and one that comes back at once, one is refused."""
    monkeypatch.setattr(canned_answers, "MOST_IN_USE", 1)
    nodes.one.write(lambda tx: retire_answer(tx, BY, CANNED_ANSWER))
    met = nodes.meet(
        lambda tx: create_answer(tx, BY, "Mended", rich_text("Hello")),
        "INSERT INTO canned_answers",
        lambda other: other.write(lambda tx: change_answer(tx, BY, CANNED_ANSWER, CannedAnswerChanges(retired=False))),
    )
    assert [str(error) for error in met.errors] == ["retired would be one too many: at most 1 are in use"]


def eco_moving(customer: int) -> Work[Any]:
    return lambda tx: change_eco(tx, BY, 1, EcoChanges(customer_id=customer))


@pytest.mark.parametrize("retiring_first", [True, False])
def test_no_eco_moves_to_a_customer_that_is_retiring(nodes: Nodes, *, retiring_first: bool) -> None:
    """Who comes second waits: the ECO is refused, or it had moved before."""
    retiring: Work[Any] = lambda tx: retire_customer(tx, BY, LONE)  # noqa: E731 - as its neighbour
    if retiring_first:
        met = nodes.meet(retiring, "UPDATE customers", lambda other: other.write(eco_moving(LONE)))
        assert [str(error) for error in met.errors] == ["customer_id is retired"]
    else:
        met = nodes.meet(eco_moving(LONE), "UPDATE ecos", lambda other: other.write(retiring))
        assert met.errors == []
    assert met.waited
    owner = nodes.one.read(lambda tx: tx.value("SELECT customer_id AS value FROM ecos WHERE id = 1"))
    assert owner == (HARBOUR if retiring_first else LONE)


def test_an_eco_that_moves_two_ways_at_once_is_one_customer_s(nodes: Nodes) -> None:
    """The later one's, without either being run again."""
    met = nodes.meet(eco_moving(LONE), "UPDATE ecos", lambda other: other.write(eco_moving(SCHOOL)))
    assert (met.errors, met.waited) == ([], True)
    assert nodes.one.read(lambda tx: tx.value("SELECT customer_id AS value FROM ecos WHERE id = 1")) == SCHOOL
