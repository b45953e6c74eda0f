"""The one way to change a ticket: its columns, its revisions and times, and the events that tell of it."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event, EventKind, Kept, Sight, add_event
from keesa.tickets.finding import LockedTicket

LARGEST_HISTORY: Final = 4 * 1024 * 1024
"""Bytes of what a ticket's events changed: those that customers see, and the others by themselves."""
MOST_EVENTS: Final = 20_000
"""Likewise their number, behind which it can be closed and no more: statuses and assignments are all shown with it."""
FULL: Final = "has a history that is full: raise another ticket"
_INTERNAL: Final = frozenset({"internal_notes", "internal_notes_size", "internal_attachments"})
"""Columns of which customers never learn."""
_ALWAYS: Final[frozenset[EventKind]] = frozenset({"assigned", "status", "note_added"})
"""What a ticket takes also where its history is large: whoever works on it may go on."""
_KNOWN: Final = frozenset(LockedTicket.__struct_fields__)
_DECIDING: Final = frozenset(Sight._fields)
_WAITED: Final = 60_000
"""Milliseconds that a change may have waited for the ticket's row, and nodes' clocks may differ, at the most."""


def change(tx: Tx, actor: Actor, ticket: LockedTicket, at: int, *events: Event, **columns: Any) -> LockedTicket:  # noqa: ANN401 - a column may hold anything
    """Set the columns, which are those that the events tell of or count, and add the events; the ticket as it is
    afterwards, with their time in `changed_at`. Columns may be others than a `LockedTicket` has. Without an event what
    the ticket shows of another one has changed.

    What is internal alone moves neither the revision nor the time that customers get. Raises `Invalid` where the
    history is full.
    """
    internal = all(event.internal for event in events) if events else _are_internal(columns)
    counts, kept = _counted(ticket, events, at, internal=internal)
    columns |= _reached(actor, ticket, events, columns, counts["public_changed_at"])
    if _are_too_many(events, counts) and columns.get("status") != "closed":
        raise Invalid({"ticket": [FULL]})
    others = {name: value for name, value in (columns | counts).items() if getattr(ticket, name, UNSET) != value}
    tx.run(_update(tuple(others), internal), id=ticket.id, **others)
    before = None if _DECIDING.isdisjoint(others) else ticket.sight
    ticket = replace(ticket, **{name: value for name, value in others.items() if name in _KNOWN})
    after = ticket.sight
    for event, each in zip(events, kept, strict=True):
        add_event(tx, actor, ticket.id, event, each, after, before)
    return ticket


def follow(tx: Tx, actor: Actor, main: LockedTicket, changed: LockedTicket, **columns: Any) -> LockedTicket:  # noqa: ANN401 - as above
    """Set the columns of the main ticket whose duplicate, which it shows in place, has just been changed: it changed at
    the time of that event, since lists by the last change find a ticket at one of its own or of a duplicate.
    """
    at = changed.changed_at if _are_internal(columns) else changed.public_changed_at
    return change(tx, actor, main, at, **columns)


def _are_internal(columns: Collection[str]) -> bool:
    """Whether the columns are such alone of which customers never learn."""
    return bool(columns) and _INTERNAL.issuperset(columns)


def _counted(
    ticket: LockedTicket, events: Sequence[Event], at: int, *, internal: bool
) -> tuple[dict[str, int], list[Kept]]:
    """The columns that count the events and their times, and how each event is kept. Nothing internal has a say in the
    times that customers see.
    """
    number, public_number = ticket.events, ticket.public_events
    size, internal_size = ticket.history_size, ticket.internal_history_size
    public_at = ticket.public_changed_at
    if not internal:
        at = public_at = _not_before(public_at, max(at, ticket.raised_at))
    changed_at = _not_before(ticket.changed_at, at)
    kept = []
    for event in events:
        number += 1
        changes = event.encoded
        if event.internal:
            internal_size += len(changes)
            kept.append(Kept(number, None, changed_at, changes))
        else:
            public_number += 1
            size += len(changes)
            kept.append(Kept(number, public_number, public_at, changes))
        if (internal_size if event.internal else size) > LARGEST_HISTORY and event.kind not in _ALWAYS:
            raise Invalid({"ticket": [FULL]})
    counts = {
        "events": number,
        "public_events": public_number,
        "history_size": size,
        "internal_history_size": internal_size,
        "changed_at": changed_at,
        "public_changed_at": public_at,
    }
    return counts, kept


def _reached(
    actor: Actor, ticket: LockedTicket, events: Sequence[Event], columns: Mapping[str, Any], at: int
) -> dict[str, int | None]:
    """The columns that say when it was closed and first answered, where that is now. An answer is a note that the
    customer sees and has not written.
    """
    times: dict[str, int | None] = {}
    status = columns.get("status", ticket.status)
    if (status == "closed") != (ticket.status == "closed"):
        times["closed_at"] = at if status == "closed" else None
    if (
        ticket.first_answer_at is None
        and actor.user_type != "customer"
        and any(event.kind == "note_added" and not event.internal for event in events)
    ):
        times["first_answer_at"] = at
    return times


def _are_too_many(events: Sequence[Event], counts: Mapping[str, int]) -> bool:
    """With these. No internal one has a say in what customers do."""
    public = counts["public_events"]
    return any((counts["events"] - public if event.internal else public) > MOST_EVENTS for event in events)


def _not_before(last: int, at: int) -> int:
    """Who waited for the ticket's row has a time from before that, and changes come in the order in which they held
    it. A last one that lies further ahead is of a clock that was set back since.
    """
    return last if at < last < at + _WAITED else at


@lru_cache(maxsize=256)
def _update(columns: Sequence[str], internal: bool) -> str:  # noqa: FBT001 - it is called once
    """What has another value is named alone: each costs, and each index of it."""
    public = "coalesce(public_revision, revision)" if internal else "NULL"
    given = "".join(f"{column} = :{column}, " for column in columns)
    return f"UPDATE tickets SET {given}revision = $new_revision, public_revision = {public} WHERE id = :id"
