"""What becomes of pictures and files with their notes and tickets: withdrawn, merged, given to another customer."""

from pathlib import Path
from typing import Any, Final

import pytest

from acting import CLOCK, actor_of, rows
from attached import LIMITS, MAST, NOON, SWITCH, Desk, sent
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, SCHOOL, STRANGER
from keesa.attachments.attaching import attach
from keesa.attachments.listing import find_attachment
from keesa.attachments.removing import lock_attachment, remove
from keesa.attachments.serving import find_file
from keesa.db import Tx
from keesa.errors import Invalid, NotFound
from keesa.notes.changing import lock_note, withdraw_note
from keesa.notes.merging import merge, unmerge
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text
from keesa.tickets import attached
from keesa.tickets.editing import TicketChanges, edit_ticket
from keesa.tickets.finding import lock_ticket
from keesa.tickets.transferring import MOST_ATTACHMENTS, TOO_MANY_ATTACHMENTS
from kept_tickets import Shelved, shelve

LATER: Final = NOON + 60_000
DUPLICATE: Final = 2025101
"""HARBOUR's, which ENGINEER does not see before it is merged, and has no part in."""


@pytest.fixture
def desk(tx: Tx, tmp_path: Path) -> Desk:
    shelve(tx, [Shelved(number=DUPLICATE, raised="2025-03-04T09:00", assignee=STRANGER)])
    return Desk(tx, tmp_path)


def note(tx: Tx, number: int = ASSIGNED, *, internal: bool = False) -> int:
    return make_note(tx, actor_of(tx, ADMIN), number, rich_text("Look"), NOON, internal=internal).id


def give(tx: Tx, customer_id: int, number: int = ASSIGNED) -> None:
    changes = TicketChanges(title="Anew", description=rich_text("Anew"), customer_id=customer_id)
    edit_ticket(tx, actor_of(tx, ADMIN), lock_ticket(tx, actor_of(tx, ADMIN), number), changes, LATER)


def take_back(tx: Tx, note_id: int, number: int = ASSIGNED) -> None:
    admin = actor_of(tx, ADMIN)
    withdraw_note(tx, admin, lock_note(tx, admin, number, note_id, LATER), LATER)


@pytest.mark.parametrize("internal", [False, True], ids=["public", "internal"])
def test_a_withdrawn_note_takes_its_pictures_along(desk: Desk, internal: bool) -> None:  # noqa: FBT001
    """From every list, address and count; those of the ticket and of other notes stay."""
    written, other = note(desk.tx, internal=internal), note(desk.tx)
    gone = desk.add(MAST, SWITCH, note_id=written)
    stays = [*desk.add(MAST), *desk.add(SWITCH, note_id=other)]
    take_back(desk.tx, written)
    assert [each.id for each in desk.listed(ADMIN)] == stays
    assert [find_file(desk.tx, each, None) for each in gone] == [None, None]
    assert desk.counts() == desk.counted_anew() == (2, 0)
    take_back(desk.tx, written)
    assert desk.counts() == (2, 0)


def test_what_a_later_customer_sees_begins_with_the_ticket(desk: Desk) -> None:
    """A ticket's new customer sees none of before, wherever it hangs, nor does the first one again; the desk does."""
    before = [*desk.add(MAST), *desk.add(SWITCH, note_id=note(desk.tx))]
    give(desk.tx, SCHOOL)
    assert desk.counts() == desk.counted_anew() == (0, 2)
    [after] = desk.add(sent(MAST, "after.jpg"), by=ADMIN)
    assert [each.id for each in desk.listed(ADMIN)] == [*before, after]
    assert [each.internal for each in desk.listed(ADMIN)] == [True, True, False]
    assert [find_file(desk.tx, each, SCHOOL) is not None for each in (*before, after)] == [False, False, True]
    assert [find_file(desk.tx, each, HARBOUR) is not None for each in (*before, after)] == [False, False, False]
    assert [find_file(desk.tx, each, None) is not None for each in (*before, after)] == [True, True, True]
    give(desk.tx, HARBOUR)
    assert desk.listed(CUSTOMER) == []
    assert desk.counts() == desk.counted_anew() == (0, 3)
    with pytest.raises(NotFound):
        find_attachment(desk.tx, actor_of(desk.tx, CUSTOMER), ASSIGNED, "image", after)


