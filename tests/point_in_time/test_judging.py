"""What the trial of point-in-time recovery finds by: each check shown a fault that was put before it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from deploy.point_in_time.archive import Archive
from deploy.point_in_time.judging import Judgement, hold
from deploy.point_in_time.rehearsal import ALLOWED, ROUNDS, Outcome
from deploy.trial.checks import Kept
from deploy.trial.told import Told, ToldTicket, Write

MOMENT = 10.0
WRITES = (
    Write("a", 1, 2),
    Write("a, assigned", 3, 4),
    Write("a, note 0", 5, 6),
    Write("a, status 0", 9, 11),  # under way at the moment
    Write("a, note 1", 12, 13),
    Write("a, status 1", 14),  # of which nobody knows
)
TOLD = Told(
    [ToldTicket(2024001, "a", ["a, note 0", "a, note 1"], ["open", "in_progress"], unknown_status="on_hold")],
    writes=list(WRITES),
)
SOUND = Kept("a", ["a, note 0"], ["open"])


def held(*tickets: Kept, told: Told = TOLD, assigned: Sequence[str] = ("a",)) -> Judgement:
    return hold([told], MOMENT, {2024001 + number: ticket for number, ticket in enumerate(tickets)}, assigned)


@pytest.mark.parametrize("statuses", [["open"], ["open", "in_progress"]])
def test_what_was_acknowledged_by_the_moment_and_no_more_is_good(statuses: list[str]) -> None:
    """With what was under way then, or without it."""
    found = held(replace(SOUND, statuses=statuses))
    assert (found.lost, found.late, found.wrong) == ([], [], [])
    assert (found.before, found.under_way, found.after) == (3, 1, 2)
    assert found.under_way_there == len(statuses) - 1
    assert found.newest == (11 if found.under_way_there else 6)


def test_each_lost_change_is_found() -> None:
    """A note, an assignment, a whole ticket: whatever was acknowledged by the moment."""
    assert held(replace(SOUND, notes=[])).lost == ["a, note 0"]
    assert held(SOUND, assigned=()).lost == ["a, assigned"]
    assert held(assigned=()).lost == ["a", "a, assigned", "a, note 0"]


def test_each_late_change_is_found() -> None:
    """Acknowledged or not: it was sent when the moment was over."""
    late = Kept("a", ["a, note 0", "a, note 1"], ["open", "in_progress", "on_hold"])
    assert held(late).late == ["a, note 1", "a, status 1"]
    assert held(late).wrong == []


def test_a_change_without_the_one_before_it_is_wrong() -> None:
    """Of one client, which sent it when it knew of the other."""
    found = held(replace(SOUND, notes=["a, note 0", "a, note 1"]))
    assert found.wrong == ["'a, note 1' is there, and 'a, status 0', acknowledged before it was sent, is not"]


def test_what_stands_twice_is_wrong() -> None:
    """A note, or a ticket; and a number of which another ticket was told."""
    assert held(replace(SOUND, notes=["a, note 0"] * 2)).wrong == ["note 'a, note 0' stands 2 times"]
    assert "title 'a' stands 2 times" in held(SOUND, replace(SOUND, notes=[])).wrong
    swapped = Told([ToldTicket(2024001, "b"), ToldTicket(2024002, "a")], writes=[Write("a", 1, 2), Write("b", 1, 2)])
    assert len(held(SOUND, replace(SOUND, title="b", notes=[]), told=swapped).wrong) == 2


GOOD = Outcome(ROUNDS["time"], Judgement(before=5, after=3), 0.1, 1.0, 1.0, [], [])


def test_what_is_well_has_no_faults() -> None:
    assert GOOD.faults == []


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, judgement=replace(GOOD.judgement, lost=["x"])),
        replace(GOOD, judgement=replace(GOOD.judgement, late=["x"])),
        replace(GOOD, judgement=replace(GOOD.judgement, wrong=["x"])),
        replace(GOOD, judgement=replace(GOOD.judgement, before=0)),
        replace(GOOD, judgement=replace(GOOD.judgement, after=0)),
        replace(GOOD, halves=["x"]),
        replace(GOOD, differences=["x"]),
        replace(GOOD, round=ROUNDS["end"], gone=ALLOWED + 1),
    ],
)
def test_each_thing_that_must_not_be_is_a_fault(bad: Outcome) -> None:
    """A trial in which nothing was there to be lost, or to be left out, among them."""
    assert len(bad.faults) == 1


def test_the_end_of_the_archive_may_hold_later_changes() -> None:
    assert replace(GOOD, round=ROUNDS["end"], judgement=replace(GOOD.judgement, late=["x"])).faults == []


class Telling:
    """A connection on which PostgreSQL tells these segments, one after the other."""

    def __init__(self, *rows: tuple[str, str | None]) -> None:
        self._rows = list(rows)

    def execute(self, _query: str) -> "Telling":
        return self

    def fetchall(self) -> list[tuple[str, str | None]]:
        return [self._rows.pop(0)]


def test_the_archive_has_come_to_the_last_look_at_a_segment_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was acknowledged before a look stands in the segment that was being written then, or in one before it."""
    times = iter([1.0, 2.0, 3.0, 4.0])
    monkeypatch.setattr("deploy.point_in_time.archive.time.time", lambda: next(times))
    one, two, three, four = (f"00000002{number:016X}" for number in range(4))
    archive = Archive(Telling((two, None), (two, one), (three, two), (four, three)))  # type: ignore[arg-type]
    come = []
    for _ in range(4):
        archive.look()
        come.append(archive.reaches)
    assert come == [0.0, 0.0, 2.0, 3.0]
    assert archive.timeline == 2
