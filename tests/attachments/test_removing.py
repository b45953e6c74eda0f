"""Removing pictures and files: by whom, until when, and what is left."""

import json
from pathlib import Path

import pytest

from acting import actor_of, rows, tickets_as_kept
from attached import MAST, NOON, SWITCH, Desk
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, STRANGER, STRANGERS, Person
from keesa.attachments.removing import REMOVABLE_FOR, lock_attachment, remove
from keesa.attachments.serving import Kind, find_file
from keesa.db import Tx
from keesa.errors import Forbidden, NotFound
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text


@pytest.fixture
def desk(tx: Tx, tmp_path: Path) -> Desk:
    return Desk(tx, tmp_path)


def take_away(
    tx: Tx,
    attachment_id: int | None,
    by: Person = ENGINEER,
    when: int = NOON + 1,
    number: int = ASSIGNED,
    kind: Kind = "image",
) -> None:
    actor = actor_of(tx, by)
    remove(tx, actor, lock_attachment(tx, actor, number, kind, attachment_id, when), when)


@pytest.mark.parametrize("kind", ["image", "file"])
def test_what_is_removed_is_nowhere(desk: Desk, kind: Kind) -> None:
    """No list, no address and no count has it; its event tells who removed what, and others stay."""
    first, second = desk.add(MAST, SWITCH, kind=kind)
    take_away(desk.tx, first, kind=kind)
    assert [each.id for each in desk.listed(kind=kind)] == [second]
    assert find_file(desk.tx, first, None) is None
    assert find_file(desk.tx, second, None) is not None
    assert desk.counts() == desk.counted_anew() == (1, 0)
    [event] = rows(
        desk.tx,
        "SELECT thing_id, changes, actor_id FROM ticket_events WHERE kind = :kind",
        kind=f"{kind}_removed",
    )
    assert event | {"changes": json.loads(event["changes"])} == {
        "thing_id": first,
        "changes": {"name": ["mast.jpg", None]},
        "actor_id": ENGINEER.id,
    }


def test_its_bytes_stay_for_who_needs_them(desk: Desk) -> None:
    """The row of what was stored stays, for another attachment of it and for the sweep."""
    [first] = desk.add(MAST)
    [second] = desk.add(MAST)
    take_away(desk.tx, first)
    assert len(rows(desk.tx, "SELECT id FROM stored_files")) == 1
    assert find_file(desk.tx, second, None) is not None


def test_who_added_it_removes_it_for_a_while(desk: Desk) -> None:
    """15 minutes; administrators at any time, and nobody else who sees it."""
    mine, customers, late = (desk.add(MAST, by=by)[0] for by in (ENGINEER, CUSTOMER, ENGINEER))
    end = NOON + REMOVABLE_FOR
    before = tickets_as_kept(desk.tx)
    for attachment_id, by, when in ((customers, ENGINEER, NOON), (mine, CUSTOMER, NOON), (late, ENGINEER, end)):
        with pytest.raises(Forbidden, match="within 15 minutes"):
            take_away(desk.tx, attachment_id, by, when)
    assert tickets_as_kept(desk.tx) == before
    take_away(desk.tx, mine, ENGINEER, end - 1)
    take_away(desk.tx, customers, CUSTOMER, end - 1)
    take_away(desk.tx, late, ADMIN, end + 1)
    assert desk.listed() == []


def test_what_is_out_of_sight_is_not_there(desk: Desk) -> None:
    """Of a ticket out of sight, of another ticket, of the other kind, of an internal note, and gone already."""
    internal = make_note(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, rich_text("Look"), NOON, internal=True).id
    [image], [hidden] = desk.add(MAST), desk.add(SWITCH, note_id=internal)
    before = rows(desk.tx, "SELECT id FROM attachments ORDER BY id")
    with pytest.raises(NotFound, match="Ticket not found"):
        take_away(desk.tx, image, STRANGER)
    wanted: tuple[tuple[int | None, Person, int, Kind], ...] = (
        (image, ADMIN, STRANGERS, "image"),
        (image, ADMIN, ASSIGNED, "file"),
        (hidden, CUSTOMER, ASSIGNED, "image"),
        (None, ADMIN, ASSIGNED, "image"),
        (999, ADMIN, ASSIGNED, "image"),
    )
    for attachment_id, by, number, kind in wanted:
        with pytest.raises(NotFound, match=r"(Image|File) not found"):
            take_away(desk.tx, attachment_id, by, NOON, number, kind)
    assert rows(desk.tx, "SELECT id FROM attachments ORDER BY id") == before
    take_away(desk.tx, image)
    with pytest.raises(NotFound):
        take_away(desk.tx, image)


def test_an_internal_one_goes_unseen_by_customers(desk: Desk) -> None:
    """Neither its coming nor its going moves what they see."""
    sql = "SELECT public_events, public_changed_at, coalesce(public_revision, revision) AS revision FROM tickets"
    internal = make_note(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, rich_text("Look"), NOON, internal=True).id
    before = rows(desk.tx, f"{sql} WHERE id = :id", id=ASSIGNED)
    [image] = desk.add(MAST, note_id=internal)
    take_away(desk.tx, image)
    assert rows(desk.tx, f"{sql} WHERE id = :id", id=ASSIGNED) == before
    assert desk.counts() == (0, 0)
