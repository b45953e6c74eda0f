"""Notes as the domain keeps and shows them: sanitised, with their author, oldest first."""

import pytest

from acting import actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, BOT, CUSTOMER, ENGINEER, HIDDEN, RAISED, STRANGER, STRANGERS, Person, at
from keesa.db import Tx
from keesa.errors import Invalid, NotFound
from keesa.notes.notes import LARGEST_NOTES, MOST_NOTES, Note, add_note, list_notes
from keesa.rich_text.html import LONGEST, rich_text
from keesa.tickets.finding import find_ticket
from listing import ticket

NOON = at("2025-03-10T12:00")


def add(tx: Tx, text: str, by: Person = ENGINEER, number: int | None = ASSIGNED, when: int = NOON) -> str:
    return add_note(tx, actor_of(tx, by), number, rich_text(text), when)


def test_a_note_is_kept_with_its_author_and_its_time(tx: Tx) -> None:
    """It stands behind the two that were there."""
    assert add(tx, "Back on line") == "Back on line"
    *_, last = list_notes(tx, find_ticket(tx, actor_of(tx, ENGINEER), ASSIGNED))
    assert last == Note(last.id, "Back on line", "Hassan Waheed", "Hassan", NOON)


def test_notes_come_in_the_order_in_which_they_were_added(tx: Tx) -> None:
    """Whatever the server's clock says: none is told to be older than the one before. The ticket shows them so too."""
    said = (("1", NOON), ("2", NOON), ("3", at("2025-03-08T12:00")), ("4", NOON + 1), ("5", at("2024-01-01T09:00")))
    for text, when in said:
        add(tx, text, when=when, number=RAISED)
    engineer = actor_of(tx, ENGINEER)
    found = list_notes(tx, find_ticket(tx, engineer, RAISED))
    assert [note.body for note in found] == ["1", "2", "3", "4", "5"]
    assert [note.created_at for note in found] == [NOON, NOON, NOON, NOON + 1, NOON + 1]
    assert [note.body for note in ticket(tx, engineer, RAISED).notes] == ["1", "2", "3", "4", "5"]


def test_no_note_is_older_than_its_ticket(tx: Tx) -> None:
    """RAISED was raised on 2025-03-01, before the clock jumped back."""
    add(tx, "On my way", when=at("2025-02-27T09:00"), number=RAISED)
    (note,) = list_notes(tx, find_ticket(tx, actor_of(tx, ENGINEER), RAISED))
    assert note.created_at == at("2025-03-01T09:00")


def test_older_notes_come_by_their_time(tx: Tx) -> None:
    """Those that were put in with a time of their own, in any order."""
    for number, when in ((9001, NOON + 2), (9002, NOON)):
        tx.run(
            "INSERT INTO ticket_notes (id, ticket_id, author_id, body, created_at)"
            " VALUES (:id, :ticket, 1, :body, :at)",
            id=number,
            ticket=RAISED,
            body=str(number),
            at=when,
        )
    tx.follow_given_ids("ticket_notes")
    add(tx, "last", when=NOON + 1, number=RAISED)
    found = list_notes(tx, find_ticket(tx, actor_of(tx, ENGINEER), RAISED))
    assert [note.body for note in found] == ["9002", "9001", "last"]


def test_a_note_belongs_to_its_ticket_alone(tx: Tx) -> None:
    """Other tickets keep the notes they have."""
    add(tx, "Back on line", number=RAISED)
    engineer = actor_of(tx, ENGINEER)
    assert [note.body for note in list_notes(tx, find_ticket(tx, engineer, RAISED))] == ["Back on line"]
    assert len(list_notes(tx, find_ticket(tx, engineer, ASSIGNED))) == 2


def test_a_note_is_kept_sanitised(tx: Tx) -> None:
    """Its answer is what was kept, not what was sent."""
    assert add(tx, "<div onclick=x>port 3<script>alert(1)</script> < 4</div>", number=RAISED) == (
        "<div>port 3 &lt; 4</div>"
    )
    (note,) = list_notes(tx, find_ticket(tx, actor_of(tx, ENGINEER), RAISED))
    assert note.body == "<div>port 3 &lt; 4</div>"


