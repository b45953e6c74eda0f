"""Attaching pictures and files: what is kept of them, who may, and what is refused and changes nothing."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest

from acting import actor_of, rows, tickets_as_kept
from attached import LIMITS, MAST, NOON, SWITCH, Desk, sent
from cast import (
    ADMIN,
    ASSIGNED,
    BOT,
    CUSTOMER,
    ENGINEER,
    HARBOUR,
    HIDDEN,
    NOTE,
    RAISED,
    SCHOOL,
    STRANGER,
    STRANGERS,
    TYPED,
    Person,
)
from easy_pictures import EasyDecoders
from file_places import content_of
from keesa.attachments.attaching import attach
from keesa.attachments.checking import NO_NOTE, NO_UPLOAD
from keesa.attachments.made import ReadyFile
from keesa.db import Tx
from keesa.errors import Conflict, Invalid, NotFound, TooLarge, WrongType
from keesa.notes.changing import lock_note, withdraw_note
from keesa.notes.notes import make_note
from keesa.rich_text.html import rich_text


@pytest.fixture
def desk(tx: Tx, tmp_path: Path) -> Desk:
    return Desk(tx, tmp_path)


def note(tx: Tx, by: Person = ENGINEER, number: int = ASSIGNED, *, internal: bool = False) -> int:
    return make_note(tx, actor_of(tx, by), number, rich_text("Look"), NOON, internal=internal).id


def kept(tx: Tx) -> dict[str, Any]:
    return {table: rows(tx, f"SELECT * FROM {table} ORDER BY 1") for table in ("attachments", "stored_files")} | (
        tickets_as_kept(tx)
    )


def test_a_picture_is_listed_with_who_added_it(desk: Desk) -> None:
    """What is attached is listed with its name, its pixels and who added it when, and its forms lie in its place."""
    [image] = desk.add(MAST)
    [found] = desk.listed()
    assert (found.id, found.name, found.media_type, found.size) == (image, "mast.jpg", "image/png", len(MAST))
    assert (found.width, found.height, found.ticket_id, found.note_id, found.internal) == (
        40,
        30,
        ASSIGNED,
        None,
        False,
    )
    assert (found.added_by.id, found.added_by.full_name, found.added_at) == (ENGINEER.id, ENGINEER.full_name, NOON)
    [stored] = rows(desk.tx, "SELECT place, forms FROM stored_files")
    assert desk.stored == [f"{stored['place']}/original", f"{stored['place']}/thumbnail"]
    assert json.loads(stored["forms"])["original"] == ["image/png", len(MAST), 40, 30]
    assert desk.counts() == desk.counted_anew() == (1, 0)


def test_a_file_is_kept_as_it_came(desk: Desk) -> None:
    """A file is no picture, and is kept byte for byte with the type that its content shows."""
    desk.add(sent(b"%PDF-1.7 survey", "survey.jpg"), kind="file")
    [found] = desk.listed(kind="file")
    assert (found.name, found.media_type, found.width) == ("survey.jpg", "application/pdf", None)
    [name] = desk.stored
    assert content_of(desk.place, name) == b"%PDF-1.7 survey"
    assert desk.names(kind="image") == []
    assert desk.decoders.looked_at == []


def test_each_is_told_by_an_event_of_its_own(desk: Desk) -> None:
    """Several of one call are several events, in their order, and each attachment has the number of its own."""
    ids = desk.add(sent(MAST, "a.jpg"), sent(SWITCH, "b.jpg"))
    events = rows(
        desk.tx,
        "SELECT number, public_number, kind, thing_id, changes, actor_id FROM ticket_events"
        " WHERE ticket_id = :id AND kind = 'image_added' ORDER BY number",
        id=ASSIGNED,
    )
    assert [event["thing_id"] for event in events] == ids
    assert [json.loads(event["changes"]) for event in events] == [{"name": [None, "a.jpg"]}, {"name": [None, "b.jpg"]}]
    assert {event["actor_id"] for event in events} == {ENGINEER.id}
    numbers = {row["id"]: row["number"] for row in rows(desk.tx, "SELECT id, number FROM attachments")}
    assert [event["number"] for event in events] == [numbers[each] for each in ids]
    assert None not in {event["public_number"] for event in events}


@pytest.mark.parametrize("person", [ADMIN, ENGINEER, CUSTOMER], ids=lambda person: person.nick_name)
def test_whoever_sees_a_ticket_attaches_to_it(desk: Desk, person: Person) -> None:
    """Admins, staff and the customer's users, and all of them see it."""
    desk.add(MAST, by=person)
    for reader in (ADMIN, ENGINEER, CUSTOMER):
        assert desk.names(reader) == ["mast.jpg"]


