"""From numbers to Prometheus' metrics, and from those to text."""

import platform
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

import keesa
from keesa.metrics import families
from keesa.metrics.cells import CUT_OFF, ENDS, PID, Cells
from keesa.metrics.facts import Facts
from keesa.metrics.families import FAMILIES, Engine, Family
from keesa.metrics.requests import BOUNDS, RequestTable
from keesa.metrics.samples import told

if TYPE_CHECKING:
    from keesa.backup.records import Record

Series = tuple[Family, Sequence[str], float]
"""A family, the values of its labels, and the number."""

_OF_PROCESSES: Final = {each.name: each for each in FAMILIES if each.labels == ("worker",)}
_OUTCOMES: Final[Mapping[str, str]] = {"200": "ok", "401": "failed", "429": "limited"}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that one answer is made of."""

    cells: Cells
    table: RequestTable
    engine: Engine
    logins: Collection[str]
    """The routes of logins."""
    facts: Facts | None

    def metrics(self) -> Iterator[Metric]:
        """Those of the engine, in the order of `FAMILIES`; none without a series."""
        found: dict[Family, Metric] = {
            each: _empty(each) for each in FAMILIES if each.engine in (None, self.engine) and each.kind != "histogram"
        }
        for family, labels, value in self._series():
            if family in found:
                found[family].add_metric(labels, value)  # type: ignore[attr-defined]  # as all that `_empty` makes
        found[families.SECONDS] = self._times()
        yield from (found[each] for each in FAMILIES if each in found and found[each].samples)

    def _series(self) -> Iterator[Series]:
        yield families.BUILD, (keesa.__version__, platform.python_version(), self.engine), 1
        yield from self._requests()
        yield from self._workers()
        yield from ((sample.family, sample.labels, value) for sample, value in told(self.cells))
        yield families.DATABASE_UP, (), self.facts is not None
        if self.facts is not None:
            yield from _of_facts(self.facts)
            yield from _of_sizes(self.facts)

    def _requests(self) -> Iterator[Series]:
        logins = dict.fromkeys(_OUTCOMES.values(), 0.0)
        for key, status, count in self.table.counts(self._all()):
            yield families.REQUESTS, (*key, status), count
            if key.route in self.logins and status in _OUTCOMES:
                logins[_OUTCOMES[status]] += count
        yield from ((families.LOGINS, (outcome,), count) for outcome, count in logins.items())

    def _workers(self) -> Iterator[Series]:
        living = self.cells.living()
        yield families.WORKERS, (), len(living)
        yield families.ENDS, (), sum(numbers[ENDS] for numbers in self._all())
        yield families.CUT_OFF, (), sum(numbers[CUT_OFF] for numbers in self._all())
        for worker in living:
            yield from _of_process(worker, int(self.cells.of(worker)[PID]))

    def _times(self) -> Metric:
        metric = HistogramMetricFamily(families.SECONDS.name, families.SECONDS.help, labels=families.SECONDS.labels)
        names = [*map(floatToGoString, BOUNDS), "+Inf"]
        for timing in self.table.times(self._all()):
            buckets = list(zip(names, timing.buckets, strict=True))
            metric.add_metric((timing.route, timing.method), buckets, timing.seconds)
        return metric

    def _all(self) -> list["memoryview[float]"]:
        return [self.cells.of(worker) for worker in range(self.cells.workers)]


def encoded(metrics: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """As Prometheus asks for it, and its media type: OpenMetrics where that is accepted, else plain text."""
    return _encoder(accept)(_Collected(metrics))


def _encoder(accept: str) -> Callable[[Collector], tuple[bytes, str]]:
    try:
        encode, media_type = choose_encoder(accept if accept.isascii() else "")
    except TypeError:  # a version that is no number
        encode, media_type = choose_encoder("")
    return lambda collected: (encode(collected), media_type)


class _Collected(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _empty(family: Family) -> Metric:
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    return kind(family.name, family.help, labels=family.labels)


def _of_process(worker: int, pid: int) -> Iterator[Series]:
    """Nothing of one that has just ended."""
    for metric in ProcessCollector(pid=lambda: pid, registry=None).collect():
        for sample in metric.samples:
            yield _OF_PROCESSES[sample.name], (str(worker),), sample.value


def _of_facts(facts: Facts) -> Iterator[Series]:
    yield families.SCHEMA, (), facts.schema
    yield families.MAINTENANCE, (), facts.maintenance
    yield families.SESSIONS, (), facts.sessions
    yield from ((families.TICKETS, (status,), count) for status, count in facts.tickets.items())
    for kind, counts in facts.jobs.items():
        yield families.JOBS, (kind, "waiting"), counts.waiting
        yield families.JOBS, (kind, "given_up"), counts.given_up
        yield families.JOBS_LATE, (kind,), counts.oldest / 1000
        yield families.JOBS_REST, (kind,), counts.rests
    made: dict[str, Record | None] = {"full": facts.back_up, "snapshot": facts.snapshot}
    for kind, record in made.items():
        if record is not None:
            yield families.BACK_UP_TIME, (kind,), record.at / 1000
            yield families.BACK_UP_BYTES, (kind,), record.size
            yield families.BACK_UP_MISSING, (kind,), record.files_missing
    if (swept := facts.swept) is not None:
        yield families.SWEEP_TIME, (), swept.at / 1000
        yield families.SWEPT, ("rows",), swept.rows
        yield families.SWEPT, ("thrown",), swept.thrown
        yield families.SWEPT, ("removed",), swept.removed
    yield families.SEARCH_FILLING, (), not facts.search_is_whole
    yield families.SEARCH_PENDING, (), facts.search_pending
    yield families.FEED_HELD_BACK, (), facts.feed_held_back


def _of_sizes(facts: Facts) -> Iterator[Series]:
    file, server = facts.file, facts.server
    if file is not None:
        yield families.DATABASE_BYTES, (), file.bytes
        yield families.FREE_BYTES, (), file.free_bytes
        yield families.LOG_BYTES, (), file.log_bytes
        yield families.LOG_LIMIT, (), file.log_bound_bytes
        yield families.DISK_BYTES, (), file.disk_bytes
        yield families.DISK_FREE, (), file.disk_free_bytes
    if server is not None:
        yield families.DATABASE_BYTES, (), server.bytes
        yield families.TRANSACTION_AGE, (), server.transaction_age
