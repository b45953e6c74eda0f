"""A migration in batches: it goes through a large table in many transactions, between which others read and write."""

import threading
import time
from dataclasses import replace
from typing import Final

import pytest

from keesa.db import Database, Tx, migrate
from keesa.db.migrate import Migration, check_schema, latest
from keesa.db.migration_files import Batches, read_migration
from keesa.errors import Refused
from migrating import start_migrating
from newer_schemas import extended
from places import Place, opened
from waiting import wait_until

ADDING: Final = read_migration(
    latest() + 1,
    "title_size",
    "postgres",
    """\
-- stops: readers
-- The letters of a title, which new tickets get by a trigger in a real one.

ALTER TABLE tickets ADD COLUMN title_size INTEGER;
""",
)
FILLING: Final = read_migration(
    latest() + 2,
    "title_size_of_all",
    "postgres",
    """\
-- takes: 40
-- batches: tickets 100
-- The letters of the titles that there are: of those between :after and :upto, as it says.

UPDATE tickets SET title_size = coalesce(title_size, 0) + length(title) WHERE id > :after AND id <= :upto
""",
)
"""Adding, so that a row which is filled twice would show."""
TICKETS: Final = 1050
WRONG: Final = "SELECT count(*) AS value FROM tickets WHERE title_size IS NULL OR title_size <> length(title)"
FILLED: Final = "SELECT count(*) AS value FROM tickets WHERE title_size IS NOT NULL"
PLACES: Final = "SELECT count(*) AS value FROM settings WHERE name LIKE '%batches'"


def fill(tx: Tx) -> None:
    tx.run(
        "INSERT INTO tickets (id, title, description, status, priority, customer_id, product_id, contact_name,"
        " contact_number, raised_by_id, raised_at)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :more)"
        " SELECT 2034000 + i, 'Link', 'Down', 'open', 3, first.customer_id, first.product_id, 'I', 1,"
        " first.raised_by_id, i FROM n CROSS JOIN (SELECT * FROM tickets ORDER BY id LIMIT 1) first",
        more=TICKETS - tx.value("SELECT count(*) AS value FROM tickets"),
    )


@pytest.fixture
def desk(place: Place) -> Place:
    """With so many tickets that it takes eleven batches."""
    with opened(place) as database:
        database.write(fill)
    return place


def test_a_batch_is_a_transaction(desk: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row is filled once, and whoever reads meanwhile sees whole batches; no trace of where they ended is left."""
    extended(monkeypatch, ADDING, FILLING)
    seen: list[int] = []
    with opened(desk) as database:
        monkeypatch.setattr(time, "sleep", lambda _: seen.append(database.read(lambda tx: tx.value(FILLED))))
        assert migrate.migrate(database) == [ADDING.file, FILLING.file]
        assert seen == [*range(100, TICKETS, 100), TICKETS]
        assert database.read(lambda tx: (tx.value(WRONG), tx.value(PLACES))) == (0, 0)


def test_a_program_does_not_start_before_the_last_batch(desk: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that needs the column filled finds the older schema until then."""
    extended(monkeypatch, ADDING, FILLING)
    refused = []
    with opened(desk) as database:

        def look(_: float) -> None:
            with pytest.raises(Refused, match="run `keesa migrate`"):
                database.read(check_schema)
            refused.append(True)

        monkeypatch.setattr(time, "sleep", look)
        migrate.migrate(database)
        database.read(check_schema)
    assert refused


def test_a_kill_between_the_batches_loses_none(desk: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run begins behind the last one that was committed, while others read and write without a pause."""
    slowly = replace(FILLING, batches=Batches("tickets", 20))
    ended = threading.Event()
    written: list[int] = []

    def write(database: Database) -> None:
        while not ended.is_set():
            database.write(lambda tx: tx.run("UPDATE tickets SET priority = 1 + (priority % 5) WHERE id = 2034001"))
            written.append(database.read(lambda tx: tx.value("SELECT count(*) AS value FROM tickets")))

    with opened(desk) as database:
        writer = threading.Thread(target=write, args=[database])
        writer.start()
        try:
            process = start_migrating(desk, ADDING, slowly)
            wait_until(lambda: filled(database) >= 300)
            process.kill()
            process.communicate()
            before = filled(database)
            assert 300 <= before < TICKETS
            at_the_kill = len(written)
            extended(monkeypatch, ADDING, slowly)
            with opened(desk) as other:
                assert migrate.migrate(other) == [slowly.file]
        finally:
            ended.set()
            writer.join()
        assert len(written) > at_the_kill
        assert set(written) == {TICKETS}
        assert database.read(lambda tx: (tx.value(WRONG), tx.value(PLACES))) == (0, 0)


def filled(database: Database) -> int:
    """None, where the column is not there yet."""
    if database.read(lambda tx: tx.value("SELECT max(version) AS value FROM schema_migrations")) < ADDING.version:
        return 0
    count: int = database.read(lambda tx: tx.value(FILLED))
    return count


def test_a_wrong_header_is_refused() -> None:
    """Nothing of it is guessed."""
    with pytest.raises(ValueError, match="stops readers or writers, not everybody"):
        read_migration(1, "wrong", "postgres", "-- stops: everybody\n")


def test_headers_are_read() -> None:
    """In any order, and the first sentence behind them is what it does."""
    found = read_migration(
        7, "some", "sqlite", "-- takes: 1.5\n-- compatible: 5\n-- It mends (docs/a.md) this. And that.\n"
    )
    assert (found.takes, found.compatible, found.what, found.stops) == (1.5, 5, "It mends this", "writers")
    assert FILLING.what.startswith("The letters of the titles")
    assert (FILLING.stops, ADDING.stops) == ("nobody", "readers")
    assert Migration(1, "plain", None, "").file == "0001_plain"
