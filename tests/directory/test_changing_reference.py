"""The reference lists change: renamed, put in another order, retired and taken into use again."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acting import rows
from cast import BY
from deterministic import deterministic
from keesa.db import Database, Tx
from keesa.directory import places
from keesa.directory.keyed_lists import (
    KeyedChanges,
    KeyedEntry,
    add_key,
    change_entry,
    find_entry,
    list_entries,
    retire_entry,
)
from keesa.directory.places import ReferenceList
from keesa.directory.products import (
    NewProduct,
    Product,
    ProductChanges,
    add_product,
    change_product,
    find_product,
    list_products,
    retire_product,
)
from keesa.directory.reference import (
    KeyedList,
    Words,
    defaults_of,
    keys,
    products,
    unfit_key,
    unfit_product,
    unknown_key_soon,
)
from keesa.errors import Invalid, NotFound
from undone import undone

TABLES: Final[tuple[KeyedList, ...]] = ("ticket_types", "ticket_categories")
FIRST: Final[dict[KeyedList, str]] = {"ticket_types": "roc_support", "ticket_categories": "service_order"}


def faults(change: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever it is called with
    with pytest.raises(Invalid) as raised:
        change()
    return {field: sentences[0] for field, sentences in raised.value.faults.items()}


def trail(tx: Tx) -> list[tuple[str, str, dict[str, Any]]]:
    found = rows(
        tx,
        "SELECT action, thing_id, changes FROM audit WHERE thing IN ('product', 'ticket_type', 'category') ORDER BY id",
    )
    return [(row["action"], row["thing_id"], json.loads(row["changes"])) for row in found]


def order(tx: Tx, table: ReferenceList) -> list[str | int]:
    """Checks that each stands in a place of its own, counted from 1."""
    column = "id" if table == "products" else "key"
    found = rows(tx, f"SELECT {column} AS entry, position FROM {table} ORDER BY position")
    assert [row["position"] for row in found] == [*range(1, len(found) + 1)]
    return [row["entry"] for row in found]


def put(tx: Tx, table: ReferenceList, entry: str | int, position: int) -> None:
    if table == "products":
        change_product(tx, BY, int(entry), ProductChanges(position=position))
    else:
        change_entry(tx, BY, table, str(entry), KeyedChanges(position=position))


@pytest.mark.parametrize("table", ["products", *TABLES])
@given(moves=st.lists(st.tuples(st.integers(0, 23), st.integers(0, 23)), min_size=1, max_size=6))
@deterministic(8)
def test_an_entry_gets_the_place_that_is_asked_for(
    shared_database: Database, table: ReferenceList, moves: list[tuple[int, int]]
) -> None:
    """As if it were taken out of the list and put in there; all others keep their order."""
    with undone(shared_database) as tx:
        wanted = order(tx, table)
        for one, to in moves:
            entry = wanted.pop(one % len(wanted))
            wanted.insert(to % (len(wanted) + 1), entry)
            put(tx, table, entry, wanted.index(entry) + 1)
            assert order(tx, table) == wanted


@pytest.mark.parametrize("table", ["products", *TABLES])
@pytest.mark.parametrize("position", [0, -1, 25, 2**31 - 1])
def test_a_place_out_of_the_list_is_refused(tx: Tx, table: ReferenceList, position: int) -> None:
    """With the places that there are."""
    before = order(tx, table)
    found = faults(lambda: put(tx, table, before[0], position))
    assert found == {"position": f"must be from 1 to {len(before)}"}
    assert order(tx, table) == before


@pytest.mark.parametrize("table", TABLES)
def test_an_entry_is_renamed(tx: Tx, table: KeyedList) -> None:
    """Its key stays, and so does its place; a name that is none is refused."""
    key, second = keys(tx, table)[:2]
    renamed = change_entry(tx, BY, table, key, KeyedChanges(name="Another"))
    assert renamed == find_entry(tx, table, key) == KeyedEntry(key, "Another", 1)
    assert list(faults(lambda: change_entry(tx, BY, table, key, KeyedChanges(name=" ", position=99)))) == [
        "name",
        "position",
    ]
    with pytest.raises(NotFound):
        change_entry(tx, BY, table, "nothing", KeyedChanges(name="Another"))
    done = {"ticket_types": "ticket_type", "ticket_categories": "category"}[table]
    [(action, thing, changes)] = trail(tx)
    assert (action, thing, changes["name"][1]) == (f"{done}.change", key, "Another")
    change_entry(tx, BY, table, second, KeyedChanges())
    assert len(trail(tx)) == 1


@pytest.mark.parametrize("table", TABLES)
def test_a_retired_entry_is_chosen_no_more_and_still_asked_for(tx: Tx, table: KeyedList) -> None:
    """New tickets cannot have it, and errors do not name it; lists of tickets are still found by it."""
    key, *others = keys(tx, table)
    for _ in range(2):
        assert retire_entry(tx, BY, table, key).retired
    assert keys(tx, table) == others
    assert unfit_key(tx, table, key) == f"is retired, must be one of {', '.join(others)}"
    assert unknown_key_soon(tx, table, key)() is None
    assert [entry.key for entry in list_entries(tx, table, 50).entries] == others
    assert [entry.key for entry in list_entries(tx, table, 50, with_retired=True).entries] == [key, *others]
    back = change_entry(tx, BY, table, key, KeyedChanges(retired=False))
    assert (back.retired, back.position) == (False, 1)
    assert keys(tx, table) == [key, *others]
    assert [action.partition(".")[2] for action, _, _ in trail(tx)] == ["retire", "reinstate"]


def test_a_retired_product_is_chosen_no_more(tx: Tx) -> None:
    """Likewise; its name stays its own."""
    retire_product(tx, BY, 1)
    assert next(iter(products(tx))) == 2
    assert (unfit_product(tx, 1) or "").startswith("is retired, must be one of 2 (Switch), 3 (Router), ")
    assert [product.id for product in list_products(tx, 2).products] == [2, 3]
    assert list_products(tx, 1, with_retired=True).products == [Product(1, "PABX", 1, retired=True)]
    assert faults(lambda: add_product(tx, BY, NewProduct(name="PABX"))) == {"name": "is taken by another product"}
    assert change_product(tx, BY, 1, ProductChanges(retired=False)) == Product(1, "PABX", 1)
    assert [(action, thing) for action, thing, _ in trail(tx)] == [("product.retire", "1"), ("product.reinstate", "1")]


@pytest.mark.parametrize("table", ["products", *TABLES])
def test_the_last_one_in_use_stays_so(tx: Tx, table: ReferenceList) -> None:
    """Or nobody could raise a ticket any more."""
    first, *others = order(tx, table)
    for entry in others:
        _retire(tx, table, entry)
    assert faults(lambda: _retire(tx, table, first)) == {"retired": "is not possible: it is the last one in use"}


def _retire(tx: Tx, table: ReferenceList, entry: str | int) -> None:
    if table == "products":
        retire_product(tx, BY, int(entry))
    else:
        retire_entry(tx, BY, table, str(entry))


def test_a_product_is_renamed(tx: Tx) -> None:
    """To a name that no other has."""
    assert change_product(tx, BY, 3, ProductChanges(name="Modem")) == Product(3, "Modem", 3)
    assert products(tx)[3] == "Modem"
    assert faults(lambda: change_product(tx, BY, 3, ProductChanges(name="WIFI"))) == {
        "name": "is taken by another product"
    }
    assert trail(tx) == [("product.change", "3", {"name": ["Router", "Modem"]})]


def test_a_product_has_its_words(tx: Tx) -> None:
    """Keys in use, each by itself; null takes one away. A product without any has none, and so has no product."""
    changes = ProductChanges(default_ticket_type="eco_support", default_category="fault")
    assert change_product(tx, BY, 3, changes) == Product(3, "Router", 3, "eco_support", "fault")
    assert defaults_of(tx, 3) == Words("eco_support", "fault")
    assert change_product(tx, BY, 3, ProductChanges(default_category=None)).default_ticket_type == "eco_support"
    assert defaults_of(tx, 3) == Words("eco_support", None)
    assert defaults_of(tx, 4) == defaults_of(tx, 99) == Words(None, None)
    retire_entry(tx, BY, "ticket_types", "roc_support")
    bad = NewProduct(name="Mast", default_ticket_type="roc_support", default_category="")
    changes = ProductChanges(default_ticket_type=bad.default_ticket_type, default_category=bad.default_category)
    for found in (
        faults(lambda: change_product(tx, BY, 3, changes)),
        faults(lambda: add_product(tx, BY, bad)),
    ):
        assert found["default_ticket_type"].startswith("is retired, must be one of project_support, ")
        assert found["default_category"].startswith("is unknown, must be one of service_order, ")
    added = add_product(tx, BY, NewProduct(name="Mast", default_category="survey"))
    assert added == find_product(tx, added.id) == Product(added.id, "Mast", 25, None, "survey")


@pytest.mark.parametrize("table", TABLES)
def test_the_default_of_a_product_does_not_retire(tx: Tx, table: KeyedList) -> None:
    """Some of the products are named; once none has it, it does."""
    key = FIRST[table]

    def words(key: str | None) -> ProductChanges:
        if table == "ticket_types":
            return ProductChanges(default_ticket_type=key)
        return ProductChanges(default_category=key)

    for product in (3, 4, 5, 6):
        change_product(tx, BY, product, words(key))
    retire_product(tx, BY, 3)
    assert faults(lambda: retire_entry(tx, BY, table, key)) == {
        "retired": "is not possible: it is the default of product 3 (Router), 4 (WIFI), 5 (DATA) and 1 more"
    }
    for product in (3, 4, 5, 6):
        change_product(tx, BY, product, words(None))
    assert retire_entry(tx, BY, table, key).retired


def test_a_list_has_pages(tx: Tx) -> None:
    """Each begins behind the place where the one before ended, whatever is added meanwhile."""
    first = list_products(tx, 10)
    added = add_product(tx, BY, NewProduct(name="Mast"))
    second = list_products(tx, 10, first.next_after)
    third = list_products(tx, 10, second.next_after)
    assert [product.id for page in (first, second, third) for product in page.products] == [
        *range(1, 25),
        added.id,
    ]
    assert third.next_after is None
    types = list_entries(tx, "ticket_types", 3)
    assert [entry.key for entry in types.entries] == keys(tx, "ticket_types")[:3]
    assert [entry.key for entry in list_entries(tx, "ticket_types", 4, types.next_after).entries] == keys(
        tx, "ticket_types"
    )[3:]
    assert faults(lambda: list_products(tx, 0)) == faults(lambda: list_entries(tx, "ticket_types", 501))


def test_a_list_has_an_end(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors name all of its entries."""
    monkeypatch.setattr(places, "MOST_ENTRIES", 7)
    sentence = "would be one too many: the list has at most 7"
    assert faults(lambda: add_key(tx, BY, "ticket_types", "survey", "Survey")) == {"key": sentence}
    assert faults(lambda: add_product(tx, BY, NewProduct(name="Mast"))) == {"name": sentence}
    assert add_key(tx, BY, "ticket_categories", "solar", "Solar") == KeyedEntry("solar", "Solar", 7)
    assert trail(tx) == [
        ("category.create", "solar", {"name": [None, "Solar"], "position": [None, 7], "retired": [None, False]})
    ]
