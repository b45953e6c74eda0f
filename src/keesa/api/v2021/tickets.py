"""The ticket endpoints of 2021."""

from msgspec import to_builtins

from keesa.accounts.actors import Actor
from keesa.api.drafts import all_faults, draft_of
from keesa.api.http import Call, Partial
from keesa.api.paging import ListQuery, page_of
from keesa.api.v2021 import answers, rendering, requests
from keesa.db import Steps, Tx
from keesa.errors import Faults
from keesa.tickets.finding import find_ticket
from keesa.tickets.lists import list_by_type, list_own_unclosed
from keesa.tickets.raising import raise_ticket

DEFAULT_LIMIT_BY_TYPE = 10


def create(tx: Tx, call: Call[None, requests.RaiseTicket]) -> answers.RaisedTicketAnswer:
    draft = draft_of(tx, call.actor, to_builtins(call.body), call.rich_text)
    raised = raise_ticket(tx, call.actor, draft, call.at, call.desk.clock, call.desk.number_form)
    return answers.RaisedTicketAnswer(answers.RaisedTicket(str(raised.id)))


def index(tx: Tx, call: Call[ListQuery, None]) -> Steps[answers.TicketsAnswer]:
    found = yield from list_own_unclosed(tx, call.actor, page_of(call.query, None))
    tickets = yield from call.shown(tx, found, rendering.SHOWN)
    return answers.TicketsAnswer(answers.Tickets(tickets))


def show(tx: Tx, call: Call[None, None]) -> Steps[answers.OneTicketAnswer]:
    found = find_ticket(tx, call.actor, call.ticket)
    [ticket] = yield from call.shown(tx, [found], rendering.SHOWN)
    return answers.OneTicketAnswer(answers.OneTicket(ticket))


def by_type(tx: Tx, call: Call[ListQuery, requests.TicketsByType]) -> Steps[answers.CountedTicketsAnswer]:
    wanted = call.body.ticket
    page = page_of(call.query, DEFAULT_LIMIT_BY_TYPE)
    found = yield from list_by_type(tx, call.actor, wanted.type, wanted.status, page)
    tickets = yield from call.shown(tx, found, rendering.TYPED)
    return answers.CountedTicketsAnswer(answers.CountedTickets(len(tickets), tickets))


def check_new(tx: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the good part of a body that was read with faults."""
    return all_faults(tx, actor, values, faults, requests.FAULT_PATHS)
