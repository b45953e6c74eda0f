"""Adding events, each in the transaction of the change that it tells of.

`keesa.tickets.changing.change` alone adds them, but for the first one of a ticket. What they hold is never changed, and
lives as long as their ticket (docs/decisions/0045-events.md).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
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
    "image_added",
    "image_removed",
    "file_added",
    "file_removed",
]
KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)
Changes = Mapping[str, tuple[Any, Any]]
"""Field to what it was and what it is, as JSON can hold them."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One change of a ticket. A struct, which is made in a fraction of a dataclass' time."""

    kind: EventKind
    changes: Changes = {}
    thing_id: int | None = None
    """The note, the other ticket, the tag, the user, the picture or the file that it is about; None of a `note_added`
    is the ticket's last.
    """
    internal: bool = False
    """Whether customers never learn of it."""

    @property
    def encoded(self) -> str:
        """The changes, as they are kept."""
        return msgspec.json.encode(self.changes).decode() if self.changes else NOTHING


NOTHING: Final = "{}"
"""No changes, as they are kept."""


class Sight(NamedTuple):
    """What of a ticket decides who sees it."""

    raised_by_id: int
    customer_id: int
    assigned_to_id: int | None
    ticket_type: str | None


class Kept(NamedTuple):
    """How an event is kept among its ticket's."""

    number: int
    """From 1."""
    public_number: int | None
    """The same among those that customers see; None of an internal one."""
    at: int
    changes: str = NOTHING


def add_event(
    tx: Tx, actor: Actor, ticket_id: int, event: Event, kept: Kept, after: Sight, before: Sight | None = None
) -> None:
    """`after` says who sees the ticket, and `before` who saw it, where that was another one."""
    values = {
        "ticket_id": ticket_id,
        "number": kept.number,
        "public_number": kept.public_number,
        "at": kept.at,
        "kind": event.kind,
        "actor_id": actor.id,
        "changes": kept.changes,
        "raised_by_id": after.raised_by_id,
        "customer_id": after.customer_id,
        "assigned_to_id": after.assigned_to_id,
        "ticket_type": after.ticket_type,
    }
    last_note = _LAST_NOTES[event.internal] if event.kind == "note_added" and event.thing_id is None else None
    if event.thing_id is not None:
        values["thing_id"] = event.thing_id
    if actor.token_id is not None:
        values["token_id"] = actor.token_id
    if before is not None:
        values["had_customer_id"] = before.customer_id
        values["had_assigned_to_id"] = before.assigned_to_id
        values["had_ticket_type"] = before.ticket_type
    tx.run(_adding(tuple(values), last_note), **values)


LAST_NOTE: Final = (
    "SELECT {columns} FROM {table} WHERE ticket_id = :ticket_id ORDER BY created_at DESC, id DESC LIMIT 1"
)
"""The ticket's last note of a table."""
_LAST_NOTES: Final = [
    f"({LAST_NOTE.format(columns='id', table=table)})" for table in ("ticket_notes", "internal_notes")
]
"""So the id need not be waited for."""


@lru_cache(maxsize=64)
def _adding(columns: Sequence[str], thing: str | None) -> str:
    """What is null of most is named where it is not: each value costs."""
    names, values = list(columns), [f":{column}" for column in columns]
    if thing is not None:
        names.append("thing_id")
        values.append(thing)
    return f"INSERT INTO ticket_events ({', '.join(names)}) VALUES ({', '.join(values)})"
