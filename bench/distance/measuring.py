"""Asking the servers in turns, each at every distance, and accounting for what it took."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from bench.accounts import busy_seconds, cpu_seconds
from bench.desks import Desk
from bench.endpoints import MIX, mix, reads, writes
from bench.limits import pgbench
from bench.wrk import Request, run
from database_proxy import DatabaseProxy

CLIENTS: Final = 32
DISTANCES: Final = (0.0, 1.0, 2.4)
"""Milliseconds of a round trip: the same machine, the same site, the next one."""
WORKERS: Final = (1, 2)
ALONE: Final = 0
"""In place of a number of workers: the engine without Keesa."""
ROWS: Final[Mapping[str, str]] = {
    "one": "one ticket",
    "list": "list, engineer",
    "mix": MIX,
    "status": "status change",
    "note": "add note",
    "create": "create",
}
"""The endpoints by the words that --rows takes; what writes comes last."""


class Case(NamedTuple):
    """What was asked of whom, and how far away its database was."""

    row: str
    workers: int
    distance: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One run. Latencies in milliseconds, CPU in microseconds a request."""

    per_second: float
    p50: float | None
    p99: float | None
    """None of the engine alone: pgbench tells none."""
    application: float
    database: float
    cores: float
    """Of the machine's, how many were busy: with the client and the proxy, which are on it too."""
    turns: float
    """Round trips a request, those among them that nobody waited for."""
    refused: int = 0
    broken: int = 0

    @property
    def cpu(self) -> float:
        return self.application + self.database


def who(workers: int) -> str:
    return f"{workers} worker{'s' * (workers > 1)}" if workers else "the engine alone"


Figures = Mapping[Case, Sequence[Figure]]
"""Of each round, in their order."""


@dataclass(frozen=True, slots=True)
class Alone:
    """The engine without Keesa: a database of its own behind the same proxy, and pgbench's script."""

    url: str
    script: str


@dataclass(frozen=True, slots=True)
class Desks:
    """The servers by their number of workers, and what is between them and their database."""

    by_workers: Mapping[int, Desk]
    proxy: DatabaseProxy
    postmaster: int
    alone: Alone | None


def measured(desks: Desks, words: Sequence[str], distances: Sequence[float], seconds: float, rounds: int) -> Figures:
    """Every row of every server at every distance, `rounds` times; a create of the engine alone beside it."""
    found: dict[Case, list[Figure]] = {}
    for word in (word for word in ROWS if word in words):
        asked = {workers: requests_of(desk)[word] for workers, desk in desks.by_workers.items()}
        for workers, desk in desks.by_workers.items():
            run(desk.url, asked[workers], CLIENTS, 1)
        for _ in range(rounds):
            for case, figure in _round(desks, word, asked, distances, seconds):
                found.setdefault(case, []).append(figure)
    return found


def requests_of(desk: Desk) -> Mapping[str, Sequence[Request]]:
    """By the words of ROWS."""
    every = {**reads(desk), MIX: mix(desk), **writes(desk)}
    return {word: every[endpoint] for word, endpoint in ROWS.items()}


def _round(
    desks: Desks, word: str, asked: Mapping[int, Sequence[Request]], distances: Sequence[float], seconds: float
) -> Iterator[tuple[Case, Figure]]:
    for distance in distances:
        desks.proxy.delay(distance)
        for workers, desk in desks.by_workers.items():
            figure = _measure_desk(desks, desk, asked[workers], seconds)
            yield _told(Case(word, workers, distance), figure)
        if word == "create" and desks.alone:
            yield _told(Case(word, ALONE, distance), _measure_alone(desks, desks.alone, seconds))


def _told(case: Case, figure: Figure) -> tuple[Case, Figure]:
    found = f"{figure.per_second:,.0f}/s"
    print(f"{case.row}, {case.distance:g} ms, {who(case.workers)}: {found}", file=sys.stderr, flush=True)
    return case, figure


def _measure_desk(desks: Desks, desk: Desk, requests: Sequence[Request], seconds: float) -> Figure:
    accounts = _Accounts(desks.proxy, lambda: cpu_seconds([desk.pid]), lambda: cpu_seconds([desks.postmaster]))
    load = run(desk.url, requests, CLIENTS, seconds)
    application, database, cores, turns = accounts.close(load.requests)
    return Figure(
        per_second=load.per_second,
        p50=load.p50,
        p99=load.p99,
        application=application,
        database=database,
        cores=cores,
        turns=turns,
        refused=load.refused,
        broken=load.broken,
    )


def _measure_alone(desks: Desks, alone: Alone, seconds: float) -> Figure:
    accounts = _Accounts(desks.proxy, lambda: 0.0, lambda: cpu_seconds([desks.postmaster]))
    done, per_second = pgbench.run(alone.url, alone.script, CLIENTS, seconds)
    application, database, cores, turns = accounts.close(done)
    return Figure(per_second, None, None, application, database, cores, turns)


class _Accounts:
    """What a run takes, from here to its close."""

    def __init__(self, proxy: DatabaseProxy, application: Callable[[], float], database: Callable[[], float]) -> None:
        self._proxy = proxy
        self._clocks = (application, database, busy_seconds)
        proxy.reset()
        self._begun = time.perf_counter()
        self._before = [clock() for clock in self._clocks]

    def close(self, requests: int) -> tuple[float, float, float, float]:
        """Microseconds a request of application and database, processors that were busy, round trips a request."""
        application, database, busy = (
            clock() - before for clock, before in zip(self._clocks, self._before, strict=True)
        )
        each, passed = max(1, requests), time.perf_counter() - self._begun
        return application / each * 1e6, database / each * 1e6, busy / passed, self._proxy.counts().turns / each
