"""What each worker looks up of itself once a second, so that whichever is asked can tell of all.

So a gauge is a second old at the most, nothing of it is on a request's way, and of the counters here a worker that is
killed takes the last second with it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from keesa.accounts.session_cache import SessionCache
from keesa.api.ticket_cache import TicketCache
from keesa.db import Database
from keesa.db.load import Load
from keesa.housekeeping import NAMES
from keesa.jobs.worker import OUTCOMES, Outcome
from keesa.metrics import families
from keesa.metrics.cells import MOST_SAMPLES, SAMPLES, Cells, Slot
from keesa.metrics.families import Family
from keesa.metrics.requests import RequestCounts
from keesa.web.answer_cache import AnswerCache
from keesa.web.conversions import Conversions
from keesa.web.fair_queue import FairQueue
from keesa.web.rates import KINDS, Rates

if TYPE_CHECKING:
    from keesa.server.connections import Connections

SECONDS: Final = 1.0
"""Between two looks."""


@dataclass(slots=True)
class Sources:
    """What a worker has, and how it is."""

    database: Database
    requests: RequestCounts
    sessions: SessionCache
    tickets: TicketCache
    threads: FairQueue
    conversions: Conversions
    rates: Rates
    answers: AnswerCache
    connections: "Connections | None" = None
    """None outside of Keesa's own server."""
    lag: float = 0.0
    """Seconds by which the last look was late."""
    jobs: Mapping[tuple[str, Outcome], int] = field(default_factory=dict)
    """How attempts at jobs have ended, by kind."""
    load: Load = field(init=False)

    def look(self) -> None:
        self.load = self.database.load()


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a worker, a series of a family with these labels."""

    family: Family
    labels: tuple[str, ...]
    read: Callable[[Sources], float]


def _refusals(kind: str, own: Sources) -> float:
    return own.rates.refusals[kind]


_WORKER: Final = (
    Sample(families.IN_FLIGHT, (), lambda own: own.requests.in_flight),
    Sample(families.CONNECTIONS, (), lambda own: own.connections.open if own.connections else 0),
    Sample(families.CONNECTIONS_LIMIT, (), lambda own: own.connections.limits.connections if own.connections else 0),
    Sample(families.BODIES, (), lambda own: own.connections.bodies.taken if own.connections else 0),
    Sample(families.UNFETCHED, (), lambda own: own.connections.unfetched if own.connections else 0),
    Sample(families.LAG, (), lambda own: own.lag),
    Sample(families.THREAD_CALLS, ("running",), lambda own: own.threads.running),
    Sample(families.THREAD_CALLS, ("waiting",), lambda own: own.threads.waiting),
    Sample(families.CONVERSIONS, (), lambda own: own.conversions.under_way),
)
_CACHES: Final = (
    Sample(families.LIST_BYTES, (), lambda own: own.tickets.under_way),
    Sample(families.CACHE_ENTRIES, ("sessions",), lambda own: own.sessions.entries),
    Sample(families.CACHE_ENTRIES, ("tickets",), lambda own: own.tickets.entries),
    Sample(families.CACHE_ENTRIES, ("answers",), lambda own: own.answers.entries),
    Sample(families.CACHE_BYTES, ("tickets",), lambda own: own.tickets.weight),
    Sample(families.CACHE_BYTES, ("answers",), lambda own: own.answers.weight),
    Sample(families.CACHE_HITS, ("sessions",), lambda own: own.sessions.hits),
    Sample(families.CACHE_HITS, ("tickets",), lambda own: own.tickets.hits),
    Sample(families.CACHE_HITS, ("answers",), lambda own: own.answers.hits),
    Sample(families.CACHE_MISSES, ("sessions",), lambda own: own.sessions.misses),
    Sample(families.CACHE_MISSES, ("tickets",), lambda own: own.tickets.misses),
    Sample(families.CACHE_MISSES, ("answers",), lambda own: own.answers.misses),
)
_RATES: Final = (
    Sample(families.RATE_SUBJECTS, (), lambda own: own.rates.subjects),
    *(Sample(families.RATE_REFUSALS, (kind,), partial(_refusals, kind)) for kind in KINDS),
    Sample(families.RATE_SHARES, (), lambda own: own.rates.shares),
    Sample(families.RATE_SHARES_MISSED, (), lambda own: own.rates.shares_missed),
)
_DATABASE: Final = (
    Sample(families.WAITING, (), lambda own: own.load.waiting),
    Sample(families.LONG_READS, ("running",), lambda own: own.load.long_reads),
    Sample(families.LONG_READS, ("waiting",), lambda own: own.load.long_reads_waiting),
    Sample(families.WRITES, (), lambda own: own.load.writes),
    Sample(families.COMMITS, (), lambda own: own.load.commits),
    Sample(families.DATABASE_CONNECTIONS, ("busy",), lambda own: own.load.connections_busy),
    Sample(families.DATABASE_CONNECTIONS, ("idle",), lambda own: own.load.connections_idle),
)


def _attempts(kind: str, outcome: Outcome) -> Sample:
    return Sample(families.JOB_ATTEMPTS, (kind, outcome), lambda own: own.jobs.get((kind, outcome), 0))


_JOBS: Final = tuple(_attempts(kind, outcome) for kind in NAMES for outcome in OUTCOMES)
ALL: Final[Sequence[Sample]] = (*_WORKER, *_CACHES, *_RATES, *_DATABASE, *_JOBS)
"""Their places among a worker's cells are those in this list, from `SAMPLES` on."""
if len(ALL) > MOST_SAMPLES:
    raise TypeError("make MOST_SAMPLES larger")


class Sampler:
    """Writes one worker's samples into its cells. Of one event loop."""

    def __init__(self, sources: Sources, slot: Slot) -> None:
        self.sources = sources
        self.slot = slot
        self._numbers = slot.numbers
        before = self._numbers[SAMPLES : SAMPLES + len(ALL)].tolist()
        self._before = [told if each.family.kind == "counter" else 0 for each, told in zip(ALL, before, strict=True)]
        """What those have counted who had the cells before."""
        self._due = 0.0
        self._next: asyncio.TimerHandle | None = None
        self.sample()  # nothing is left of what they were at

    def start(self) -> None:
        """From now on, each second."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + SECONDS
        self._next = loop.call_later(SECONDS, self._look_again, loop)

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def sample(self) -> None:
        self.sources.look()
        for place, (each, before) in enumerate(zip(ALL, self._before, strict=True), SAMPLES):
            self._numbers[place] = before + each.read(self.sources)

    def _look_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self.sources.lag = max(0.0, loop.time() - self._due)
        self.start()
        self.sample()


def told(cells: Cells) -> list[tuple[Sample, float]]:
    """Of all workers together: gauges of those that are there, counters of all that were; of the lag the worst."""
    living = set(cells.living())
    rows = [(worker, cells.of(worker)[SAMPLES : SAMPLES + len(ALL)].tolist()) for worker in range(cells.workers)]
    found = []
    for place, each in enumerate(ALL):
        values = [row[place] for worker, row in rows if each.family.kind == "counter" or worker in living]
        found.append((each, max(values, default=0.0) if each.family is families.LAG else sum(values)))
    return found
