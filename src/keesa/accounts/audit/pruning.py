"""Leaving out what is old of the trail. It is an act that stands in the trail itself: without one, no row goes
(db/migrations/0013_administration).
"""

import re
from dataclasses import dataclass
from typing import Final

from keesa.accounts.audit.recording import Requester, record
from keesa.clock import Clock
from keesa.db import Tx
from keesa.errors import Refused

DAY: Final = 24 * 3600 * 1000
LEAST: Final = 30
"""Days that are kept at the least: who has come in cannot take their own traces away."""
MOST: Final = 1000
"""Years that may be asked for."""
BATCH: Final = 1000
"""Rows that a write takes away, while others wait for theirs."""
_AGE: Final = re.compile(r"([1-9][0-9]{0,5})([dmy])")
_DAYS: Final = {"d": 1, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is left out: `rows` acts, of which `through` has the highest id."""

    through: int
    rows: int


def read_age(text: str) -> int:
    """Milliseconds of `90d`, `18m` (30 days each) or `2y` (365 each); raises `Refused`."""
    found = _AGE.fullmatch(text)
    days = int(found[1]) * _DAYS[found[2]] if found else 0
    if not LEAST <= days <= MOST * _DAYS["y"]:
        raise Refused(f"An age is such as 2y, 18m or 90d, and at least {LEAST}d")
    return days * DAY


def find_older(tx: Tx, before: int) -> Pruning | None:
    """The acts of before that time which no newer one comes before; None where there are none."""
    newer = tx.one("SELECT id FROM audit WHERE at >= :before ORDER BY id LIMIT 1", before=before)
    last = tx.value("SELECT coalesce(max(id), 0) AS value FROM audit")
    through = last if newer is None else newer["id"] - 1
    rows: int = tx.value("SELECT count(*) AS value FROM audit WHERE id <= :through", through=through)
    return Pruning(through, rows) if rows else None


def begin(tx: Tx, by: Requester, pruning: Pruning, before: int, clock: Clock) -> int:
    """Record the act, after which its rows may go; its id."""
    told = {"before": clock.iso(before), "acts": pruning.rows, "through": pruning.through}
    act_id = record(tx, by, "audit.prune", None, {}, told)
    tx.run("INSERT INTO audit_prunings (audit_id, through) VALUES (:id, :through)", id=act_id, through=pruning.through)
    return act_id


def leave_out(tx: Tx, through: int) -> int:
    """Up to `BATCH` of the acts up to that one, with what names people in them; how many it were."""
    batch = {"through": through, "most": BATCH}
    tx.run(_PEOPLE, **batch)
    return tx.changed(_ACTS, **batch)


_OLDEST: Final = "SELECT id FROM audit WHERE id <= :through ORDER BY id LIMIT :most"
_PEOPLE: Final = f"DELETE FROM audit_people WHERE audit_id IN ({_OLDEST})"
_ACTS: Final = f"DELETE FROM audit WHERE id IN ({_OLDEST})"
