"""The table of what the faults cost, for people and for docs/fleet.md."""

from collections.abc import Sequence
from typing import Final

from deploy.fleet.trial.rehearsal import Outcome
from deploy.trial import figures

HEAD: Final = (
    "while 32 clients work",
    "acknowledged writes",
    "lost",
    "doubled",
    "numbers doubled",
    "reads",
    "back in time",
    "nodes differ",
    "late logouts",
    "longest gap in writes, s",
    "errors",
)


def table(outcomes: Sequence[Outcome]) -> str:
    return figures.table(HEAD, map(_row, outcomes))


def _row(outcome: Outcome) -> tuple[str, ...]:
    bound = outcome.fault.longest_gap
    told, verdict = outcome.told, outcome.verdict
    counted = (len(told.acknowledged), len(verdict.lost), len(verdict.doubled), len(verdict.numbers), told.reads)
    found = (len(told.went_back), len(outcome.agreement.differences), outcome.late_logouts)
    allowed = "" if bound is None else f" (under {bound:.0f})"
    errors = ", ".join(f"{count:,} {kind}" for kind, count in sorted(told.errors.items())) or "none"
    return (
        outcome.fault.what,
        *(f"{number:,}" for number in (*counted, *found)),
        f"{outcome.gap:.1f}{allowed}",
        errors,
    )
