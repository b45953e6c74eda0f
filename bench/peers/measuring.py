"""Runs of wrk against servers that may need seconds for an answer."""

import http.client
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Final, Protocol

from bench.accounts import cpu_seconds
from bench.asking import Answer, ask_well
from bench.wrk import TIMEOUT, Load, Request, run

_LONGEST: Final = 60
"""Seconds of a run, however slow the answers are."""
_SETTLING: Final = 120
SOON: Final = 3
"""Seconds in which what fails is a fault, and no want of time."""


class Unanswered(RuntimeError):
    """There was no answer in time, or the server gave up after some seconds."""


class Server(Protocol):
    """Where it answers, and its first processes: those of its trees work for it."""

    @property
    def url(self) -> str: ...

    @property
    def processes(self) -> Sequence[int]: ...


def measure(running: Server, requests: Sequence[Request], clients: int, seconds: float) -> Load:
    """A run of `seconds`, or longer (up to _LONGEST) where each client would not get about three answers in them.

    Where answers take so long that wrk might not wait for them, there is one client a processor, and it asks once.
    Waits at the end until the server is idle: what wrk no longer waits for, it works off all the same. Raises as
    `ask_patiently`.
    """
    _, alone = ask_patiently(running, requests[0])
    if clients * alone > TIMEOUT:
        return _once_each(running, requests[0], len(os.sched_getaffinity(0)))
    load = run(running.url, requests, clients, min(max(seconds, 3 * clients * alone), _LONGEST))
    settle(running.processes)
    return load


def _once_each(running: Server, request: Request, clients: int) -> Load:
    begun = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        answers = pool.map(ask_patiently, [running] * clients, [request] * clients)
        times = sorted(1000 * seconds for _, seconds in answers)
    seconds = time.monotonic() - begun
    return Load(clients, clients, seconds, median(times), times[-1], times[-1], answer_bytes=0, refused=0, broken=0)


def ask_patiently(running: Server, request: Request) -> tuple[Answer, float]:
    """A good answer, and the seconds that it took; raises Unanswered, when the server is idle again, where none came or
    the server gave up what took so long, and what `ask_well` raises where it failed at once.
    """
    begun = time.monotonic()
    try:
        answer = ask_well(running.url, request)
    except (OSError, http.client.HTTPException, RuntimeError) as failure:
        if time.monotonic() - begun < SOON:
            raise
        settle(running.processes)
        raise Unanswered(f"{running.url}{request.path} was not answered") from failure
    return answer, time.monotonic() - begun


def settle(processes: Sequence[int]) -> None:
    """Until the processes use less than a tenth of a core for half a second, two minutes at most."""
    end, before = time.monotonic() + _SETTLING, cpu_seconds(processes)
    while time.monotonic() < end:
        time.sleep(0.5)
        now = cpu_seconds(processes)
        if now - before < 0.05:
            return
        before = now
