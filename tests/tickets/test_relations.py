"""How tickets belong together: causes, parents and children, what of them is shown, and to whom."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from acting import actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, STRANGERS, TYPED, Person, at
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets import relations
from keesa.tickets.finding import find_ticket
from keesa.tickets.relations import (
    DEEPEST,
    ITSELF,
    UNKNOWN,
    add_cause,
    relations_of,
    remove_cause,
    remove_parent,
    set_parent,
)
from kept_tickets import Shelved, shelve

NOON: Final = at("2025-03-10T12:00")
Verb = Callable[[Tx, Actor, int | None, int | None, int], None]
ADDING: Final = {"cause": add_cause, "parent": set_parent}
REMOVING: Final = {"cause": remove_cause, "parent": remove_parent}


def add_tickets(tx: Tx, count: int) -> list[int]:
    numbers = [*range(2025101, 2025101 + count)]
    shelve(tx, [Shelved(number=number) for number in numbers])
    return numbers


@pytest.fixture
def admin(tx: Tx) -> Actor:
    return actor_of(tx, ADMIN)


def shown(tx: Tx, person: Person, number: int) -> tuple[set[tuple[str, int]], int]:
    """What the person is told of the ticket: side and id of each, and how many are out of sight."""
    actor = actor_of(tx, person)
    found = relations_of(tx, actor, find_ticket(tx, actor, number))
    return {(each.side, each.id) for each in found.seen}, found.unseen


def last_event(tx: Tx, number: int) -> dict[str, Any]:
    sql = "SELECT kind, public_number, thing_id, changes FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC"
    return rows(tx, sql, id=number)[0]


def revisions(tx: Tx, number: int) -> tuple[int, int]:
    """That of the desk, and that of customers."""
    [row] = rows(
        tx, "SELECT revision, coalesce(public_revision, revision) AS public FROM tickets WHERE id = :id", id=number
    )
    return row["revision"], row["public"]


def refused(tx: Tx, adding: Verb, actor: Actor, number: int, other: int | None) -> str:
    """The sentence; nothing is changed."""
    before = tickets_as_kept(tx), rows(tx, "SELECT * FROM ticket_causes ORDER BY 1, 2")
    with pytest.raises(Invalid) as caught:
        adding(tx, actor, number, other, NOON)
    assert (tickets_as_kept(tx), rows(tx, "SELECT * FROM ticket_causes ORDER BY 1, 2")) == before
    [(field, [sentence])] = caught.value.faults.items()
    assert field == "ticket_number"
    return sentence


@pytest.mark.parametrize(("kind", "one", "other"), [("cause", "caused_by", "causes"), ("parent", "parent", "children")])
def test_a_relation_is_shown_from_both_sides(tx: Tx, admin: Actor, kind: str, one: str, other: str) -> None:
    """And is gone from both when it is taken back; each side has an internal event of each."""
    for _ in range(2):  # a second time changes nothing
        ADDING[kind](tx, admin, ASSIGNED, TYPED, NOON)
        assert shown(tx, ADMIN, ASSIGNED) == ({(one, TYPED)}, 0)
        assert shown(tx, ADMIN, TYPED) == ({(other, ASSIGNED)}, 0)
    event = {"kind": "related", "public_number": None, "thing_id": TYPED, "changes": f'{{"{one}":[null,{TYPED}]}}'}
    assert last_event(tx, ASSIGNED) == event
    assert last_event(tx, TYPED) == event | {"thing_id": ASSIGNED, "changes": f'{{"{other}":[null,{ASSIGNED}]}}'}
    for _ in range(2):
        REMOVING[kind](tx, admin, ASSIGNED, TYPED, NOON)
        assert shown(tx, ADMIN, ASSIGNED) == shown(tx, ADMIN, TYPED) == (set(), 0)
    event = {"kind": "unrelated", "public_number": None, "thing_id": TYPED, "changes": f'{{"{one}":[{TYPED},null]}}'}
    assert last_event(tx, ASSIGNED) == event
    count = "SELECT count(*) AS value FROM ticket_events WHERE ticket_id = :id AND kind IN ('related', 'unrelated')"
    assert [tx.value(count, id=number) for number in (ASSIGNED, TYPED)] == [2, 2]


@pytest.mark.parametrize("kind", ADDING)
def test_what_is_so_or_not_so_already_changes_nothing(tx: Tx, admin: Actor, kind: str) -> None:
    """No event, no revision."""
    before = tickets_as_kept(tx)
    REMOVING[kind](tx, admin, ASSIGNED, TYPED, NOON)
    assert tickets_as_kept(tx) == before
    ADDING[kind](tx, admin, ASSIGNED, TYPED, NOON)
    before = tickets_as_kept(tx)
    ADDING[kind](tx, admin, ASSIGNED, TYPED, NOON)
    REMOVING[kind](tx, admin, ASSIGNED, RAISED, NOON)
    REMOVING[kind](tx, admin, TYPED, ASSIGNED, NOON)
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize("kind", ADDING)
def test_customers_have_no_sign_of_it(tx: Tx, admin: Actor, kind: str) -> None:
    """Neither in what they are shown, nor by the revision and the time that they get."""
    before = revisions(tx, ASSIGNED)
    ADDING[kind](tx, admin, ASSIGNED, STRANGERS, NOON)
    after = revisions(tx, ASSIGNED)
    assert shown(tx, CUSTOMER, ASSIGNED) == shown(tx, CUSTOMER, STRANGERS) == (set(), 0)
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize("verb", [*ADDING.values(), *REMOVING.values()])
def test_both_tickets_must_be_in_sight(tx: Tx, verb: Verb) -> None:
    """The one that is named in the path is 404; the other one is unknown, whether it is there or not."""
    engineer = actor_of(tx, ENGINEER)
    for missing in (STRANGERS, 2025999, None):
        with pytest.raises(NotFound, match="Ticket not found"):
            verb(tx, engineer, missing, ASSIGNED, NOON)
        if verb in ADDING.values():
            assert refused(tx, verb, engineer, ASSIGNED, missing) == UNKNOWN
        else:
            with pytest.raises(NotFound, match="Ticket not found"):
                verb(tx, engineer, ASSIGNED, missing, NOON)
    for person in (CUSTOMER, BOT):
        with pytest.raises(Forbidden):
            verb(tx, actor_of(tx, person), ASSIGNED, STRANGERS, NOON)


@pytest.mark.parametrize("adding", ADDING.values(), ids=ADDING)
def test_no_ticket_is_its_own(tx: Tx, admin: Actor, adding: Verb) -> None:
    """Neither cause nor parent."""
    assert refused(tx, adding, admin, ASSIGNED, ASSIGNED) == ITSELF


def test_what_is_out_of_sight_is_counted_alone(tx: Tx, admin: Actor) -> None:
    """The desk learns how many more there are."""
    add_cause(tx, admin, ASSIGNED, HIDDEN, NOON)
    add_cause(tx, admin, ASSIGNED, TYPED, NOON)
    set_parent(tx, admin, ASSIGNED, STRANGERS, NOON)
    assert shown(tx, ENGINEER, ASSIGNED) == ({("caused_by", TYPED)}, 2)
    assert shown(tx, STRANGER, STRANGERS) == (set(), 1)
    assert shown(tx, CUSTOMER, ASSIGNED) == (set(), 0)


def test_neither_of_two_causes_the_other(tx: Tx, admin: Actor) -> None:
    """What one has caused is not its cause."""
    add_cause(tx, admin, ASSIGNED, TYPED, NOON)
    assert refused(tx, add_cause, admin, TYPED, ASSIGNED) == "is caused by this ticket"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two where there may be many."""
    for name in ("MOST_CAUSES", "MOST_CHILDREN"):
        monkeypatch.setattr(relations, name, 2)


