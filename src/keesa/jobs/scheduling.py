"""What recurs: a row for each such kind, whose time moves on where it ends. So all nodes share it, and each time is one
job, done once.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from keesa.clock import Clock, now
from keesa.db import Row, Tx
from keesa.jobs.kinds import MINUTE, Kinds

KEY: Final = "recurring"
FIRST: Final = MINUTE
"""Milliseconds until what is new is done for the first time: a server that starts has better things to do."""


class Time(NamedTuple):
    kind: str
    next: int
    """By its schedule."""


def lacking(tx: Tx, kinds: Kinds, clock: Clock) -> Sequence[Time]:
    """Those without a row, and those whose time is further ahead than their schedule's, as a clock that was set back
    leaves it.
    """
    at = now()
    times = [Time(kind.name, kind.schedule.after(at, clock)) for kind in kinds.recurring if kind.schedule is not None]
    found = [(time, tx.soon(_FIND, key=KEY, kind=time.kind)) for time in times]
    return [time for time, rows in found if not rows() or _is_late(rows()[0], time)]


def keep(tx: Tx, kinds: Kinds, clock: Clock) -> None:
    """Have them all done at their times."""
    at = now()
    for time in lacking(tx, kinds, clock):
        tx.run(_KEEP, kind=time.kind, key=KEY, at=at, first=at + FIRST, next=time.next)


def _is_late(row: Row, time: Time) -> bool:
    is_first = row["queued_at"] + FIRST == row["run_at"]
    return row["worker"] is None and row["attempts"] == 0 and row["run_at"] > time.next and not is_first


_FIND: Final = """
    SELECT queued_at, run_at, worker, attempts FROM jobs
    WHERE kind = :kind AND key = :key AND key IS NOT NULL AND given_up_at IS NULL
"""
_KEEP: Final = """
    INSERT INTO jobs (kind, key, payload, queued_at, run_at) VALUES (:kind, :key, '{}', :at, :first)
    ON CONFLICT (kind, key) WHERE key IS NOT NULL AND given_up_at IS NULL DO UPDATE SET run_at = :next
        WHERE jobs.worker IS NULL AND jobs.attempts = 0 AND jobs.run_at > :next
"""
