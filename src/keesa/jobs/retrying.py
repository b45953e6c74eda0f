"""What an operator does about jobs that were given up: has them tried again."""

from typing import Final

from keesa.accounts.audit.recording import Requester, record
from keesa.db import Tx
from keesa.errors import Conflict, NotFound

AT_ONCE: Final = 1000
"""Jobs that one call has tried again, or drops, at the most."""
_NOT_FOUND: Final = "There is no job {id}: it is done, or there never was one"
_LEASED: Final = "Job {id} is being done now"
_REPLACED: Final = "Another job does the same as job {id}, and waits or is being done: see keesa job list"


def retry(tx: Tx, by: Requester, job_id: int) -> None:
    """Have the job tried now, as often as a new one: one that was given up, or that waits for its time. Raises
    `NotFound`, and `Conflict` where that is so already.
    """
    job = tx.one("SELECT kind, key, given_up_at, worker, run_at FROM jobs WHERE id = :id $for_update", id=job_id)
    if job is None:
        raise NotFound(_NOT_FOUND.format(id=job_id))
    given_up = job["given_up_at"] is not None
    if job["worker"] is not None and job["run_at"] > by.at:
        raise Conflict(_LEASED.format(id=job_id))
    if given_up and tx.all(_SAME, kind=job["kind"], key=job["key"]):
        raise Conflict(_REPLACED.format(id=job_id))
    tx.run(f"{_RETRY} WHERE id = :id", id=job_id, at=by.at)
    record(tx, by, "job.retry", job_id, {"given_up": given_up}, {"given_up": False, "kind": job["kind"]})


def retry_all(tx: Tx, by: Requester, kind: str) -> int:
    """The same for those of the kind that were given up, the oldest first and up to `AT_ONCE`; how many it were. One
    in whose place another waits is left.
    """
    rows = tx.all(_GIVEN_UP, kind=kind, most=AT_ONCE)
    for row in rows:
        tx.run(f"{_RETRY} WHERE id = :id", id=row["id"], at=by.at)
    if rows:
        record(tx, by, "job.retry", kind, {"given_up": len(rows)}, {"given_up": 0})
    return len(rows)


_SAME: Final = """
    SELECT 1 AS one FROM jobs WHERE kind = :kind AND key = :key AND key IS NOT NULL AND given_up_at IS NULL
"""
_RETRY: Final = "UPDATE jobs SET given_up_at = NULL, worker = NULL, attempts = 0, run_at = :at"
_GIVEN_UP: Final = """
    SELECT min(id) AS id, min(given_up_at) AS at FROM jobs
    WHERE kind = :kind AND given_up_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM jobs same
        WHERE same.kind = jobs.kind AND same.key = jobs.key AND same.key IS NOT NULL AND same.given_up_at IS NULL
    )
    GROUP BY coalesce(key, CAST(id AS TEXT) || ' without a key') ORDER BY 2, 1 LIMIT :most
"""
"""Of those with one key the oldest alone: all of them would do the same."""
