"""Pausing kinds of jobs: rows of the settings, so that every worker and node sees it at its next look."""

from typing import Final

from keesa.accounts.audit.recording import Requester, record
from keesa.db import Tx
from keesa.jobs.leasing import PAUSED

ALL: Final = "all"
"""In place of a kind, where the switch for all of them is meant."""
_OF_A_KIND: Final = f"{PAUSED}: "


def pause(tx: Tx, by: Requester, kind: str | None) -> None:
    """From now on no job of the kind is begun, or none at all; what is under way ends."""
    before = paused(tx)
    sql = "INSERT INTO settings (name, value) VALUES (:name, 'on') ON CONFLICT (name) DO NOTHING"
    tx.run(sql, name=PAUSED if kind is None else f"{_OF_A_KIND}{kind}")
    _record(tx, by, "job.pause", kind, before)


def resume(tx: Tx, by: Requester, kind: str | None) -> None:
    """Go on with the kind, or with all, whichever were paused."""
    before = paused(tx)
    names = [PAUSED, *(f"{_OF_A_KIND}{name}" for name in before)] if kind is None else [f"{_OF_A_KIND}{kind}"]
    for name in names:
        tx.run("DELETE FROM settings WHERE name = :name", name=name)
    _record(tx, by, "job.resume", kind, before)


def paused(tx: Tx) -> list[str]:
    """The kinds that are, in order; `ALL` where all are."""
    rows = tx.all("SELECT name FROM settings WHERE name >= :first AND name < :last", first=PAUSED, last=f"{PAUSED};")
    return sorted(row["name"].removeprefix(_OF_A_KIND).replace(PAUSED, ALL) for row in rows)


def _record(tx: Tx, by: Requester, action: str, kind: str | None, before: list[str]) -> None:
    after = paused(tx)
    if after != before:
        record(tx, by, action, kind or ALL, {"paused": before}, {"paused": after})
