"""What is stored once for a customer, on two nodes at once: never twice, and never under an attachment's feet."""

from collections.abc import Callable
from typing import Any, Final

from account_rows import rows
from acting import actor_of
from cast import ADMIN, ASSIGNED, HARBOUR, STRANGERS, at
from keesa.attachments.attaching import attach
from keesa.attachments.made import Limits, NewFile, Ready, ReadyFile
from keesa.attachments.serving import StoredForm
from keesa.db import Tx
from keesa.errors import Conflict
from keesa.files.sweeping import clear_rows
from meeting import Nodes

NOON: Final = at("2025-03-10T12:00")
SUM: Final = "a" * 64
LIMITS: Final = Limits(per_call=5, per_ticket=8, size=1000)


def new(place: str) -> NewFile:
    return NewFile(place * 32, {"original": StoredForm("image/png", 9)})


def adding(number: int, file: NewFile | None) -> Callable[[Tx], list[int]]:
    """What a call does that has made the file ready, or has found it stored (None)."""
    ready = Ready("image", None, [ReadyFile("mast.png", SUM, file)])
    return lambda tx: attach(tx, actor_of(tx, ADMIN), number, ready, LIMITS, NOON)


def stored(nodes: Nodes) -> list[dict[str, Any]]:
    return rows(nodes.one, "SELECT id, place FROM stored_files WHERE customer_id = :id", id=HARBOUR)


def test_the_same_picture_on_two_tickets_is_stored_once(nodes: Nodes) -> None:
    """Who comes second waits for the first, and takes what that has stored."""
    met = nodes.meet(
        adding(ASSIGNED, new("a")), "INSERT INTO attachments", lambda other: other.write(adding(STRANGERS, new("b")))
    )
    assert met.waited
    assert met.errors == []
    [one] = stored(nodes)
    assert one["place"] == "a" * 32
    files = rows(nodes.one, "SELECT file_id FROM attachments WHERE ticket_id IN (:a, :s)", a=ASSIGNED, s=STRANGERS)
    assert files == [{"file_id": one["id"]}] * 2


def test_what_is_about_to_be_attached_is_not_swept(nodes: Nodes) -> None:
    """The change holds what it has found stored: the sweep passes it by."""
    [attachment] = nodes.one.write(adding(ASSIGNED, new("a")))
    nodes.one.write(lambda tx: tx.run("DELETE FROM attachments WHERE id = :id", id=attachment))
    met = nodes.meet(
        adding(ASSIGNED, None), "INSERT INTO attachments", lambda other: other.write(lambda tx: clear_rows(tx, 0))
    )
    assert met.errors == []
    assert not met.waited
    assert len(stored(nodes)) == 1


def test_what_is_being_swept_is_not_attached(nodes: Nodes) -> None:
    """Who has found it stored is told to send it again; nothing is attached."""
    [attachment] = nodes.one.write(adding(ASSIGNED, new("a")))
    nodes.one.write(lambda tx: tx.run("DELETE FROM attachments WHERE id = :id", id=attachment))

    def sweep(tx: Tx) -> None:
        clear_rows(tx, 0)
        tx.all("SELECT 'swept' AS value")

    met = nodes.meet(sweep, "'swept'", lambda other: other.write(adding(ASSIGNED, None)))
    assert [type(error) for error in met.errors] == [Conflict]
    assert met.waited
    assert stored(nodes) == rows(nodes.one, "SELECT id FROM attachments WHERE ticket_id = :id", id=ASSIGNED) == []
