"""What workers count together: nothing is lost with one that dies, and nothing of what it was at stays."""

import multiprocessing
import os
import signal
from typing import Final

import pytest

from keesa.accounts.session_cache import SessionCache
from keesa.api.request_shares import RequestShares
from keesa.api.ticket_cache import TicketCache
from keesa.app import VERSIONS
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from keesa.metrics import families
from keesa.metrics.cells import CELLS, ENDS, PID, Cells, Slot
from keesa.metrics.requests import Key, RequestCounts, RequestTable
from keesa.metrics.samples import Sampler, Sources, told
from keesa.web.answer_cache import AnswerCache
from keesa.web.calls import Client
from keesa.web.conversions import Conversions
from keesa.web.fair_queue import FairQueue
from keesa.web.rates import Rates
from keesa.web.trace import Trace

TABLE: Final = RequestTable("/api/v1", VERSIONS, ["/health"])
TRACE: Final = Trace("id", Client("192.0.2.1", secure=False, prefix=""), mount="/health")
HEALTH: Final = Key("/health", "GET", "")
ASKED: Final = 200


def work(slot: Slot) -> None:
    """A worker that ends requests, and is killed."""
    slot.begin()
    observer = RequestCounts(TABLE, slot)
    for _ in range(ASKED):
        observer.ended(TRACE, "GET", 200, 0.003)
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_has_counted_stays() -> None:
    """To the last request; who takes its place counts on."""
    cells, context = Cells(2), multiprocessing.get_context("fork")
    numbers = [cells.of(worker) for worker in range(2)]
    Slot(cells, 1).begin()
    for turn in (1, 2):
        process = context.Process(target=work, args=(Slot(cells, 0),))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert cells.living() == [0, 1]
        cells.end(0)
        assert cells.living() == [1]
        assert list(TABLE.counts(numbers)) == [(HEALTH, "200", turn * ASKED)]
        [timing] = TABLE.times(numbers)
        assert timing.buckets[-1] == turn * ASKED
        assert timing.seconds == pytest.approx(turn * ASKED * 0.003)
        assert numbers[0][ENDS] == turn
    Slot(cells, 0).begin()
    assert numbers[0][PID] == os.getpid()


def test_each_number_has_a_cell_of_its_own() -> None:
    """No row reaches into another one, or into the next worker's."""
    starts = sorted([*TABLE.rows.values(), *TABLE.timings.values()])
    assert len(set(starts)) == len(starts)
    assert starts[-1] < CELLS
    cells = Cells(2)
    RequestCounts(TABLE, Slot(cells, 0)).ended(TRACE, "GET", 200, 0.003)
    assert not any(cells.of(1))
    with pytest.raises(TypeError, match="more routes than"):
        RequestTable("/api/v1", VERSIONS, map(str, range(1000)))


def test_samples_of_the_dead_are_gone_and_what_they_counted_is_not(shared_database: Database) -> None:
    """Gauges are those of the living, of the lag the worst; who takes a place counts on from what stands there."""
    cells, clock = Cells(2), Clock(DEFAULT_ZONE)
    for worker, hits, lag in ((0, 5, 0.5), (1, 7, 0.25), (0, 2, 0.125)):
        slot = Slot(cells, worker)
        slot.begin()
        own = Sources(
            shared_database,
            RequestCounts(TABLE, slot),
            SessionCache(),
            TicketCache(clock, 1),
            FairQueue(),
            Conversions(),
            Rates({}, str, RequestShares(shared_database)),
            AnswerCache(1),
        )
        sampler = Sampler(own, slot)
        own.sessions.hits, own.lag, own.requests.in_flight = hits, lag, 3
        sampler.sample()
        own.threads.close()
        own.conversions.close()
    assert sampled(cells) == {"hits": 14, "lag": 0.25, "in flight": 6}
    cells.end(1)
    assert sampled(cells) == {"hits": 14, "lag": 0.125, "in flight": 3}
    cells.end(0)
    assert sampled(cells) == {"hits": 14, "lag": 0, "in flight": 0}


def sampled(cells: Cells) -> dict[str, float]:
    found = {(sample.family, sample.labels): value for sample, value in told(cells)}
    return {
        "hits": found[families.CACHE_HITS, ("sessions",)],
        "lag": found[families.LAG, ()],
        "in flight": found[families.IN_FLIGHT, ()],
    }
