"""Times of last use: noted in memory, due every five minutes, and only ever moved forward."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, Final

import pytest

import cast
from cast import ENGINEER, TOKEN
from keesa.accounts import last_use
from keesa.accounts.last_use import PRECISION, Key, LastUse, write_last_use
from keesa.accounts.sessions import open_session
from keesa.clock import now
from keesa.db import Database, Tx

NOON: Final = cast.at("2025-04-01T12:00")
SOON: Final = 30
"""Seconds."""


def kept(tx: Tx, key: Key) -> Any:  # noqa: ANN401 - a time, or None
    if isinstance(key, int):
        return tx.value("SELECT last_used_at AS value FROM api_tokens WHERE id = :key", key=key)
    return tx.value("SELECT last_used_at AS value FROM sessions WHERE refresh_uid = :key", key=key)


@pytest.fixture
def session(tx: Tx) -> str:
    return open_session(tx, ENGINEER.id, "2024", now())[1].refresh_uid


def test_what_was_noted_is_due_with_its_last_time() -> None:
    """Once; then again when five minutes have passed since it was written, if it was used in between."""
    noted = LastUse()
    noted.note("a", NOON)
    noted.note("a", NOON + 10)
    noted.note(7, NOON + 5)
    due = noted.due(NOON + 20)
    assert due == {"a": NOON + 10, 7: NOON + 5}
    noted.wrote(due, NOON + 20)
    assert noted.due(NOON + 30) == {}
    noted.note("a", NOON + 40)
    assert noted.due(NOON + 20 + PRECISION - 1) == {}
    assert noted.due(NOON + 20 + PRECISION) == {"a": NOON + 40}
    assert noted.due(NOON + 50, all_of_them=True) == {"a": NOON + 40}


def test_what_is_used_while_it_is_written_is_not_lost() -> None:
    """It stays noted for the next time."""
    noted = LastUse()
    noted.note("a", NOON)
    due = noted.due(NOON)
    noted.note("a", NOON + 1)
    noted.wrote(due, NOON)
    assert noted.due(NOON + PRECISION) == {"a": NOON + 1}


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    """What was written at a time far ahead is due again."""
    noted = LastUse()
    noted.wrote({"a": NOON + 100 * PRECISION}, NOON + 100 * PRECISION)
    noted.note("a", NOON)
    assert noted.due(NOON) == {"a": NOON}


def test_what_is_noted_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first so many; while nothing can be written, those alone get later times."""
    monkeypatch.setattr(last_use, "MOST_NOTED", 3)
    noted = LastUse()
    for number in range(10):
        noted.note(number, NOON)
    noted.note(0, NOON + 1)
    assert noted.due(NOON) == {0: NOON + 1, 1: NOON, 2: NOON}


BEGUN, NOTED = Event(), Event()


class Meeting(str):
    """A key at which whoever reads it lets another thread note something, if that can be."""

    __slots__ = ()

    def __hash__(self) -> int:
        if not BEGUN.is_set():
            BEGUN.set()
            NOTED.wait(0.1)
        return super().__hash__()


def test_threads_may_note_meanwhile() -> None:
    """Whatever is asked at the same moment fails by none of it."""
    noted = LastUse()

    def note_another() -> None:
        BEGUN.wait(SOON)
        noted.note("another", NOON)
        NOTED.set()

    BEGUN.set()
    noted.note(Meeting("a"), NOON)
    BEGUN.clear()
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(note_another)
        assert noted.due(NOON).keys() == {"a"}
        done.result(SOON)
    assert noted.due(NOON).keys() == {"a", "another"}


def test_times_are_written(tx: Tx, session: str) -> None:
    """Of sessions and of tokens; what is gone is passed over."""
    write_last_use(tx, {session: NOON, TOKEN: NOON + 1, "gone": NOON, 999: NOON})
    assert (kept(tx, session), kept(tx, TOKEN)) == (NOON, NOON + 1)


def test_times_only_move_forward(tx: Tx, session: str) -> None:
    """And by five minutes at the least, whichever worker comes first; the last time of a process counts at once."""
    for key in (session, TOKEN):
        write_last_use(tx, {key: NOON})
        write_last_use(tx, {key: NOON - 2 * PRECISION})
        write_last_use(tx, {key: NOON + PRECISION})
        assert kept(tx, key) == NOON
        write_last_use(tx, {key: NOON + PRECISION + 1})
        assert kept(tx, key) == NOON + PRECISION + 1
        write_last_use(tx, {key: NOON + PRECISION + 2}, 0)
        write_last_use(tx, {key: NOON + PRECISION}, 0)
        assert kept(tx, key) == NOON + PRECISION + 2


def test_it_moves_no_revision(database: Database) -> None:
    """Else each time would let every process read its cached sessions again."""
    find = "SELECT accounts + names AS value FROM desk_revisions"
    before = database.read(lambda tx: tx.value(find))
    database.write(lambda tx: write_last_use(tx, {TOKEN: NOON}))
    assert database.read(lambda tx: tx.value(find)) == before