@pytest.mark.parametrize(("person", "number"), [(STRANGER, ASSIGNED), (CUSTOMER, RAISED), (BOT, ASSIGNED)])
def test_a_ticket_out_of_sight_is_not_there(desk: Desk, person: Person, number: int) -> None:
    """Who does not see it neither attaches to it nor lists what hangs on it, and nothing is looked into."""
    before = kept(desk.tx)
    with pytest.raises(NotFound):
        desk.prepare(MAST, by=person, number=number)
    with pytest.raises(NotFound):
        desk.listed(person, number)
    assert kept(desk.tx) == before
    assert not desk.decoders.looked_at
    assert desk.stored == []


def test_a_closed_ticket_takes_pictures(desk: Desk) -> None:
    """As it takes notes."""
    desk.add(MAST, by=ADMIN, number=HIDDEN)
    assert desk.names(ADMIN, HIDDEN) == ["mast.jpg"]


def test_a_picture_hangs_on_a_note(desk: Desk) -> None:
    """On one of the ticket's own."""
    desk.add(MAST, note_id=NOTE)
    [found] = desk.listed(CUSTOMER)
    assert (found.note_id, found.internal) == (NOTE, False)


def test_what_hangs_on_an_internal_note_is_internal(desk: Desk) -> None:
    """No customer sees it, counts it, or finds its event; neither their revision nor their time moves."""
    public = "SELECT attachments, public_events, public_changed_at, coalesce(public_revision, revision) AS revision"
    internal = note(desk.tx, internal=True)
    before = rows(desk.tx, f"{public} FROM tickets WHERE id = :id", id=ASSIGNED)
    desk.add(MAST, note_id=internal)
    assert [(each.note_id, each.internal) for each in desk.listed()] == [(internal, True)]
    assert desk.listed(CUSTOMER) == []
    assert rows(desk.tx, f"{public} FROM tickets WHERE id = :id", id=ASSIGNED) == before
    assert desk.counts() == desk.counted_anew() == (0, 1)


def test_a_note_must_be_one_that_can_have_it(desk: Desk) -> None:
    """Another ticket's, a withdrawn one, one out of sight and one that is not there are 422, and change nothing."""
    elsewhere, withdrawn = note(desk.tx, ADMIN, TYPED), note(desk.tx)
    actor = actor_of(desk.tx, ENGINEER)
    withdraw_note(desk.tx, actor, lock_note(desk.tx, actor, ASSIGNED, withdrawn, NOON), NOON)
    internal = note(desk.tx, internal=True)
    before = kept(desk.tx)
    for note_id, person in ((elsewhere, ENGINEER), (999, ENGINEER), (internal, CUSTOMER), (withdrawn, CUSTOMER)):
        with pytest.raises(Invalid) as refused:
            desk.prepare(MAST, note_id=note_id, by=person)
        assert refused.value.faults == {"note_id": [NO_NOTE]}
    with pytest.raises(Invalid, match="was withdrawn"):
        desk.prepare(MAST, note_id=withdrawn)
    assert kept(desk.tx) == before


def test_a_note_that_is_withdrawn_meanwhile_takes_nothing(desk: Desk) -> None:
    """What was made ready for it is not attached."""
    written = note(desk.tx)
    ready = desk.prepare(MAST, note_id=written)
    actor = actor_of(desk.tx, ENGINEER)
    withdraw_note(desk.tx, actor, lock_note(desk.tx, actor, ASSIGNED, written, NOON), NOON)
    with pytest.raises(Invalid, match="was withdrawn"), desk.tx.part():
        attach(desk.tx, actor, ASSIGNED, ready, LIMITS, NOON)
    assert rows(desk.tx, "SELECT * FROM attachments") == rows(desk.tx, "SELECT * FROM stored_files") == []


def test_the_same_picture_is_stored_once_for_a_customer(desk: Desk) -> None:
    """Sent again, twice in one call and to another ticket of theirs, it is attached each time and looked into once."""
    desk.add(sent(MAST, "a.jpg"), sent(MAST, "b.jpg"))
    desk.add(sent(MAST, "c.jpg"))
    desk.add(sent(MAST, "d.jpg"), by=ADMIN, number=STRANGERS)
    assert desk.names() == ["a.jpg", "b.jpg", "c.jpg"]
    assert desk.names(ADMIN, STRANGERS) == ["d.jpg"]
    assert desk.decoders.looked_at == [MAST]
    assert len(rows(desk.tx, "SELECT id FROM stored_files")) == 1
    assert len(desk.stored) == 2


