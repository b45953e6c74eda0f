"""A process that puts, attaches, detaches and sweeps, killed at random moments: no row without its file, and after one
more sweep no file without its row.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Final, TypeVar

import pytest

from file_places import names, opened_at
from file_rows import later, named_of, sweep
from file_worker import FileWorker
from keesa.db import Database
from keesa.errors import Unavailable
from keesa.files import claims, sweeping
from keesa.files.checking import check
from places import Place
from soaking import times
from waiting import PATIENCE, wait_until

KILLS: Final = times(3, 20)
ACTS: Final = 8
"""The most that one does before it is killed in the next act."""
LONGEST: Final = 0.1
"""Seconds of that act."""
T = TypeVar("T")


def test_rows_and_files_stay_together_whoever_is_killed_when(
    place: Place, database: Database, configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each kill all that rows name is there; and what nobody names any more goes. What the last one has asked of
    S3 may still come, and goes with the sweep behind it.
    """
    monkeypatch.setattr(sweeping, "now", lambda: later(2))
    kept = opened_at(configured, database.read(claims.owner))
    chance, seen = Random(), 0  # noqa: S311 - no secret
    for _ in range(KILLS):
        worker = FileWorker(place, configured)
        worker.wait(chance.randint(1, ACTS))
        time.sleep(chance.uniform(0, LONGEST))
        worker.kill()
        found = answered(lambda: check(database, kept, mend=False))
        assert found.lost == []
        seen += found.there
    assert seen

    def is_clean() -> bool:
        assert answered(lambda: sweep(database, kept)) is not None
        return answered(lambda: names(kept)) == database.read(named_of)

    wait_until(is_clean)
    attached = database.read(lambda tx: tx.value("SELECT count(DISTINCT file_id) AS value FROM attachments"))
    assert database.read(lambda tx: tx.value("SELECT count(*) AS value FROM stored_files")) == attached


def answered(ask: Callable[[], T]) -> T:
    """Its answer, which a busy machine's S3 does not always give at once."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except Unavailable:
            assert time.monotonic() < deadline, "S3 does not answer"
