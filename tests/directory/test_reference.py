"""The reference lists of the documents, and what an administrator adds to them."""

import pytest

from cast import BY
from keesa.db import Tx
from keesa.directory.keyed_lists import add_key
from keesa.directory.products import NewProduct, add_product
from keesa.directory.reference import KeyedList, keys, products, unfit_key, unfit_product
from keesa.errors import Invalid

# fmt: off
PRODUCTS = (
    "PABX", "Switch", "Router", "WIFI", "DATA", "GPON", "Networks - Admin", "Networks - Staff", "Networks - Guest",
    "CCTV Network", "CCTV Servers", "iHTV", "Survey", "CATV", "TEL NETWORK", "CORE NETWORK", "IPTV", "GATEWAY",
    "Rejected - NWR", "Access Control", "Pending Classification", "School Network", "DJA Network", "Eco",
)
# fmt: on
KEYS: dict[KeyedList, list[str]] = {
    "ticket_types": [
        "roc_support",
        "project_support",
        "remote_support",
        "cross_department_support",
        "customer_support",
        "eco_support",
        "routine_maintenance",
    ],
    "ticket_categories": ["service_order", "fault", "survey", "network", "hardware", "software"],
}


def test_the_products_are_the_documented_ones(tx: Tx) -> None:
    """All 24, by the ids that clients know them by."""
    assert products(tx) == dict(enumerate(PRODUCTS, start=1))


@pytest.mark.parametrize("table", KEYS)
def test_the_types_and_categories_are_the_documented_ones(tx: Tx, table: KeyedList) -> None:
    """In their order; the categories with the three that the samples of 2024 use."""
    assert keys(tx, table) == KEYS[table]


def test_a_product_may_be_added(tx: Tx) -> None:
    """It has the next id, and is known from then on."""
    assert unfit_product(tx, 25)
    assert add_product(tx, BY, NewProduct(name="Solar")).id == 25
    assert products(tx)[25] == "Solar"
    assert unfit_product(tx, 25) is None


@pytest.mark.parametrize("table", KEYS)
def test_a_type_and_a_category_may_be_added(tx: Tx, table: KeyedList) -> None:
    """It stands at the end of its list, and is known from then on."""
    assert unfit_key(tx, table, "site_survey")
    add_key(tx, BY, table, "site_survey", "Site Survey")
    add_key(tx, BY, table, "z2", "Second")
    assert keys(tx, table) == [*KEYS[table], "site_survey", "z2"]
    assert unfit_key(tx, table, "site_survey") is None


@pytest.mark.parametrize("product_id", [0, 25, -4, 2**63 - 1])
def test_an_unfit_product_is_told_of_with_the_known_ones(tx: Tx, product_id: int) -> None:
    """By id and name, so that a person can choose."""
    sentence = unfit_product(tx, product_id)
    assert sentence is not None
    assert sentence.startswith("is unknown, must be one of 1 (PABX), 2 (Switch), ")
    assert sentence.endswith(", 24 (Eco)")


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize("key", ["", "Fault", "fault ", "ROC Support", "0"])
def test_an_unfit_key_is_told_of_with_the_known_ones(tx: Tx, table: KeyedList, key: str) -> None:
    """Keys are exact."""
    assert unfit_key(tx, table, key) == f"is unknown, must be one of {', '.join(KEYS[table])}"


@pytest.mark.parametrize("name", ["", " ", "PABX", "two\nlines", "NUL\0"])
def test_a_product_that_breaks_a_rule_is_refused(tx: Tx, name: str) -> None:
    """Its name is needed, and is its own."""
    with pytest.raises(Invalid) as raised:
        add_product(tx, BY, NewProduct(name=name))
    assert list(raised.value.faults) == ["name"]
    assert len(products(tx)) == 24


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize(
    ("key", "name", "faulty"),
    [
        ("", "Site Survey", {"key"}),
        ("Site Survey", "Site Survey", {"key"}),
        ("site-survey", "Site Survey", {"key"}),
        ("1st", "First", {"key"}),
        ("_x", "X", {"key"}),
        ("site_survey\n", "Site Survey", {"key"}),
        ("é", "E", {"key"}),
        ("x" * 65, "Long", {"key"}),
        ("site_survey", " ", {"name"}),
        ("site_survey", "NUL\0", {"name"}),
        ("A", "", {"key", "name"}),
    ],
)
def test_a_key_that_breaks_a_rule_is_refused(tx: Tx, table: KeyedList, key: str, name: str, faulty: set[str]) -> None:
    """With every fault at once."""
    with pytest.raises(Invalid) as raised:
        add_key(tx, BY, table, key, name)
    assert set(raised.value.faults) == faulty
    assert keys(tx, table) == KEYS[table]


@pytest.mark.parametrize("table", KEYS)
def test_a_key_is_in_its_list_once(tx: Tx, table: KeyedList) -> None:
    """A second one of the same key is refused."""
    with pytest.raises(Invalid) as raised:
        add_key(tx, BY, table, KEYS[table][0], "Again")
    assert raised.value.faults == {"key": ["is in the list already"]}
