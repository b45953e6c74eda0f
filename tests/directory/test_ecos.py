"""ECOs, and whose they are."""

import pytest

from cast import HARBOUR, LONE, OPERATOR, SCHOOL
from keesa.db import Tx
from keesa.directory.customers import retire_customer
from keesa.directory.ecos import Eco, create_eco, find_eco, list_ecos
from keesa.errors import Invalid


def test_an_eco_belongs_to_its_customer(tx: Tx) -> None:
    """It is found with whose it is."""
    eco_id = create_eco(tx, "Mast at the jetty", LONE)
    assert find_eco(tx, eco_id) == Eco(eco_id, "Mast at the jetty", LONE)


@pytest.mark.parametrize(
    ("name", "customer_id", "faulty"),
    [
        ("", HARBOUR, {"name"}),
        ("Mast\x07", HARBOUR, {"name"}),
        ("Mast", 99, {"customer_id"}),
        (" ", 99, {"name", "customer_id"}),
    ],
)
def test_an_eco_that_breaks_a_rule_is_refused(tx: Tx, name: str, customer_id: int, faulty: set[str]) -> None:
    """With every fault at once."""
    with pytest.raises(Invalid) as raised:
        create_eco(tx, name, customer_id)
    assert set(raised.value.faults) == faulty


def test_a_retired_customer_gets_no_new_eco(tx: Tx) -> None:
    """Those that it has stay."""
    before = list_ecos(tx)
    retire_customer(tx, OPERATOR, SCHOOL, 1)
    with pytest.raises(Invalid) as raised:
        create_eco(tx, "Mast at the school", SCHOOL)
    assert raised.value.faults == {"customer_id": ["is retired"]}
    assert list_ecos(tx) == before


@pytest.mark.parametrize("missing", [0, 99, -1, 2**63 - 1])
def test_an_eco_that_is_not_there_is_not_found(tx: Tx, missing: int) -> None:
    """By no number."""
    assert find_eco(tx, missing) is None
