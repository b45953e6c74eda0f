"""ECOs: whose they are, who finds them, and how they change, move and retire."""

from typing import Any, Final

import pytest

from acting import actor_of, by, rows
from cast import ADMIN, BY, CUSTOMER, ENGINEER, HARBOUR, LONE, OPERATOR, SCHOOL
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.db.steps import run_to_the_end
from keesa.directory.customers import retire_customer
from keesa.directory.ecos import (
    Eco,
    EcoChanges,
    EcoPage,
    EcosWanted,
    change_eco,
    create_eco,
    eco_by_id,
    find_eco,
    list_ecos,
    retire_eco,
)
from keesa.directory.pages import PageAfter
from keesa.errors import Invalid, NotFound

ROUTER: Final = Eco(1, "Router of Fulhadhoo Harbour", HARBOUR)


def listed(tx: Tx, actor: Actor = OPERATOR, **wanted: Any) -> list[int]:  # noqa: ANN401 - whatever a field takes
    page = run_to_the_end(list_ecos(tx, actor, PageAfter(500), EcosWanted(**wanted)))
    return [eco.id for eco in page.ecos]


def trail(tx: Tx) -> list[tuple[str, str, str]]:
    """What was done to ECOs: the act, its thing, and what changed."""
    found = rows(tx, "SELECT action, thing_id, changes FROM audit WHERE thing = 'eco' AND id > 3 ORDER BY id")
    return [(row["action"], row["thing_id"], row["changes"]) for row in found]


def test_an_eco_belongs_to_its_customer(tx: Tx) -> None:
    """It is found with whose it is, and the trail tells of it."""
    eco_id = create_eco(tx, BY, "Mast at the jetty", LONE)
    assert eco_by_id(tx, eco_id) == find_eco(tx, OPERATOR, eco_id) == Eco(eco_id, "Mast at the jetty", LONE)
    changes = '{"name":[null,"Mast at the jetty"],"customer_id":[null,3],"retired":[null,false]}'
    [(action, thing_id, told)] = [row for row in trail(tx) if row[1] == str(eco_id)]
    assert (action, thing_id, told) == ("eco.create", str(eco_id), changes)


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
    """With every fault at once, be it new or changed."""
    with pytest.raises(Invalid) as raised:
        create_eco(tx, BY, name, customer_id)
    assert set(raised.value.faults) == faulty
    with pytest.raises(Invalid) as raised:
        change_eco(tx, BY, 2, EcoChanges(name=name, customer_id=customer_id))
    assert set(raised.value.faults) == faulty
    assert find_eco(tx, OPERATOR, 2).customer_id == SCHOOL


def test_a_retired_customer_gets_no_eco(tx: Tx) -> None:
    """Neither a new one nor another's; those that it has stay, and may be renamed."""
    before = listed(tx)
    retire_customer(tx, BY, SCHOOL)
    with pytest.raises(Invalid) as raised:
        create_eco(tx, BY, "Mast at the school", SCHOOL)
    assert raised.value.faults == {"customer_id": ["is retired"]}
    with pytest.raises(Invalid) as raised:
        change_eco(tx, BY, 1, EcoChanges(customer_id=SCHOOL))
    assert raised.value.faults == {"customer_id": ["is retired"]}
    assert listed(tx) == before
    renamed = change_eco(tx, BY, 2, EcoChanges(name="Mast", customer_id=SCHOOL))
    assert renamed == Eco(2, "Mast", SCHOOL)


@pytest.mark.parametrize("missing", [None, 0, 99, -1, 2**63 - 1])
def test_an_eco_that_is_not_there_is_not_found(tx: Tx, missing: int | None) -> None:
    """By no number, to be shown or to be changed."""
    assert missing is None or eco_by_id(tx, missing) is None
    with pytest.raises(NotFound):
        find_eco(tx, OPERATOR, missing)
    with pytest.raises(NotFound):
        retire_eco(tx, BY, missing)


def test_a_customers_user_finds_their_own_alone(tx: Tx) -> None:
    """In lists, whatever they ask for, and by id."""
    actor = actor_of(tx, CUSTOMER)
    assert listed(tx, actor, with_retired=True) == listed(tx, actor, name="router") == [1]
    assert listed(tx, actor, customer_id=SCHOOL) == listed(tx, actor, name="school") == []
    assert find_eco(tx, actor, 1) == ROUTER
    with pytest.raises(NotFound):
        find_eco(tx, actor, 2)


def test_ecos_are_listed_by_id_a_page_after_the_other(tx: Tx) -> None:
    """Of one customer, by part of a name in any case, with those that are retired when they are asked for."""
    masts = [create_eco(tx, BY, f"Mast {number}", HARBOUR) for number in range(3)]
    retire_eco(tx, BY, masts[1])
    assert listed(tx, actor_of(tx, ENGINEER)) == [1, 2, 3, masts[0], masts[2]]
    assert listed(tx, customer_id=HARBOUR, with_retired=True) == [1, *masts]
    assert listed(tx, name="MAST") == [masts[0], masts[2]]
    assert listed(tx, name="router", customer_id=SCHOOL) == [2]
    wanted = EcosWanted(customer_id=HARBOUR)
    first = run_to_the_end(list_ecos(tx, OPERATOR, PageAfter(2), wanted))
    assert [eco.id for eco in first.ecos] == [1, masts[0]]
    last = run_to_the_end(list_ecos(tx, OPERATOR, PageAfter(2, first.next_after), wanted))
    assert last == EcoPage([Eco(masts[2], "Mast 2", HARBOUR)], None)


def test_an_eco_moves_and_its_tickets_do_not(tx: Tx) -> None:
    """It is the other customer's from then on; a ticket that it has stays that of the customer it was raised for."""
    tx.run("UPDATE tickets SET eco_id = 1 WHERE id = 2025002")
    moved = change_eco(tx, by(actor_of(tx, ADMIN)), 1, EcoChanges(customer_id=SCHOOL))
    assert moved == find_eco(tx, OPERATOR, 1) == Eco(1, ROUTER.name, SCHOOL)
    assert rows(tx, "SELECT customer_id FROM tickets WHERE id = 2025002") == [{"customer_id": HARBOUR}]
    assert trail(tx)[-1] == ("eco.change", "1", '{"customer_id":[1,2]}')


def test_an_eco_retires_and_comes_back(tx: Tx) -> None:
    """Once each, whatever is said again: what changes nothing leaves no trace."""
    before = len(trail(tx))
    for _ in range(2):
        assert retire_eco(tx, BY, 1).retired
    for _ in range(2):
        assert change_eco(tx, BY, 1, EcoChanges(retired=False)) == ROUTER
    assert change_eco(tx, BY, 1, EcoChanges()) == ROUTER
    assert [act for act, _, _ in trail(tx)[before:]] == ["eco.retire", "eco.reinstate"]
