"""What the clients were told: the writes that were acknowledged, those whose outcome nobody knows, and when."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class ToldTicket:
    """A ticket that one client raised, and that nobody else writes.

    Every text is sent once: a client that heard nothing does not send it again. Nor does it write to the ticket again
    after a status whose outcome it does not know, so that this one alone may come late.
    """

    number: int
    title: str
    notes: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=lambda: ["open"])
    unknown_notes: list[str] = field(default_factory=list)
    unknown_status: str | None = None


@dataclass
class Write:
    """A change that was sent, and when, by this machine's clock."""

    what: str
    """Its name among all that clients send: a title, a note's text, or one of the two below."""
    sent: float
    acknowledged: float | None = None


def assignment_of(title: str) -> str:
    return f"{title}, assigned"


def change_of(title: str, step: int) -> str:
    """The ticket's first change of its status is 0."""
    return f"{title}, status {step}"


@dataclass
class Told:
    """Of one client, or of several together."""

    tickets: list[ToldTicket] = field(default_factory=list)
    unknown_titles: list[str] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    """When, on the monotonic clock."""
    writes: list[Write] = field(default_factory=list)
    """In the order that they were sent in."""
    reads: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    """By kind: a read or a write, and the status that came, or what became of the connection."""
    went_back: list[str] = field(default_factory=list)
    """Reads that showed less than the same client had seen before, or had been told of."""


def together(clients: Iterable[Told]) -> Told:
    found = Told()
    for told in clients:
        found.tickets += told.tickets
        found.unknown_titles += told.unknown_titles
        found.acknowledged += told.acknowledged
        found.writes += told.writes
        found.reads += told.reads
        found.errors += told.errors
        found.went_back += told.went_back
    return found


def longest_gap(acknowledged: Sequence[float], end: float) -> float:
    """Seconds without a single acknowledged write, from the first one to `end`; infinite where there is none."""
    if not acknowledged:
        return float("inf")
    times = [*sorted(acknowledged), end]
    return max(later - earlier for earlier, later in pairwise(times))
