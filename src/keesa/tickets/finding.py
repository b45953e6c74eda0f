"""One ticket, by its number: the only ways to it take the actor, or what such a way has found."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct

from keesa.accounts.actors import Actor
from keesa.accounts.filters import any_of
from keesa.accounts.permissions import require_bot, sees_internal, visible_to
from keesa.db import Tx
from keesa.errors import NotFound
from keesa.events.history import Past
from keesa.events.recording import Sight
from keesa.tickets.statuses import Status
from keesa.tickets.views import JOINS, Parts, TicketView, VisibleTicket, columns_of, revision_for, view_of

NOT_FOUND: Final = "Ticket not found"
VIEWS: Final = 8
"""The most tickets that are read at once: more would make others wait."""
_SIZES: Final = (1, 2, 4, VIEWS)
"""Each makes a statement of its own, which the engines prepare once; an id that is not needed is a repeated one."""
MEASURED: Final = 64
"""The most tickets that are measured at once."""
_MANY: Final = (VIEWS, MEASURED)
Known = Callable[["LockedTicket"], None]
"""What is called with a ticket as soon as it is held, before anything is changed: raises where it is not in the state
from which the caller would change it.
"""
LOCKED: Final = 100
"""The most tickets that are locked at once."""
_FRAME: Final = 1000
"""Bytes of a ticket beside its long texts."""
_NOTE_FRAME: Final = 150
"""Bytes of a note beside its text."""
_ADDRESS: Final = 120
"""Bytes of an image's address."""


class LockedTicket(Struct, frozen=True, gc=False):
    """What a change needs to know of the ticket; nobody else changes it before the transaction ends. The fields are
    columns of `tickets`. A struct, which is made and replaced in a fraction of a dataclass' time.
    """

    id: int
    status: Status
    priority: int
    category: str | None
    ticket_type: str | None
    customer_id: int
    raised_by_id: int
    raised_at: int
    assigned_to_id: int | None
    closed_on: str | None
    held_until: str | None
    answered_at: int | None
    """Since when a note of the customer's waits, where the ticket was held or closed."""
    first_answer_at: int | None
    """When its customer was first answered."""
    duplicate_of_id: int | None
    duplicates: int
    """How many tickets are duplicates of it."""
    parent_id: int | None
    notes_count: int
    """Of public ones that were not withdrawn."""
    notes_size: int
    """Bytes of them all."""
    internal_notes: int
    internal_notes_size: int
    attachments: int
    """Pictures and files that customers see, those of its duplicates among them."""
    internal_attachments: int
    events: int
    public_events: int
    public_since: int
    """The number of the event that gave it to its customer, who sees none before; 0 of one that nobody else had."""
    first_edits: str | None
    """A JSON object: field to the number of the event that edited it first; None of one that was never edited."""
    history_size: int
    """Bytes of what its events changed, of those that customers see."""
    internal_history_size: int
    changed_at: int
    public_changed_at: int
    """When it was last changed for customers."""
    revision: int
    """What it was before the transaction."""
    public_revision: int | None
    """As customers have it; None: they have the same."""

    @property
    def sight(self) -> Sight:
        return Sight(self.raised_by_id, self.customer_id, self.assigned_to_id, self.ticket_type)


_LOCKED: Final = ", ".join(LockedTicket.__struct_fields__)


@dataclass(frozen=True, slots=True)
class BotView:
    id: int
    title: str
    customer_id: int
    status: Status
    description: str


def find_ticket(tx: Tx, actor: Actor, number: int | None) -> VisibleTicket:
    """Raises `NotFound` where the ticket is missing or out of sight."""
    condition = any_of(visible_to(actor))
    sql = f"SELECT id, {revision_for(actor)} FROM tickets WHERE id = :number AND {condition.sql}"
    for found in tx.each(sql, number=number, **condition.params):
        return VisibleTicket(found)
    raise NotFound(NOT_FOUND)


def count_seen(tx: Tx, actor: Actor, ids: Collection[int]) -> int:
    """How many of the tickets the actor sees."""
    condition = any_of(visible_to(actor))
    sql = f"SELECT count(*) AS value FROM tickets WHERE id IN $json_ids AND {condition.sql}"
    found: int = tx.value(sql, ids=msgspec.json.encode([*ids]).decode(), **condition.params)
    return found


def find_state(tx: Tx, actor: Actor, number: int | None) -> tuple[VisibleTicket, int]:
    """The ticket, and the number of its last event, as the actor counts them; raises as `find_ticket`."""
    condition = any_of(visible_to(actor))
    sql = f"SELECT {_state_for(actor)}, id FROM tickets WHERE id = :number AND {condition.sql}"
    for revision, events, ticket_id in tx.each(sql, number=number, **condition.params):
        return VisibleTicket((ticket_id, revision)), events
    raise NotFound(NOT_FOUND)


