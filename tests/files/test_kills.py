"""A process that puts, attaches, detaches and sweeps, killed at random moments: no row without its file, and after one
more sweep no file without its row.
"""

import time
from random import Random
from typing import Final

import pytest

from file_places import names, opened_at
from file_rows import later, named_of, sweep
from file_worker import FileWorker
from keesa.db import Database
from keesa.files import claims, sweeping
from keesa.files.checking import check
from places import Place
from soaking import times

KILLS: Final = times(3, 20)
LONGEST: Final = 1.5
"""Seconds that one is left to work."""


def test_rows_and_files_stay_together_whoever_is_killed_when(
    place: Place, database: Database, configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each kill all that rows name is there; and what nobody names any more goes."""
    monkeypatch.setattr(sweeping, "now", lambda: later(2))
    kept = opened_at(configured, database.read(claims.owner))
    chance, seen = Random(), 0  # noqa: S311 - no secret
    for _ in range(KILLS):
        worker = FileWorker(place, configured)
        time.sleep(chance.uniform(0.1, LONGEST))
        worker.kill()
        found = check(database, kept, mend=False)
        assert found.lost == []
        seen += found.there
    assert seen
    assert sweep(database, kept) is not None
    assert names(kept) == database.read(named_of)
    attached = database.read(lambda tx: tx.value("SELECT count(DISTINCT file_id) AS value FROM attachments"))
    assert database.read(lambda tx: tx.value("SELECT count(*) AS value FROM stored_files")) == attached
