"""The index after each kind of write: what is found of a ticket is what its texts say, and nothing else."""

from typing import Any, Final

import pytest

from acting import CLOCK, actor_of
from acting import by as requester
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, SCHOOL, at
from indexed import difference_of, differences, empty, fold_all, require_sound, said_of, words_in
from keesa.db import Database, Tx
from keesa.directory.customers import CustomerChanges, NewCustomer, change_customer, create_customer
from keesa.directory.ecos import EcoChanges, change_eco, create_eco
from keesa.notes.changing import edit_note, lock_note, withdraw_note
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.raising import raise_ticket
from keesa.words.checking import check_names
from keesa.words.index import reindex, rows_range
from keesa.words.pieces import customer_mark, eco_mark
from keesa.words.places import MOST_ROWS, place_of
from keesa.words.statements import OF_TICKET
from new_tickets import DRAFT

NOON: Final = at("2025-03-10T12:00")
KINDS: Final = pytest.mark.parametrize("internal", [False, True], ids=["public", "internal"])


def note(tx: Tx, text: str, *, internal: bool = False, number: int = ASSIGNED) -> int:
    return make_note(tx, actor_of(tx, ENGINEER), number, rich_text(text), NOON, internal=internal).id


def edit(tx: Tx, note_id: int, text: str) -> None:
    actor = actor_of(tx, ADMIN)
    edit_note(tx, actor, lock_note(tx, actor, ASSIGNED, note_id, NOON), rich_text(text), NOON + 1)


def withdraw(tx: Tx, note_id: int) -> None:
    actor = actor_of(tx, ADMIN)
    withdraw_note(tx, actor, lock_note(tx, actor, ASSIGNED, note_id, NOON), NOON + 1)


def change(tx: Tx, changes: TicketChanges, number: int = ASSIGNED) -> None:
    actor = actor_of(tx, ADMIN)
    edit_ticket(tx, actor, lock_ticket(tx, actor, number), changes, NOON + 2)


def require_right(tx: Tx, number: int = ASSIGNED) -> None:
    assert difference_of(tx, number) is None


def test_a_ticket_that_is_raised(tx: Tx) -> None:
    """Its head and its description, from the first moment."""
    number = raise_ticket(tx, actor_of(tx, ENGINEER), DRAFT, NOON, CLOCK, "yearly").id
    [row] = said_of(tx, number)
    assert ("link", "to", "the", "harbour", "office", "is", "down") in row["head"]
    assert (customer_mark(HARBOUR),) in row["head"]
    assert row["said"] == [("no", "signal", "since", "the", "storm")]
    assert row["internal"] == []
    require_right(tx, number)


