"""Editing and withdrawing notes: by whom, until when, and what is kept and counted afterwards."""

import json
from typing import Any, Final

import pytest

from acting import actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, RAISED, STRANGER, STRANGERS, TYPED, Person, at
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.notes.changing import EDITABLE_FOR, edit_note, lock_note, withdraw_note
from keesa.notes.notes import LARGEST_NOTES, MOST_NOTES, list_notes, make_note
from keesa.notes.reading import TicketNote, find_note
from keesa.rich_text.html import rich_text
from keesa.tickets.changing import LARGEST_HISTORY
from keesa.tickets.finding import find_ticket
from listing import ticket

NOON: Final = at("2025-03-10T12:00")
KINDS: Final = pytest.mark.parametrize("internal", [False, True], ids=["public", "internal"])


def make(tx: Tx, text: str = "Going", by: Person = ENGINEER, number: int = ASSIGNED, *, internal: bool = False) -> int:
    return make_note(tx, actor_of(tx, by), number, rich_text(text), NOON, internal=internal).id


def edit(
    tx: Tx, note_id: int, text: str, by: Person = ENGINEER, when: int = NOON + 1, number: int = ASSIGNED
) -> TicketNote:
    actor = actor_of(tx, by)
    return edit_note(tx, actor, lock_note(tx, actor, number, note_id, when, rich_text(text)), rich_text(text), when)


def withdraw(tx: Tx, note_id: int, by: Person = ENGINEER, when: int = NOON + 1, number: int = ASSIGNED) -> None:
    actor = actor_of(tx, by)
    withdraw_note(tx, actor, lock_note(tx, actor, number, note_id, when), when)


def last_event(tx: Tx, number: int = ASSIGNED) -> dict[str, Any]:
    [event] = rows(tx, "SELECT * FROM ticket_events WHERE ticket_id = :id ORDER BY number DESC LIMIT 1", id=number)
    return event | {"changes": json.loads(event["changes"])}


def counts(tx: Tx, number: int = ASSIGNED) -> dict[str, Any]:
    columns = "notes_count, notes_size, internal_notes, internal_notes_size"
    [row] = rows(tx, f"SELECT {columns} FROM tickets WHERE id = :id", id=number)
    return row


def counted_anew(tx: Tx, number: int = ASSIGNED) -> dict[str, Any]:
    """The same, from the notes themselves, of a ticket and its duplicates."""
    found: dict[str, Any] = {}
    tables = {
        "ticket_notes": ("notes_count", "notes_size"),
        "internal_notes": ("internal_notes", "internal_notes_size"),
    }
    for table, (count, size) in tables.items():
        kept = rows(
            tx,
            f"SELECT body FROM {table} WHERE withdrawn_at IS NULL AND ticket_id IN"
            " (SELECT id FROM tickets WHERE id = :id OR duplicate_of_id = :id)",
            id=number,
        )
        found |= {count: len(kept), size: sum(len(row["body"].encode()) for row in kept)}
    return found


@KINDS
def test_an_edited_note_has_its_new_text(tx: Tx, internal: bool) -> None:  # noqa: FBT001
    """With the time of it; the old one stands in the ticket's history, and the ticket counts the new one's bytes."""
    note_id = make(tx, "<b>Going", internal=internal)
    edited = edit(tx, note_id, "ރާއްޖެ")
    assert (edited.body, edited.edited_at, edited.internal) == ("ރާއްޖެ", NOON + 1, internal)
    assert find_note(tx, actor_of(tx, ENGINEER), ASSIGNED, note_id) == edited
    event = last_event(tx)
    assert (event["kind"], event["thing_id"]) == ("note_edited", note_id)
    assert event["changes"] == {"note": ["<b>Going</b>", "ރާއްޖެ"]}
    assert (event["public_number"] is None) == internal
    assert counts(tx) == counted_anew(tx)


@KINDS
def test_a_withdrawn_note_is_gone_from_what_the_documents_show(tx: Tx, internal: bool) -> None:  # noqa: FBT001
    """The desk sees that there was one, and reads its text in the history; it stays so, at a second time too."""
    note_id = make(tx, "Wrong ticket", internal=internal)
    withdraw(tx, note_id)
    engineer = actor_of(tx, ENGINEER)
    assert "Wrong ticket" not in str(list_notes(tx, find_ticket(tx, engineer, ASSIGNED)))
    assert "Wrong ticket" not in str(ticket(tx, engineer, ASSIGNED).notes)
    assert len(ticket(tx, engineer, ASSIGNED).notes) == 2
    note = find_note(tx, engineer, ASSIGNED, note_id)
    assert (note.body, note.withdrawn_at) == ("", NOON + 1)
    event = last_event(tx)
    assert (event["kind"], event["changes"]) == ("note_withdrawn", {"note": ["Wrong ticket", None]})
    assert (event["public_number"] is None) == internal
    assert counts(tx) == counted_anew(tx)
    before = tickets_as_kept(tx)
    withdraw(tx, note_id)
    assert tickets_as_kept(tx) == before
    with pytest.raises(Invalid) as raised:
        edit(tx, note_id, "Back again")
    assert raised.value.faults == {"note": ["was withdrawn, and stays so: write another one"]}
    assert tickets_as_kept(tx) == before


