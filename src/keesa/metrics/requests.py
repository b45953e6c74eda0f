"""Requests counted: how many of each kind, how each ended, and how long they took.

Every series that there may be is laid out before the first request: nothing that a client sends makes one more.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import accumulate
from typing import Final, NamedTuple, cast

from keesa.metrics.cells import CELLS, CUT_OFF, REQUESTS, Numbers, Slot
from keesa.web.routes import ApiVersion
from keesa.web.trace import Trace

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: the upper ends of the histogram's buckets; what took longer is in one more."""
NONE: Final = "none"
"""The route where no application answers, and the status where the client was gone before an answer began."""
OTHER: Final = "other"
"""Methods and statuses that nobody has heard of."""
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER)
"""Those that are told apart where no route is found."""
STATUSES: Final = (NONE, *(str(status.value) for status in HTTPStatus), OTHER)
_PLACES: Final[Mapping[int, int]] = {0: 0} | {int(status): place + 1 for place, status in enumerate(HTTPStatus)}
_OTHER_PLACE: Final = len(STATUSES) - 1


class Key(NamedTuple):
    """What is counted together."""

    route: str
    """The template of its path, such as `/api/v1/tickets/{ticket}`; else the path at which the application stands."""
    method: str
    version: str
    """"" where no route of the API was found."""


class Timing(NamedTuple):
    """The histogram of a route and a method: how many requests took as long as each bound at the most, and the sum."""

    route: str
    method: str
    buckets: Sequence[float]
    seconds: float


class RequestTable:
    """Where each number stands among a worker's cells: the same in each of them, which all serve the same routes."""

    def __init__(self, prefix: str, versions: Sequence[ApiVersion], mounts: Iterable[str]) -> None:
        keys = dict.fromkeys([*_of_routes(prefix, versions), *_of_mounts([NONE, *mounts])])
        timings = dict.fromkeys((key.route, key.method) for key in keys)
        self.rows = {key: REQUESTS + number * len(STATUSES) for number, key in enumerate(keys)}
        """The first cell of each: a count for each of `STATUSES`."""
        after, width = REQUESTS + len(keys) * len(STATUSES), len(BOUNDS) + 2
        self.timings = {timing: after + number * width for number, timing in enumerate(timings)}
        """Likewise: the sum, and a count for each of `BOUNDS` and beyond."""
        if after + len(timings) * width > CELLS:
            raise TypeError("There are more routes than a worker's cells have place for: make CELLS larger")

    def counts(self, numbers: Sequence[Numbers]) -> Iterator[tuple[Key, str, float]]:
        """Each kind of request with a status and how many there were, if any, over all workers."""
        for key, first in self.rows.items():
            sums = _summed(numbers, first, len(STATUSES))
            yield from ((key, status, count) for status, count in zip(STATUSES, sums, strict=True) if count)

    def times(self, numbers: Sequence[Numbers]) -> Iterator[Timing]:
        """Of the routes that were asked, likewise."""
        for (route, method), first in self.timings.items():
            seconds, *buckets = _summed(numbers, first, len(BOUNDS) + 2)
            if any(buckets):
                yield Timing(route, method, list(accumulate(buckets)), seconds)


class RequestCounts:
    """The observer of one worker's requests (`web/observer.py`)."""

    def __init__(self, table: RequestTable, slot: Slot) -> None:
        self._numbers = slot.numbers
        self._rows = {key: (row, table.timings[key.route, key.method]) for key, row in table.rows.items()}
        self._known: dict[tuple[int, str, str, int], tuple[int, int]] = {}
        """By the identity of a route, method, version and status, of what there was before: the cells to count in."""
        self.in_flight = 0

    def ended(self, trace: Trace, method: str, status: int, seconds: float) -> None:
        route = trace.route
        known = None if route is None else self._known.get((id(route), method, trace.version, status))
        count, timing = known or self._find(trace, method, status)
        numbers = self._numbers
        numbers[count] += 1
        numbers[timing] += seconds
        numbers[timing + 1 + (bisect_left(BOUNDS, seconds) if seconds > 0.001 else 0)] += 1  # most are that fast

    def cut_off(self) -> None:
        self._numbers[CUT_OFF] += 1

    def _find(self, trace: Trace, method: str, status: int) -> tuple[int, int]:
        mount, route, place = trace.mount or NONE, trace.route, _PLACES.get(status, _OTHER_PLACE)
        if route is not None and (found := self._rows.get(Key(trace.mount + route.path, method, trace.version))):
            known = self._known[id(route), method, trace.version, status] = (found[0] + place, found[1])
            return known
        names = (Key(mount, method, ""), Key(mount, OTHER, ""), Key(NONE, OTHER, ""))
        row, timing = next(self._rows[key] for key in names if key in self._rows)
        return row + place, timing


def _of_routes(prefix: str, versions: Sequence[ApiVersion]) -> Iterator[Key]:
    """Each route beside each version, as one version may answer for what another one lacks."""
    for route in (route for version in versions for route in version.routes):
        for method in (route.method, *(["HEAD"] if route.method == "GET" else [])):
            yield from (Key(prefix + route.path, method, version.name) for version in versions)


def _of_mounts(paths: Iterable[str]) -> Iterator[Key]:
    for path in paths:
        yield from (Key(path or "/", method, "") for method in METHODS)


def _summed(numbers: Sequence[Numbers], first: int, length: int) -> list[float]:
    """Over all workers."""
    parts = [cast("list[float]", each[first : first + length].tolist()) for each in numbers]
    return parts[0] if len(parts) == 1 else [sum(column) for column in zip(*parts, strict=True)]