@KINDS
def test_a_note(tx: Tx, internal: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """By its kind, and by no other."""
    note(tx, "<p>Splice <b>tray</b> 7</p>", internal=internal)
    part, other = ("internal", "said") if internal else ("said", "internal")
    assert ("splice", "tray", "7") in said_of(tx, ASSIGNED)[0][part]
    assert "splice" not in words_in(tx, ASSIGNED, other) | words_in(tx, ASSIGNED, "head")
    require_right(tx)


@KINDS
def test_an_edited_note_is_found_by_its_new_text_alone(tx: Tx, internal: bool) -> None:  # noqa: FBT001 - as above
    """At once."""
    note_id = note(tx, "Splice tray", internal=internal)
    note(tx, "Another", internal=internal)
    edit(tx, note_id, "Cabinet")
    words = words_in(tx, ASSIGNED, "internal" if internal else "said")
    assert {"cabinet", "another"} <= words
    assert not {"splice", "tray"} & words
    require_right(tx)


@KINDS
def test_a_withdrawn_note_is_not_found(tx: Tx, internal: bool) -> None:  # noqa: FBT001 - as above
    """The others stay."""
    note_id = note(tx, "Splice tray", internal=internal)
    note(tx, "Another", internal=internal)
    withdraw(tx, note_id)
    assert not {"splice", "tray"} & words_in(tx, ASSIGNED, "internal" if internal else "said")
    assert "another" in words_in(tx, ASSIGNED, "internal" if internal else "said")
    require_right(tx)


def test_an_edited_ticket(tx: Tx) -> None:
    """By its new title, reference, contact and ECO, in each of its rows; its notes are as they were."""
    note(tx, "first " * 150 + "end " * 10)
    note(tx, "first " * 150)
    eco = create_eco(tx, requester(actor_of(tx, ADMIN)), "Mast", HARBOUR)
    given: dict[str, Any] = {
        "title": "Fibre cut",
        "reference": "PO-99",
        "contact_name": "Shifa",
        "contact_number": "+960 799-8877",
    }
    change(tx, TicketChanges(**given, eco_id=eco))
    rows = said_of(tx, ASSIGNED)
    assert len(rows) == 2
    for row in rows:
        heads = {word for run in row["head"] for word in run}
        assert {"fibre", "po", "99", "shifa", "960", "799", "8877", "9607998877", "998877", eco_mark(eco)} <= heads
        assert "down" not in heads
    require_right(tx)


def test_an_edited_description(tx: Tx) -> None:
    """The one of before is not found any more."""
    before = words_in(tx, ASSIGNED, "said")
    change(tx, TicketChanges(description=rich_text("Quite another matter")))
    assert {"quite", "another", "matter"} <= words_in(tx, ASSIGNED, "said") != before
    require_right(tx)


def test_a_ticket_of_another_customer(tx: Tx) -> None:
    """Who has it now finds nothing of what was said before; the desk does. So it is in each row."""
    note(tx, "first " * 150)
    note(tx, "second " * 150)
    note(tx, "Splice tray")
    note(tx, "Secret", internal=True)
    assert len(said_of(tx, ASSIGNED)) == 2
    anew = TicketChanges(title="Anew", description=rich_text("As new"), customer_id=SCHOOL)
    change(tx, anew, ASSIGNED)
    assert words_in(tx, ASSIGNED, "said") == {"as", "new"}
    assert {"first", "second", "splice", "tray", "secret"} <= words_in(tx, ASSIGNED, "internal")
    assert customer_mark(HARBOUR) not in words_in(tx, ASSIGNED, "head")
    assert customer_mark(SCHOOL) in words_in(tx, ASSIGNED, "head")
    require_right(tx)


def test_long_texts_have_rows_of_their_own(tx: Tx) -> None:
    """Each of which has the head; they go with their text."""
    note_id = note(tx, " ".join(f"word{number}" for number in range(4_000)))
    rows = said_of(tx, ASSIGNED)
    assert len(rows) > 4
    assert all(("2025002",) in row["head"] for row in rows)
    require_right(tx)
    withdraw(tx, note_id)
    assert "word3999" not in words_in(tx, ASSIGNED, "said")
    require_right(tx)


def test_rows_that_are_free_are_taken_again(tx: Tx) -> None:
    """However often a long text is edited, by turns to a short one: a ticket never runs out of places by that, whether
    it is folded meanwhile or not.
    """
    note_id = note(tx, "Begin")
    long = " ".join(f"word{number}" for number in range(4_000))
    for times in range(4):
        edit(tx, note_id, f"{times} {long}")
        require_right(tx)
        note(tx, "Another " * 150)
        edit(tx, note_id, f"{times}")
        require_right(tx)
        if times % 2:
            fold_all(tx)
    last = max(place for (place,) in tx.each(OF_TICKET, **rows_range(ASSIGNED)))
    assert last - place_of(ASSIGNED) < 12


def test_notes_of_one_moment_are_told_apart(tx: Tx) -> None:
    """Whatever their ids are: each can be withdrawn."""
    ids = [note(tx, f"Splice {number}") for number in range(12)]
    require_right(tx)
    for note_id in ids:
        withdraw(tx, note_id)
    require_right(tx)


def test_a_full_ticket_takes_notes_all_the_same(tx: Tx) -> None:
    """They are not found, and nothing else is broken by them."""
    full = rich_text("x " * 200)
    actor = actor_of(tx, ENGINEER)
    for _ in range(MOST_ROWS + 2):
        make_note(tx, actor, ASSIGNED, full, NOON, internal=True)
    assert len(said_of(tx, ASSIGNED)) == MOST_ROWS
    require_right(tx)
    note(tx, "Not to be found", internal=True)
    assert "found" not in words_in(tx, ASSIGNED, "internal")
    require_right(tx)


def test_a_ticket_that_is_not_filled_in_stays_out(tx: Tx) -> None:
    """Until all of it is: no write makes half a ticket be found."""
    empty(tx)
    note_id = note(tx, "Splice tray")
    edit(tx, note_id, "Cabinet")
    change(tx, TicketChanges(title="Fibre cut", description=rich_text("New")))
    assert said_of(tx, ASSIGNED) == []
    reindex(tx, ASSIGNED)
    assert "cabinet" in words_in(tx, ASSIGNED, "said")
    require_right(tx)


def test_a_write_that_is_undone_leaves_nothing(database: Database) -> None:
    """Not in the rows, nor in SQLite's index of them."""

    def work(tx: Tx) -> None:
        note(tx, "Splice tray")
        change(tx, TicketChanges(title="Fibre cut"))
        raise ZeroDivisionError

    before = database.read(lambda tx: said_of(tx, ASSIGNED))
    with pytest.raises(ZeroDivisionError):
        database.write(work)
    assert database.read(lambda tx: said_of(tx, ASSIGNED)) == before
    assert differences(database) == []
    require_sound(database)


def test_names(database: Database) -> None:
    """Of customers and ECOs that are made, renamed, or given to another customer."""

    def work(tx: Tx) -> tuple[int, int]:
        by = requester(actor_of(tx, ADMIN))
        new = NewCustomer(name="Coral Ltd", contact_name="Ali", contact_number=1)
        customer = create_customer(tx, by, new)
        return customer, create_eco(tx, by, "Mast 7912345", customer)

    def rename(tx: Tx) -> None:
        by = requester(actor_of(tx, ADMIN))
        change_customer(tx, by, customer, CustomerChanges(name="Reef Ltd"))
        change_eco(tx, by, eco, EcoChanges(name="Mast at the jetty", customer_id=SCHOOL))

    customer, eco = database.write(work)
    assert [*check_names(database)] == []
    database.write(rename)
    assert [*check_names(database)] == []
    require_sound(database)


def test_customers_add_notes_too(tx: Tx) -> None:
    """As staff do."""
    make_note(tx, actor_of(tx, CUSTOMER), ASSIGNED, rich_text("Still broken"), NOON)
    assert "broken" in words_in(tx, ASSIGNED, "said")
    require_right(tx)
