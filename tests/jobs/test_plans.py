"""What is asked each second goes through an index, whatever waits: of many jobs of one kind one is read."""

from typing import Any

import pytest

from acting import CLOCK
from doing_jobs import within
from file_rows import no_place
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.housekeeping import kinds_of
from keesa.jobs import leasing

MANY = 20_000
KINDS = [within("counted"), *kinds_of(CLOCK, no_place)]


class Explained:
    """A transaction that asks how each query is done, in place of doing it."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self.plans: list[str] = []

    def all(self, sql: str, **params: object) -> list[Any]:
        how = "EXPLAIN QUERY PLAN" if self._tx.writes_alone else "EXPLAIN"
        found: list[Any] = list(self._tx.all(f"{how} {sql}", **params))
        rows = [dict(row) for row in found]
        self.plans.append("\n".join(str(row.get("detail", row.get("QUERY PLAN"))) for row in rows))
        return []

    def soon(self, sql: str, **params: object) -> Any:  # noqa: ANN401 - as a transaction's
        self.all(sql, **params)
        return list


@pytest.fixture
def crowded(desk: Database) -> Database:
    """Many jobs that wait, and that were given up, of one kind."""
    desk.write(lambda tx: tx.run(_FILL.format(given_up_at="NULL"), many=MANY))
    desk.write(lambda tx: tx.run(_FILL.format(given_up_at="0"), many=MANY))
    desk.migrating(lambda tx: tx.run("ANALYZE jobs"))
    return desk


_FILL = """
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :many)
    INSERT INTO jobs (kind, payload, queued_at, run_at, given_up_at)
    SELECT 'counted', '{{}}', 0, number, {given_up_at} FROM numbers
"""


def plans(desk: Database, asked: Any) -> list[str]:  # noqa: ANN401 - a work on what is explained
    def work(tx: Tx) -> list[str]:
        explained = Explained(tx)
        asked(explained)
        return explained.plans

    return desk.write(work)


def test_a_look_reads_one_job_of_each_kind(crowded: Database, engine: str) -> None:
    """Through the index, up to the first."""
    [plan] = plans(crowded, lambda tx: leasing.due(tx, KINDS, now()))
    if engine == "sqlite":
        assert "SEARCH jobs USING INDEX jobs_due (kind=?)" in plan
    else:
        assert "Index Only Scan using jobs_due on jobs" in plan
        assert "Limit" in plan
        assert "Seq Scan on jobs" not in plan


def test_a_lease_reads_no_more_than_it_takes(crowded: Database, engine: str) -> None:
    """The first of the kind that are due, in the order of the index."""
    for plan in plans(crowded, lambda tx: leasing.lease(tx, "w.1", {KINDS[0]: 4}, now())):
        if engine == "sqlite":
            assert "SEARCH jobs USING INDEX jobs_due (kind=? AND run_at<?)" in plan
            assert "TEMP B-TREE" not in plan
        else:
            assert "Index Scan using jobs_due on jobs" in plan
            assert "Sort" not in plan
