"""Tickets of the past, put on the shelf many at a time: lists need more of them than the cast has."""

from collections.abc import Iterable
from dataclasses import dataclass

from cast import ADMIN, ENGINEER, HARBOUR, Person, at
from keesa.db import Tx
from keesa.demo.keeping import KeptTicket, keep
from keesa.tickets.statuses import Status


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """What the tests vary of a ticket; times are the text that `cast.at` reads."""

    number: int
    status: Status = "open"
    raised: str = "2025-06-01T09:00"
    ticket_type: str | None = "remote_support"
    category: str | None = "survey"
    customer_id: int = HARBOUR
    raiser: Person = ADMIN
    assignee: Person | None = ENGINEER


def shelve(tx: Tx, tickets: Iterable[Shelved]) -> None:
    for ticket in tickets:
        keep(tx, _kept(ticket))


def _kept(ticket: Shelved) -> KeptTicket:
    raised_at = at(ticket.raised)
    return KeptTicket(
        id=ticket.number,
        title=f"Trouble {ticket.number}",
        description="No signal since the storm",
        ticket_type=ticket.ticket_type,
        category=ticket.category,
        customer_id=ticket.customer_id,
        contact=("Ibrahim", 7771234),
        product_id=3,
        raised_by_id=ticket.raiser.id,
        raised_at=raised_at,
        assigned_to_id=ticket.assignee.id if ticket.assignee else None,
        changes=() if ticket.status == "open" else ((ticket.status, raised_at + 1000),),
        closed_on=ticket.raised[:10] if ticket.status == "closed" else None,
    )
