"""Who does which job: a worker leases what is due, and nobody else has it until the lease runs out."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from keesa import maintenance
from keesa.db import Row, Tx
from keesa.jobs.kinds import Job, Kind

PAUSED: Final = "jobs paused"
"""The setting by which all kinds rest; with a colon and a name behind it, that kind."""
DIED: Final = "The worker that had it has died, or its lease has run out"

_RESTS: Final = f"""
    ({maintenance.IS_ON} OR EXISTS (
        SELECT 1 FROM settings WHERE name IN ('{PAUSED}', '{PAUSED}: ' || {{kind}})
    ) OR ({{sends}} = 1 AND (SELECT sending_paused_at FROM desk) IS NOT NULL))
"""
HELD: Final = "id = :id AND worker = :worker"
"""The job, while it is leased as it was when its attempt began."""


class LeaseLostError(Exception):
    """Another worker has the job, or had it: what this one has done of it must not be kept."""


class Leased(NamedTuple):
    jobs: Sequence[Job]
    given_up: Sequence[Job]
    """Those whose workers have died at each attempt."""


def held(job: Job) -> dict[str, object]:
    """The parameters of `HELD`."""
    return {"id": job.id, "worker": job.worker}


def due(tx: Tx, kinds: Sequence[Kind], at: int) -> list[str]:
    """Which of the kinds have a job to do now, that of the one that has waited the longest first: a search in an index
    for each, whatever else waits.
    """
    if not kinds:
        return []
    return [row["kind"] for row in tx.all(_due(tuple((kind.name, kind.sends, kind.needed) for kind in kinds)), at=at)]


@lru_cache(maxsize=64)
def _due(kinds: Sequence[tuple[str, bool, str]]) -> str:
    """The first row of each kind is asked for by itself: so no plan reads all that wait."""
    rows = ", ".join(f"('{name}', {int(sends)})" for name, sends, _ in kinds)
    needed = " ".join(f"WHEN '{name}' THEN {condition}" for name, _, condition in kinds)
    first = "SELECT run_at FROM jobs WHERE jobs.kind = column1 AND given_up_at IS NULL ORDER BY run_at LIMIT 1"
    return f"""
        SELECT kind FROM (
            SELECT column1 AS kind, column2 AS sends, ({first}) AS first FROM (VALUES {rows}) known
        ) found
        WHERE first <= :at AND NOT {_RESTS.format(kind="kind", sends="sends")} AND CASE kind {needed} END
        ORDER BY first
    """


def rests(tx: Tx, kind: Kind) -> bool:
    """Whether nothing of the kind is begun now: it is paused, maintenance is on, or the desk must not send."""
    resting = _RESTS.format(kind="CAST(:kind AS TEXT)", sends=int(kind.sends))
    return bool(tx.value(f"SELECT CASE WHEN {resting} THEN 1 ELSE 0 END AS value", kind=kind.name))


def lease(tx: Tx, worker: str, wanted: Mapping[Kind, int], at: int) -> Leased:
    """Up to so many of each kind, those that have been due the longest, without waiting for anybody. `worker` is a name
    that no other lease has had.
    """
    found = [(kind, tx.soon(_find(kind.sends), kind=kind.name, at=at, most=most)) for kind, most in wanted.items()]
    jobs, given_up = [], []
    for kind, answer in found:
        rows = answer()
        dead = [row for row in rows if _died_at_each(kind, row)]
        living = [row for row in rows if row not in dead]
        if living:
            tx.run(_LEASE, ids=_ids(living), worker=worker, until=at + kind.lease)
        if dead:
            tx.run(_GIVE_UP, ids=_ids(dead), at=at, error=DIED)
        jobs += [_job(kind, row, worker) for row in living]
        given_up += [_job(kind, row, worker) for row in dead]
    return Leased(jobs, given_up)


@lru_cache(maxsize=2)
def _find(sends: bool) -> str:  # noqa: FBT001 - it is called once
    resting = _RESTS.format(kind="CAST(:kind AS TEXT)", sends=int(sends))
    return f"""
        SELECT id, payload, queued_at, attempts, worker FROM jobs
        WHERE kind = :kind AND given_up_at IS NULL AND run_at <= :at AND NOT {resting}
        ORDER BY run_at, id LIMIT :most $if_free
    """


_LEASE: Final = """
    UPDATE jobs SET worker = :worker, run_at = :until, attempts = attempts + 1 WHERE id IN $json_ids
"""
_GIVE_UP: Final = "UPDATE jobs SET given_up_at = :at, worker = NULL, error = :error WHERE id IN $json_ids"


def _died_at_each(kind: Kind, row: Row) -> bool:
    return kind.schedule is None and row["worker"] is not None and row["attempts"] >= kind.attempts


def _ids(rows: Sequence[Row]) -> str:
    return json.dumps([row["id"] for row in rows])


def _job(kind: Kind, row: Row, worker: str) -> Job:
    payload = msgspec.json.decode(row["payload"])
    return Job(row["id"], kind.name, payload, row["queued_at"], row["attempts"] + 1, worker)


def is_held(tx: Tx, job: Job) -> bool:
    return tx.one(f"SELECT 1 AS one FROM jobs WHERE {HELD}", **held(job)) is not None


def renew(tx: Tx, until: Mapping[Job, int]) -> set[Job]:
    """Of those that go on, with when their leases end, those that are still leased so."""
    return {job for job, end in until.items() if tx.changed(_RENEW, until=end, **held(job))}


_RENEW: Final = f"UPDATE jobs SET run_at = :until WHERE {HELD}"


def give_back(tx: Tx, jobs: Sequence[Job], run_at: int) -> None:
    """Leave them to whoever is free then, as if they had not been begun."""
    for job in jobs:
        tx.run(_GIVE_BACK, run_at=run_at, **held(job))


_GIVE_BACK: Final = f"UPDATE jobs SET run_at = :run_at, worker = NULL, attempts = attempts - 1 WHERE {HELD}"
