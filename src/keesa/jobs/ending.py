"""How an attempt at a job ends: done, to go on with, failed, or given up."""

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from keesa.clock import Clock, now
from keesa.db import Tx
from keesa.jobs.kinds import Job, Kind, Outside, Payload, Within
from keesa.jobs.leasing import HELD, LeaseLostError, held

Failed = Literal["failed", "given_up"]
LONGEST_ERROR: Final = 500
"""Characters of what an attempt ended with."""


def do(tx: Tx, way: Within, kind: Kind, job: Job, clock: Clock) -> bool:
    """Work in the database, and the job's end with it; whether all is done. Raises `LeaseLostError`."""
    left = way.do(tx, job)
    if left is None:
        end(tx, kind, job, clock)
    else:
        _go_on(tx, job, left)
    return left is None


def keep(tx: Tx, way: Outside, kind: Kind, job: Job, given: Any, clock: Clock) -> bool:  # noqa: ANN401 - whatever the act gives
    """What an act outside has given, and the job's end with it; whether all is done. Raises `LeaseLostError`."""
    left = way.ended(tx, job, given)
    if left is None:
        end(tx, kind, job, clock)
    else:
        _go_on(tx, job, left)
    return left is None


def end(tx: Tx, kind: Kind, job: Job, clock: Clock) -> None:
    """It is done; one that recurs waits for its next time. Raises `LeaseLostError`."""
    at = now()
    if kind.schedule is not None:
        _require(tx.changed(_NEXT, run_at=kind.schedule.after(at, clock), **held(job)))
        return
    ended = tx.one(_END, **held(job))
    if ended is None:
        raise LeaseLostError
    if ended["again"]:
        tx.run(_AGAIN, kind=job.kind, key=ended["key"], payload=ended["payload"], at=at)


_NEXT: Final = f"""
    UPDATE jobs SET run_at = :run_at, worker = NULL, attempts = 0, error = NULL, again = 0, payload = '{{}}'
    WHERE {HELD}
"""
_END: Final = f"DELETE FROM jobs WHERE {HELD} RETURNING key, payload, again"
_AGAIN: Final = """
    INSERT INTO jobs (kind, key, payload, queued_at, run_at) VALUES (:kind, :key, :payload, :at, :at)
"""
"""Another job, with an id of its own: what it does outside is something else."""


def _go_on(tx: Tx, job: Job, left: Payload) -> None:
    """What is left is due at once, behind what else is."""
    payload = msgspec.json.encode(left).decode()
    _require(tx.changed(_GO_ON, payload=payload, at=now(), **held(job)))


_GO_ON: Final = f"""
    UPDATE jobs SET payload = :payload, run_at = :at, worker = NULL, attempts = 0, error = NULL WHERE {HELD}
"""


def fail(tx: Tx, kind: Kind, job: Job, error: str, chance: Callable[[], float]) -> Failed:
    """It is tried again after a pause, or has been tried for long enough. Raises `LeaseLostError`."""
    row = tx.one(f"SELECT again FROM jobs WHERE {HELD} $for_update", **held(job))
    if row is None:
        raise LeaseLostError
    at, last = now(), kind.schedule is None and job.attempts >= kind.attempts and not row["again"]
    tx.run(
        _FAIL,
        run_at=at + kind.pause(job.attempts, chance()),
        tried=0 if row["again"] else job.attempts,
        given_up_at=at if last else None,
        error=error[:LONGEST_ERROR],
        **held(job),
    )
    return "given_up" if last else "failed"


_FAIL: Final = f"""
    UPDATE jobs SET
        run_at = :run_at, worker = NULL, attempts = :tried, again = 0, given_up_at = :given_up_at, error = :error
    WHERE {HELD}
"""


def _require(changed: int) -> None:
    if not changed:
        raise LeaseLostError
