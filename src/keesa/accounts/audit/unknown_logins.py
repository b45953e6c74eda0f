"""Failed logins that are no user's: gathered in the process and written once a minute, so that guesses at names that
nobody has, and guesses that the limit refuses, cost no row each. What was typed is kept nowhere.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from keesa.accounts.audit.recording import keesa_itself, record
from keesa.db import Tx

MINUTE: Final = 60 * 1000
MOST_NAMES: Final = 256
"""Names that are told apart from one writing to the next; the rest count together."""
REST: Final = ""
"""In place of a name's hash: those beyond them."""
KEPT: Final = 90 * 24 * 60 * MINUTE
"""Milliseconds that the counts of names are kept; the trail keeps the sums for as long as itself."""
MOST_KEPT: Final = 100_000
"""Counts of names that are kept; beyond them the oldest go."""
CLEARED_AT_ONCE: Final = 1000
"""Counts that one writing clears away, at the most."""


@dataclass(frozen=True, slots=True)
class Gathered:
    failures: Mapping[tuple[int, str], int]
    """By the begin of the minute, in milliseconds since 1970, and the hash of the name."""
    refused: int
    """Logins that the limit has refused, of whomever."""


class UnknownLogins:
    """What one process has gathered; for any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._failures: Counter[tuple[int, str]] = Counter()
        self._refused = 0

    def count_failure(self, name_hash: str, at: int) -> None:
        with self._lock:
            self._count((at - at % MINUTE, name_hash), 1)

    def count_refusal(self) -> None:
        with self._lock:
            self._refused += 1

    def take(self) -> Gathered | None:
        """All of it, which is then no longer here; None where there is nothing."""
        with self._lock:
            if not self._failures and not self._refused:
                return None
            gathered = Gathered(dict(self._failures), self._refused)
            self._failures, self._refused = Counter(), 0
        return gathered

    def put_back(self, gathered: Gathered) -> None:
        """What could not be written."""
        with self._lock:
            for key, failures in gathered.failures.items():
                self._count(key, failures)
            self._refused += gathered.refused

    def _count(self, key: tuple[int, str], failures: int) -> None:
        if key not in self._failures and len(self._failures) >= MOST_NAMES:
            key = next((known for known in self._failures if known[1] == REST), (key[0], REST))
        self._failures[key] += failures


def write(tx: Tx, gathered: Gathered, at: int) -> None:
    """One act of Keesa's own for the failures, with their sum, and one for what was refused; and the counts by name."""
    for (minute, name_hash), failures in sorted(gathered.failures.items()):  # in one order: other nodes write too
        tx.run(_COUNT, minute=minute, name_hash=name_hash, failures=failures)
    by = keesa_itself(at)
    if gathered.failures:
        names = {name_hash for _, name_hash in gathered.failures}
        told = {"failures": sum(gathered.failures.values()), "names": len(names)}
        record(tx, by, "session.fail_unknown", None, {}, told)
    if gathered.refused:
        record(tx, by, "session.refuse", None, {}, {"logins": gathered.refused})
    tx.run(_FORGET_PAST, old=at - KEPT, most=CLEARED_AT_ONCE)
    tx.run(_FORGET_OLDEST, kept=MOST_KEPT, most=CLEARED_AT_ONCE)


def clear_past(tx: Tx, at: int, most: int) -> int:
    """Counts of names that are kept no longer; how many it were."""
    return tx.changed(_FORGET_PAST, old=at - KEPT, most=most)


_COUNT: Final = """
    INSERT INTO unknown_logins (minute, name_hash, failures) VALUES (:minute, :name_hash, :failures)
    ON CONFLICT (minute, name_hash) DO UPDATE SET failures = unknown_logins.failures + excluded.failures
"""
_FORGET_PAST: Final = """
    DELETE FROM unknown_logins WHERE (minute, name_hash) IN (
        SELECT minute, name_hash FROM unknown_logins WHERE minute < :old LIMIT :most $if_free
    )
"""
_FORGET_OLDEST: Final = """
    DELETE FROM unknown_logins WHERE (minute, name_hash) IN (
        SELECT minute, name_hash FROM unknown_logins WHERE (minute, name_hash) IN (
            SELECT minute, name_hash FROM unknown_logins ORDER BY minute DESC, name_hash DESC LIMIT :most OFFSET :kept
        ) $if_free
    )
"""
