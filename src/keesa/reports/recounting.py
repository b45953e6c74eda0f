"""By the days of which zone tickets are counted, and counting all of them anew: in portions, while the desk works.

While that is under way, what is counted are the tickets that were raised up to some time, each as it is. Of the
differences that changes leave, those of these tickets are folded as ever; the others go with the portion that counts
their ticket as it is then. Which of the two it is tells the time of raising, which each difference has.
"""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from keesa.clock import Clock
from keesa.db import Tx
from keesa.db.rules import Rule, hold
from keesa.reports.facts import COLUMNS, Facts
from keesa.reports.folding import add, fold_some, summed
from keesa.tickets.statuses import STATUSES

ROWS: Final = 500
"""Differences, or tickets, of one transaction."""
KEPT: Final = 500
"""Differences that may stay unfolded: a report reads them beside the counts."""
EMPTIED: Final = 2_000
"""Rows of counts that one transaction deletes."""
_ZONE: Final = "reports.zone"
"""The setting that names the zone whose days the counts are by."""
_RECOUNTED: Final = "reports.recounted"
"""The setting that is there while all is counted anew: up to which time of raising that is done."""
_NOTHING: Final = "nothing"
"""In place of a time: the counts of before are still there."""
_END: Final = 2**62
"""Behind all times; the negative of it is before them."""


def fold(tx: Tx, clock: Clock) -> bool:
    """Some of the differences, where there are more than `KEPT`, or some of the tickets that are counted anew; whether
    there is more to do. `clock` is the desk's, by whose days all is counted where nothing was yet.
    """
    counted = hold_counts(tx, clock)
    if recount_some(tx, counted, ROWS):
        return True
    if not any(True for _ in tx.each("SELECT id FROM report_changes LIMIT 1 OFFSET :kept", kept=KEPT)):
        return False
    fold_some(tx, counted, ROWS)
    return True


def hold_counts(tx: Tx, clock: Clock) -> Clock:
    """Until this transaction ends, nobody else folds; by whose days, whatever the zone of the server that does."""
    hold(tx, Rule.REPORTS)
    zone = zone_of(tx)
    if zone is None:
        _set(tx, _ZONE, clock.zone.key)
        return clock
    return clock if zone == clock.zone.key else Clock(ZoneInfo(zone))


def zone_of(tx: Tx) -> str | None:
    """Whose days the counts are by; None where nothing was counted yet."""
    return _get(tx, _ZONE)


def other_zone(tx: Tx, clock: Clock) -> str | None:
    """What to say where the counts are not by the days of this clock's zone."""
    counted = zone_of(tx)
    if counted in (None, clock.zone.key):
        return None
    return f"Reports are counted by the days of {counted}, and this zone is {clock.zone.key}: keesa report recount"


def is_recounted(tx: Tx) -> bool:
    """Whether all is being counted anew."""
    return _get(tx, _RECOUNTED) is not None


def begin_anew(tx: Tx, clock: Clock) -> None:
    """Have all tickets counted once more, by the days of this zone: whoever folds does it."""
    hold(tx, Rule.REPORTS)
    _set(tx, _ZONE, clock.zone.key)
    _set(tx, _RECOUNTED, _NOTHING)


def recount_some(tx: Tx, clock: Clock, most: int) -> bool:
    """At most so many tickets, but all of one millisecond, where all are counted anew; whether they are. Who calls
    holds the rule.
    """
    done = _get(tx, _RECOUNTED)
    if done is None:
        return False
    if done == _NOTHING:
        if not tx.changed(_EMPTY, most=EMPTIED):
            _set(tx, _RECOUNTED, str(-_END))
        return True
    after = int(done)
    times = [at for (at,) in tx.each(_NEXT, after=after, most=most)]
    upto = times[-1] if len(times) == most else _END
    add(tx, summed(((1, facts) for facts in _counted_now(tx, after, upto)), clock))
    if upto == _END:
        tx.run("DELETE FROM settings WHERE name = :name", name=_RECOUNTED)
    else:
        _set(tx, _RECOUNTED, str(upto))
    return True


def _counted_now(tx: Tx, after: int, upto: int) -> Sequence[Facts]:
    """The tickets that were raised between, as they are; the differences of before that are gone, in the same state of
    the database: a change that is committed a moment later leaves its differences to be folded.
    """
    forget = "DELETE FROM report_changes WHERE raised_at > :after AND raised_at <= :upto"
    if tx.writes_alone:
        tx.run(forget, after=after, upto=upto)
        return [Facts(*row) for row in tx.each(_TICKETS, after=after, upto=upto)]
    return [Facts(*row) for row in tx.each(f"WITH forgotten AS ({forget}) {_TICKETS}", after=after, upto=upto)]


def _get(tx: Tx, name: str) -> str | None:
    row = tx.one("SELECT value FROM settings WHERE name = :name", name=name)
    return None if row is None else row["value"]


def _set(tx: Tx, name: str, value: str) -> None:
    tx.run(
        "INSERT INTO settings (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=name,
        value=value,
    )


_BY_STATUS: Final = ", ".join(f"'{status}'" for status in STATUSES)
_TICKETS: Final = (
    f"SELECT {COLUMNS} FROM tickets WHERE status IN ({_BY_STATUS}) AND raised_at > :after AND raised_at <= :upto"
)
"""By the index that has the time of raising behind the status."""
_NEXT: Final = (
    "SELECT raised_at FROM ("
    + " UNION ALL ".join(
        "SELECT * FROM (SELECT raised_at FROM tickets"
        f" WHERE status = '{status}' AND raised_at > :after ORDER BY raised_at LIMIT :most) of_{status}"
        for status in STATUSES
    )
    + ") every ORDER BY raised_at LIMIT :most"
)
_EMPTY: Final = (
    "DELETE FROM report_counts WHERE (scope, part, month) IN (SELECT scope, part, month FROM report_counts LIMIT :most)"
)
