"""Jobs that were given up long ago, and that nobody has tried again."""

from typing import Final

from keesa.db import Tx

KEPT: Final = 90 * 24 * 3600 * 1000
"""Milliseconds: 90 days."""
MOST_KEPT: Final = 10_000
"""Of a kind; beyond them the oldest go."""


def clear_given_up(tx: Tx, at: int, most: int) -> int:
    """Up to so many of those of the past, and of what is too many of each kind; how many it were."""
    cleared = tx.changed(_PAST, past=at - KEPT, most=most)
    for row in tx.all("SELECT DISTINCT kind FROM jobs WHERE given_up_at IS NOT NULL"):
        cleared += tx.changed(_TOO_MANY, kind=row["kind"], kept=MOST_KEPT, most=most)
    return cleared


_PAST: Final = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE given_up_at < :past LIMIT :most $if_free)"
_TOO_MANY: Final = """
    DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs WHERE id IN (
            SELECT id FROM jobs WHERE kind = :kind AND given_up_at IS NOT NULL
            ORDER BY given_up_at DESC, id DESC LIMIT :most OFFSET :kept
        ) $if_free
    )
"""
