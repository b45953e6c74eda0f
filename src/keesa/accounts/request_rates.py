"""What each subject's requests have taken in a minute, over all processes (docs/decisions/0056-rates.md)."""

from typing import Final

from keesa.db import Tx

_TAKE: Final = """
    INSERT INTO request_rates (subject, since, taken) VALUES (:subject, :since, :asked)
    ON CONFLICT (subject) DO UPDATE SET
        taken = CASE WHEN abs(:at - request_rates.since) < :window THEN request_rates.taken ELSE 0 END + excluded.taken,
        since = CASE WHEN abs(:at - request_rates.since) < :window THEN request_rates.since ELSE excluded.since END
    RETURNING since, taken
"""


def take(tx: Tx, subject: str, asked: int, *, since: int, at: int, window: int) -> tuple[int, int]:
    """When the subject's window began and what has been taken in it, once `asked` has been added. Where the one that is
    kept is over (`window` in milliseconds, from the clock of who asks), another begins, `since` then: a clock that was
    set back or forward ends one early, and makes none longer than twice.
    """
    row = tx.all(_TAKE, subject=subject, asked=asked, since=since, at=at, window=window)[0]
    return row["since"], row["taken"]
