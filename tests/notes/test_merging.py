"""Duplicates: a ticket is closed as one of another, which shows its notes in place, and gives them back."""

from typing import Any, Final

import pytest

from acting import CLOCK, actor_of, rows, tickets_as_kept
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, HIDDEN, RAISED, STRANGER, STRANGERS, TYPED, at
from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Forbidden, Invalid, NotFound
from keesa.notes import merging, notes
from keesa.notes.merging import merge, unmerge
from keesa.notes.notes import add_note, list_notes
from keesa.rich_text.html import rich_text
from keesa.tickets.finding import find_ticket
from keesa.tickets.numbers import LARGEST
from keesa.tickets.relations import ITSELF, UNKNOWN, relations_of
from kept_tickets import Shelved, shelve
from listing import ticket

NOON: Final = at("2025-03-10T12:00")
TODAY: Final = "2025-03-10"
DUPLICATE: Final = 2025101
"""HARBOUR's, open, assigned to nobody, with a note between the two of ASSIGNED."""
ANOTHER: Final = 2025102
"""HARBOUR's, closed in June, assigned to ENGINEER."""
BETWEEN: Final = at("2025-03-05T11:00")


@pytest.fixture
def admin(tx: Tx) -> Actor:
    shelve(
        tx,
        [
            Shelved(number=DUPLICATE, raised="2025-03-04T09:00", assignee=None),
            Shelved(number=ANOTHER, raised="2025-03-04T09:00", status="closed"),
        ],
    )
    actor = actor_of(tx, ADMIN)
    add_note(tx, actor, DUPLICATE, rich_text("Here too"), BETWEEN)
    return actor


def texts(tx: Tx, actor: Actor, number: int) -> list[str]:
    """Of the notes that the ticket shows; the same in its detail as in the list of its notes."""
    listed = [note.body for note in list_notes(tx, find_ticket(tx, actor, number))]
    assert [note.body for note in ticket(tx, actor, number).notes] == listed
    return listed


def row_of(tx: Tx, number: int, columns: str) -> dict[str, Any]:
    [row] = rows(tx, f"SELECT {columns} FROM tickets WHERE id = :id", id=number)
    return row


def events_of(tx: Tx, number: int, count: int) -> list[tuple[Any, ...]]:
    """The last ones: kind, thing, changes, and whether customers see it."""
    sql = "SELECT kind, thing_id, changes, public_number FROM ticket_events WHERE ticket_id = :id ORDER BY number"
    found = rows(tx, sql, id=number)[-count:]
    return [(row["kind"], row["thing_id"], row["changes"], row["public_number"] is not None) for row in found]


def refused(tx: Tx, actor: Actor, number: int, main: int | None) -> str:
    """The sentence; nothing is changed."""
    before = tickets_as_kept(tx)
    with pytest.raises(Invalid) as caught:
        merge(tx, actor, number, main, NOON, CLOCK)
    assert tickets_as_kept(tx) == before
    return caught.value.faults["ticket_number"][0]


def test_the_main_ticket_shows_the_duplicate_s_notes_in_place(tx: Tx, admin: Actor) -> None:
    """By their times, as if they were its own; the duplicate goes on to show its own alone."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    assert texts(tx, admin, ASSIGNED) == ["Going there with the Thursday ferry", "Here too", "We wait at the jetty"]
    assert texts(tx, actor_of(tx, CUSTOMER), ASSIGNED) == texts(tx, admin, ASSIGNED)
    assert texts(tx, admin, DUPLICATE) == ["Here too"]
    unmerge(tx, admin, DUPLICATE, ASSIGNED, NOON)
    assert texts(tx, admin, ASSIGNED) == ["Going there with the Thursday ferry", "We wait at the jetty"]


def test_a_duplicate_is_closed_today_by_whom_it_is_assigned_to(tx: Tx, admin: Actor) -> None:
    """By the actor, where nobody else has it; with an event of each, that customers see, and a row of the statuses."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    state = row_of(tx, DUPLICATE, "status, closed_on, assigned_to_id, duplicate_of_id")
    assert state == {
        "status": "closed",
        "closed_on": TODAY,
        "assigned_to_id": ADMIN.id,
        "duplicate_of_id": ASSIGNED,
    }
    assert events_of(tx, DUPLICATE, 3) == [
        ("assigned", None, f'{{"assigned_to_id":[null,{ADMIN.id}]}}', True),
        ("status", None, f'{{"status":["open","closed"],"closed_on":[null,"{TODAY}"]}}', True),
        ("related", ASSIGNED, f'{{"duplicate_of":[null,{ASSIGNED}]}}', True),
    ]
    assert events_of(tx, ASSIGNED, 1) == [("related", DUPLICATE, f'{{"duplicates":[null,{DUPLICATE}]}}', True)]
    statuses = rows(
        tx, "SELECT status, changed_by_id FROM ticket_statuses WHERE ticket_id = :id ORDER BY id", id=DUPLICATE
    )
    assert statuses[1:] == [{"status": "closed", "changed_by_id": ADMIN.id}]


