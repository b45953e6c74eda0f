"""The one way to change a ticket: its columns, its revisions and times, and the events that tell of it."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec.structs import replace

from keesa.accounts.actors import Actor
from keesa.db import Tx
from keesa.errors import Invalid
from keesa.events.recording import Event, EventKind, Place, add_event
from keesa.tickets.finding import LockedTicket

LARGEST_HISTORY: Final = 4 * 1024 * 1024
"""Bytes of what a ticket's events changed: those that customers see, and the others by themselves."""
FULL: Final = "has a history that is full: raise another ticket"
_INTERNAL: Final = frozenset({"internal_notes", "internal_notes_size"})
"""Columns of which customers never learn."""
_ALWAYS: Final[frozenset[EventKind]] = frozenset({"assigned", "status", "note_added"})
"""What a ticket takes also where its history is full: without it, none could be closed."""
_KNOWN: Final = frozenset(LockedTicket.__struct_fields__)
_WAITED: Final = 60_000
"""Milliseconds that a change may have waited for the ticket's row, and nodes' clocks may differ, at the most."""


def change(tx: Tx, actor: Actor, ticket: LockedTicket, at: int, *events: Event, **columns: Any) -> LockedTicket:  # noqa: ANN401 - a column may hold anything
    """Set the columns, which are those that the events tell of or count, and add the events; the ticket as it is
    afterwards, with their time in `changed_at`. Columns may be others than a `LockedTicket` has. Without an event what
    the ticket shows of another one has changed.

    What is internal alone moves neither the revision nor the time that customers get. Raises `Invalid` where the
    history is full.
    """
    before = ticket.sight
    ticket = replace(ticket, **{column: columns[column] for column in columns.keys() & _KNOWN})
    places = []
    for event in events:
        ticket, place = _placed(ticket, event, at)
        places.append(place)
    internal = all(event.internal for event in events) if events else _are_internal(columns)
    if not events and internal:
        ticket = replace(ticket, changed_at=_not_before(ticket.changed_at, at))
    elif not events:
        ticket, _ = _at(ticket, at)
    tx.run(
        _update(tuple(columns), internal),
        id=ticket.id,
        events=ticket.events,
        public_events=ticket.public_events,
        history_size=ticket.history_size,
        internal_history_size=ticket.internal_history_size,
        changed_at=ticket.changed_at,
        public_changed_at=ticket.public_changed_at,
        **columns,
    )
    for event, place in zip(events, places, strict=True):
        add_event(tx, actor, ticket.id, event, place, ticket.sight, before)
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


def _placed(ticket: LockedTicket, event: Event, at: int) -> tuple[LockedTicket, Place]:
    """The ticket with the event counted, and where it stands."""
    size = len(event.encoded)
    number = ticket.events + 1
    if event.internal:
        history = ticket.internal_history_size + size
        at = _not_before(ticket.changed_at, at)
        counted = replace(ticket, events=number, internal_history_size=history, changed_at=at)
        place = Place(number, None, at)
    else:
        history = ticket.history_size + size
        counted, at = _at(ticket, at)
        counted = replace(counted, events=number, public_events=ticket.public_events + 1, history_size=history)
        place = Place(number, counted.public_events, at)
    if history > LARGEST_HISTORY and event.kind not in _ALWAYS:
        raise Invalid({"ticket": [FULL]})
    return counted, place


def _at(ticket: LockedTicket, at: int) -> tuple[LockedTicket, int]:
    """The ticket with the times of a change that customers see; when it was. Nothing internal has a say in that."""
    at = _not_before(ticket.public_changed_at, max(at, ticket.raised_at))
    return replace(ticket, public_changed_at=at, changed_at=_not_before(ticket.changed_at, at)), at


def _not_before(last: int, at: int) -> int:
    """Who waited for the ticket's row has a time from before that, and changes come in the order in which they held
    it. A last one that lies further ahead is of a clock that was set back since.
    """
    return last if at < last < at + _WAITED else at


@lru_cache(maxsize=256)
def _update(columns: Sequence[str], internal: bool) -> str:  # noqa: FBT001 - it is called once
    public = "coalesce(public_revision, revision)" if internal else "NULL"
    counted = ("events", "public_events", "history_size", "internal_history_size", "changed_at", "public_changed_at")
    given = ", ".join(f"{column} = :{column}" for column in (*columns, *counted))
    return f"UPDATE tickets SET {given}, revision = $new_revision, public_revision = {public} WHERE id = :id"
