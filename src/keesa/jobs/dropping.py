"""What an operator does about jobs that shall not be done, as those that a restored desk had queued: drops them."""

from typing import Final

from keesa.accounts.audit.recording import Requester, record
from keesa.db import Tx
from keesa.errors import Conflict, NotFound
from keesa.jobs.retrying import AT_ONCE
from keesa.jobs.scheduling import KEY

_NOT_FOUND: Final = "There is no job {id}: it is done, or there never was one"
_LEASED: Final = "Job {id} is being done now"
_RECURS: Final = "Job {id} recurs: pause its kind"


def drop(tx: Tx, by: Requester, job_id: int) -> None:
    """The job is never done. Raises `NotFound`, and `Conflict` where it is being done, or recurs."""
    job = tx.one("SELECT kind, key, given_up_at, worker, run_at FROM jobs WHERE id = :id $for_update", id=job_id)
    if job is None:
        raise NotFound(_NOT_FOUND.format(id=job_id))
    if job["key"] == KEY:
        raise Conflict(_RECURS.format(id=job_id))
    if job["worker"] is not None and job["run_at"] > by.at:
        raise Conflict(_LEASED.format(id=job_id))
    tx.run("DELETE FROM jobs WHERE id = :id", id=job_id)
    record(tx, by, "job.drop", job_id, {"kind": job["kind"], "given_up": job["given_up_at"] is not None}, {})


def drop_all(tx: Tx, by: Requester, kind: str) -> int:
    """Those of the kind that wait or were given up, up to `AT_ONCE`; how many it were."""
    count = tx.changed(_DROP, kind=kind, at=by.at, recurring=KEY, most=AT_ONCE)
    if count:
        record(tx, by, "job.drop", kind, {"jobs": count}, {"jobs": 0})
    return count


_DROP: Final = """
    DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs
        WHERE kind = :kind AND (worker IS NULL OR run_at <= :at) AND coalesce(key, '') <> :recurring
        ORDER BY id LIMIT :most $if_free
    )
"""
