"""Hanging a picture or file of the past on a ticket, with its own time: what no actor may do."""

from keesa.attachments.made import ReadyFile
from keesa.attachments.serving import Kind
from keesa.attachments.storing import store
from keesa.db import Tx


def keep_attachment(
    tx: Tx,
    ticket_id: int,
    ready: ReadyFile,
    kind: Kind,
    added_by_id: int,
    at: int,
    note_id: int | None = None,
    *,
    internal: bool = False,
) -> int:
    """The attachment's id. No event tells of it: it is there since the ticket's last one. `note_id` is a note of that
    ticket, and `internal` whether it is an internal one.
    """
    row = tx.all("SELECT customer_id, events FROM tickets WHERE id = :id", id=ticket_id)[0]
    kept: int = tx.value(
        "INSERT INTO attachments (ticket_id, note_id, file_id, kind, internal, number, name, added_by_id, added_at)"
        " VALUES (:ticket_id, :note_id, :file_id, :kind, :internal, :number, :name, :added_by_id, :at)"
        " RETURNING id AS value",
        ticket_id=ticket_id,
        note_id=note_id,
        file_id=store(tx, row["customer_id"], ready, kind, at),
        kind=kind,
        internal=int(internal),
        number=row["events"],
        name=ready.name,
        added_by_id=added_by_id,
        at=at,
    )
    counted = "internal_attachments" if internal else "attachments"
    tx.run(f"UPDATE tickets SET {counted} = {counted} + 1, revision = $new_revision WHERE id = :id", id=ticket_id)
    return kept
