"""What a list of the domain shows, without the API: its steps run to their end, and its tickets read."""

from collections.abc import Iterable

from keesa.accounts.actors import Actor
from keesa.db import Steps, Tx
from keesa.db.steps import run_to_the_end
from keesa.tickets.finding import VIEWS, find_ticket, view_tickets
from keesa.tickets.views import Parts, TicketView, VisibleTicket


def tickets(tx: Tx, found: Steps[Iterable[VisibleTicket]]) -> list[TicketView]:
    """In the list's order, with their notes."""
    visible = list(run_to_the_end(found))
    views: dict[int, TicketView] = {}
    for start in range(0, len(visible), VIEWS):
        views |= {
            view.id: view for view in view_tickets(tx, visible[start : start + VIEWS], Parts.NOTES, internal=True)
        }
    return [views[ticket_id] for ticket_id, _ in visible]


def ticket(tx: Tx, actor: Actor, number: int) -> TicketView:
    """One ticket, with all its parts."""
    [view] = view_tickets(
        tx, [find_ticket(tx, actor, number)], Parts.NOTES | Parts.STATUSES | Parts.ASSIGNMENTS, internal=True
    )
    return view
