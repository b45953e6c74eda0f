"""`keesa report`: by the days of which zone all is counted, and how operators change that."""

import time
from typing import Final
from zoneinfo import ZoneInfo

from cast import SECRET
from command import keesa
from counted_reports import counted_anew, fold_whole, kept, let_fold
from keesa.clock import Clock
from keesa.config import DEFAULT_ZONE
from keesa.db import Database
from keesa.reports.recounting import is_recounted, zone_of
from live import LiveServer
from places import Place
from waiting import wait_until

ZONE: Final = "America/Los_Angeles"
HERE: Final = {"KEESA_SECRET": SECRET}
THERE: Final = {**HERE, "KEESA_ZONE": ZONE}
REASON: Final = f"Reports are counted by the days of {DEFAULT_ZONE.key}, and this zone is {ZONE}: keesa report recount"


def told_at_start(place: Place) -> bool:
    with LiveServer(place.data, place.url, KEESA_JOBS="no", **THERE) as server:
        told = REASON in server.log.read_text()
        server.log.unlink()
        return told


def counts_no_more(database: Database) -> bool:
    database.write(let_fold)
    time.sleep(0.05)  # the server writes too
    return not database.read(is_recounted)


def test_another_zone_is_told_and_changes_nothing_until_an_operator_says_so(place: Place, database: Database) -> None:
    """By `keesa check` and by the log of a server's start, with the way out; then the server counts."""
    fold_whole(database)
    before = database.read(kept)
    assert told_at_start(place)
    assert f"warning: {REASON}\n" in keesa("check", place=place, variables=THERE).out
    assert REASON not in keesa("check", place=place, variables=HERE).out
    assert database.read(kept) == before

    done = keesa("report", "recount", place=place, variables=THERE)
    assert (done.status, done.out) == (0, f"the server counts all tickets anew, by the days of {ZONE}\n")
    assert (database.read(is_recounted), database.read(zone_of)) == (True, ZONE)
    assert REASON not in keesa("check", place=place, variables=THERE).out
    assert not told_at_start(place)
    with LiveServer(place.data, place.url, **THERE):
        wait_until(lambda: counts_no_more(database), 120)
    assert database.read(kept) == database.read(lambda tx: counted_anew(tx, Clock(ZoneInfo(ZONE))))