def state_after(tx: Tx, actor: Actor, ticket: LockedTicket) -> tuple[VisibleTicket, int]:
    """The same of a ticket that the actor has held, once it is changed."""
    [(revision, events)] = tx.each(f"SELECT {_state_for(actor)} FROM tickets WHERE id = :id", id=ticket.id)
    return VisibleTicket((ticket.id, revision)), events


def _state_for(actor: Actor) -> str:
    return f"{revision_for(actor)}, {'events' if sees_internal(actor) else 'public_events'}"


def find_past(tx: Tx, actor: Actor, number: int | None) -> tuple[VisibleTicket, Past]:
    """The ticket, with where its history begins and ends; raises as `find_ticket`."""
    condition = any_of(visible_to(actor))
    rows = tx.each(
        f"SELECT {revision_for(actor)}, id, events, public_events, public_since, first_edits FROM tickets"
        f" WHERE id = :number AND {condition.sql}",
        number=number,
        **condition.params,
    )
    for revision, ticket_id, *rest in rows:
        return VisibleTicket((ticket_id, revision)), Past(ticket_id, *rest)
    raise NotFound(NOT_FOUND)


def duplicates_soon(tx: Tx, actor: Actor, number: int | None, most: int) -> Callable[[], dict[int, bool]]:
    """By id, whether each duplicate of the ticket is out of the actor's sight; an index has them. For when it is asked
    for: once the actor was found to see the ticket, whose notes tell of them all.
    """
    condition = any_of(visible_to(actor))
    duplicates = tx.soon(
        f"SELECT id, CASE WHEN {condition.sql} THEN 0 ELSE 1 END AS unseen FROM tickets"
        " WHERE duplicate_of_id = :number ORDER BY id LIMIT :most",
        number=number,
        most=most,
        **condition.params,
    )
    return lambda: {row["id"]: bool(row["unseen"]) for row in duplicates()}


def said_in(tx: Tx, visible: VisibleTicket) -> Callable[[], dict[str, Any]]:
    """By column, what editing changes, with the telephone number as it was written: for when it is asked for, as the
    question travels with the next one.
    """
    ticket_id, _ = visible
    said = tx.soon(f"SELECT {', '.join(_SAID.values())} FROM tickets WHERE id = :id", id=ticket_id)
    return lambda: {field: said()[0][field] for field in _SAID}


_SAID: Final = {
    field: field
    for field in (
        *("title", "description", "priority", "category", "ticket_type", "product_id", "reference"),
        *("contact_name", "contact_number", "contact_phone", "eco_id", "customer_id"),
    )
} | {"contact_phone": "coalesce(contact_phone, CAST(contact_number AS TEXT)) AS contact_phone"}


def view_tickets(tx: Tx, visible: Sequence[VisibleTicket], parts: Parts, *, internal: bool) -> list[TicketView]:
    """The tickets with these parts, in any order; at most `VIEWS`. One that was changed since it was found is as it is
    now. `internal` is what `sees_internal` says of who found them.
    """
    ids, given = _listed([ticket_id for ticket_id, _ in visible], _SIZES)
    return [view_of(row) for row in tx.all(_viewing(parts, internal, ids), **given)]


@lru_cache(maxsize=64)
def _viewing(parts: Parts, internal: bool, ids: str) -> str:  # noqa: FBT001 - it is called once
    return f"SELECT {columns_of(parts, internal=internal)} FROM tickets {JOINS} WHERE tickets.id IN {ids}"


def product_soon(tx: Tx, visible: VisibleTicket) -> Callable[[], str]:
    """The name of the ticket's product, for when it is asked for."""
    ticket_id, _ = visible
    sql = "SELECT name FROM products WHERE id = (SELECT product_id FROM tickets WHERE id = :id)"
    found = tx.soon(sql, id=ticket_id)
    return lambda: str(found()[0]["name"])


def sizes_of(tx: Tx, visible: Sequence[VisibleTicket]) -> dict[int, int]:
    """About how many bytes each of the tickets takes as JSON, by id."""
    ids, given = _listed([ticket_id for ticket_id, _ in visible], _MANY)
    size = (
        f"{_FRAME} + description_size + notes_size + {_NOTE_FRAME} * notes_count"
        f" + {_ADDRESS} * (attachments + internal_attachments)"
    )
    return dict(tx.each(f"SELECT id, {size} FROM tickets WHERE id IN {ids}", **given))


