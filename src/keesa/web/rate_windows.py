"""How many requests each subject has had of late: what one process knows of it, in a bounded table."""

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from asyncio import Task

WINDOW: Final = 60_000
"""Milliseconds in which requests are counted together, from the first of them on."""
SHARES: Final = 64
"""Parts of a limit: a process gives so much by itself before it tells the others, and asks for so much at a time."""
MOST_WINDOWS: Final = 16_384
"""Subjects that a process counts."""
KEPT: Final = MOST_WINDOWS * 3 // 4
"""Of them, those that stay where one more comes: who has asked the most."""


class Subject(NamedTuple):
    """Whose requests are counted together."""

    kind: str
    """Which limit it has: `user`, `session`, `token` or `address`."""
    name: int | str


class Taken(NamedTuple):
    """What all processes share of a subject's window."""

    since: int
    """When it began, in milliseconds since 1970."""
    taken: int
    """Requests that the processes have given in it, or may still give."""


class Window:
    """A subject's requests in one process since the window began; of one event loop."""

    __slots__ = ("admitted", "allowed", "asked", "asking", "is_spent", "since", "taken", "unreported", "waits_from")

    def __init__(self, since: int, limit: int) -> None:
        self.since = since
        self.asked = 0
        """Requests that came."""
        self.admitted = 0
        """Those that were let in."""
        self.allowed = 2 * (limit // SHARES)
        """Those that the process may let in, for all that it knows."""
        self.unreported = self.allowed
        """Of `allowed`, what the other processes do not know of."""
        self.taken = 0
        """By all processes, as the last answer told."""
        self.is_spent = False
        """Whether there is nothing more to ask for."""
        self.asking: Task[None] | None = None
        self.waits_from = 0.0
        """When it was asked for the last time, by the loop's clock."""

    @property
    def left(self) -> int:
        """What the process may still let in without asking."""
        return self.allowed - self.admitted

    def remaining(self, limit: int) -> int:
        """What all processes together may still let in, as far as this one knows."""
        here, elsewhere = self.allowed - self.admitted, limit - self.taken - self.unreported
        return max(0, here) + max(0, elsewhere)

    def seconds_left(self, at: int) -> int:
        """Until the window ends, 1 to 60; a beginning that lies ahead is of a clock that was set back, and the shared
        window may have ended while it was asked about.
        """
        left = self.since + WINDOW - at
        return max(1, -(-left // 1000)) if left < WINDOW else WINDOW // 1000

    def lease(self, asked: int, reported: int, told: Taken, limit: int) -> None:
        """It was asked for so much, with what was not reported until then."""
        granted = min(max(limit - (told.taken - asked), 0), asked)
        self.allowed += granted - reported
        self.unreported -= reported
        self.since, self.taken = told
        self.is_spent = self.taken >= limit

    def go_on(self, more: int, limit: int) -> None:
        """The others do not answer: the process lets in so many more by itself, and never more than the limit."""
        more = min(more, limit - self.allowed)
        self.allowed += more
        self.unreported += more
        self.is_spent = more <= 0


class Windows:
    """Those that go on, by subject."""

    def __init__(self, most: int = MOST_WINDOWS, kept: int = KEPT) -> None:
        self._most = most
        self._kept = kept
        self._known: dict[Subject, Window] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, subject: Subject, limit: int, at: int) -> Window:
        """The one that goes on, else a new one."""
        known = self._known.get(subject)
        if known is not None and abs(at - known.since) < WINDOW:
            return known
        if known is None and len(self._known) >= self._most:
            self._forget_some(at)
        window = self._known[subject] = Window(at, limit)
        return window

    def _forget_some(self, at: int) -> None:
        """What has ended goes, and then who has asked the least: what they have had is forgotten, which is little."""
        known = [pair for pair in self._known.items() if abs(at - pair[1].since) < WINDOW]
        if len(known) > self._kept:
            known.sort(key=lambda pair: pair[1].asked, reverse=True)
            del known[self._kept :]
        self._known = dict(known)
