"""Measuring servers beside each other: in turns within one run, so that changes of the machine's load hit all alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TypeVar

from bench.accounts import cpu_seconds
from bench.wrk import Load, Request, run

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that answers."""

    name: str
    url: str
    requests: Sequence[Request]
    processes: Sequence[int]
    """The first processes of the server and of its database: their trees are accounted for."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One run; latencies in milliseconds, CPU in microseconds a request, of the server and its database together."""

    clients: int
    per_second: float
    p50: float
    p99: float
    cpu: float
    answer_bytes: float
    refused: int
    broken: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """Of two contenders, round by round: the middle one, and how far they spread."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f} to {self.high:.2f})"


def measure(contender: Contender, clients: int, seconds: float) -> Figure:
    before = cpu_seconds(contender.processes)
    load = run(contender.url, contender.requests, clients, seconds)
    return _figure(load, cpu_seconds(contender.processes) - before)


def alternate(
    contenders: Sequence[Contender], clients: int, seconds: float, rounds: int
) -> Mapping[str, Sequence[Figure]]:
    """Each contender in turn, `rounds` times, after a short run of each that does not count."""
    for contender in contenders:
        run(contender.url, contender.requests, clients, 1)
    found: dict[str, list[Figure]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            found[contender.name].append(measure(contender, clients, seconds))
    return found


def ratio(these: Sequence[F], to: Sequence[F], value: Callable[[F], float]) -> Ratio:
    ratios = sorted(value(this) / value(that) for this, that in zip(these, to, strict=True))
    return Ratio(median(ratios), ratios[0], ratios[-1])


def middle(figures: Sequence[Figure]) -> Figure:
    """The middle of each value by itself; errors are added up."""
    values = {name: median(getattr(figure, name) for figure in figures) for name in asdict(figures[0])}
    errors = {name: sum(getattr(figure, name) for figure in figures) for name in ("refused", "broken")}
    return Figure(**(values | errors))


def _figure(load: Load, cpu_seconds: float) -> Figure:
    return Figure(
        clients=load.clients,
        per_second=load.per_second,
        p50=load.p50,
        p99=load.p99,
        cpu=cpu_seconds / max(1, load.requests) * 1e6,
        answer_bytes=load.answer_bytes,
        refused=load.refused,
        broken=load.broken,
    )
