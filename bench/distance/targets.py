"""What shall be reached with the database on another machine: ratios within one run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.contending import Ratio, ratio
from bench.distance.measuring import ALONE, CLIENTS, ROWS, Case, Figure, Figures, who
from bench.rows import Reached

NEAR: Final = 0.0
FAR: Final = 2.4


@dataclass(frozen=True, slots=True)
class _Target:
    """One row of several servers: the first case to the second."""

    row: str
    case: str
    this: Case
    that: Case
    value: Callable[[Figure], float]
    bound: float | None
    at_least: bool = True


def targets(found: Figures) -> Iterator[Reached]:
    """Those whose figures are there."""
    for target in _every():
        if target.this in found and target.that in found:
            reached = ratio(found[target.this], found[target.that], target.value)
            yield Reached(target.row, target.case, reached, target.bound, target.at_least)
    for distance, bound in ((NEAR, 10.0), (FAR, None)):
        if tails := _tails(found.get(Case("create", 2, distance), ())):
            row = f"durable creates, {CLIENTS} clients: p99 to p50"
            yield Reached(row, f"2 workers, {distance:g} ms", tails, bound)


def _every() -> Iterator[_Target]:
    bounds = {"create": 0.5, "one": 0.6, "list": 0.6}
    for word, endpoint in ROWS.items():
        for workers in (1, 2):
            this, that = (Case(word, workers, distance) for distance in (FAR, NEAR))
            row, case = f"requests a second, {FAR:g} ms to {NEAR:g} ms", f"{endpoint}, {who(workers)}"
            yield _Target(row, case, this, that, _per_second, bounds.get(word) if workers == 1 else None)
    for distance in (NEAR, FAR):
        bound = (1.6, 1.1) if distance == FAR else (None, None)
        two, one = (Case("create", workers, distance) for workers in (2, 1))
        case = f"create, {distance:g} ms"
        yield _Target("requests a second, 2 workers to 1", case, two, one, _per_second, bound[0])
        row = "CPU a request, 2 workers to 1 (counts where the cores are full)"
        yield _Target(row, case, two, one, _cpu, bound[1], at_least=False)
    for distance in (NEAR, FAR):
        for workers in (1, 2):
            case, least = f"create, {distance:g} ms, {who(workers)}", 0.25 if distance == FAR else None
            this, that = (Case("create", asked, distance) for asked in (workers, ALONE))
            yield _Target("requests a second, to the engine alone", case, this, that, _per_second, least)


def _per_second(figure: Figure) -> float:
    return figure.per_second


def _cpu(figure: Figure) -> float:
    return figure.cpu


def _tails(found: Sequence[Figure]) -> Ratio | None:
    tails = sorted(figure.p99 / figure.p50 for figure in found if figure.p99 and figure.p50)
    return Ratio(tails[len(tails) // 2], tails[0], tails[-1]) if tails else None
