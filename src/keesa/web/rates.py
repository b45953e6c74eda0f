"""How many requests a minute each caller may make (docs/decisions/0056-rates.md): what is told in `RateLimit` and
`RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), and 429.

A process counts by itself, and takes shares of what all processes have together. So most requests ask nobody.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import structlog

from keesa.web.http_errors import HttpError
from keesa.web.rate_windows import SHARES, WINDOW, Subject, Taken, Window, Windows
from keesa.web.trace import Trace

TOO_MANY: Final = "Too many requests, please try again later"
RATE_HEADERS: Final = ("RateLimit-Policy", "RateLimit")
KINDS: Final = ("user", "session", "token", "address")
"""Of subjects, each with a limit of its own."""
PATIENCE: Final = 1.0
"""Seconds that requests wait for a share, before the process goes on by itself."""

_log = structlog.get_logger("keesa.rates")


class Shared(Protocol):
    """What all processes know together."""

    async def take(self, subject: str, asked: int, since: int, at: int) -> Taken:
        """Add what is asked to what was taken in the window; where that is over, another begins, `since` then."""


class _Limit:
    """Of subjects of one kind."""

    __slots__ = ("more", "most", "policy", "share", "told")

    def __init__(self, kind: str, most: int) -> None:
        self.most = most
        self.share = most // SHARES
        self.more = max(1, self.share)
        """What is asked for at a time."""
        self.policy = (b"ratelimit-policy", f'"{kind}";q={most};w={WINDOW // 1000}'.encode("ascii"))
        self.told = f'"{kind}";r=%d;t=%d'.encode("ascii")
        """What is left, and for how many seconds."""


class Rates:
    """Of one process; `limits` are requests a minute by kind of subject, 0 for none. `network_of` gives what counts as
    one address.
    """

    def __init__(self, limits: Mapping[str, int], network_of: Callable[[str], str], shared: Shared) -> None:
        self._limits = {kind: _Limit(kind, most) for kind, most in limits.items() if most}
        self._network_of = network_of
        self._shared = shared
        self.windows = Windows()
        self.refusals = dict.fromkeys(KINDS, 0)
        """By kind of subject."""
        self.shares = 0
        """That were asked for."""
        self.shares_missed = 0
        """Of them, those that did not come in time, or at all."""
        self._is_failing = False

    @property
    def subjects(self) -> int:
        """That are counted at this moment."""
        return len(self.windows)

    async def admit(self, subject: Subject | None, trace: Trace, at: int) -> None:
        """Count a request, of its address where there is no other subject, and note what its answer tells of that.
        Raises `HttpError` (429), which asks no database once it is known that nothing is left.
        """
        if subject is None:
            subject = Subject("address", self._network_of(trace.client.address))
        limit = self._limits.get(subject.kind)
        if limit is None:
            return
        window = self.windows.of(subject, limit.most, at)
        window.asked += 1
        if window.allowed - window.admitted <= limit.share and not window.is_spent:
            await self._take_share(subject, limit, window, at)
        is_let_in = window.allowed > window.admitted
        if is_let_in:
            window.admitted += 1
        seconds = window.seconds_left(at)
        trace.rate_headers = (limit.policy, (b"ratelimit", limit.told % (window.remaining(limit.most), seconds)))
        if not is_let_in:
            self.refusals[subject.kind] += 1
            raise HttpError(429, TOO_MANY, {"Retry-After": str(seconds)})

    async def _take_share(self, subject: Subject, limit: _Limit, window: Window, at: int) -> None:
        """Have a share asked for, and wait for it where nothing is left: all requests of the subject for the same."""
        loop = asyncio.get_running_loop()
        while True:
            asking = window.asking
            if asking is None or asking.done():
                window.waits_from = loop.time()
                asking = window.asking = loop.create_task(self._ask(subject, limit, window, at))
            if window.left > 0:
                return
            await asyncio.wait([asking], timeout=max(0.0, window.waits_from + PATIENCE - loop.time()))
            if window.left <= 0 and not asking.done():
                self.shares_missed += 1
                window.go_on(limit.more, limit.most)
            if window.left > 0 or window.is_spent:
                return

    async def _ask(self, subject: Subject, limit: _Limit, window: Window, at: int) -> None:
        """A database that fails refuses nobody."""
        reported = window.unreported
        asked = reported + limit.more
        self.shares += 1
        try:
            told = await self._shared.take(f"{subject.kind} {subject.name}", asked, window.since, at)
        except Exception as error:  # noqa: BLE001 - whatever it is, requests go on
            self.shares_missed += 1
            window.go_on(limit.more, limit.most)
            if not self._is_failing:  # one line for all that fail one after the other
                _log.warning("requests are counted by this process alone", reason=str(error) or type(error).__name__)
            self._is_failing = True
            return
        self._is_failing = False
        window.lease(asked, reported, told, limit.most)
