"""A desk that had its tickets before there was an index: it is filled while the desk runs, whoever is killed when."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from acting import CLOCK, actor_of
from cast import ADMIN, ASSIGNED, RAISED, at
from doing_jobs import do_due, let_due
from file_rows import no_place
from indexed import difference_of, differences, empty, require_sound, said_of, words_in
from keesa.db import Database, Tx
from keesa.housekeeping import kinds_of
from keesa.notes.changing import lock_note, withdraw_note
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.words import filling
from kept_tickets import Shelved, shelve
from live import environment
from places import Place
from soaking import times
from waiting import wait_until

NOON: Final = at("2025-03-10T12:00")
[KIND] = [kind for kind in kinds_of(CLOCK, no_place) if kind.name == "fill_search"]
MANY: Final = range(2024101, 2024101 + 130)
"""More than a portion has."""
KILLS: Final = times(2, 12)
PATIENCE: Final = 120.0
"""Seconds for all of it, on a machine under load."""
FILLER: Final = """
import sys
from pathlib import Path
from keesa.db import open_database
from keesa.words import filling
database = open_database(Path(sys.argv[1]), sys.argv[2] or None)
print("ready", flush=True)
while portion := database.read(filling.read_portion):
    made = filling.made_of(portion.tickets)
    database.write(lambda tx: filling.keep_portion(tx, portion, made))
database.close()
"""


@pytest.fixture
def older(database: Database) -> Database:
    """As an upgrade leaves it."""

    def work(tx: Tx) -> None:
        shelve(tx, [Shelved(number=number, raised="2024-03-04T09:00") for number in MANY])
        empty(tx)

    database.write(work)
    return database


def portion(tx: Tx) -> filling.Portion:
    found = filling.read_portion(tx)
    assert found is not None
    return found


def with_names(database: Database) -> None:
    """Fill the names in: what comes next is tickets."""
    while database.read(portion).state.names != "done":
        step(database)


def step(database: Database) -> bool:
    found = database.read(portion)
    return database.write(lambda tx: filling.keep_portion(tx, found, filling.made_of(found.tickets)))


def test_the_job_fills_it(older: Database) -> None:
    """To its end; and then it has nothing to do."""
    for _ in range(100):
        do_due(older, KIND)
        let_due(older)
        if older.read(filling.is_whole):
            break
    assert older.read(filling.is_whole)
    assert differences(older) == []
    require_sound(older)
    assert older.read(filling.read_portion) is None


def test_a_new_desk_is_whole(database: Database) -> None:
    """At once: there is nothing to fill in."""
    assert database.read(filling.is_whole)


def test_the_largest_numbers_are_first(older: Database) -> None:
    """Who searches after an upgrade wants those of late."""
    with_names(older)
    step(older)
    assert older.read(lambda tx: said_of(tx, RAISED)) != []
    assert older.read(lambda tx: said_of(tx, MANY[0])) == []
    assert not older.read(filling.is_whole)


def test_what_changes_meanwhile_is_as_it_is_then(older: Database) -> None:
    """A note that was withdrawn between the reading and the keeping of a portion is not found."""

    def note(tx: Tx) -> int:
        return make_note(tx, actor_of(tx, ADMIN), ASSIGNED, rich_text("Secret"), NOON).id

    def withdraw(tx: Tx, note_id: int) -> None:
        actor = actor_of(tx, ADMIN)
        withdraw_note(tx, actor, lock_note(tx, actor, ASSIGNED, note_id, NOON), NOON + 1)

    note_id = older.write(note)
    with_names(older)
    found = older.read(portion)
    made = filling.made_of(found.tickets)
    older.write(lambda tx: withdraw(tx, note_id))
    assert older.write(lambda tx: filling.keep_portion(tx, found, made))
    assert older.read(lambda tx: said_of(tx, ASSIGNED)) == []
    while step(older):
        pass
    assert "secret" not in older.read(lambda tx: words_in(tx, ASSIGNED, "said"))
    assert differences(older) == []


def test_a_portion_that_comes_late_undoes_nothing(older: Database) -> None:
    """Another process has kept it, and gone on; the ticket has another note by then."""
    with_names(older)
    found = older.read(portion)
    made = filling.made_of(found.tickets)
    while step(older):
        pass
    older.write(lambda tx: make_note(tx, actor_of(tx, ADMIN), ASSIGNED, rich_text("Later"), NOON))
    older.write(lambda tx: filling.keep_portion(tx, found, made))
    assert older.read(filling.is_whole)
    assert "later" in older.read(lambda tx: words_in(tx, ASSIGNED, "said"))
    assert older.read(lambda tx: difference_of(tx, ASSIGNED)) is None


def test_portions_are_bounded(older: Database) -> None:
    """By tickets, and by the bytes of their texts; a larger ticket is one by itself."""
    ids, below = older.read(lambda tx: filling.next_tickets(tx, filling.LARGEST))
    assert len(ids) == filling.TICKETS
    assert below == ids[-1]
    size = filling.BYTES
    older.write(lambda tx: tx.run("UPDATE tickets SET notes_size = :size WHERE id = :id", size=size, id=ids[1]))
    assert older.read(lambda tx: filling.next_tickets(tx, filling.LARGEST)) == (ids[:1], ids[0])
    assert older.read(lambda tx: filling.next_tickets(tx, ids[0])) == (ids[1:2], ids[1])


def test_who_is_killed_leaves_it_to_others(older: Database, place: Place) -> None:
    """Two processes fill at the same time, and are killed in the middle: another one goes on to the end."""
    for _ in range(KILLS):
        with filler(place) as one, filler(place) as other:
            wait_until(lambda: progress(older) or one.poll() is not None, PATIENCE)
            one.kill()
            other.kill()
    with filler(place) as one, filler(place) as other:
        assert (one.wait(PATIENCE), other.wait(PATIENCE)) == (0, 0)
    assert older.read(filling.is_whole)
    assert differences(older) == []
    require_sound(older)


def progress(database: Database) -> Any:  # noqa: ANN401 - a count
    return database.read(lambda tx: tx.value("SELECT count(*) AS value FROM name_words"))


@contextmanager
def filler(place: Place) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", FILLER, str(place.data), place.url or ""]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
