"""Adding events, each in the transaction of the change that it tells of.

`keesa.tickets.changing.change` alone adds them, but for the first one of a ticket. What they hold is never changed, and
lives as long as their ticket (docs/decisions/0045-events.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec

from keesa.accounts.actors import Actor
from keesa.db import Tx

EventKind = Literal[
    "raised",
    "edited",
    "transferred",
    "assigned",
    "status",
    "note_added",
    "note_edited",
    "note_withdrawn",
    "related",
    "unrelated",
    "tagged",
    "untagged",
    "watched",
    "unwatched",
]
KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
Changes = Mapping[str, tuple[Any, Any]]
"""Field to what it was and what it is, as JSON can hold them."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a ticket."""

    kind: EventKind
    changes: Changes = field(default_factory=dict)
    thing_id: int | None = None
    """The note, the other ticket, the tag or the user that it is about; of a `note_added` None is the ticket's last."""
    internal: bool = False
    """Whether customers never learn of it."""

    @property
    def encoded(self) -> str:
        """The changes, as they are kept."""
        return msgspec.json.encode(self.changes).decode() if self.changes else "{}"


class Sight(NamedTuple):
    """What of a ticket decides who sees it."""

    raised_by_id: int
    customer_id: int
    assigned_to_id: int | None
    ticket_type: str | None


class Place(NamedTuple):
    """Where an event stands among its ticket's."""

    number: int
    """From 1."""
    public_number: int | None
    """The same among those that customers see; None of an internal one."""
    at: int


def add_event(
    tx: Tx, actor: Actor, ticket_id: int, event: Event, place: Place, after: Sight, before: Sight | None
) -> None:
    """`before` is None where the ticket was raised."""
    last_note = _LAST_NOTES[event.internal] if event.kind == "note_added" and event.thing_id is None else None
    tx.run(
        _ADD[last_note or _GIVEN],
        ticket_id=ticket_id,
        number=place.number,
        public_number=place.public_number,
        at=place.at,
        kind=event.kind,
        actor_id=actor.id,
        token_id=actor.token_id,
        changes=event.encoded,
        raised_by_id=after.raised_by_id,
        customer_id=after.customer_id,
        assigned_to_id=after.assigned_to_id,
        ticket_type=after.ticket_type,
        had_customer_id=before.customer_id if before else None,
        had_assigned_to_id=before.assigned_to_id if before else None,
        had_ticket_type=before.ticket_type if before else None,
        **({} if last_note else {"thing_id": event.thing_id}),
    )


_GIVEN: Final = ":thing_id"
_LAST_NOTES: Final = [
    f"(SELECT id FROM {table} WHERE ticket_id = :ticket_id ORDER BY created_at DESC, id DESC LIMIT 1)"
    for table in ("ticket_notes", "internal_notes")
]
"""So the id need not be waited for."""
_ADD: Final = {
    thing: f"""
    INSERT INTO ticket_events (ticket_id, number, public_number, at, kind, actor_id, token_id, thing_id, changes,
        raised_by_id, customer_id, assigned_to_id, ticket_type, had_customer_id, had_assigned_to_id, had_ticket_type)
    VALUES (:ticket_id, :number, :public_number, :at, :kind, :actor_id, :token_id, {thing}, :changes,
        :raised_by_id, :customer_id, :assigned_to_id, :ticket_type, :had_customer_id, :had_assigned_to_id,
        :had_ticket_type)
    """
    for thing in (_GIVEN, *_LAST_NOTES)
}
"""By what it is about."""
