"""One ticket, by its number: the only ways to it take the actor."""

from dataclasses import dataclass
from typing import Final

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import require_bot, visible_to
from keesa.db import Tx
from keesa.errors import NotFound
from keesa.tickets.statuses import Status
from keesa.tickets.views import COLUMNS, HISTORY, JOINS, NOTES, TicketView, view_of

NOT_FOUND: Final = "Ticket not found"


@dataclass(frozen=True, slots=True)
class Held:
    """What a change needs to know of the ticket; nobody else changes it before the transaction ends."""

    id: int
    status: Status
    raised_at: int
    assigned_to_id: int | None


@dataclass(frozen=True, slots=True)
class BotView:
    id: int
    title: str
    customer_id: int
    status: Status
    description: str


def view_ticket(tx: Tx, actor: Actor, number: int | None) -> TicketView:
    """The ticket with its notes and history; raises `NotFound` where it is missing or out of sight."""
    visible = visible_to(actor)
    row = tx.one(
        f"SELECT {COLUMNS}, {NOTES}, {HISTORY} FROM tickets {JOINS} WHERE tickets.id = :number AND {visible.sql}",
        number=number,
        **visible.params,
    )
    if row is None:
        raise NotFound(NOT_FOUND)
    return view_of(row)


def hold_ticket(tx: Tx, actor: Actor, number: int | None) -> Held:
    """The ticket, for changing it in this transaction; raises `NotFound` as `view_ticket` does."""
    visible = visible_to(actor)
    row = tx.one(
        "SELECT id, status, raised_at, assigned_to_id FROM tickets"
        f" WHERE tickets.id = :number AND {visible.sql} $for_update",
        number=number,
        **visible.params,
    )
    if row is None:
        raise NotFound(NOT_FOUND)
    return Held(row["id"], row["status"], row["raised_at"], row["assigned_to_id"])


def require_visible(tx: Tx, actor: Actor, number: int | None) -> int:
    """The ticket's id; raises `NotFound` as `view_ticket` does."""
    visible = visible_to(actor)
    row = tx.one(f"SELECT id FROM tickets WHERE id = :number AND {visible.sql}", number=number, **visible.params)
    if row is None:
        raise NotFound(NOT_FOUND)
    found: int = row["id"]
    return found


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
