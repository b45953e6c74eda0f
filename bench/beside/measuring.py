"""One row: an endpoint of three servers, the older commit's twice, asked in turns whose order is drawn."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from http.client import HTTPException
from itertools import permutations
from random import Random
from statistics import median
from typing import Final

from bench.accounts import cpu_seconds
from bench.asking import ask_well
from bench.beside.verdicts import Interval, interval
from bench.beside.writing import PER_SECOND, writing
from bench.desks import Desk
from bench.endpoints import reads, writes
from bench.wrk import Request, run_exactly

OLDER: Final = "older"
ITSELF: Final = "itself"
"""A second server of the older commit."""
NEWER: Final = "newer"
SERVERS: Final = (OLDER, ITSELF, NEWER)
CLIENTS: Final = 8
MANY: Final = 32
CREATES_OF_MANY: Final = f"create, {MANY} clients"
"""Asked for by so many, since what they wait for is each other."""
BESIDE_WRITES: Final = f"list, admin, {PER_SECOND} writes a second"
PACKED_BESIDE_WRITES: Final = f"list, admin, gzip, {PER_SECOND} writes a second"
"""An older commit may answer it as it is: then it is that which is compared."""
KNOWN: Final = "list, admin, known"
"""By a client that has it (304); an older commit whose lists name no state answers it in full."""
_FIRST: Final = 8
"""Requests of each client to learn from how many fill a turn."""


class Unfit(Exception):
    """A server answers what it should not; the text says which, and what."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One figure of each server."""

    older: float
    itself: float
    newer: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What the turns showed; `requests` of each server in each of them."""

    turns: Sequence[Turn]
    """CPU microseconds a request."""
    requests: int
    answer_bytes: Mapping[str, float]
    speeds: Sequence[Turn] = ()
    """Requests a second: shown, and never judged by, since they are of whatever else the machine does too."""

    @property
    def newer(self) -> Interval:
        """To the older one."""
        return interval([turn.newer / turn.older for turn in self.turns])

    @property
    def itself(self) -> Interval:
        return interval([turn.itself / turn.older for turn in self.turns])

    @property
    def speed(self) -> Interval | None:
        """Requests a second of the newer one to the older one's."""
        return interval([turn.newer / turn.older for turn in self.speeds]) if self.speeds else None

    def micros(self, server: str) -> float:
        found: float = median(getattr(turn, server) for turn in self.turns)
        return found


def order_of_turns(turns: int, seed: int) -> list[tuple[str, ...]]:
    """Every server once a turn; in six turns each order once, in an order of their own."""
    random, found = Random(seed), list[tuple[str, ...]]()  # noqa: S311 - an order, no secret
    while len(found) < turns:
        every = list(permutations(SERVERS))
        random.shuffle(every)
        found += every
    return found[:turns]


def measure(row: str, desks: Mapping[str, Desk], seconds: float, turns: int, seed: int) -> Measured:
    """Each turn asks each server for the same requests, and as many: what one has written, all have.

    `seconds` is about how long the older one takes for those of a turn. Raises `Unfit`.
    """
    asked = {name: requests_of(desk)[row] for name, desk in desks.items()}
    for name, requests in asked.items():
        for request in requests:  # once each, which warms as well
            _must_answer(name, desks[name].url, request)
    if row == KNOWN:
        asked = {name: [_as_known(desks[name].url, each) for each in requests] for name, requests in asked.items()}
    clients = MANY if row == CREATES_OF_MANY else CLIENTS
    contest = _Contest(desks, asked, clients, written=row in (BESIDE_WRITES, PACKED_BESIDE_WRITES))
    count = _FIRST * clients
    for _ in range(2):
        count = max(2 * clients, round(contest.ask(SERVERS, count)[OLDER].per_second * seconds))
    found = [contest.ask(order, count) for order in order_of_turns(turns, seed)]
    return Measured(
        [Turn(**{name: spent.micros for name, spent in turn.items()}) for turn in found],
        count,
        {name: spent.answer_bytes for name, spent in found[-1].items()},
        [Turn(**{name: spent.per_second for name, spent in turn.items()}) for turn in found],
    )


def requests_of(desk: Desk) -> Mapping[str, Sequence[Request]]:
    """By row. What writes comes last: lists are to be as they were loaded."""
    written = writes(desk)
    asked = reads(desk)
    listed = asked["list, admin"]
    packed = [replace(each, headers={**each.headers, "Accept-Encoding": "gzip"}) for each in listed]
    asked_again = {BESIDE_WRITES: listed, PACKED_BESIDE_WRITES: packed}
    more = {"list, admin, gzip": packed, KNOWN: listed}
    return {**asked, **more, **asked_again, **written, CREATES_OF_MANY: written["create"]}


@dataclass(frozen=True, slots=True)
class _Spent:
    """For a number of requests; CPU microseconds each."""

    micros: float
    per_second: float
    answer_bytes: float


class _Contest:
    """Where the three are in the list of requests: all at the same place, and on from there at the next turn."""

    def __init__(
        self, desks: Mapping[str, Desk], asked: Mapping[str, Sequence[Request]], clients: int, *, written: bool
    ) -> None:
        self._desks = desks
        self._beside = writing if written else nullcontext
        self._asked = asked
        self._clients = clients
        self._position = 0

    def ask(self, order: Sequence[str], count: int) -> Mapping[str, _Spent]:
        found = {name: self._ask(name, count) for name in order}
        self._position += count
        return found

    def _ask(self, name: str, count: int) -> _Spent:
        desk, requests = self._desks[name], self._asked[name]
        start = self._position % len(requests)
        before = cpu_seconds(desk.processes)
        try:
            with self._beside(desk):
                load = run_exactly(desk.url, [*requests[start:], *requests[:start]], self._clients, count)
        except RuntimeError as failure:
            raise Unfit(f"the {name} server: {failure}") from failure
        micros = (cpu_seconds(desk.processes) - before) / count * 1e6
        if load.refused:
            raise Unfit(f"the {name} server refused {load.refused} of {count} requests")
        return _Spent(micros, load.per_second, load.answer_bytes)


def _as_known(url: str, request: Request) -> Request:
    """As who has the answer asks for it."""
    etag = ask_well(url, request).etag
    return request if etag is None else replace(request, headers={**request.headers, "If-None-Match": etag})


def _must_answer(name: str, url: str, request: Request) -> None:
    """With any status of success: which one, the documents have changed before."""
    try:
        ask_well(url, request)
    except (RuntimeError, OSError, HTTPException) as failure:
        raise Unfit(f"the {name} server: {failure}") from failure