def test_the_text_that_it_has_is_no_change(tx: Tx) -> None:
    """Nor is it told of."""
    note_id = make(tx, "Going")
    before = tickets_as_kept(tx)
    assert edit(tx, note_id, "Going").edited_at is None
    assert tickets_as_kept(tx) == before


@pytest.mark.parametrize(
    ("by", "later", "may"),
    [
        (ENGINEER, EDITABLE_FOR - 1, True),
        (ENGINEER, EDITABLE_FOR, False),
        (CUSTOMER, 0, False),
        (ADMIN, EDITABLE_FOR * 1000, True),
    ],
)
@pytest.mark.parametrize("change", ["edit", "withdraw"])
def test_who_wrote_it_may_for_a_while_and_administrators_may(
    tx: Tx,
    by: Person,
    later: int,
    may: bool,  # noqa: FBT001
    change: str,
) -> None:
    """Others of the ticket may not, and change nothing."""
    note_id = make(tx)
    before = tickets_as_kept(tx)

    def act() -> None:
        if change == "edit":
            edit(tx, note_id, "Gone", by, NOON + later)
        else:
            withdraw(tx, note_id, by, NOON + later)

    if may:
        act()
        assert tickets_as_kept(tx) != before
    else:
        with pytest.raises(Forbidden, match=r"^Only who wrote a note may change it, within 15 minutes"):
            act()
        assert tickets_as_kept(tx) == before


def test_a_customer_s_user_changes_their_own(tx: Tx) -> None:
    """A withdrawn one is missing to them, like one that never was, and like an internal one."""
    note_id, internal = make(tx, by=CUSTOMER), make(tx, internal=True)
    assert edit(tx, note_id, "Gone", CUSTOMER).body == "Gone"
    withdraw(tx, note_id, CUSTOMER)
    for missing in (note_id, internal, 99, None):
        with pytest.raises(NotFound, match=r"^Note not found$"):
            find_note(tx, actor_of(tx, CUSTOMER), ASSIGNED, missing)
        with pytest.raises(NotFound, match=r"^Note not found$"):
            lock_note(tx, actor_of(tx, CUSTOMER), ASSIGNED, missing, NOON)


def test_a_note_is_its_own_ticket_s_alone(tx: Tx) -> None:
    """By another's number it is missing, and so it is where the ticket is out of sight."""
    note_id = make(tx)
    with pytest.raises(NotFound, match=r"^Note not found$"):
        edit(tx, note_id, "Gone", number=TYPED)
    with pytest.raises(NotFound, match=r"^Ticket not found$"):
        edit(tx, note_id, "Gone", by=STRANGER)


def test_who_sees_the_ticket_no_more_changes_no_note_of_it(tx: Tx) -> None:
    """Though they wrote it."""
    note_id = make(tx)
    tx.run("UPDATE tickets SET assigned_to_id = NULL WHERE id = :id", id=ASSIGNED)
    with pytest.raises(NotFound, match=r"^Ticket not found$"):
        withdraw(tx, note_id)


@pytest.mark.parametrize("text", ["", "<script>x</script>"])
def test_nothing_is_no_text(tx: Tx, text: str) -> None:
    """To take a note away is to withdraw it."""
    note_id = make(tx)
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as raised:
        edit(tx, note_id, text)
    assert raised.value.faults == {"note": ["must not be empty"]}
    assert tickets_as_kept(tx) == before


@KINDS
def test_notes_of_each_kind_have_bounds_of_their_own(tx: Tx, internal: bool) -> None:  # noqa: FBT001
    """A ticket full of the one takes the other; an edit counts by what it adds, and may always make a note shorter."""
    count, size = ("internal_notes", "internal_notes_size") if internal else ("notes_count", "notes_size")
    kind = "internal notes" if internal else "notes"
    note_id = make(tx, "12345", internal=internal)
    tx.run(f"UPDATE tickets SET {count} = :count, {size} = :size WHERE id = :id", count=MOST_NOTES, size=9, id=ASSIGNED)
    with pytest.raises(Invalid, match=f"the ticket has 5000 {kind}"):
        make(tx, internal=internal)
    make(tx, internal=not internal)
    tx.run(f"UPDATE tickets SET {count} = 1, {size} = :size WHERE id = :id", size=LARGEST_NOTES, id=ASSIGNED)
    with pytest.raises(Invalid, match=f"{kind} may have 0 more bytes"):
        make(tx, internal=internal)
    with pytest.raises(Invalid, match=f"{kind} may have 0 more bytes"):
        edit(tx, note_id, "123456")
    edit(tx, note_id, "54321")
    assert edit(tx, note_id, "1").body == "1"
    assert counts(tx)[size] == LARGEST_NOTES - 4


