"""The ticket endpoints of 2021."""

from msgspec import to_builtins

from keesa.accounts.actors import Actor
from keesa.api.drafts import all_faults, draft_of
from keesa.api.http import Call, Partial
from keesa.api.paging import ListQuery, page_of
from keesa.api.v2021 import answers, rendering, requests
from keesa.db import Tx
from keesa.errors import Faults
from keesa.tickets.finding import view_ticket
from keesa.tickets.lists import list_by_type, list_own_unclosed
from keesa.tickets.raising import raise_ticket

DEFAULT_LIMIT_BY_TYPE = 10


def create(tx: Tx, call: Call[None, requests.RaiseTicket]) -> answers.RaisedTicketAnswer:
    draft = draft_of(tx, call.actor, to_builtins(call.body))
    raised = raise_ticket(tx, call.actor, draft, call.at, call.desk.clock, call.desk.number_form)
    return answers.RaisedTicketAnswer(answers.RaisedTicket(str(raised.id)))


def index(tx: Tx, call: Call[ListQuery, None]) -> answers.TicketsAnswer:
    found = list_own_unclosed(tx, call.actor, page_of(call.query, None))
    tickets = [rendering.shown_ticket(ticket, call.desk.clock) for ticket in found]
    return answers.TicketsAnswer(answers.Tickets(tickets))


def show(tx: Tx, call: Call[None, None]) -> answers.OneTicketAnswer:
    ticket = view_ticket(tx, call.actor, call.ticket)
    return answers.OneTicketAnswer(answers.OneTicket(rendering.shown_ticket(ticket, call.desk.clock)))


def by_type(tx: Tx, call: Call[ListQuery, requests.TicketsByType]) -> answers.CountedTicketsAnswer:
    wanted, clock = call.body.ticket, call.desk.clock
    page = page_of(call.query, DEFAULT_LIMIT_BY_TYPE)
    found = list_by_type(tx, call.actor, wanted.type, wanted.status, page)
    tickets = [rendering.typed_ticket(ticket, clock) for ticket in found]
    return answers.CountedTicketsAnswer(answers.CountedTickets(len(tickets), tickets))


def check_new(tx: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the good part of a body that was read with faults."""
    return all_faults(tx, actor, values, faults, requests.FAULT_PATHS)