def test_the_same_picture_of_another_customer_is_stored_by_itself(desk: Desk) -> None:
    """Nothing tells one customer what another one has: it is looked into and stored anew."""
    desk.add(MAST)
    desk.add(MAST, number=RAISED)
    assert desk.decoders.looked_at == [MAST, MAST]
    stored = rows(desk.tx, "SELECT customer_id, place FROM stored_files ORDER BY customer_id")
    assert [row["customer_id"] for row in stored] == [HARBOUR, SCHOOL]
    assert stored[0]["place"] != stored[1]["place"]


def test_a_picture_that_is_sent_as_a_file_is_one(desk: Desk) -> None:
    """The two lists have nothing in common: what is a picture here is for download there, and stored as such."""
    desk.add(MAST)
    desk.add(MAST, kind="file")
    assert (desk.names(kind="image"), desk.names(kind="file")) == (["mast.jpg"], ["mast.jpg"])
    assert [row["kind"] for row in rows(desk.tx, "SELECT kind FROM stored_files ORDER BY id")] == ["image", "file"]


def test_of_two_that_are_made_at_once_one_is_stored(desk: Desk) -> None:
    """Both were made ready before either was attached: the second hangs on what the first has stored."""
    first, second = desk.prepare(MAST), desk.prepare(MAST)
    for ready in (first, second):
        attach(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, ready, LIMITS, NOON)
    [stored] = rows(desk.tx, "SELECT id, place FROM stored_files")
    assert first.files[0].new is not None
    assert stored["place"] == first.files[0].new.place
    assert {row["file_id"] for row in rows(desk.tx, "SELECT file_id FROM attachments")} == {stored["id"]}
    assert len(desk.stored) == 4  # two of which nothing tells, for the sweep


def test_what_was_stored_and_is_gone_is_a_conflict(desk: Desk) -> None:
    """Where it is removed between the look and the change, the client is told to send it again; nothing is attached."""
    desk.add(MAST)
    ready = desk.prepare(MAST)
    assert [each.new for each in ready.files] == [None]
    desk.tx.run("DELETE FROM attachments")
    desk.tx.run("DELETE FROM stored_files")
    with pytest.raises(Conflict), desk.tx.part():
        attach(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, ready, LIMITS, NOON)
    assert rows(desk.tx, "SELECT * FROM attachments") == []


def test_nothing_is_left_where_one_of_several_is_no_picture(desk: Desk) -> None:
    """All are judged before any is put: no row, and no byte."""
    before = kept(desk.tx)
    with pytest.raises(WrongType):
        desk.prepare(MAST, b"<svg onload='alert(1)'>")
    assert kept(desk.tx) == before
    assert desk.stored == []
    assert list(desk.scratch.rglob("*")) == []


def test_nothing_under_way_is_left_behind(desk: Desk) -> None:
    """The folder of what is under way is empty afterwards."""
    desk.add(MAST, SWITCH)
    assert list(desk.scratch.rglob("*")) == []


@pytest.mark.parametrize(
    ("contents", "error"),
    [((), Invalid), ((MAST,) * (LIMITS.per_call + 1), Invalid), ((b"",), Invalid), ((b"x" * 1001,), TooLarge)],
    ids=["none", "too many", "an empty one", "too large"],
)
def test_what_is_too_much_or_nothing_is_refused(desk: Desk, contents: tuple[bytes, ...], error: type) -> None:
    """Before anything is looked into."""
    before = kept(desk.tx)
    for kind in ("image", "file"):
        with pytest.raises(error):
            desk.prepare(*contents, kind=kind)
    assert kept(desk.tx) == before
    assert not desk.decoders.looked_at


@pytest.mark.parametrize("internal", [False, True], ids=["public", "internal"])
def test_a_ticket_has_so_many(desk: Desk, internal: bool) -> None:  # noqa: FBT001
    """Pictures and files together, those that customers see and the others apart; also where they come at once."""
    on = note(desk.tx, internal=internal)
    for kind, number in (("image", 4), ("file", 3)):
        desk.add(*[MAST] * number, kind=kind, note_id=on)
    last, late = desk.prepare(MAST, note_id=on), desk.prepare(SWITCH, note_id=on)
    attach(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, last, LIMITS, NOON)
    before = kept(desk.tx)
    with pytest.raises(Invalid, match="are too many: a ticket may have 8 pictures and files"), desk.tx.part():
        attach(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, late, LIMITS, NOON)
    with pytest.raises(Invalid, match="are too many"):
        desk.prepare(MAST, note_id=on)
    assert kept(desk.tx) == before
    desk.add(MAST, note_id=note(desk.tx, internal=not internal))


UPLOAD: Final = "0123456789abcdef" * 2