@KINDS
def test_what_a_full_history_cannot_tell_is_refused(tx: Tx, internal: bool) -> None:  # noqa: FBT001
    """The old text would be lost; each kind's history has a bound of its own, and a new note is always told of."""
    note_id = make(tx, internal=internal)
    full, other = ("internal_history_size", "history_size")[:: 1 if internal else -1]
    tx.run(f"UPDATE tickets SET {full} = :size, {other} = 0 WHERE id = :id", size=LARGEST_HISTORY, id=ASSIGNED)
    before = tickets_as_kept(tx)
    for change in (lambda: edit(tx, note_id, "Gone"), lambda: withdraw(tx, note_id)):
        with pytest.raises(Invalid, match="ticket has a history that is full"):
            change()
    assert tickets_as_kept(tx) == before
    make(tx, internal=internal)
    tx.run(f"UPDATE tickets SET {full} = 0, {other} = :size WHERE id = :id", size=LARGEST_HISTORY, id=ASSIGNED)
    withdraw(tx, note_id)


def test_customers_write_no_internal_notes(tx: Tx) -> None:
    """Whatever the ticket."""
    before = tickets_as_kept(tx)
    for number in (ASSIGNED, RAISED, 2025999):
        with pytest.raises(Forbidden, match=r"^Only staff may write internal notes$"):
            make(tx, by=CUSTOMER, number=number, internal=True)
    assert tickets_as_kept(tx) == before


def test_internal_notes_come_in_their_order(tx: Tx) -> None:
    """None is older than the one before, whatever the server's clock says, and none hangs on a public one."""
    engineer = actor_of(tx, ENGINEER)
    times = [NOON, NOON - 5000, NOON + 1]
    made = [make_note(tx, engineer, RAISED, rich_text("x"), when, internal=True) for when in times]
    assert [note.created_at for note in made] == [NOON, NOON, NOON + 1]
    assert min(note.id for note in made) >= 2**52
    public = make_note(tx, engineer, RAISED, rich_text("x"), NOON - 9000)
    assert (public.created_at, public.id < 2**52) == (NOON - 9000, True)


# On a duplicate, whose notes its main ticket shows


@pytest.fixture
def merged(tx: Tx) -> Tx:
    """STRANGERS is a duplicate of ASSIGNED, the customer's both."""
    tx.run("UPDATE tickets SET duplicate_of_id = :main WHERE id = :id", main=ASSIGNED, id=STRANGERS)
    tx.run("UPDATE tickets SET duplicates = 1 WHERE id = :id", id=ASSIGNED)
    return tx


def revisions(tx: Tx) -> dict[str, Any]:
    columns = "revision, coalesce(public_revision, revision) AS public, changed_at, public_changed_at"
    [row] = rows(tx, f"SELECT {columns} FROM tickets WHERE id = :id", id=ASSIGNED)
    return row


@KINDS
def test_the_main_ticket_follows_its_duplicate_s_notes(merged: Tx, internal: bool) -> None:  # noqa: FBT001
    """In its counts and its revision; what is internal moves nothing of it that customers get."""
    note_id = 0
    for change in ("make", "edit", "withdraw"):
        before = revisions(merged)
        if change == "make":
            note_id = make(merged, "Going", ADMIN, STRANGERS, internal=internal)
        elif change == "edit":
            edit(merged, note_id, "Gone again", ADMIN, number=STRANGERS)
        else:
            withdraw(merged, note_id, ADMIN, number=STRANGERS)
        after = revisions(merged)
        assert counts(merged) == counted_anew(merged)
        assert after["revision"] != before["revision"]
        assert after["changed_at"] >= NOON
        if internal:
            assert (after["public"], after["public_changed_at"]) == (before["public"], before["public_changed_at"])
        else:
            assert after["public"] != before["public"]
            assert after["public_changed_at"] >= NOON


def test_the_main_ticket_s_bounds_count_for_its_duplicates(merged: Tx) -> None:
    """It shows their notes, so it must have room for them."""
    merged.run("UPDATE tickets SET notes_count = :most WHERE id = :id", most=MOST_NOTES, id=ASSIGNED)
    with pytest.raises(Invalid, match="the ticket has 5000 notes"):
        make(merged, "Going", ADMIN, STRANGERS)
    make(merged, "Going", ADMIN, STRANGERS, internal=True)


def test_a_duplicate_s_note_is_found_by_its_main_ticket_and_changed_by_its_own(merged: Tx) -> None:
    """It has the number of the ticket that it was written to, for who sees that one."""
    note_id = make(merged, "Going", ADMIN, STRANGERS)
    admin = actor_of(merged, ADMIN)
    for number in (ASSIGNED, STRANGERS):
        assert find_note(merged, admin, number, note_id).ticket_id == STRANGERS
    assert find_note(merged, actor_of(merged, ENGINEER), ASSIGNED, note_id).ticket_id is None
    with pytest.raises(NotFound, match=r"^Note not found$"):
        lock_note(merged, admin, ASSIGNED, note_id, NOON)