def test_a_note_of_before_that_is_withdrawn_later_is_counted_right(desk: Desk) -> None:
    """It has become internal, and its pictures with it: that is where they are counted less."""
    written = note(desk.tx)
    desk.add(MAST, note_id=written)
    give(desk.tx, SCHOOL)
    desk.add(SWITCH, by=ADMIN, note_id=written)
    assert desk.counts() == desk.counted_anew() == (0, 2)
    take_back(desk.tx, written)
    assert desk.counts() == desk.counted_anew() == (0, 0)


def test_one_of_before_is_removed_where_it_is_counted(desk: Desk) -> None:
    """Among those that customers do not see."""
    [image] = desk.add(MAST)
    give(desk.tx, SCHOOL)
    admin = actor_of(desk.tx, ADMIN)
    remove(desk.tx, admin, lock_attachment(desk.tx, admin, ASSIGNED, "image", image, LATER), LATER)
    assert desk.counts() == desk.counted_anew() == (0, 0)


def test_a_ticket_with_too_many_stays_its_customers(desk: Desk) -> None:
    """What customers do not see would grow without end."""
    desk.tx.run(
        "UPDATE tickets SET attachments = 1, internal_attachments = :most WHERE id = :id",
        most=MOST_ATTACHMENTS,
        id=ASSIGNED,
    )
    with pytest.raises(Invalid) as refused:
        give(desk.tx, SCHOOL)
    assert refused.value.faults == {"customer_id": [TOO_MANY_ATTACHMENTS]}


def test_a_main_ticket_shows_its_duplicates_pictures(desk: Desk) -> None:
    """In the order in which they were added, without the number of a ticket out of sight, until they are parted; the
    counts go along, of both kinds, whatever is added and removed meanwhile.
    """
    admin = actor_of(desk.tx, ADMIN)
    first = desk.add(MAST, by=ADMIN, number=DUPLICATE)
    first += desk.add(SWITCH, by=ADMIN, number=DUPLICATE, note_id=note(desk.tx, DUPLICATE, internal=True))
    [own] = desk.add(MAST)
    merge(desk.tx, admin, DUPLICATE, ASSIGNED, LATER, CLOCK)
    [late] = desk.add(MAST, by=ADMIN, number=DUPLICATE)
    assert [each.id for each in desk.listed(ADMIN)] == [*first, own, late]
    assert [each.ticket_id for each in desk.listed(ADMIN)] == [DUPLICATE, DUPLICATE, ASSIGNED, DUPLICATE]
    assert [each.ticket_id for each in desk.listed(ENGINEER)] == [None, None, ASSIGNED, None]
    assert [each.id for each in desk.listed(CUSTOMER)] == [first[0], own, late]
    assert desk.counts() == desk.counted_anew() == (3, 1)
    with pytest.raises(NotFound):
        lock_attachment(desk.tx, admin, ASSIGNED, "image", late, LATER)
    remove(desk.tx, admin, lock_attachment(desk.tx, admin, DUPLICATE, "image", late, LATER), LATER)
    assert desk.counts() == desk.counted_anew() == (2, 1)
    unmerge(desk.tx, admin, DUPLICATE, ASSIGNED, LATER)
    assert [each.id for each in desk.listed(ADMIN)] == [own]
    assert (desk.counts(), desk.counts(DUPLICATE)) == ((1, 0), (1, 1))
    assert (desk.counted_anew(), desk.counted_anew(DUPLICATE)) == ((1, 0), (1, 1))


