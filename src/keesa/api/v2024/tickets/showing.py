"""One ticket, by itself."""

from typing import Final

from msgspec import Struct

from keesa.accounts.permissions import TICKETS_READ, require_bot
from keesa.api.calls import Call
from keesa.api.v2024.tickets.examples import EXAMPLE_OF_DETAIL
from keesa.api.v2024.tickets.formats import DETAIL, TicketDetail
from keesa.api.vocabulary import StatusName, TicketPath
from keesa.db import Steps, Tx
from keesa.tickets.finding import find_for_bot, find_state
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()


class OneTicket(Struct):
    ticket: TicketDetail


class OneTicketAnswer(Struct):
    data: OneTicket


@ROUTES.add(
    "GET",
    "/tickets/{ticket}",
    summary="Show a ticket with its notes and its history, by its id or number",
    documented=True,
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"ticket": EXAMPLE_OF_DETAIL}},
)
def show(tx: Tx, call: Call[None, None], ticket: TicketPath) -> Steps[Reply[OneTicketAnswer]]:
    """By its id or number, with its notes, its statuses and its assignments. It is in your sight or 404."""
    found, number = find_state(tx, call.actor, ticket)
    etag = call.ticket_etag(found, number)
    call.conditions.require(etag)
    [shown] = yield from call.tickets(tx, [found], DETAIL)
    return Reply(OneTicketAnswer(OneTicket(shown)), etag=etag)


class BotQuery(Struct, frozen=True):
    customer_id: Id


class BotTicket(Struct):
    id: int
    ticket_number: str
    title: str
    customer_id: int
    status: StatusName
    description: str


class OneBotTicket(Struct):
    ticket: BotTicket


class BotTicketAnswer(Struct):
    data: OneBotTicket


_EXAMPLE: Final = {
    "id": 2025017,
    "ticket_number": "2025017",
    "title": "Link to the harbour office is down",
    "customer_id": 12,
    "status": "in_progress",
    "description": "No signal since the storm",
}


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/get_specific_ticket_for_bot",
    summary="Verify, as a bot, that a ticket belongs to a customer",
    documented=True,
    permission=TICKETS_READ,
    guard=require_bot,
    conditional=True,
    example={"data": {"ticket": _EXAMPLE}},
)
def for_bot(tx: Tx, call: Call[BotQuery, None], ticket: TicketPath) -> Reply[BotTicketAnswer]:
    """Answers a ticket only where it is that customer's; 404 otherwise."""
    found = find_for_bot(tx, call.actor, ticket, call.query.customer_id)
    answer = BotTicket(
        id=found.id,
        ticket_number=str(found.id),
        title=found.title,
        customer_id=found.customer_id,
        status=found.status,
        description=found.description,
    )
    return call.whole(BotTicketAnswer(OneBotTicket(answer)))