@pytest.mark.parametrize("text", ["", " \r\n", "<p><br></p>", "&nbsp;", "<script>alert(1)</script>", "<img src=x>"])
def test_a_note_without_anything_to_read_is_refused(tx: Tx, text: str) -> None:
    """What is empty once it is sanitised was never said."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        add(tx, text)
    assert raised.value.faults == {"note": ["must not be empty"]}
    assert tickets_as_kept(tx) == before


def test_the_longest_note_is_kept_whole(tx: Tx) -> None:
    """Characters count, not bytes."""
    assert add(tx, "ރ" * LONGEST) == "ރ" * LONGEST


@pytest.mark.parametrize("text", ["x" * (LONGEST + 1), "<div>" * (LONGEST // 5 + 1), "<script></script>" * LONGEST])
def test_a_note_that_is_too_long_is_refused_before_it_is_read(tx: Tx, text: str) -> None:
    """What was sent counts: to sanitise deep tags costs too much, and what would be left makes no difference."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        add(tx, text)
    assert raised.value.faults == {"note": [f"must have at most {LONGEST} characters"]}
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize(("by", "number"), [(CUSTOMER, ASSIGNED), (STRANGER, STRANGERS), (ADMIN, HIDDEN)])
def test_whoever_sees_a_ticket_may_speak_of_it(tx: Tx, by: Person, number: int) -> None:
    """A customer's user too."""
    add(tx, "Thank you", by=by, number=number)
    found = rows(tx, "SELECT author_id FROM ticket_notes WHERE ticket_id = :id ORDER BY id DESC LIMIT 1", id=number)
    assert found == [{"author_id": by.id}]


@pytest.mark.parametrize(
    ("by", "number"), [(CUSTOMER, HIDDEN), (STRANGER, ASSIGNED), (BOT, ASSIGNED), (ADMIN, 2025999), (ADMIN, None)]
)
def test_the_notes_of_a_ticket_out_of_sight_are_not_found(tx: Tx, by: Person, number: int | None) -> None:
    """Neither read nor added to; a note too long or empty does not tell that the ticket is there."""
    before = tickets_as_kept(tx)
    with pytest.raises(NotFound, match=r"^Ticket not found$"):
        list_notes(tx, find_ticket(tx, actor_of(tx, by), number))
    for text in ("Hello", "", "x" * (LONGEST + 1)):
        with pytest.raises(NotFound, match=r"^Ticket not found$"):
            add(tx, text, by=by, number=number)
    assert tickets_as_kept(tx) == before


def test_the_notes_of_a_ticket_are_counted(tx: Tx) -> None:
    """Their number and their bytes, beside the ticket, so that no note has to be read for it."""
    [before] = rows(tx, "SELECT notes_count, notes_size FROM tickets WHERE id = :id", id=ASSIGNED)
    add(tx, "ރާއްޖެ")
    add(tx, "<b>x")
    [after] = rows(tx, "SELECT notes_count, notes_size FROM tickets WHERE id = :id", id=ASSIGNED)
    assert after == {"notes_count": before["notes_count"] + 2, "notes_size": before["notes_size"] + 12 + 8}


@pytest.mark.parametrize(
    ("count", "size", "fault"),
    [
        (MOST_NOTES, 0, "is one too many: the ticket has 5000 notes, raise another ticket"),
        (7, LARGEST_NOTES - 4, "is too long: the ticket's notes may have 4 more bytes, raise another ticket"),
        (7, LARGEST_NOTES + 9, "is too long: the ticket's notes may have 0 more bytes, raise another ticket"),
    ],
)
def test_the_notes_of_a_ticket_have_a_bound(tx: Tx, count: int, size: int, fault: str) -> None:
    """Of their number, and of their text together; the last that fits is kept."""
    sql = "UPDATE tickets SET notes_count = :count, notes_size = :size WHERE id = :id"
    tx.run(sql, count=count, size=size, id=ASSIGNED)
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        add(tx, "12345")
    assert raised.value.faults == {"note": [fault]}
    assert tickets_as_kept(tx) == before
    tx.run(sql, count=MOST_NOTES - 1, size=LARGEST_NOTES - 5, id=ASSIGNED)
    assert add(tx, "12345") == "12345"
    with pytest.raises(Invalid):
        add(tx, "1")
