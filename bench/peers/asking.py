"""What a peer is asked for by hand: to log in, to prove that it answers rightly, and to warm it."""

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlencode

from bench.asking import ask, ask_well
from bench.peers.peer import LIST_SIZE, Running, some_of
from bench.programs import Program
from bench.wrk import Request

_ROUNDS: Final = 6
_WARMING: Final = 30
"""Seconds after which warming asks nothing more."""


def wait_for(url: str, server: Program, seconds: float = 90) -> None:
    """Until the server answers anything at all that is no failure of its own."""
    end = time.monotonic() + seconds
    while True:
        server.require_alive()
        try:
            if ask(url, Request("GET", "/")).status < 500:
                return
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > end:
            raise RuntimeError(f"{url} did not answer within {seconds} seconds")
        time.sleep(0.2)


def session_cookie(url: str, path: str, form: dict[str, str]) -> str:
    """What the log-in form at `path` answers with; raises RuntimeError where that is no cookie."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"{url}/", "Origin": url}
    answer = ask(url, Request("POST", path, headers, urlencode(form).encode()))
    if answer.status >= 400 or not answer.cookies:
        raise RuntimeError(f"no session from {url}{path}: it answered {answer.status}")
    return answer.cookies


def make_ready(running: Running, counts: Callable[[bytes], tuple[int, int]], tickets: int, workers: int) -> None:
    """Warm the peer, after it was proven that it has the tickets; raises RuntimeError where it has others.

    One that is searched is asked for single tickets alone: nothing is written to it, and who wants no lists of it need
    not wait for those that take a minute.
    """
    lists = running.search is None
    if lists:
        _prove_list(running, counts, tickets)
    _prove_ones(running, tickets)
    _warm(running, workers, lists=lists)


def _prove_list(running: Running, counts: Callable[[bytes], tuple[int, int]], tickets: int) -> None:
    """It shows the newest of exactly `tickets` tickets."""
    listed, total = counts(ask_well(running.url, running.list_request).body)
    if (listed, total) != (min(LIST_SIZE, tickets), tickets):
        raise RuntimeError(f"{running.url} lists {listed} of {total} tickets, where {tickets} were loaded")


def _prove_ones(running: Running, tickets: int) -> None:
    numbers = some_of(tickets)
    for number, request in ((numbers[0], running.one_requests[0]), (numbers[-1], running.one_requests[-1])):
        if f"Scanner {number} does not answer".encode() not in ask_well(running.url, request).body:
            raise RuntimeError(f"{running.url}{request.path} is not the ticket {number} that was loaded")


def prove_create(running: Running, counts: Callable[[bytes], tuple[int, int]]) -> None:
    """Raise RuntimeError unless there is one ticket more after one was created."""
    before = counts(ask_well(running.url, running.list_request).body)[1]
    ask_well(running.url, running.create_request)
    after = counts(ask_well(running.url, running.list_request).body)[1]
    if after != before + 1:
        raise RuntimeError(f"{running.url} had {before} tickets, created one, and has {after}")


def _warm(running: Running, workers: int, *, lists: bool) -> None:
    """Ask every worker, round by round, until a round is hardly quicker than the one before it.

    A round asks for single tickets, and for `lists`; the first then also creates four tickets a worker, since code that
    was never run is slow as well.
    """
    end, before = time.monotonic() + _WARMING, float("inf")
    ones = running.one_requests[: 4 * workers]
    reads = [request for one in ones for request in ((running.list_request, one) if lists else (one,))]
    creates = [running.create_request] * (4 * workers) if lists else []
    _ask_all(running.url, creates + reads, 2 * workers, end)
    for _ in range(_ROUNDS):
        took = _ask_all(running.url, reads, 2 * workers, end)
        if took > 0.9 * before or time.monotonic() > end:
            return
        before = took


def _ask_all(url: str, requests: Sequence[Request], at_once: int, end: float) -> float:
    """Seconds that it took; nothing new is asked after `end`."""
    start = time.monotonic()

    def ask_in_time(request: Request) -> None:
        if time.monotonic() < end:
            ask(url, request)

    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(ask_in_time, requests):
            pass
    return time.monotonic() - start
