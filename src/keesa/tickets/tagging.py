"""Putting tags on tickets, and taking them off."""

from collections.abc import Callable
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_desk
from keesa.db import Tx
from keesa.directory.tags import TAG_COLUMNS, Tag, find_tag_soon, tag_of
from keesa.errors import Invalid
from keesa.events.recording import Event
from keesa.tickets.changing import change
from keesa.tickets.finding import Known, LockedTicket, in_any_state, lock_ticket
from keesa.tickets.views import VisibleTicket

MOST_TAGS: Final = 20
"""Of a ticket."""


def tags_of(tx: Tx, visible: VisibleTicket) -> list[Tag]:
    """Those of a ticket that an actor was found to see, by id, the retired ones too."""
    ticket_id, _ = visible
    rows = tx.each(
        f"SELECT {TAG_COLUMNS} FROM ticket_tags JOIN tags ON tags.id = ticket_tags.tag_id"
        " WHERE ticket_tags.ticket_id = :ticket_id ORDER BY tags.id",
        ticket_id=ticket_id,
    )
    return [tag_of(*row) for row in rows]


def put_tag(tx: Tx, actor: Actor, number: int | None, tag_id: int, at: int, known: Known = in_any_state) -> Tag:
    """The ticket has the tag from now on; where it has it already, nothing changes. Raises `Forbidden`, `NotFound` and
    `Invalid`.
    """
    require_desk(actor)
    put = tagging(tx, actor, tag_id, at)
    return put(lock_ticket(tx, actor, number, known))


def tagging(tx: Tx, actor: Actor, tag_id: int, at: int) -> Callable[[LockedTicket], Tag]:
    """What puts the tag, which is looked for once, on any ticket that is held."""
    tags = tx.soon(f"SELECT {TAG_COLUMNS} FROM tags WHERE id = :id", id=tag_id)

    def put(ticket: LockedTicket) -> Tag:
        had = {row["tag_id"] for row in tx.all("SELECT tag_id FROM ticket_tags WHERE ticket_id = :id", id=ticket.id)}
        found = [tag_of(row["id"], row["name"], row["retired_at"]) for row in tags()]
        if not found:
            raise Invalid({"id": ["is unknown, must be the id of a tag"]})
        tag = found[0]
        if tag.id in had:
            return tag
        if tag.retired:
            raise Invalid({"id": ["is that of a tag that is retired"]})
        if len(had) >= MOST_TAGS:
            raise Invalid({"id": [f"would be one too many: a ticket has at most {MOST_TAGS} tags"]})
        tx.run(
            "INSERT INTO ticket_tags (ticket_id, tag_id, raised_at) VALUES (:ticket_id, :tag_id, :raised_at)",
            ticket_id=ticket.id,
            tag_id=tag.id,
            raised_at=ticket.raised_at,
        )
        change(tx, actor, ticket, at, Event("tagged", thing_id=tag.id, internal=True))
        return tag

    return put


def take_tag(
    tx: Tx, actor: Actor, number: int | None, tag_id: int | None, at: int, known: Known = in_any_state
) -> None:
    """The ticket does not have the tag any more, a retired one too; where it has it not, nothing changes. Raises
    `Forbidden` and `NotFound`.
    """
    require_desk(actor)
    tag = find_tag_soon(tx, tag_id)
    ticket = lock_ticket(tx, actor, number, known)
    take_tag_off(tx, actor, ticket, tag().id, at)


def take_tag_off(tx: Tx, actor: Actor, ticket: LockedTicket, tag_id: int, at: int) -> None:
    """`take_tag` of a ticket that is held."""
    removed = tx.changed(
        "DELETE FROM ticket_tags WHERE ticket_id = :ticket_id AND tag_id = :tag_id", ticket_id=ticket.id, tag_id=tag_id
    )
    if removed:
        change(tx, actor, ticket, at, Event("untagged", thing_id=tag_id, internal=True))