def upload(desk: Desk, by: Person = ENGINEER, *, expires: int = NOON + 1, received: int | None = None) -> None:
    """MAST in two pieces."""
    halves = MAST[:6], MAST[6:]
    desk.tx.run(
        "INSERT INTO uploads (id, user_id, length, received, name, media_type, created_at, expires_at)"
        " VALUES (:id, :user_id, :length, :received, 'long.jpg', 'image/jpeg', :at, :expires)",
        id=UPLOAD,
        user_id=by.id,
        length=len(MAST),
        received=len(MAST) if received is None else received,
        at=NOON - 1,
        expires=expires,
    )
    for start, piece, place in zip((0, 6), halves, ("a" * 32, "b" * 32), strict=True):
        desk.place.put(f"uploads/{place}", BytesIO(piece), len(piece))
        desk.tx.run(
            "INSERT INTO upload_pieces (upload_id, start, size, place) VALUES (:id, :start, :size, :place)",
            id=UPLOAD,
            start=start,
            size=len(piece),
            place=place,
        )


def test_an_upload_is_attached_once(desk: Desk) -> None:
    """Its pieces make the picture, under its name; it is used up then, also by the second of two calls at once."""
    upload(desk)
    ready, other = desk.prepare(SWITCH, uploads=(UPLOAD,)), desk.prepare(uploads=(UPLOAD,))
    attach(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, ready, LIMITS, NOON)
    assert desk.names() == ["mast.jpg", "long.jpg"]
    assert desk.decoders.looked_at == [SWITCH, MAST, MAST]
    with pytest.raises(Invalid), desk.tx.part():
        attach(desk.tx, actor_of(desk.tx, ENGINEER), ASSIGNED, other, LIMITS, NOON)
    with pytest.raises(Invalid):
        desk.prepare(uploads=(UPLOAD,))
    assert rows(desk.tx, "SELECT id FROM uploads WHERE id = :id", id=UPLOAD) == []
    assert rows(desk.tx, "SELECT * FROM upload_pieces WHERE upload_id = :id", id=UPLOAD) == []


@pytest.mark.parametrize(
    "which",
    [{"by": ADMIN}, {"received": 3}, {"expires": NOON}],
    ids=["another's", "not whole", "expired"],
)
def test_an_upload_must_be_whole_and_ones_own(desk: Desk, which: dict[str, Any]) -> None:
    """Else it is 422, and nothing tells that it is there."""
    upload(desk, **which)
    for wanted in (UPLOAD, "f" * 32, "../etc"):
        with pytest.raises(Invalid) as refused:
            desk.prepare(uploads=(wanted,))
        assert refused.value.faults == {"uploads": [NO_UPLOAD]}
    assert not desk.decoders.looked_at


@pytest.mark.parametrize(("number", "waits"), [(STRANGERS, True), (ASSIGNED, False)], ids=["held", "open"])
def test_a_customers_picture_waits_for_the_desk(desk: Desk, number: int, waits: bool) -> None:  # noqa: FBT001
    """On a ticket that is on hold, as a note of theirs; the desk's own takes that away."""

    def answered() -> object:
        return rows(desk.tx, "SELECT answered_at FROM tickets WHERE id = :id", id=number)[0]["answered_at"]

    desk.add(MAST, by=CUSTOMER, number=number)
    assert answered() == (NOON if waits else None)
    desk.add(MAST, by=ADMIN, number=number)
    assert answered() is None


def test_a_customers_picture_takes_a_held_ticket_up_again(desk: Desk) -> None:
    """Where the operator has it so, as a note does."""
    desk.add(MAST, by=CUSTOMER, number=STRANGERS, reopening="both")
    [row] = rows(desk.tx, "SELECT status, answered_at FROM tickets WHERE id = :id", id=STRANGERS)
    assert row == {"status": "in_progress", "answered_at": NOON}


def test_where_a_picture_was_taken_is_the_desks(tx: Tx, tmp_path: Path) -> None:
    """What is kept of where, when and with what it was taken is told to staff alone."""
    desk = Desk(tx, tmp_path, decoders=EasyDecoders(taken={"latitude": 4.17}))
    desk.add(MAST)
    assert [each.taken for each in desk.listed()] == [{"latitude": 4.17}]
    assert [each.taken for each in desk.listed(CUSTOMER)] == [None]


def test_a_customer_that_got_the_ticket_meanwhile_stores_what_is_new(desk: Desk) -> None:
    """What was found with the customer of before is not theirs: it is a conflict, and never read from the other one."""
    desk.add(MAST)
    ready = desk.prepare(MAST)
    assert ready == replace(ready, files=[ReadyFile("mast.jpg", ready.files[0].sum, None)])
    desk.tx.run("UPDATE tickets SET customer_id = :id WHERE id = :ticket", id=SCHOOL, ticket=ASSIGNED)
    with pytest.raises(Conflict), desk.tx.part():
        attach(desk.tx, actor_of(desk.tx, ADMIN), ASSIGNED, ready, LIMITS, NOON)
