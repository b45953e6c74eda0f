"""Removing a picture or file: by who added it within a while, by administrators at any time."""

from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.attachments.listing import Attachment, read_attachment
from keesa.attachments.serving import Kind
from keesa.db import Tx
from keesa.errors import Forbidden
from keesa.events.recording import Event, EventKind
from keesa.tickets.attached import counted
from keesa.tickets.changing import change, follow
from keesa.tickets.finding import Known, LockedTicket, in_any_state, lock_main, lock_ticket

REMOVABLE_FOR: Final = 15 * 60 * 1000
"""Milliseconds after it was added."""
NOT_YOURS: Final = (
    f"Only who added it may remove it, within {REMOVABLE_FOR // 60_000} minutes; administrators may at any time"
)
REMOVED: Final[dict[Kind, EventKind]] = {"image": "image_removed", "file": "file_removed"}


@dataclass(frozen=True, slots=True)
class LockedAttachment:
    """One with the rows that its removal holds."""

    attachment: Attachment
    ticket: LockedTicket
    main: LockedTicket | None
    """The ticket that shows it too."""


def lock_attachment(
    tx: Tx,
    actor: Actor,
    number: int | None,
    kind: Kind,
    attachment_id: int | None,
    at: int,
    known: Known = in_any_state,
) -> LockedAttachment:
    """That of just this ticket, for removing it. Raises `NotFound`, and `Forbidden` for who may not remove it then."""
    ticket = lock_ticket(tx, actor, number, known)
    main = lock_main(tx, ticket)
    attachment = read_attachment(tx, actor, ticket.id, kind, attachment_id)
    added_it = attachment.added_by.id == actor.id and at < attachment.added_at + REMOVABLE_FOR
    if not added_it and actor.user_type != "admin":
        raise Forbidden(NOT_YOURS)
    return LockedAttachment(attachment, ticket, main)


def remove(tx: Tx, actor: Actor, locked: LockedAttachment, at: int) -> None:
    """From all that shows it, at once; its bytes are swept away where nothing else needs them. Raises `Invalid` where
    the ticket's history is full.
    """
    gone, ticket, main = locked.attachment, locked.ticket, locked.main
    event = Event(REMOVED[gone.kind], {"name": (gone.name, None)}, gone.id, gone.internal)
    tx.run("DELETE FROM attachments WHERE id = :id", id=gone.id)
    ticket = change(tx, actor, ticket, at, event, **counted(ticket, -1, internal=gone.internal))
    if main is not None:
        follow(tx, actor, main, ticket, **counted(main, -1, internal=gone.internal))
