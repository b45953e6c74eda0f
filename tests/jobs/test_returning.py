"""Tickets that are held until a day come back on it, by Keesa itself."""

import asyncio
import json
from typing import Final

import pytest
from msgspec import UNSET

from acting import CLOCK, actor_of, rows
from asking import ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, RAISED, STRANGERS, TYPED, at
from doing_jobs import settled
from file_rows import no_place
from keesa import housekeeping
from keesa.accounts.actors import SYSTEM
from keesa.db import Database, Tx
from keesa.jobs.kinds import Kinds
from keesa.jobs.worker import Worker
from keesa.tickets import returning
from keesa.tickets.finding import lock_ticket
from keesa.tickets.returning import bring_back
from keesa.tickets.status import change_status
from meeting import two_nodes
from places import Place, opened

NOON: Final = at("2025-03-10T12:00")
MIDNIGHT: Final = at("2025-03-12T00:00")
TODAY, TOMORROW = "2025-03-12", "2025-03-13"
"""On the day of that midnight."""


def hold(tx: Tx, number: int, day: str | None) -> None:
    change_status(tx, actor_of(tx, ADMIN), number, "on_hold", None, NOON, CLOCK, UNSET if day is None else day)


def state(tx: Tx, number: int) -> tuple[str, str | None]:
    found = lock_ticket(tx, SYSTEM, number)
    return found.status, found.held_until


def test_it_comes_back_on_its_day(desk: Database) -> None:
    """That of today and of before; not that of tomorrow, nor one that is held without a day."""
    held = {TYPED: TODAY, ASSIGNED: "2025-03-11", STRANGERS: TOMORROW}
    for number, day in held.items():
        desk.write(lambda tx, number=number, day=day: hold(tx, number, day))  # type: ignore[misc]
    assert desk.write(lambda tx: bring_back(tx, MIDNIGHT - 1, CLOCK)) is False
    assert desk.read(lambda tx: rows(tx, _ON_HOLD)) == [{"id": TYPED}, {"id": STRANGERS}]
    assert desk.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK)) is False
    assert desk.read(lambda tx: rows(tx, _ON_HOLD)) == [{"id": STRANGERS}]
    assert desk.write(lambda tx: state(tx, TYPED)) == ("in_progress", None)


_ON_HOLD: Final = "SELECT id FROM tickets WHERE status = 'on_hold' ORDER BY id"


def test_one_without_a_day_stays(desk: Database) -> None:
    """Nobody has said until when."""
    desk.write(lambda tx: bring_back(tx, at("2035-01-01T00:00"), CLOCK))
    assert desk.write(lambda tx: state(tx, STRANGERS)) == ("on_hold", None)


def test_one_that_nobody_has_is_open(desk: Database) -> None:
    """None is in progress without somebody."""
    desk.write(lambda tx: hold(tx, TYPED, TODAY))
    desk.write(lambda tx: tx.run("UPDATE tickets SET assigned_to_id = NULL WHERE id = :id", id=TYPED))
    desk.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK))
    assert desk.write(lambda tx: state(tx, TYPED)) == ("open", None)


def test_the_history_names_keesa_for_it(desk: Database) -> None:
    """An event with the status and the day, and a row of statuses, both of the time at which it was done."""
    desk.write(lambda tx: hold(tx, ASSIGNED, TODAY))
    desk.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK))
    last = "ORDER BY number DESC LIMIT 1"
    [event] = desk.read(lambda tx: rows(tx, f"SELECT * FROM ticket_events WHERE ticket_id = :id {last}", id=ASSIGNED))
    assert (event["kind"], event["actor_id"], event["at"]) == ("status", SYSTEM.id, MIDNIGHT)
    assert event["public_number"] is not None
    assert json.loads(event["changes"]) == {"status": ["on_hold", "in_progress"], "held_until": [TODAY, None]}
    sql = "SELECT status, changed_by_id, created_at FROM ticket_statuses WHERE ticket_id = :id ORDER BY id DESC LIMIT 1"
    [status] = desk.read(lambda tx: rows(tx, sql, id=ASSIGNED))
    assert status == {"status": "in_progress", "changed_by_id": SYSTEM.id, "created_at": MIDNIGHT}


