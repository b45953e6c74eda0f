"""What there is of jobs, for operators and for metrics. Every count ends at a bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import msgspec

from keesa.db import Row, Tx
from keesa.errors import NotFound
from keesa.jobs.kinds import Kind, Kinds
from keesa.jobs.leasing import rests

State = Literal["waiting", "leased", "given_up"]
STATES: Final[tuple[State, ...]] = get_args(State)
COUNTED: Final = 10_000
"""Jobs that are counted of a kind."""
MOST: Final = 10_000
"""Jobs that are listed, at the most."""

_STATE: Final = """
    CASE WHEN given_up_at IS NOT NULL THEN 'given_up' WHEN worker IS NULL OR run_at <= :at THEN 'waiting'
        ELSE 'leased' END
"""
_COLUMNS: Final = f"id, kind, key, {_STATE} AS state, queued_at, run_at, attempts, worker, given_up_at, error, payload"


@dataclass(frozen=True, slots=True)
class KeptJob:
    id: int
    kind: str
    key: str | None
    state: State
    queued_at: int
    run_at: int
    """Not before; of one that is leased, when the lease runs out."""
    attempts: int
    worker: str | None
    given_up_at: int | None
    error: str | None
    """What the last attempt ended with."""
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs are listed; None: any."""

    state: State | None = None
    kind: str | None = None
    most: int = MOST


def list_jobs(tx: Tx, wanted: Wanted, at: int) -> list[KeptJob]:
    """The oldest first."""
    sql = f"""
        SELECT {_COLUMNS} FROM jobs
        WHERE (:kind IS NULL OR kind = :kind) AND (:state IS NULL OR {_STATE} = :state)
        ORDER BY id LIMIT :most
    """
    rows = tx.all(_as_texts(sql), at=at, kind=wanted.kind, state=wanted.state, most=wanted.most)
    return [_kept(row) for row in rows]


def find_job(tx: Tx, job_id: int, at: int) -> KeptJob:
    """Raises `NotFound`."""
    row = tx.one(f"SELECT {_COLUMNS} FROM jobs WHERE id = :id", id=job_id, at=at)
    if row is None:
        raise NotFound(f"There is no job {job_id}: it is done, or there never was one")
    return _kept(row)


def _as_texts(sql: str) -> str:
    """PostgreSQL asks for the type of what may be null."""
    return sql.replace(":kind", "CAST(:kind AS TEXT)").replace(":state", "CAST(:state AS TEXT)")


def _kept(row: Row) -> KeptJob:
    values = {name: row[name] for name in KeptJob.__dataclass_fields__}
    return KeptJob(**values | {"payload": msgspec.json.decode(row["payload"])})


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one kind."""

    waiting: int
    """Those that are being done among them."""
    given_up: int
    oldest: int
    """Milliseconds since the first that is due has been so; 0 where none is."""
    rests: bool
    """Whether none is begun: the kind is paused, maintenance is on, or the desk does not send."""


def count(tx: Tx, kinds: Kinds, at: int) -> dict[str, Counts]:
    """By kind."""
    return {name: _count(tx, kind, at) for name, kind in kinds.by_name.items()}


def _count(tx: Tx, kind: Kind, at: int) -> Counts:
    waiting = tx.soon(_COUNT.format(given_up="IS NULL"), kind=kind.name, most=COUNTED)
    given_up = tx.soon(_COUNT.format(given_up="IS NOT NULL"), kind=kind.name, most=COUNTED)
    first = tx.soon(_FIRST.format(needed=kind.needed), kind=kind.name)
    resting = rests(tx, kind)
    due = [row["run_at"] for row in first()]
    oldest = max(0, at - due[0]) if due else 0
    return Counts(waiting()[0]["value"], given_up()[0]["value"], oldest, resting)


_COUNT: Final = """
    SELECT count(*) AS value FROM (
        SELECT 1 AS one FROM jobs WHERE kind = :kind AND given_up_at {given_up} LIMIT :most
    ) counted
"""
_FIRST: Final = """
    SELECT run_at FROM jobs WHERE kind = :kind AND given_up_at IS NULL AND {needed} ORDER BY run_at LIMIT 1
"""


def kinds_kept(tx: Tx) -> Sequence[str]:
    """Of which there are jobs, also those of another program."""
    return [row["kind"] for row in tx.all("SELECT DISTINCT kind FROM jobs ORDER BY kind")]
