"""Watching tickets: who may, who may be made to, and how many."""

from typing import Any, Final

import pytest

from acting import actor_of, rows, tickets_as_kept
from by_keesa import disable_user
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, RAISED, STRANGER, STRANGERS, TYPED, Person, at
from keesa.accounts.actors import SYSTEM, Actor
from keesa.clock import now
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.tickets import watching
from keesa.tickets.finding import find_ticket, lock_ticket
from keesa.tickets.watching import UNFIT, start_watching, stop_watching, watch, watchers_of

NOON: Final = at("2025-03-10T12:00")


@pytest.fixture
def admin(tx: Tx) -> Actor:
    return actor_of(tx, ADMIN)


def watchers(tx: Tx, number: int) -> list[int]:
    actor = actor_of(tx, ADMIN)
    return [each.user_id for each in watchers_of(tx, find_ticket(tx, actor, number))]


def last_event(tx: Tx, number: int) -> dict[str, Any]:
    sql = "SELECT kind, public_number, thing_id, actor_id FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC"
    return rows(tx, sql, id=number)[0]


def test_watching_begins_and_ends(tx: Tx, admin: Actor) -> None:
    """Oneself without a word of whom, another by their id; with an internal event of each, and none a second time."""
    for _ in range(2):
        assert start_watching(tx, admin, ASSIGNED, None, NOON) == (ADMIN.id, ADMIN.full_name)
        assert start_watching(tx, admin, ASSIGNED, ENGINEER.id, NOON) == (ENGINEER.id, ENGINEER.full_name)
    assert watchers(tx, ASSIGNED) == [ADMIN.id, ENGINEER.id]
    event = {"kind": "watched", "public_number": None, "thing_id": ENGINEER.id, "actor_id": ADMIN.id}
    assert last_event(tx, ASSIGNED) == event
    for _ in range(2):
        stop_watching(tx, admin, ASSIGNED, ENGINEER.id, NOON)
    assert watchers(tx, ASSIGNED) == [ADMIN.id]
    assert last_event(tx, ASSIGNED) == event | {"kind": "unwatched"}
    count = "SELECT count(*) AS value FROM ticket_events WHERE ticket_id = :id AND kind IN ('watched', 'unwatched')"
    assert tx.value(count, id=ASSIGNED) == 3
    kept = rows(tx, "SELECT raised_at FROM ticket_watchers WHERE ticket_id = :id", id=ASSIGNED)
    assert kept == rows(tx, "SELECT raised_at FROM tickets WHERE id = :id", id=ASSIGNED)


def test_customers_have_no_sign_of_it(tx: Tx, admin: Actor) -> None:
    """Their revision and their time stay."""
    public = "SELECT coalesce(public_revision, revision) AS public, public_changed_at FROM tickets WHERE id = :id"
    before = rows(tx, public, id=ASSIGNED)
    start_watching(tx, admin, ASSIGNED, None, NOON)
    stop_watching(tx, admin, ASSIGNED, ADMIN.id, NOON)
    assert rows(tx, public, id=ASSIGNED) == before


@pytest.mark.parametrize("user_id", [STRANGER.id, CUSTOMER.id, BOT.id, SYSTEM.id, 99, 2**63 - 1])
def test_who_may_not_watch_is_told_of_in_one_sentence(tx: Tx, admin: Actor, user_id: int) -> None:
    """Who does not see the ticket, is not of the desk, or is not there."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as caught:
        start_watching(tx, admin, ASSIGNED, user_id, NOON)
    assert caught.value.faults == {"user_id": [UNFIT]}
    assert tickets_as_kept(tx) == before


def test_who_is_disabled_may_not_either(tx: Tx, admin: Actor) -> None:
    """Though they saw the ticket."""
    disable_user(tx, ENGINEER.email, now())
    with pytest.raises(Invalid) as caught:
        start_watching(tx, admin, ASSIGNED, ENGINEER.id, NOON)
    assert caught.value.faults == {"user_id": [UNFIT]}


@pytest.mark.parametrize(
    ("person", "number", "error"),
    [
        (ENGINEER, STRANGERS, NotFound),
        (ADMIN, 2025999, NotFound),
        (ADMIN, None, NotFound),
        (CUSTOMER, ASSIGNED, Forbidden),
    ],
)
def test_only_the_desk_watches_what_it_sees(tx: Tx, person: Person, number: int | None, error: type[Exception]) -> None:
    """Nor does it look after who else does."""
    actor = actor_of(tx, person)
    with pytest.raises(error):
        start_watching(tx, actor, number, None, NOON)
    with pytest.raises(error):
        stop_watching(tx, actor, number, ADMIN.id, NOON)


def test_who_sees_it_no_longer_stays_and_may_be_taken_away(tx: Tx, admin: Actor) -> None:
    """By anybody who does see it."""
    start_watching(tx, admin, ASSIGNED, ENGINEER.id, NOON)
    tx.run("UPDATE tickets SET assigned_to_id = NULL WHERE id = :id", id=ASSIGNED)
    assert watchers(tx, ASSIGNED) == [ENGINEER.id]
    with pytest.raises(NotFound):
        stop_watching(tx, actor_of(tx, ENGINEER), ASSIGNED, ENGINEER.id, NOON)
    stop_watching(tx, admin, ASSIGNED, ENGINEER.id, NOON)
    assert watchers(tx, ASSIGNED) == []


def test_a_ticket_has_so_many_watchers_and_a_user_watches_so_many(
    tx: Tx, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is refused, who watches already is none."""
    monkeypatch.setattr(watching, "MOST_WATCHERS", 1)
    start_watching(tx, admin, ASSIGNED, None, NOON)
    start_watching(tx, admin, ASSIGNED, None, NOON)
    with pytest.raises(Invalid, match="at most 1 watchers"):
        start_watching(tx, admin, ASSIGNED, ENGINEER.id, NOON)
    monkeypatch.setattr(watching, "MOST_WATCHED", 2)
    start_watching(tx, admin, TYPED, None, NOON)
    with pytest.raises(Invalid, match="as many tickets as a user may watch: 2"):
        start_watching(tx, admin, RAISED, None, NOON)


def test_several_begin_at_once(tx: Tx, admin: Actor) -> None:
    """With an event of each who did not watch it yet; without any, the ticket is as it was."""
    start_watching(tx, admin, ASSIGNED, None, NOON)
    ticket = lock_ticket(tx, admin, ASSIGNED)
    changed = watch(tx, admin, ticket, [ADMIN.id, ENGINEER.id, STRANGER.id], NOON)
    assert changed.events == ticket.events + 2
    assert watch(tx, admin, changed, [ADMIN.id], NOON) == changed
    assert watch(tx, admin, changed, [], NOON) == changed
    assert watchers(tx, ASSIGNED) == [ADMIN.id, ENGINEER.id, STRANGER.id]
