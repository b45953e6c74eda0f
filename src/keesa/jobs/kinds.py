"""What a kind of job is: how it is done, how often it is tried, and when it recurs."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keesa.db import Tx
from keesa.jobs.schedules import Schedule

Payload = Mapping[str, Any]
"""As JSON can hold it: ids and choices, never what the database has already."""

SECOND: Final = 1000
"""Milliseconds."""
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DOUBLED: Final = 30
"""Times that a pause is doubled at the most."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One that a worker has leased."""

    id: int
    kind: str
    payload: Payload
    queued_at: int
    attempts: int
    """That were begun, this one among them."""
    worker: str
    """By whom it is leased: a name that this one lease alone has."""

    @property
    def mark(self) -> str:
        """By which the world outside knows it, the same at each attempt. The id alone may be given once more, by a desk
        that goes on from an older state.
        """
        return f"{self.id}-{self.queued_at}"


@dataclass(frozen=True, slots=True)
class Within:
    """Work in the database alone. It is done in the transaction in which the job ends, so its effect is there exactly
    once; it is short, and has no effect outside of `tx`.
    """

    do: Callable[[Tx, Job], Payload | None]
    """What is left to do, for a transaction of its own; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Work in the world outside, which is done at least once, always with the job's `mark`. None of its three steps
    holds a transaction open for another.
    """

    prepare: Callable[[Tx, Job], Any]
    """All that the act needs, by a read; None where there is nothing to do any more."""
    act: Callable[[Any, Job], Awaitable[Any]]
    """Gets that, on the event loop, which it must not block; it may be broken off anywhere."""
    ended: Callable[[Tx, Job, Any], Payload | None]
    """Keeps what the act has given, in the transaction in which the job ends; what is left to do, None where nothing
    is.
    """
    seconds: float = 30.0
    """That the act may take."""
    sends: bool = True
    """Whether anybody hears of it; nobody does of what is done to files of the desk's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    name: str
    way: Within | Outside
    schedule: Schedule | None = None
    """When it recurs; such a one is never given up."""
    needed: str = "1 = 1"
    """A condition in SQL, quickly answered, without which one that recurs is not begun, nor late."""
    attempts: int = 20
    """After which it is given up: with these pauses, some nine hours."""
    first_pause: int = 2 * SECOND
    """Milliseconds from the first attempt that failed to the next; twice as much after each."""
    longest_pause: int = HOUR
    lease: int = MINUTE
    """Milliseconds after which another worker takes it from one that has died; one that lives renews it."""
    side_by_side: int = 4
    """That one process does at the same time, at the most."""

    def __post_init__(self) -> None:
        """Raises `ValueError`: a name stands in SQL, in settings and in metrics."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a kind")

    @property
    def sends(self) -> bool:
        """Whether somebody outside hears of it, and so it waits where the desk must not send."""
        return isinstance(self.way, Outside) and self.way.sends

    def pause(self, attempts: int, chance: float) -> int:
        """Milliseconds to the next attempt after so many; `chance` of 0 to 1 makes it longer by up to a quarter, so
        that what failed together does not come back together.
        """
        doubled = self.first_pause << min(attempts - 1, _DOUBLED)
        return round(min(doubled, self.longest_pause) * (1 + chance / 4))


class Kinds:
    """Those that there are, by their names."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.by_name: Final[Mapping[str, Kind]] = {kind.name: kind for kind in kinds}
        if len(self.by_name) < len(kinds):
            raise ValueError("two kinds have one name")

    def __getitem__(self, name: str) -> Kind:
        return self.by_name[name]

    @property
    def recurring(self) -> Sequence[Kind]:
        return [kind for kind in self.by_name.values() if kind.schedule is not None]