def test_one_that_is_closed_already_stays_as_it_is(tx: Tx, admin: Actor) -> None:
    """Its day, and who has it."""
    before = row_of(tx, ANOTHER, "status, closed_on, assigned_to_id")
    merge(tx, admin, ANOTHER, ASSIGNED, NOON, CLOCK)
    assert row_of(tx, ANOTHER, "status, closed_on, assigned_to_id") == before
    assert [kind for kind, *_ in events_of(tx, ANOTHER, 2)] == ["status", "related"]


def test_who_has_it_keeps_it(tx: Tx, admin: Actor) -> None:
    """It is closed by the actor, and assigned to whom it was."""
    merge(tx, admin, STRANGERS, ASSIGNED, NOON, CLOCK)
    state = row_of(tx, STRANGERS, "status, closed_on, assigned_to_id")
    assert state == {"status": "closed", "closed_on": TODAY, "assigned_to_id": STRANGER.id}
    assert [kind for kind, *_ in events_of(tx, STRANGERS, 3)] == ["status", "status", "related"]


def test_both_sides_are_shown_to_customers_too(tx: Tx, admin: Actor) -> None:
    """They are the same customer's, who sees both."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    for actor in (admin, actor_of(tx, CUSTOMER)):
        for number, side, other in ((DUPLICATE, "duplicate_of", ASSIGNED), (ASSIGNED, "duplicates", DUPLICATE)):
            found = relations_of(tx, actor, find_ticket(tx, actor, number))
            assert ([(each.side, each.id) for each in found.seen], found.unseen) == ([(side, other)], 0)


def test_notes_and_their_bytes_are_counted_with_the_main_ticket_s(tx: Tx, admin: Actor) -> None:
    """Those that come later too; what is taken back is what the duplicate has by then."""
    before = row_of(tx, ASSIGNED, "notes_count, notes_size, duplicates")
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    merge(tx, admin, ANOTHER, ASSIGNED, NOON, CLOCK)
    add_note(tx, admin, DUPLICATE, rich_text("More"), NOON)
    after = row_of(tx, ASSIGNED, "notes_count, notes_size, duplicates")
    added = {"notes_count": 2, "notes_size": len("Here too") + len("More"), "duplicates": 2}
    assert after == {name: before[name] + more for name, more in added.items()}
    for number in (DUPLICATE, ANOTHER):
        unmerge(tx, admin, number, ASSIGNED, NOON)
    assert row_of(tx, ASSIGNED, "notes_count, notes_size, duplicates") == before
    assert row_of(tx, DUPLICATE, "notes_count") == {"notes_count": 2}


def test_a_later_note_of_the_duplicate_moves_the_main_ticket(tx: Tx, admin: Actor) -> None:
    """Its revision and its time, also as customers have them; it has no event of its own."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    columns = "revision, coalesce(public_revision, revision) AS public, changed_at, public_changed_at, events"
    before = row_of(tx, ASSIGNED, columns)
    add_note(tx, admin, DUPLICATE, rich_text("More"), NOON + 5000)
    after = row_of(tx, ASSIGNED, columns)
    assert (after["changed_at"], after["public_changed_at"]) == (NOON + 5000, NOON + 5000)
    assert after["events"] == before["events"]
    assert not {after["revision"], after["public"]} & {before["revision"], before["public"]}
    assert texts(tx, admin, ASSIGNED)[-1] == "More"