def _listed(ids: Sequence[int], sizes: Sequence[int]) -> tuple[str, dict[str, int]]:
    """The ids as SQL has them, in a list of one of these sizes, and its parameters."""
    size = next(size for size in sizes if size >= len(ids))
    given = {f"id_{position}": ids[min(position, len(ids) - 1)] for position in range(size)}
    return f"({', '.join(f':{name}' for name in given)})", given


def in_any_state(_: LockedTicket) -> None:
    """For a change that is made whatever became of the ticket meanwhile."""


def lock_ticket(tx: Tx, actor: Actor, number: int | None, known: Known = in_any_state) -> LockedTicket:
    """The ticket, for changing it in this transaction; raises `NotFound` as `find_ticket` does, and what `known`
    raises.
    """
    condition = any_of(visible_to(actor))
    for row in tx.each(_locking(condition.sql), number=number, **condition.params):
        ticket = LockedTicket(*row)
        known(ticket)
        return ticket
    raise NotFound(NOT_FOUND)


@lru_cache(maxsize=256)
def _locking(condition: str) -> str:
    """A long text, which costs to be made, and as much again to be found among the engine's."""
    return f"SELECT {_LOCKED} FROM tickets WHERE tickets.id = :number AND {condition} $for_update"


def view_changed(tx: Tx, actor: Actor, ticket: LockedTicket, parts: Parts) -> tuple[VisibleTicket, TicketView]:
    """The ticket that the actor has held, as it is now, with its revision. They had all of it before them, and what is
    another since is their own change: they get it even where that has put it out of their sight.
    """
    revision = tx.soon(f"SELECT {revision_for(actor)} AS value FROM tickets WHERE id = :id", id=ticket.id)
    held = VisibleTicket((ticket.id, ticket.revision))
    [view] = view_tickets(tx, [held], parts, internal=sees_internal(actor))
    return VisibleTicket((ticket.id, revision()[0]["value"])), view


def as_held(actor: Actor, ticket: LockedTicket) -> VisibleTicket:
    """The ticket that the actor has held, with the revision that they had when they held it."""
    public = ticket.revision if ticket.public_revision is None else ticket.public_revision
    return VisibleTicket((ticket.id, ticket.revision if sees_internal(actor) else public))


def lock_all(tx: Tx, actor: Actor, wanted: str, **params: object) -> dict[int, LockedTicket]:
    """By id, the tickets that the actor sees of those that meet `wanted`, a condition on `tickets` with these
    parameters. Duplicates are held first, as `lock_main` does, and each of the two kinds in the order
    of their ids, so that no two who hold many wait for each other.
    """
    condition = any_of(visible_to(actor))
    rows = tx.each(
        f"SELECT {_LOCKED} FROM tickets WHERE {wanted} AND {condition.sql}"
        " ORDER BY tickets.duplicate_of_id IS NULL, tickets.id $for_update",
        **params,
        **condition.params,
    )
    return {ticket.id: ticket for ticket in (LockedTicket(*row) for row in rows)}


def lock_tickets(tx: Tx, actor: Actor, numbers: Collection[int]) -> dict[int, LockedTicket]:
    """By their ids, those of the tickets that the actor sees, each as `lock_ticket` gives it; at most `LOCKED`."""
    if not numbers:
        return {}
    ids, given = _listed([*numbers], (VIEWS, LOCKED))
    return lock_all(tx, actor, f"tickets.id IN {ids}", **given)


def lock_main(tx: Tx, ticket: LockedTicket) -> LockedTicket | None:
    """The ticket that this one is a duplicate of, and that shows its notes; None where it is none. A duplicate is held
    before its main ticket.
    """
    if ticket.duplicate_of_id is None:
        return None
    [row] = tx.each(f"SELECT {_LOCKED} FROM tickets WHERE id = :id $for_update", id=ticket.duplicate_of_id)
    return LockedTicket(*row)


def find_for_bot(tx: Tx, actor: Actor, number: int | None, customer_id: int) -> BotView:
    """The ticket, if it is that customer's, for a bot to verify (2024 document); the one way around `visible_to`.

    Raises `Forbidden` for who is neither bot nor admin, and `NotFound`.
    """
    require_bot(actor)
    row = tx.one(
        "SELECT id, title, customer_id, status, description FROM tickets"
        " WHERE id = :number AND customer_id = :customer_id",
        number=number,
        customer_id=customer_id,
    )
    if row is None:
        raise NotFound(NOT_FOUND)
    return BotView(row["id"], row["title"], row["customer_id"], row["status"], row["description"])
