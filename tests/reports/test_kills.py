"""A real server that is killed in the middle of folding, again and again: each difference is folded once, and what is
searched is what the texts say.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event
from typing import Final

from acting import CLOCK, rows
from asking import ApiFor
from cast import ADMIN, CUSTOMER, ENGINEER, SECRET, token
from counted_reports import counted_anew, fold_whole, kept, let_fold
from field_client import FieldClient
from held_reports import assert_listed, assert_right, reports
from indexed import differences, fold_all, require_sound
from keesa.db import Database, Tx
from keesa.reports.recounting import KEPT, begin_anew, is_recounted
from live import LiveServer
from places import Place
from soaking import times
from waiting import wait_until

KILLS: Final = times(3, 20)
PATIENCE: Final = 120.0
"""Seconds, on a machine under load."""
CLIENTS: Final = 3
LONGEST: Final = 0.2
"""Seconds from a portion that was seen to the kill: in another one, or between two."""


def make_many(tx: Tx) -> None:
    """More differences than the server leaves: several portions."""
    for priority in (1, 2, 3, 4, 5, 2):
        tx.run("UPDATE tickets SET priority = :priority", priority=priority)


def let_lapse(tx: Tx) -> None:
    """What a server that is dead had leased, a minute before the others may have it."""
    tx.run("UPDATE jobs SET run_at = 0 WHERE kind IN ('fold_reports', 'fold_search')")


def left(tx: Tx) -> int:
    return len(rows(tx, "SELECT id FROM report_changes"))


def progress(tx: Tx) -> list[object]:
    """Another one after each portion: the oldest difference, which is folded first, and how far all is counted anew."""
    sql = "SELECT name, value FROM settings WHERE name = 'reports.recounted'"
    return [*rows(tx, "SELECT min(id) AS id FROM report_changes"), *rows(tx, sql)]


@contextmanager
def at_work(server: LiveServer, caller: str, name: str) -> Iterator[None]:
    """Clients that raise tickets, assign and move them until the server is gone."""
    lost, over = Event(), Event()
    with ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(CLIENTS):
            client = FieldClient(server.url, caller, f"{name} client {number}")
            threads.submit(client.work_until_lost, lost, over)
        try:
            yield
        finally:
            over.set()


def folds(database: Database, before: list[object]) -> bool:
    database.write(let_fold)
    database.write(lambda tx: tx.run("UPDATE jobs SET run_at = 0 WHERE kind = 'fold_search' AND worker IS NULL"))
    time.sleep(0.02)  # others write too
    return database.read(progress) != before


def test_a_fold_that_is_killed_has_folded_nothing_twice(full: Database, place: Place, api: ApiFor) -> None:
    """Whenever the server dies, also while all is counted anew: what it had is folded by the next one; the reports are
    what the lists and plain Python count.
    """
    chance, broken_off = Random(), 0  # noqa: S311 - no secret
    caller = token(full, ADMIN)
    differed = {*differences(full)}  # as most tickets were not raised
    for kill in range(KILLS):
        full.write(make_many)
        full.write(let_lapse)
        if kill % 3 == 1:
            full.write(lambda tx: begin_anew(tx, CLOCK))
        before = full.read(progress)
        server = LiveServer(place.data, place.url, "--workers", "1", KEESA_SECRET=SECRET)
        server.start()
        try:
            with at_work(server, caller, f"kill {kill}"):
                wait_until(lambda before=before: folds(full, before), PATIENCE)  # type: ignore[misc]  # as it is now
                time.sleep(chance.uniform(0, LONGEST))
                server.kill()
        finally:
            server.kill()
        broken_off += full.read(left) > KEPT or full.read(is_recounted)
    assert broken_off, "nobody was killed in the middle"
    full.write(fold_all)
    assert {*differences(full)} <= differed
    require_sound(full)
    fold_whole(full)
    assert full.read(kept) == full.read(counted_anew)
    for person in (ADMIN, ENGINEER, CUSTOMER):
        found = reports(api(person), person)
        assert_right(full, person, found)
        assert_listed(api(person), found)
