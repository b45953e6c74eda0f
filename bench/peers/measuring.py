"""Runs of wrk against servers that may need seconds for an answer."""

import time
from collections.abc import Sequence
from typing import Final, Protocol

from bench.accounts import cpu_seconds
from bench.asking import ask_well
from bench.wrk import Load, Request, run

_LONGEST: Final = 60
"""Seconds of a run, however slow the answers are."""
_SETTLING: Final = 120


class Server(Protocol):
    """Where it answers, and its first processes: those of its trees work for it."""

    @property
    def url(self) -> str: ...

    @property
    def processes(self) -> Sequence[int]: ...


def measure(running: Server, requests: Sequence[Request], clients: int, seconds: float) -> Load:
    """A run of `seconds`, or longer (up to _LONGEST) where each client would not get about three answers in them.

    Waits at the end until the server is idle: what wrk no longer waits for, it works off all the same.
    """
    start = time.monotonic()
    ask_well(running.url, requests[0])
    alone = time.monotonic() - start
    load = run(running.url, requests, clients, min(max(seconds, 3 * clients * alone), _LONGEST))
    settle(running.processes)
    return load


def settle(processes: Sequence[int]) -> None:
    """Until the processes use less than a tenth of a core for half a second, two minutes at most."""
    end, before = time.monotonic() + _SETTLING, cpu_seconds(processes)
    while time.monotonic() < end:
        time.sleep(0.5)
        now = cpu_seconds(processes)
        if now - before < 0.05:
            return
        before = now
