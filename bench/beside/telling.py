"""What was found, as a table, a sentence and the status that the command ends with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.beside.measuring import NEWER, OLDER, Measured
from bench.beside.verdicts import BOUND, Verdict
from bench.engines import Engine

_BAD: Final[Mapping[Verdict, int]] = {"slower": 1, "fails": 1, "too noisy": 3}
"""The statuses."""
_HEAD: Final = (
    "engine",
    "row",
    "older µs",
    "newer µs",
    "newer to older",
    "older to itself",
    "a second, newer to older",
    "bytes",
    "tries",
    "",
)


@dataclass(frozen=True, slots=True)
class Row:
    engine: Engine
    name: str
    verdict: Verdict
    tries: int
    measured: Measured | None
    failure: str = ""
    """Where it could not be measured."""


def status(rows: Sequence[Row]) -> int:
    """1 where a row is slower or fails, 3 where one could not be told for the noise, else 0."""
    return min((_BAD[row.verdict] for row in rows if row.verdict in _BAD), default=0)


def told(rows: Sequence[Row]) -> str:
    lines = [_HEAD, ["---"] * len(_HEAD), *(_cells(row) for row in rows)]
    shown = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    failures = "".join(f"{row.engine}, {row.name}: {row.failure}\n" for row in rows if row.failure)
    bad = _named(rows, "slower", "fails")
    said = f"Slower or failing: {bad}." if bad else f"No row is slower (an interval whose low end is over {BOUND})."
    noisy = _named(rows, "too noisy")
    return f"{shown}\n{failures}{said}{f' Too noisy to tell: {noisy}.' if noisy else ''}"


def _named(rows: Sequence[Row], *verdicts: Verdict) -> str:
    return "; ".join(f"{row.name} on {row.engine}" for row in rows if row.verdict in verdicts)


def _cells(row: Row) -> Sequence[str]:
    shown = f"**{row.verdict}**" if row.verdict in _BAD else row.verdict
    if row.measured is None:
        return (row.engine, row.name, *[""] * 6, str(row.tries), shown)
    found = row.measured
    older, newer = (f"{found.answer_bytes[server]:,.0f}" for server in (OLDER, NEWER))
    micros = (f"{found.micros(OLDER):,.0f}", f"{found.micros(NEWER):,.0f}")
    size = newer if newer == older else f"{older} to {newer}"
    ratios = (str(found.newer), str(found.itself), str(found.speed or ""))
    return (row.engine, row.name, *micros, *ratios, size, str(row.tries), shown)
