"""Counting all tickets anew: in portions, beside changes, by the days of one zone at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from acting import CLOCK, rows
from asking import ApiFor
from cast import ADMIN
from counted_reports import change_some, counted_anew, fold_part, fold_whole, kept
from keesa.clock import Clock
from keesa.db import Database, Tx
from keesa.reports import reading, recounting
from many_tickets import FIRST

ELSEWHERE: Final = Clock(ZoneInfo("America/Los_Angeles"))
CHANGES: Final = 60
PATIENCE: Final = 30


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of counts that are deleted at once: fewer than there are."""
    monkeypatch.setattr(recounting, "EMPTIED", 40)


def anew(clock: Clock = CLOCK) -> Callable[[Tx], None]:
    return lambda tx: recounting.begin_anew(tx, clock)


def test_all_is_counted_anew_beside_changes(full: Database, other: Database) -> None:
    """Whatever is changed between the portions, and at the same time: in the end each ticket counts once, as it is."""
    fold_whole(full)
    full.write(anew())
    portions = 0
    with ThreadPoolExecutor(1) as threads:
        changing = threads.submit(change_some, other, 11, CHANGES)
        while full.read(recounting.is_recounted):
            full.write(lambda tx: recounting.recount_some(tx, CLOCK, 7))
            change_some(full, portions, 1)
            portions += 1
        changing.result()
    assert portions > 20
    fold_whole(full)
    assert full.read(kept) == full.read(counted_anew)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_what_is_committed_while_a_portion_is_counted_counts_once(full: Database, other: Database) -> None:
    """A change under way is not seen by the portion of its ticket: what it leaves is folded behind it."""
    fold_whole(full)
    full.write(anew())
    changed, counted = Event(), Event()

    def change(tx: Tx) -> None:
        tx.run("UPDATE tickets SET priority = 1 + priority % 5 WHERE id < :upto", upto=FIRST + 50)
        assert len(rows(tx, "SELECT id FROM report_changes")) > 50
        changed.set()
        assert counted.wait(PATIENCE)

    with ThreadPoolExecutor(1) as threads:
        changing = threads.submit(other.write, change)
        assert changed.wait(PATIENCE)
        while full.write(lambda tx: recounting.recount_some(tx, CLOCK, 100)):
            pass
        counted.set()
        changing.result()
    fold_whole(full)
    assert full.read(kept) == full.read(counted_anew)


def test_a_report_is_refused_until_all_is_counted(full: Database, api: ApiFor, monkeypatch: pytest.MonkeyPatch) -> None:
    """By time, and of what has rows of its own; and while too many changes are not folded."""
    fold_whole(full)
    full.write(anew())
    paths = ("/reports/tickets?by=month", "/reports/workload")
    answers = [api(ADMIN)("GET", path) for path in paths]
    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(503, reading.ANEW)}
    fold_whole(full)
    assert {api(ADMIN)("GET", path).status_code for path in paths} == {200}
    monkeypatch.setattr(reading, "MOST", 3)
    change_some(full, 5, 30)
    assert {api(ADMIN)("GET", path).status_code for path in paths} == {503}


def test_servers_of_two_zones_do_not_count_against_each_other(full: Database, api: ApiFor) -> None:
    """Each folds by the days that all is counted by; which these are changes where an operator says so, and then the
    reports of the other zone's servers are refused, with the way out.
    """
    fold_whole(full)
    before = full.read(kept)
    for clock in (ELSEWHERE, CLOCK, ELSEWHERE):
        while full.write(lambda tx, clock=clock: fold_part(tx, 100, clock)):  # type: ignore[misc]  # as it is now
            pass
        change_some(full, 6, 10)
    fold_whole(full)
    assert full.read(kept) == full.read(counted_anew) != before
    assert full.read(recounting.zone_of) == "Indian/Maldives"

    full.write(anew(ELSEWHERE))
    fold_whole(full)
    assert full.read(kept) == full.read(lambda tx: counted_anew(tx, ELSEWHERE)) != full.read(counted_anew)
    answer = api(ADMIN)("GET", "/reports/tickets")
    assert answer.status_code == 503
    assert "America/Los_Angeles" in answer.json()["error"]
    assert "keesa report recount" in answer.json()["error"]
    full.write(anew())
    fold_whole(full)
    assert api(ADMIN)("GET", "/reports/tickets").status_code == 200