def test_a_duplicates_withdrawn_note_is_counted_with_its_main_ticket(desk: Desk) -> None:
    """Whose revision moves too, so that nothing that was kept of it shows the picture any longer."""
    written = note(desk.tx, DUPLICATE)
    desk.add(MAST, by=ADMIN, number=DUPLICATE, note_id=written)
    merge(desk.tx, actor_of(desk.tx, ADMIN), DUPLICATE, ASSIGNED, LATER, CLOCK)
    before = revision(desk.tx)
    take_back(desk.tx, written, DUPLICATE)
    assert desk.counts() == desk.counted_anew() == (0, 0)
    assert revision(desk.tx) != before


def test_a_duplicate_counts_with_its_main_ticket(desk: Desk) -> None:
    """Neither of them can have more than a ticket may, and the main ticket's state is another one after each."""
    merge(desk.tx, actor_of(desk.tx, ADMIN), DUPLICATE, ASSIGNED, LATER, CLOCK)
    desk.add(*[MAST] * 5)
    before = revision(desk.tx)
    desk.add(*[MAST] * 3, by=ADMIN, number=DUPLICATE)
    assert revision(desk.tx) != before
    with pytest.raises(Invalid, match="are too many"):
        desk.prepare(SWITCH, by=ADMIN, number=DUPLICATE)
    assert desk.counts(DUPLICATE) == (3, 0)


def test_the_limit_holds_where_tickets_are_merged_meanwhile(desk: Desk) -> None:
    """The change looks again, at the main ticket too."""
    desk.add(*[MAST] * 5)
    desk.add(*[MAST] * 3)
    ready = desk.prepare(MAST, by=ADMIN, number=DUPLICATE)
    merge(desk.tx, actor_of(desk.tx, ADMIN), DUPLICATE, ASSIGNED, LATER, CLOCK)
    with pytest.raises(Invalid, match="are too many"), desk.tx.part():
        attach(desk.tx, actor_of(desk.tx, ADMIN), DUPLICATE, ready, LIMITS, NOON)
    assert desk.counts(DUPLICATE) == (0, 0)


@pytest.mark.parametrize("column", ["attachments", "internal_attachments"])
def test_tickets_with_too_many_are_not_merged(desk: Desk, column: str) -> None:
    """A main ticket would show more than any ticket may have."""
    half = attached.MOST // 2 + 1
    desk.tx.run(
        f"UPDATE tickets SET {column} = :half WHERE id IN (:one, :other)", half=half, one=ASSIGNED, other=DUPLICATE
    )
    with pytest.raises(Invalid, match="more pictures and files than a ticket may have"):
        merge(desk.tx, actor_of(desk.tx, ADMIN), DUPLICATE, ASSIGNED, LATER, CLOCK)


def revision(tx: Tx, number: int = ASSIGNED) -> Any:  # noqa: ANN401 - compared, no more
    [row] = rows(tx, "SELECT revision, public_revision FROM tickets WHERE id = :id", id=number)
    return row


def test_a_duplicates_internal_picture_moves_nothing_of_its_main_ticket_for_customers(desk: Desk) -> None:
    """Neither its coming nor its going: the desk alone has another state of the main ticket."""
    seen = "SELECT coalesce(public_revision, revision) AS revision, public_changed_at FROM tickets WHERE id = :id"
    on = note(desk.tx, DUPLICATE, internal=True)
    admin = actor_of(desk.tx, ADMIN)
    merge(desk.tx, admin, DUPLICATE, ASSIGNED, LATER, CLOCK)
    before, all_before = rows(desk.tx, seen, id=ASSIGNED), revision(desk.tx)
    [image] = desk.add(MAST, by=ADMIN, number=DUPLICATE, note_id=on)
    assert revision(desk.tx) != all_before
    remove(desk.tx, admin, lock_attachment(desk.tx, admin, DUPLICATE, "image", image, LATER), LATER)
    assert rows(desk.tx, seen, id=ASSIGNED) == before
