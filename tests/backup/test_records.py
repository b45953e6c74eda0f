"""What a desk knows of its back-ups, and that of several nodes one makes the next one."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec
import pytest

from keesa.backup import records
from keesa.backup.records import LONGEST, Record
from keesa.db import Database

HOUR = 3600 * 1000
NOW = 1_800_000_000_000
RECORD = Record(NOW, "keesa-00112233-20270115T080000Z.keesa", "/var/backups", 123_456, 7.5, 3, NOW - 9)


def test_the_last_one_is_known(database: Database) -> None:
    """None at first; then the last that was told of, until it is forgotten."""
    assert database.read(records.last) is None
    for record in (RECORD, Record(NOW + 1, "next", "s3://somewhere", 1, 0.1, 1, NOW + 1)):
        database.write(lambda tx, record=record: records.keep(tx, record))  # type: ignore[misc]
        assert database.read(records.last) == record
    database.write(records.forget)
    assert database.read(records.last) is None


@pytest.mark.parametrize(
    ("age", "every", "warned"),
    [(48 * HOUR, 0, False), (48 * HOUR + 1, 0, True), (48 * HOUR + 1, 72, False), (144 * HOUR + 1, 72, True)],
)
def test_an_operator_is_warned_when_it_is_old(age: int, every: int, warned: bool) -> None:  # noqa: FBT001 - the case
    """Twice as old as it should be; and where there is none."""
    assert bool(list(records.warnings(RECORD, NOW + age, every))) is warned
    assert "There is no back-up yet" in next(records.warnings(None, NOW, every))


def test_a_snapshot_is_known_beside_it(database: Database) -> None:
    """And forgotten with it."""
    snapshot = msgspec.structs.replace(RECORD, name="snapshot")
    database.write(lambda tx: records.keep(tx, RECORD))
    database.write(lambda tx: records.keep_snapshot(tx, snapshot))
    assert (database.read(records.last), database.read(records.last_snapshot)) == (RECORD, snapshot)
    database.write(records.forget)
    assert database.read(records.last_snapshot) is None


def test_what_another_version_has_kept_is_none(database: Database) -> None:
    """Its record may have told something else."""
    database.write(lambda tx: records.keep(tx, RECORD))
    database.write(lambda tx: tx.run("UPDATE settings SET value = '{\"at\": 1}' WHERE name = 'back-up'"))
    assert database.read(records.last) is None


@pytest.mark.parametrize(
    ("minutes", "every", "warned"),
    [(10_000, 0, False), (15, 1, False), (16, 1, True), (59, 30, False), (60, 30, False), (61, 30, True)],
)
def test_an_operator_is_warned_of_late_snapshots(minutes: int, every: int, warned: bool) -> None:  # noqa: FBT001 - the case
    """A quarter of an hour late, or twice as old as it should be; and where there is none; not where none are made."""
    late = records.snapshot_warnings(RECORD, NOW + minutes * 60_000, every)
    assert bool(list(late)) is warned
    assert bool(list(records.snapshot_warnings(None, NOW, every))) is bool(every)


@pytest.mark.parametrize(
    ("age", "due"), [(0, False), (24 * HOUR - 1, False), (24 * HOUR, True), (-1, False), (-24 * HOUR, True)]
)
def test_it_is_due_when_the_last_one_is_old(database: Database, age: int, due: bool) -> None:  # noqa: FBT001 - the case
    """By the time that it is of; one of a time to come is of a clock that was set back since."""
    database.write(lambda tx: records.keep(tx, RECORD))
    assert database.write(lambda tx: records.begin_if_due(tx, NOW + age, 24 * HOUR)) is due


def test_it_is_one_s_to_make(database: Database) -> None:
    """Until they say that it has ended, or for so long that they must be gone."""

    def begin(at: int) -> bool:
        return database.write(lambda tx: records.begin_if_due(tx, at, HOUR))

    assert begin(NOW)
    assert not begin(NOW)
    database.write(records.ended)
    assert begin(NOW)
    assert not begin(NOW + LONGEST)
    assert begin(NOW + LONGEST + 1)


def test_of_many_at_once_one_begins(database: Database) -> None:
    """On whichever node they are."""
    many = 4
    met = Barrier(many)

    def begin(_: int) -> bool:
        met.wait()
        return database.write(lambda tx: records.begin_if_due(tx, NOW, HOUR))

    with ThreadPoolExecutor(many) as threads:
        assert sorted(threads.map(begin, range(many))) == [False, False, False, True]


def test_who_finds_that_it_is_not_due_leaves_it_to_others(database: Database) -> None:
    """Nothing of their look stays."""
    database.write(lambda tx: records.keep(tx, RECORD))
    assert not database.write(lambda tx: records.begin_if_due(tx, NOW, HOUR))
    assert database.write(lambda tx: records.begin_if_due(tx, NOW + HOUR, HOUR))