def test_undoing_leaves_it_closed(tx: Tx, admin: Actor) -> None:
    """With an event on both; a second time changes nothing."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    unmerge(tx, admin, DUPLICATE, ASSIGNED, NOON)
    state = row_of(tx, DUPLICATE, "status, closed_on, duplicate_of_id")
    assert state == {"status": "closed", "closed_on": TODAY, "duplicate_of_id": None}
    assert events_of(tx, DUPLICATE, 1) == [("unrelated", ASSIGNED, f'{{"duplicate_of":[{ASSIGNED},null]}}', True)]
    assert events_of(tx, ASSIGNED, 1) == [("unrelated", DUPLICATE, f'{{"duplicates":[{DUPLICATE},null]}}', True)]
    before = tickets_as_kept(tx)
    unmerge(tx, admin, DUPLICATE, ASSIGNED, NOON)
    unmerge(tx, admin, ASSIGNED, DUPLICATE, NOON)
    assert tickets_as_kept(tx) == before


def test_a_second_time_changes_nothing(tx: Tx, admin: Actor) -> None:
    """Nor does it close what was reopened."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    before = tickets_as_kept(tx)
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    assert tickets_as_kept(tx) == before


def test_a_duplicate_has_one_main_ticket_which_is_none_itself(tx: Tx, admin: Actor) -> None:
    """And one that has duplicates becomes none; nor does a ticket of its own, or one of another customer's."""
    assert refused(tx, admin, DUPLICATE, DUPLICATE) == ITSELF
    assert refused(tx, admin, DUPLICATE, TYPED) == "is another customer's ticket"
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    assert "a duplicate of another one already" in refused(tx, admin, DUPLICATE, STRANGERS)
    assert "has duplicates itself" in refused(tx, admin, ASSIGNED, STRANGERS)
    assert "is a duplicate itself" in refused(tx, admin, STRANGERS, DUPLICATE)


@pytest.mark.parametrize(("bound", "most"), [("MOST_DUPLICATES", 0), ("MOST_NOTES", 2), ("LARGEST_NOTES", 40)])
def test_a_ticket_shows_so_many(tx: Tx, admin: Actor, monkeypatch: pytest.MonkeyPatch, bound: str, most: int) -> None:
    """Duplicates, notes, and bytes of notes."""
    monkeypatch.setattr(merging, bound, most)
    assert str(most) in refused(tx, admin, DUPLICATE, ASSIGNED)
    monkeypatch.setattr(merging, bound, LARGEST)
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)


def test_a_note_to_a_duplicate_is_bound_by_the_main_ticket_s(
    tx: Tx, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which has no room left."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    monkeypatch.setattr(notes, "MOST_NOTES", 3)
    with pytest.raises(Invalid):
        add_note(tx, admin, DUPLICATE, rich_text("More"), NOON)


def test_both_must_be_in_sight(tx: Tx, admin: Actor) -> None:
    """Of the desk; what is out of sight looks like what is not there."""
    merge(tx, admin, DUPLICATE, ASSIGNED, NOON, CLOCK)
    engineer = actor_of(tx, ENGINEER)
    for missing in (HIDDEN, 2025999, None):
        assert refused(tx, engineer, RAISED, missing) == UNKNOWN
        with pytest.raises(NotFound):
            merge(tx, engineer, missing, ASSIGNED, NOON, CLOCK)
        with pytest.raises(NotFound):
            unmerge(tx, engineer, RAISED, missing, NOON)
    with pytest.raises(NotFound):
        unmerge(tx, engineer, DUPLICATE, HIDDEN, NOON)
    with pytest.raises(Forbidden):
        merge(tx, actor_of(tx, CUSTOMER), STRANGERS, ASSIGNED, NOON, CLOCK)
    with pytest.raises(Forbidden):
        unmerge(tx, actor_of(tx, CUSTOMER), DUPLICATE, ASSIGNED, NOON)
    assert row_of(tx, DUPLICATE, "customer_id") == {"customer_id": HARBOUR}
