"""What a ticket fills in where a text has placeholders."""

from keesa.accounts.actors import Actor
from keesa.accounts.permissions import sees_internal
from keesa.clock import Clock
from keesa.db import Tx
from keesa.tickets.finding import find_ticket, product_soon, view_tickets
from keesa.tickets.views import Parts


def placeholder_values(tx: Tx, actor: Actor, number: int | None, clock: Clock) -> dict[str, str]:
    """Each of `keesa.rich_text.placeholders.PLACEHOLDERS` as plain text, empty for what the ticket has not. Raises
    `NotFound` where the ticket is missing or out of the actor's sight.
    """
    visible = find_ticket(tx, actor, number)
    product = product_soon(tx, visible)
    [ticket] = view_tickets(tx, [visible], Parts(0), internal=sees_internal(actor))
    return {
        "ticket_number": str(ticket.id),
        "title": ticket.title,
        "status": ticket.status.replace("_", " "),
        "reference": ticket.reference or "",
        "customer": ticket.customer,
        "contact_name": ticket.contact_name,
        "product": product(),
        "raised_by": ticket.raised_by,
        "raised_on": clock.local(ticket.raised_at).date().isoformat(),
        "held_until": ticket.held_until or "",
        "assigned_to": ticket.assigned_to or "",
        "my_name": actor.full_name,
    }
