"""What nobody needs is swept away: first its row, then its bytes into the bin, then these for good."""

import io
import json
from uuid import uuid4

import pytest

import cast
from acting import CLOCK
from doing_jobs import do_due, let_due
from file_places import OTHER, content_of, names, opened_at, put
from file_rows import attach, detach, later, named_of, picture, store, sweep, there
from keesa import desk, housekeeping
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.files import sweeping
from keesa.files.holds import hold, let_go
from keesa.files.places import DAY, Place
from meeting import two_nodes
from places import Place as Where


@pytest.fixture
def kept(configured: str) -> Place:
    return opened_at(configured)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweeps take it to be in two days."""
    monkeypatch.setattr(sweeping, "now", lambda: later(2))


def upload(database: Database, place: Place, *, row: bool) -> str:
    """A piece of an upload that is under way; its name."""
    name = uuid4().hex
    place.put(f"uploads/{name}", io.BytesIO(b"piece"), 5)

    def work(tx: Tx) -> None:
        tx.run(
            "INSERT INTO uploads (id, user_id, length, name, media_type, created_at, expires_at)"
            " VALUES (:id, :user, 9, 'a', 'b', 0, 0)",
            id=name,
            user=cast.ENGINEER.id,
        )
        tx.run("INSERT INTO upload_pieces (upload_id, start, size, place) VALUES (:id, 0, 5, :id)", id=name)

    if row:
        database.write(work)
    return f"uploads/{name}"


@pytest.mark.usefixtures("clock")
def test_what_nobody_needs_goes(database: Database, kept: Place) -> None:
    """Rows without an attachment with their bytes, and bytes without a row; what is attached, and what is under way,
    stays as it is.
    """
    stays, _ = picture(database, kept)
    gone, attachment = picture(database, kept)
    lost, begun, left = put(kept), upload(database, kept, row=True), upload(database, kept, row=False)
    database.write(lambda tx: detach(tx, attachment))
    swept = sweep(database, kept)
    assert swept is not None
    assert (swept.rows, swept.thrown, swept.removed) == (1, 5, 0)
    assert {name.partition("/")[0] for name in database.read(named_of)} == {stays}
    assert sorted(names(kept)) == sorted([*database.read(named_of), begun])
    for name in (lost, left, f"{gone}/original"):
        kept.fetch_back(name)
        assert content_of(kept, name)


def test_what_is_young_stays(database: Database, kept: Place) -> None:
    """A row of today may be attached, and bytes of today may be waiting for their row."""
    _, attachment = picture(database, kept)
    database.write(lambda tx: detach(tx, attachment))
    put(kept)
    before = names(kept)
    swept = sweep(database, kept)
    assert swept is not None
    assert (swept.rows, swept.thrown, names(kept)) == (0, 0, before)
    assert len(database.read(named_of)) == 3


def test_the_bin_keeps_it_for_a_week(database: Database, kept: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """For seven days at the least, and for no more than eight."""
    name = put(kept)
    for days, removed in ((2, 0), (6.9, 0), (8.1, 1)):
        monkeypatch.setattr(sweeping, "now", lambda days=days: later(days))
        swept = sweep(database, kept)
        assert swept is not None
        assert (swept.thrown, swept.removed) == (int(days == 2), removed)
    with pytest.raises(FileNotFoundError):
        kept.fetch_back(name)


@pytest.mark.usefixtures("clock")
def test_nothing_goes_while_somebody_reads_all(database: Database, kept: Place) -> None:
    """A hold that is good keeps rows and bytes, whoever else has let theirs go; one that has lapsed does not."""
    _, attachment = picture(database, kept)
    database.write(lambda tx: detach(tx, attachment))
    before = names(kept)
    database.write(lambda tx: hold(tx, "one", later(2) + 1000, now()))
    database.write(lambda tx: hold(tx, "another", later(2) + 1000, now()))
    database.write(lambda tx: let_go(tx, "another"))
    assert sweep(database, kept) is None
    assert (names(kept), len(database.read(named_of))) == (before, 3)
    database.write(lambda tx: hold(tx, "one", later(2) - 1000, now()))
    swept = sweep(database, kept)
    assert swept is not None
    assert (swept.rows, swept.thrown, names(kept)) == (1, 3, [])


@pytest.mark.usefixtures("clock")
def test_a_hold_stops_a_sweep_between_two_portions(
    database: Database, kept: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is to be thrown stays once somebody reads; and a row that came meanwhile keeps its bytes."""
    monkeypatch.setattr(sweeping, "LISTED", 4)
    lost = sorted(put(kept) for _ in range(10))
    assert sweep(database, kept, portions=3) is None
    left = names(kept)
    assert left == lost[4:]
    database.write(lambda tx: hold(tx, "one", later(3), now()))
    assert sweep(database, kept) is None
    assert names(kept) == left
    database.write(lambda tx: let_go(tx, "one"))
    place = left[-1].partition("/")[0]
    database.write(lambda tx: attach(tx, store(tx, place, ["original"])))
    assert sweep(database, kept) is not None
    assert names(kept) == [left[-1]]