@pytest.mark.usefixtures("few")
def test_a_ticket_has_so_many_causes_and_causes_so_many(tx: Tx, admin: Actor) -> None:
    """One more is refused, from either side."""
    one, two, three, four = add_tickets(tx, 4)
    for cause in (one, two):
        add_cause(tx, admin, three, cause, NOON)
    assert "one too many" in refused(tx, add_cause, admin, three, four)
    add_cause(tx, admin, four, one, NOON)
    assert "one too many" in refused(tx, add_cause, admin, ASSIGNED, one)


@pytest.mark.usefixtures("few")
def test_a_ticket_has_so_many_children_and_one_parent(tx: Tx, admin: Actor) -> None:
    """One more of either is refused."""
    for child in (ASSIGNED, TYPED):
        set_parent(tx, admin, child, RAISED, NOON)
    assert "as many children" in refused(tx, set_parent, admin, HIDDEN, RAISED)
    assert "has a parent already" in refused(tx, set_parent, admin, TYPED, HIDDEN)


def test_no_ticket_is_above_itself(tx: Tx, admin: Actor) -> None:
    """However many lie between."""
    chain = add_tickets(tx, 5)
    for child, parent in zip(chain[1:], chain, strict=False):
        set_parent(tx, admin, child, parent, NOON)
        for below in chain[1 : chain.index(child) + 1]:
            assert refused(tx, set_parent, admin, chain[0], below).startswith("is below this ticket")


def test_so_many_are_one_below_the_other(tx: Tx, admin: Actor) -> None:
    """Whether one is added at the bottom, or at the top, or two trees become one."""
    chain = add_tickets(tx, DEEPEST)
    for child, parent in zip(chain[1:], chain, strict=False):
        set_parent(tx, admin, child, parent, NOON)
    assert "too deep" in refused(tx, set_parent, admin, ASSIGNED, chain[-1])
    assert "too deep" in refused(tx, set_parent, admin, chain[0], ASSIGNED)
    set_parent(tx, admin, ASSIGNED, chain[-2], NOON)
    remove_parent(tx, admin, chain[5], chain[4], NOON)
    set_parent(tx, admin, chain[0], chain[-1], NOON)
    assert shown(tx, ADMIN, chain[0])[0] == {("parent", chain[-1]), ("children", chain[1])}
    assert refused(tx, set_parent, admin, chain[5], chain[4]).startswith("is below this ticket")


def test_only_so_many_lie_below_what_gets_a_parent(tx: Tx, admin: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted, and no further than that."""
    monkeypatch.setattr(relations, "MOST_BELOW", 2)
    numbers = add_tickets(tx, 3)
    for number in numbers:
        set_parent(tx, admin, number, RAISED, NOON)
    assert "more than 2 tickets are below" in refused(tx, set_parent, admin, RAISED, TYPED)
    remove_parent(tx, admin, numbers[0], RAISED, NOON)
    set_parent(tx, admin, RAISED, TYPED, NOON)
