"""What the fleet's trial says of a fault, and when it fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.fleet.trial.agreement import Agreement
from deploy.fleet.trial.faults import FAULTS
from deploy.fleet.trial.rehearsal import Outcome
from deploy.fleet.trial.report import HEAD, table
from deploy.trial.checks import Verdict
from deploy.trial.figures import END, begin
from deploy.trial.told import Told

GOOD = Outcome(FAULTS["primary"], Told(acknowledged=[1.0, 2.0], reads=3), 19.5, Verdict(), Agreement(2), 0, True)  # noqa: FBT003 - its last field
PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"


def test_what_is_well_has_no_faults() -> None:
    assert GOOD.faults == []


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, verdict=Verdict(lost=["x"])),
        replace(GOOD, verdict=Verdict(doubled=["x"])),
        replace(GOOD, verdict=Verdict(numbers=["x"])),
        replace(GOOD, told=Told(went_back=["x"])),
        replace(GOOD, agreement=Agreement(2, ["x"])),
        replace(GOOD, late_logouts=1),
        replace(GOOD, gap=30.0),
        replace(GOOD, workers_stayed=False),
    ],
)
def test_each_thing_that_must_not_be_is_a_fault(bad: Outcome) -> None:
    """Each of the zeros, a gap that is too long, and a worker that a fail-over ended."""
    assert len(bad.faults) == 1


def test_workers_may_end_where_the_fault_is_their_end() -> None:
    assert replace(GOOD, fault=FAULTS["node"], gap=1.0, workers_stayed=False).faults == []


def test_a_row_has_a_cell_for_each_heading() -> None:
    """Figures, the bound beside its gap, errors by kind."""
    outcome = replace(GOOD)
    outcome.told.errors.update({"write 503": 1200})
    head, _, row, *rest = table([outcome]).splitlines()
    assert not rest
    assert head.count(" | ") == row.count(" | ") == len(HEAD) - 1
    assert "19.5 (under 30)" in row
    assert "1,200 write 503" in row


def test_the_guide_has_the_marks_and_a_row_for_every_fault() -> None:
    figures = PAGE.read_text("utf-8").partition(begin("fleet"))[2].partition(END)[0]
    assert [fault.what for fault in FAULTS.values() if f"| {fault.what} |" not in figures] == []
