"""Queueing a job in the caller's transaction: either both are kept, or neither."""

from collections.abc import Callable
from typing import Final

import msgspec

from keesa.db import Tx
from keesa.errors import Unavailable
from keesa.jobs.kinds import Payload

MOST: Final = 100_000
"""Jobs of a kind that wait, beyond which none is queued; counted once a minute, so some more may come to stand."""
LARGEST: Final = 64 * 1024
"""Bytes of a payload."""
_FULL: Final = "Too many jobs of the kind {kind} wait already, please try again later"

_full: set[str] = set()
_listeners: list[Callable[[], None]] = []


def queue(tx: Tx, kind: str, payload: Payload, at: int, key: str | None = None, run_at: int | None = None) -> None:
    """Have it done once this transaction is kept, and not before `run_at`.

    Of a kind one alone waits with a `key`, which stands for all of what it does: queued once more it is the same job,
    with the payload that it has, at the earlier of the two times. One that is being done then is done again
    afterwards, as it may have seen what was there before. On PostgreSQL those who queue one key wait for each other's
    transactions: a key is of one thing, such as a ticket.

    Raises `Unavailable` where too many wait, and `ValueError` for a payload that is too large.
    """
    if kind in _full:
        raise Unavailable(_FULL.format(kind=kind))
    encoded = msgspec.json.encode(payload)
    if len(encoded) > LARGEST:
        raise ValueError(f"a job takes {LARGEST} bytes at the most, and was given {len(encoded)}")
    due = at if run_at is None else run_at
    tx.run(_QUEUE, kind=kind, key=key, payload=encoded.decode(), at=at, run_at=due)
    if due <= at and _listeners:
        tx.once_kept(tell_listeners)


_QUEUE: Final = """
    INSERT INTO jobs (kind, key, payload, queued_at, run_at) VALUES (:kind, :key, :payload, :at, :run_at)
    ON CONFLICT (kind, key) WHERE key IS NOT NULL AND given_up_at IS NULL DO UPDATE SET
        again = CASE WHEN jobs.worker IS NULL THEN jobs.again ELSE 1 END,
        run_at = CASE WHEN jobs.worker IS NULL AND excluded.run_at < jobs.run_at AND jobs.attempts = 0
            THEN excluded.run_at ELSE jobs.run_at END
"""
"""An update, not nothing: it holds the row, so that no worker begins the job before this transaction is kept."""


def listen(listener: Callable[[], None]) -> None:
    """It is called, in any thread, whenever this process may have queued something that is due."""
    _listeners.append(listener)


def listen_no_more(listener: Callable[[], None]) -> None:
    _listeners.remove(listener)


def tell_listeners() -> None:
    for listener in tuple(_listeners):
        listener()


def measure(tx: Tx, kinds: list[str]) -> None:
    """Find out of which kinds too many wait: this process queues none of those until it has measured again."""
    counts = [tx.soon(_COUNT, kind=kind, most=MOST) for kind in kinds]
    full = {kind for kind, count in zip(kinds, counts, strict=True) if count()[0]["value"] >= MOST}
    _full.difference_update(kinds)
    _full.update(full)


_COUNT: Final = """
    SELECT count(*) AS value FROM (
        SELECT 1 AS one FROM jobs WHERE kind = :kind AND given_up_at IS NULL LIMIT :most
    ) counted
"""