@pytest.mark.usefixtures("clock")
def test_portions_are_small_and_all_is_looked_at(
    database: Database, kept: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are of each."""
    for name, most in (("ROWS", 3), ("LISTED", 4), ("THROWN", 2), ("EMPTIED", 3)):
        monkeypatch.setattr(sweeping, name, most)
    attachments = [picture(database, kept, ["original"])[1] for _ in range(10)]
    lost = [put(kept) for _ in range(7)]
    for attachment in attachments[::2]:
        database.write(lambda tx, attachment=attachment: detach(tx, attachment))  # type: ignore[misc]
    swept = sweep(database, kept)
    assert swept is not None
    assert (swept.rows, swept.thrown, swept.removed) == (5, 5 + len(lost), 0)
    assert names(kept) == database.read(named_of)
    monkeypatch.setattr(sweeping, "now", lambda: later(9))
    swept = sweep(database, kept)
    assert swept is not None
    assert (swept.rows, swept.thrown, swept.removed) == (0, 0, 5 + len(lost))


@pytest.mark.usefixtures("clock")
def test_another_desks_files_are_not_touched(database: Database, configured: str) -> None:
    """In the same folder or bucket."""
    one, other = opened_at(configured), opened_at(configured, OTHER)
    theirs, ours = put(other), put(one)
    thrown = put(other)
    other.throw(thrown)
    assert sweep(database, one) is not None
    assert (names(one), names(other)) == ([], [theirs])
    one.fetch_back(ours)
    other.fetch_back(thrown)


def test_who_attaches_at_the_same_moment_finds_the_row_or_none(place: Where) -> None:
    """On PostgreSQL the one who comes second waits or passes by; on SQLite there is one writer."""
    if place.url is None:
        return

    def found(tx: Tx) -> int | None:
        rows = tx.all("SELECT id FROM stored_files WHERE sum = :sum $for_update", sum="a" * 64)
        return None if not rows else attach(tx, rows[0]["id"])

    with two_nodes(place) as nodes:
        nodes.one.write(lambda tx: store(tx, "a" * 32, age=2 * DAY))
        attached = nodes.meet(
            lambda tx: (found(tx), tx.all("SELECT 1 AS stop")),
            "AS stop",
            lambda other: other.write(lambda tx: sweeping.clear_rows(tx, 0)),
        )
        assert attached.errors == []
        assert len(nodes.one.read(named_of)) == 3
        nodes.one.write(lambda tx: tx.run("DELETE FROM attachments"))
        swept = nodes.meet(
            lambda tx: (sweeping.clear_rows(tx, 0), tx.all("SELECT 1 AS stop")),
            "AS stop",
            lambda other: other.write(found),
        )
        assert swept.errors == []
        assert nodes.one.read(named_of) == []


@pytest.mark.usefixtures("clock")
def test_the_server_sweeps_by_itself(database: Database, kept: Place) -> None:
    """As a job that recurs, also in a restored copy, which sends nothing."""
    kinds = [kind for kind in housekeeping.kinds_of(CLOCK, lambda _: kept) if kind.name == "sweep_files"]
    database.write(desk.begin_anew)
    put(kept)
    for _ in range(10):
        do_due(database, *kinds)
        let_due(database)
    assert names(kept) == []
    swept = database.read(sweeping.last_swept)
    assert swept is not None
    assert there(kept) == set()


@pytest.mark.usefixtures("clock")
def test_the_server_s_sweep_waits_for_who_reads(
    database: Database, kept: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And goes on where it was: back-ups that follow each other stop it for good as little as one does."""
    monkeypatch.setattr(sweeping, "PAUSE", 0.0)
    kinds = [kind for kind in housekeeping.kinds_of(CLOCK, lambda _: kept) if kind.name == "sweep_files"]
    put(kept)
    before = names(kept)
    for _ in range(3):
        do_due(database, *kinds)
        let_due(database)
    assert names(kept) == before
    database.write(lambda tx: hold(tx, "one", later(3), now()))
    for _ in range(5):
        do_due(database, *kinds)
        let_due(database)
    assert (names(kept), database.read(sweeping.last_swept)) == (before, None)
    payload = database.read(lambda tx: tx.value("SELECT payload AS value FROM jobs WHERE kind = 'sweep_files'"))
    assert json.loads(payload)["throw"] == before
    database.write(lambda tx: let_go(tx, "one"))
    for _ in range(5):
        do_due(database, *kinds)
        let_due(database)
    assert (names(kept), database.read(sweeping.last_swept) is None) == ([], False)
