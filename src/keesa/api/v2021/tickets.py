"""The ticket endpoints of 2021."""

from msgspec import to_builtins

from keesa.accounts.actors import Actor
from keesa.api.calls import Call
from keesa.api.list_queries import ListQuery, page_of
from keesa.api.ticket_drafts import all_faults, draft_of
from keesa.api.v2021 import answers, rendering, requests
from keesa.api.vocabulary import TicketPath
from keesa.db import Steps, Tx
from keesa.errors import Faults
from keesa.tickets.finding import find_state
from keesa.tickets.lists import list_by_type, list_own_unclosed
from keesa.tickets.raising import raise_ticket
from keesa.web.replies import Reply
from keesa.web.routes import Partial

DEFAULT_LIMIT_BY_TYPE = 10


def create(tx: Tx, call: Call[None, requests.RaiseTicket]) -> answers.RaisedTicketAnswer:
    """The ticket is `open`, and yours. `customer_id` or `eco_id` is needed, inside `ticket` or beside it.

    A customer's user raises tickets for their own customer alone, and need not name it; another one is 403. They may
    leave out `category` and `ticket_type` where the product has its own.
    """
    draft = draft_of(tx, call.actor, to_builtins(call.body), call.rich_text)
    raised = raise_ticket(tx, call.actor, draft, call.at, call.services.clock, call.services.number_form)
    return answers.RaisedTicketAnswer(answers.RaisedTicket(str(raised.id)))


def ticket_of(raised: answers.RaisedTicketAnswer) -> list[int]:
    """That of the answer to `create`."""
    return [int(raised.success.ticket_number)]


def index(tx: Tx, call: Call[ListQuery, None]) -> Steps[Reply[answers.TicketsAnswer]]:
    """Those that you raised or are assigned and that are not closed, newest first unless `order` says otherwise. All
    of them, unless `limit` asks for pages.
    """
    found = [*(yield from list_own_unclosed(tx, call.actor, page_of(call.query, None)))]
    etag = call.etag_of_tickets(found, rendering.LISTED)
    tickets = yield from call.tickets(tx, found, rendering.LISTED)
    return Reply(answers.TicketsAnswer(answers.Tickets(tickets)), etag=etag)


def show(tx: Tx, call: Call[None, None], ticket: TicketPath) -> Steps[Reply[answers.OneTicketAnswer]]:
    """By its number, with its notes. It is in your sight or 404."""
    found, number = find_state(tx, call.actor, ticket)
    etag = call.ticket_etag(found, number, "2021")
    call.conditions.require(etag)
    [shown] = yield from call.tickets(tx, [found], rendering.LISTED)
    return Reply(answers.OneTicketAnswer(answers.OneTicket(shown)), etag=etag)


def by_type(tx: Tx, call: Call[ListQuery, requests.TicketsByType]) -> Steps[Reply[answers.CountedTicketsAnswer]]:
    """Those that you see, of one ticket type and one status, newest first unless `order` says otherwise. 10 a page
    unless `limit` says otherwise. An unknown type or status is 422.

    Type and status may stand in the query, as `ticket[type]` and `ticket[status]` or as `type` and `status`, or in the
    body: browsers and proxies drop the body of a GET.
    """
    wanted = call.body.ticket
    page = page_of(call.query, DEFAULT_LIMIT_BY_TYPE)
    found = [*(yield from list_by_type(tx, call.actor, wanted.type, wanted.status, page))]
    etag = call.etag_of_tickets(found, rendering.TYPED)
    tickets = yield from call.tickets(tx, found, rendering.TYPED)
    return Reply(answers.CountedTicketsAnswer(answers.CountedTickets(len(tickets), tickets)), etag=etag)


def check_new(tx: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the good part of a body that was read with faults."""
    return all_faults(tx, actor, values, faults, requests.RaiseTicket, requests.FAULT_PATHS)
