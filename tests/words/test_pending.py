"""What has become of rows and is not in the index yet: folding changes nothing of what rows say, and loses nothing."""

from threading import Thread
from typing import Final

import pytest

from acting import CLOCK, actor_of
from cast import ADMIN, ASSIGNED, ENGINEER, HARBOUR, SCHOOL, at
from indexed import difference_of, differences, fold_all, require_sound, said_of
from keesa.db import Database, Tx
from keesa.notes.changing import edit_note, lock_note, withdraw_note
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.raising import raise_ticket
from keesa.words.index import rows_range
from keesa.words.pending import IS_ANY, fold
from keesa.words.places import place_of
from new_tickets import DRAFT
from waiting import wait_until

NOON: Final = at("2025-03-10T12:00")
LONG: Final = "splice " * 150


def note(tx: Tx, text: str, *, internal: bool = False) -> int:
    return make_note(tx, actor_of(tx, ENGINEER), ASSIGNED, rich_text(text), NOON, internal=internal).id


def withdraw(tx: Tx, note_id: int) -> None:
    actor = actor_of(tx, ADMIN)
    withdraw_note(tx, actor, lock_note(tx, actor, ASSIGNED, note_id, NOON), NOON + 1)


def edit(tx: Tx, note_id: int, text: str) -> None:
    actor = actor_of(tx, ADMIN)
    edit_note(tx, actor, lock_note(tx, actor, ASSIGNED, note_id, NOON), rich_text(text), NOON + 1)


def change(tx: Tx, changes: TicketChanges) -> None:
    actor = actor_of(tx, ADMIN)
    edit_ticket(tx, actor, lock_ticket(tx, actor, ASSIGNED), changes, NOON + 2)


def is_any(tx: Tx) -> bool:
    return bool(tx.value(f"SELECT CASE WHEN {IS_ANY} THEN 1 ELSE 0 END AS value"))


def places(tx: Tx, table: str) -> list[int]:
    sql = f"SELECT place FROM {table} WHERE place >= :first AND place <= :last ORDER BY place"
    return [place for (place,) in tx.each(sql, **rows_range(ASSIGNED))]


def after_each_kind_of_write(tx: Tx) -> None:
    """A new row, one that was added to, one that is anew, one that is no more, another head, another customer."""
    raise_ticket(tx, actor_of(tx, ENGINEER), DRAFT, NOON, CLOCK, "yearly")
    ids = [note(tx, LONG), note(tx, "Secret", internal=True), note(tx, f"Cabinet {LONG}"), note(tx, f"Mast {LONG}")]
    edit(tx, ids[0], "Tray")
    withdraw(tx, ids[3])
    change(tx, TicketChanges(title="Fibre cut"))
    note(tx, "Behind it")


def test_rows_say_the_same_before_and_after(database: Database) -> None:
    """However many are folded at a time."""
    database.write(after_each_kind_of_write)
    before = database.read(lambda tx: said_of(tx, ASSIGNED))
    assert database.read(is_any)
    folded = 0
    while database.write(lambda tx: fold(tx, 1)):
        folded += 1
        assert database.read(lambda tx: said_of(tx, ASSIGNED)) == before
    assert folded > 2
    assert not database.read(is_any)
    assert differences(database) == []
    require_sound(database)


def test_nothing_is_written_to_the_index_by_a_write(database: Database) -> None:
    """Which would take longer the more words the row has."""
    state = "SELECT place, pieces, words FROM ticket_words ORDER BY place"
    before = database.read(lambda tx: list(tx.each(state)))
    database.write(after_each_kind_of_write)
    database.write(lambda tx: change(tx, TicketChanges(title="A", description=rich_text("B"), customer_id=SCHOOL)))
    assert database.read(lambda tx: list(tx.each(state))) == before
    assert database.read(lambda tx: difference_of(tx, ASSIGNED)) is None


def test_a_row_whose_texts_have_gone_is_taken_out(tx: Tx) -> None:
    """Not the first one of a ticket, which has its head."""
    ids = [note(tx, LONG), note(tx, LONG)]
    fold_all(tx)
    first, second = places(tx, "ticket_words")
    withdraw(tx, ids[1])
    assert len(said_of(tx, ASSIGNED)) == 1
    fold_all(tx)
    assert places(tx, "ticket_words") == [first]
    note(tx, LONG)
    assert places(tx, "pending_words") == [second]
    assert difference_of(tx, ASSIGNED) is None


def test_a_head_changes_twice_and_once_more_with_another_customer(tx: Tx) -> None:
    """Whether the one of before was folded or not."""
    change(tx, TicketChanges(title="Fibre"))
    change(tx, TicketChanges(title="Mast"))
    assert difference_of(tx, ASSIGNED) is None
    change(tx, TicketChanges(title="Anew", description=rich_text("New"), customer_id=SCHOOL))
    change(tx, TicketChanges(title="Link"))
    assert difference_of(tx, ASSIGNED) is None
    fold_all(tx)
    change(tx, TicketChanges(title="Again", description=rich_text("Back"), customer_id=HARBOUR))
    fold_all(tx)
    assert difference_of(tx, ASSIGNED) is None
    assert ("again",) in said_of(tx, ASSIGNED)[0]["head"]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_row_that_is_being_written_is_left(database: Database) -> None:
    """Nobody waits for a write; it is folded afterwards."""
    database.write(lambda tx: note(tx, "Tray"))

    def writing(tx: Tx) -> bool:
        note(tx, "Cabinet")
        tx.all("SELECT 1")  # it has reached the database
        database.write(fold_all)
        return places(tx, "pending_words") == [place_of(ASSIGNED)]

    assert database.write(writing)
    database.write(fold_all)
    assert database.read(lambda tx: difference_of(tx, ASSIGNED)) is None


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.parametrize("emptied", [False, True], ids=["a row", "an emptied row"])
@pytest.mark.parametrize("title", [None, "Mast"], ids=["a note", "another head"])
def test_what_is_written_while_a_row_is_folded_comes_behind_it(
    database: Database,
    emptied: bool,  # noqa: FBT001 - a parameter of the test
    title: str | None,
) -> None:
    """Though the write has begun before: also where the row is taken out of the index."""
    ids = database.write(lambda tx: [note(tx, LONG), note(tx, LONG)])
    database.write(fold_all)
    database.write(lambda tx: withdraw(tx, ids[1]) if emptied else note(tx, "Tray"))

    def write(tx: Tx) -> None:
        if title is None:
            note(tx, "Behind it")
        else:
            change(tx, TicketChanges(title=title))

    writer = Thread(target=lambda: database.write(write))

    def folding(tx: Tx) -> None:
        fold_all(tx)
        tx.all("SELECT 1")
        writer.start()
        wait_until(lambda: bool(database.read(lambda other: other.all(_WAITING))))

    database.write(folding)
    writer.join(60)
    assert database.read(lambda tx: difference_of(tx, ASSIGNED)) is None
    database.write(fold_all)
    assert database.read(lambda tx: difference_of(tx, ASSIGNED)) is None
    assert database.read(is_any) is False


_WAITING: Final = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