def test_the_customer_sees_who_did_it(api: ApiFor, database: Database) -> None:
    """In the history of their ticket, as a change of Keesa's."""
    database.write(lambda tx: hold(tx, ASSIGNED, TODAY))
    database.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK))
    entry = api(CUSTOMER)("GET", f"/tickets/{ASSIGNED}/history").json()["data"]["history"][-1]
    assert (entry["kind"], entry["actor"]) == ("status", "Keesa")
    assert {"field": "status", "from": "on_hold", "to": "in_progress"} in entry["changes"]


def test_an_answer_that_waits_goes_on_waiting(desk: Database) -> None:
    """The desk has not said anything since."""
    desk.write(lambda tx: hold(tx, ASSIGNED, TODAY))
    desk.write(lambda tx: tx.run("UPDATE tickets SET answered_at = :at WHERE id = :id", at=NOON + 1, id=ASSIGNED))
    desk.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK))
    assert desk.write(lambda tx: lock_ticket(tx, SYSTEM, ASSIGNED)).answered_at == NOON + 1


def test_many_come_back_in_parts(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction has so many at the most, those that are the longest past first."""
    monkeypatch.setattr(returning, "MOST", 2)
    days = {RAISED: "2025-03-12", TYPED: "2025-03-11", ASSIGNED: "2025-03-10"}
    desk.write(lambda tx: tx.run("UPDATE tickets SET assigned_to_id = 1 WHERE id = :id", id=RAISED))
    for number, day in days.items():
        desk.write(lambda tx, number=number, day=day: hold(tx, number, day))  # type: ignore[misc]
    assert desk.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK)) is True
    assert desk.write(lambda tx: state(tx, RAISED)) == ("on_hold", TODAY)
    assert desk.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK)) is False
    assert desk.read(lambda tx: rows(tx, _ON_HOLD)) == [{"id": STRANGERS}]


def test_two_nodes_bring_each_back_once(desk: Database, place: Place) -> None:
    """With two workers that look at the same moment, and with two that bring back at the same moment."""

    async def both(*nodes: Database) -> None:
        await asyncio.gather(*(node.awrite(lambda tx: bring_back(tx, MIDNIGHT, CLOCK)) for node in nodes))

    with opened(place) as one, opened(place) as other:
        for _ in range(5):
            for number in (TYPED, ASSIGNED):
                desk.write(lambda tx, number=number: hold(tx, number, TODAY))  # type: ignore[misc]
            before = desk.read(statuses_of_keesa)
            asyncio.run(both(one, other))
            assert desk.read(statuses_of_keesa) - before == 2


def statuses_of_keesa(tx: Tx) -> int:
    return int(tx.value("SELECT count(*) AS value FROM ticket_statuses WHERE changed_by_id = 0"))


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # SQLite has one writer
def test_what_somebody_changes_meanwhile_stays_changed(desk: Database, place: Place) -> None:
    """Who holds the ticket first moves it on; then it is not on hold any more, and nothing is brought back."""
    desk.write(lambda tx: hold(tx, TYPED, TODAY))

    def close(tx: Tx) -> None:
        change_status(tx, actor_of(tx, ADMIN), TYPED, "closed", "2025-03-10", NOON, CLOCK)
        tx.all("SELECT 1 AS sent")
        tx.all("SELECT 1 AS stop")

    with two_nodes(place) as nodes:
        met = nodes.meet(close, "AS stop", lambda other: other.write(lambda tx: bring_back(tx, MIDNIGHT, CLOCK)))
    assert met.errors == []
    assert met.waited
    assert desk.write(lambda tx: state(tx, TYPED)) == ("closed", None)


def test_a_server_brings_them_back(desk: Database) -> None:
    """As the job of that name, at the desk's midnight: a day that has come while no server ran is not left out."""
    kinds = Kinds(housekeeping.kinds_of(CLOCK, no_place))
    desk.write(lambda tx: hold(tx, TYPED, TODAY))

    async def work() -> None:
        worker = Worker(desk, kinds, CLOCK)
        await worker.look()
        desk.write(lambda tx: tx.run("UPDATE jobs SET run_at = 0 WHERE kind = 'return_tickets'"))
        await worker.look()
        await settled(worker)

    asyncio.run(work())
    assert desk.write(lambda tx: state(tx, TYPED)) == ("in_progress", None)
    [row] = desk.read(lambda tx: rows(tx, "SELECT run_at FROM jobs WHERE kind = 'return_tickets'"))
    assert CLOCK.local(row["run_at"]).strftime("%H:%M") == "00:00"
