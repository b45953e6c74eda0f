"""What the restores gave back and took, for people and for docs/point-in-time.md."""

from collections.abc import Mapping, Sequence
from typing import Final

from deploy.point_in_time.rehearsal import Outcome
from deploy.trial import figures

HEAD: Final = (
    "restored",
    "acknowledged before",
    "lost",
    "under way, and there",
    "sent after",
    "there",
    "numbers, texts or order wrong",
    "halves",
    "answered otherwise",
    "the newest that is there is older by, s",
    "restore, s",
    "recovery, s",
)


def told(outcomes: Sequence[Outcome], took: Mapping[str, float], size: int, findings: Mapping[str, bool]) -> str:
    """`took` is the seconds of the newest back-ups, by their kind; `size` the database's, in bytes."""
    times = f"A full back-up took {took['full']:.1f} s, a differential one {took['diff']:.1f} s"
    broken = "".join(f"- {sentence}: {'yes' if true else '**no**'}\n" for sentence, true in findings.items())
    return f"{times}, of a database of {size / 1e6:.0f} MB.\n\n{table(outcomes)}\n{broken}"


def table(outcomes: Sequence[Outcome]) -> str:
    return figures.table(HEAD, map(_row, outcomes))


def _row(outcome: Outcome) -> tuple[str, ...]:
    found = outcome.judgement
    return (
        outcome.round.what,
        f"{found.before:,}",
        f"{len(found.lost):,}",
        f"{found.under_way_there:,} of {found.under_way:,}",
        f"{found.after:,}",
        f"{found.after_there:,}",
        *(f"{len(faults):,}" for faults in (found.wrong, outcome.halves, outcome.differences)),
        f"{outcome.gone:.2f}",
        f"{outcome.restore:.1f}",
        f"{outcome.recovery:.1f}",
    )
