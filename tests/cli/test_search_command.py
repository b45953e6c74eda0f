"""`keesa search`: the index made anew while the desk runs, and held against the texts."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from acting import actor_of
from cast import ADMIN, ASSIGNED, HARBOUR, RAISED
from command import keesa
from indexed import differences, empty, require_sound, words_in
from keesa.clock import now
from keesa.db import Database, Tx
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.words import filling, rebuilding
from keesa.words.places import place_of
from keesa.words.texts import TicketTexts
from places import Place

DAMAGES = {
    f"ticket {ASSIGNED} is not in the index": ("DELETE FROM ticket_words WHERE place = :place", place_of(ASSIGNED)),
    f"ticket {RAISED} has other words in the index than in its texts": (
        "UPDATE ticket_words SET words = words + 1 WHERE place = :place",
        place_of(RAISED),
    ),
    f"the name of customer {HARBOUR} is not in the index as it is": (
        "DELETE FROM name_words WHERE place = :place",
        2 * HARBOUR,
    ),
}


def test_an_index_that_is_right(place: Place, database: Database) -> None:
    """Says of how many tickets it is, and changes nothing."""
    before = differences(database)
    done = keesa("search", "check", place=place)
    assert (done.status, done.out) == (0, "ok: 5 tickets\n")
    assert before == differences(database) == []


def test_what_differs_is_listed(place: Place, database: Database) -> None:
    """Each ticket and each name, with what to do; the exit status tells too. Making it anew cures them."""

    def damage(tx: Tx) -> None:
        for sql, where in DAMAGES.values():
            tx.run(sql, place=where)

    database.write(damage)
    done = keesa("search", "check", place=place)
    assert (done.status, {*done.out.splitlines()}) == (1, {*DAMAGES})
    assert done.err == "keesa: 3 differences: keesa search rebuild\n"
    done = keesa("search", "rebuild", place=place)
    assert (done.status, done.out) == (0, "5 tickets: the index is made anew\n")
    assert differences(database) == []


def test_words_of_what_is_gone_are_found_out(place: Place, database: Database) -> None:
    """A row with a note that the ticket has not."""
    sql = "UPDATE ticket_words SET pieces = :pieces WHERE place = :place"
    database.write(lambda tx: tx.run(sql, pieces='[["t"],["n",77]]', place=place_of(ASSIGNED)))
    done = keesa("search", "check", place=place)
    assert done.out == f'ticket {ASSIGNED} has in the index what it has not: ["n",77]\n'


def test_one_that_is_being_filled(place: Place, database: Database) -> None:
    """Is told of by its name, by `keesa check` too; making it anew fills it."""
    database.write(empty)
    done = keesa("search", "check", place=place)
    assert done.status == 1
    assert "ticket 2025001 is not in the index" in done.out
    assert keesa("search", "rebuild", place=place).status == 0
    assert database.read(filling.is_whole)
    assert keesa("search", "check", place=place).status == 0


def test_from_nothing(place: Place, database: Database) -> None:
    """What SQLite's own index has too much goes with it."""

    def damage(tx: Tx) -> None:
        if tx.writes_alone:
            tx.run("INSERT INTO ticket_search (rowid, head, said, internal) VALUES (77, 'ghost', '', '')")
        tx.run("DELETE FROM ticket_words WHERE place <> :place", place=place_of(ASSIGNED))

    database.write(damage)
    done = keesa("search", "rebuild", "--from-nothing", place=place)
    assert done.status == 0, done.err
    assert differences(database) == []
    require_sound(database)


def test_what_changes_under_its_hands_is_read_again(
    place: Place, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ticket that got a note between being read and being written is made anew all the same."""
    actor = database.read(lambda tx: actor_of(tx, ADMIN))
    database.write(lambda tx: tx.run("DELETE FROM ticket_words WHERE place = :place", place=place_of(ASSIGNED)))
    made_of, noted = filling.made_of, list[str]()

    def made_late(texts: Sequence[TicketTexts]) -> list[filling.Made]:
        if not noted:
            noted.append("Late")
            database.write(lambda tx: make_note(tx, actor, ASSIGNED, rich_text("Late"), now()))
        return made_of(texts)

    monkeypatch.setattr(rebuilding, "made_of", made_late)
    assert keesa("search", "rebuild", place=place).status == 0
    assert differences(database) == []
    assert "late" in database.read(lambda tx: words_in(tx, ASSIGNED, "said"))


def test_writes_go_on_meanwhile(place: Place, database: Database) -> None:
    """None is lost, whether it comes before or after its ticket's turn."""
    actor = database.read(lambda tx: actor_of(tx, ADMIN))

    def write(number: int) -> None:
        for each in range(20):
            text = rich_text(f"note {each} " * 30)
            database.write(lambda tx, text=text: make_note(tx, actor, number, text, now()))  # type: ignore[misc]

    with ThreadPoolExecutor(2) as threads:
        writing = [threads.submit(write, number) for number in (ASSIGNED, RAISED)]
        while not all(each.done() for each in writing):
            assert keesa("search", "rebuild", place=place).status == 0
        for each in writing:
            each.result()
    assert differences(database) == []
    require_sound(database)
