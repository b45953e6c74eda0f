"""The pictures and files of a ticket and of its duplicates, page by page, and one by its id."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.attachments.serving import Kind
from keesa.attachments.sight import HIDDEN, shown_to
from keesa.db import Row, Tx
from keesa.errors import NotFound
from keesa.notes.reading import MOST_DUPLICATES
from keesa.tickets.finding import duplicates_soon, find_ticket

NOT_FOUND: Final[Mapping[Kind, str]] = {"image": "Image not found", "file": "File not found"}


class Adder(NamedTuple):
    """Who added it, as they are called now."""

    id: int
    full_name: str
    nick_name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    ticket_id: int | None
    """None of a duplicate that is out of sight."""
    kind: Kind
    name: str
    media_type: str
    """Of its original, as its size and its pixels are."""
    size: int
    width: int | None
    height: int | None
    note_id: int | None
    internal: bool
    """Whether customers never see it."""
    added_by: Adder
    added_at: int
    taken: Mapping[str, Any] | None
    """Where, when and with what a picture was taken; the desk alone is told."""


@dataclass(frozen=True, slots=True)
class AttachmentsPage:
    attachments: Sequence[Attachment]
    next_after: int | None
    """The id behind which the next page begins; None where nothing follows."""


def page_of_attachments(
    tx: Tx, actor: Actor, number: int | None, kind: Kind, limit: int, after: int | None = None
) -> AttachmentsPage:
    """A page of those that the actor sees, in the order in which they were added. Raises `NotFound`."""
    ids, unseen = _tickets(tx, actor, number)
    rows = _read(
        tx, actor, ids, kind, f"attachments.id > :after {_ORDER} LIMIT :rows", after=after or 0, rows=limit + 1
    )
    page = [_in_sight(row, actor, unseen) for row in rows[:limit]]
    return AttachmentsPage(page, page[-1].id if len(rows) > limit else None)


def find_attachment(tx: Tx, actor: Actor, number: int | None, kind: Kind, attachment_id: int | None) -> Attachment:
    """One that the list of this ticket shows, be it a duplicate's. Raises `NotFound`."""
    ids, unseen = _tickets(tx, actor, number)
    return _found(_read(tx, actor, ids, kind, _ONE, id=attachment_id), actor, kind, unseen)


def read_attachment(tx: Tx, actor: Actor, ticket_id: int, kind: Kind, attachment_id: int | None) -> Attachment:
    """That of just this ticket, which the actor was found to see. Raises `NotFound`."""
    return _found(_read(tx, actor, [ticket_id], kind, _ONE, id=attachment_id), actor, kind, {})


def read_some(tx: Tx, actor: Actor, ticket_id: int, kind: Kind, ids: Collection[int]) -> list[Attachment]:
    """Those of a ticket that the actor has just added, in their order."""
    rows = _read(
        tx, actor, [ticket_id], kind, f"attachments.id BETWEEN :first AND :last {_ORDER}", first=min(ids), last=max(ids)
    )
    return [_in_sight(row, actor, {}) for row in rows if row["id"] in ids]


def _tickets(tx: Tx, actor: Actor, number: int | None) -> tuple[list[int], dict[int, bool]]:
    """The ids of the ticket and its duplicates, and by id whether each of these is out of sight."""
    duplicates = duplicates_soon(tx, actor, number, MOST_DUPLICATES)
    ticket_id, _ = find_ticket(tx, actor, number)
    unseen = duplicates()
    return [ticket_id, *unseen], unseen


def _read(tx: Tx, actor: Actor, tickets: Sequence[int], kind: Kind, condition: str, **params: object) -> Sequence[Row]:
    """Through the index of their tickets."""
    return tx.all(
        f"{_SELECT} WHERE attachments.ticket_id IN $json_ids AND attachments.kind = :kind"
        f" AND {shown_to(actor)} AND {condition}",
        ids=msgspec.json.encode(tickets).decode(),
        kind=kind,
        **params,
    )


def _found(rows: Sequence[Row], actor: Actor, kind: Kind, unseen: Mapping[int, bool]) -> Attachment:
    if not rows:
        raise NotFound(NOT_FOUND[kind])
    return _in_sight(rows[0], actor, unseen)


def _in_sight(row: Row, actor: Actor, unseen: Mapping[int, bool]) -> Attachment:
    """Without the number of a ticket that is out of sight, and for customers without where it was taken."""
    of_desk = sees_internal(actor)
    return Attachment(
        id=row["id"],
        ticket_id=None if unseen.get(row["ticket_id"]) else row["ticket_id"],
        kind=row["kind"],
        name=row["name"],
        media_type=row["media_type"],
        size=row["size"],
        width=row["width"],
        height=row["height"],
        note_id=row["note_id"],
        internal=bool(row["hidden"]),
        added_by=Adder(row["added_by_id"], row["full_name"], row["nick_name"]),
        added_at=row["added_at"],
        taken=msgspec.json.decode(row["taken"]) if of_desk and row["taken"] is not None else None,
    )


_SELECT: Final = (
    "SELECT attachments.id, attachments.ticket_id, attachments.kind, attachments.name, stored_files.media_type,"
    " stored_files.size, stored_files.width, stored_files.height, stored_files.taken, attachments.note_id,"
    f" CASE WHEN {HIDDEN} THEN 1 ELSE 0 END AS hidden, attachments.added_by_id, users.full_name, users.nick_name,"
    " attachments.added_at FROM attachments"
    " JOIN stored_files ON stored_files.id = attachments.file_id"
    " JOIN tickets owners ON owners.id = attachments.ticket_id"
    " JOIN users ON users.id = attachments.added_by_id"
)
_ONE: Final = "attachments.id = :id"
_ORDER: Final = "ORDER BY attachments.id + 0"
"""A sum, which no index has: one of all ids would be walked through for a ticket that has few."""
