"""The ticket endpoints of 2024."""

from msgspec import to_builtins

from keesa.accounts.actors import Actor
from keesa.api.drafts import all_faults, draft_of
from keesa.api.http import Call, Partial
from keesa.api.paging import ListQuery, page_of
from keesa.api.v2024 import answers, rendering, requests
from keesa.db import Steps, Tx
from keesa.errors import Faults
from keesa.tickets.assigning import assign as assign_ticket
from keesa.tickets.finding import find_for_bot, find_ticket
from keesa.tickets.lists import list_by_category, list_by_type, list_groups, list_of_customer
from keesa.tickets.raising import raise_ticket
from keesa.tickets.status import change_status
from keesa.tickets.statuses import status_filter

DEFAULT_LIMIT = 20


def create(tx: Tx, call: Call[None, requests.RaiseTicket]) -> answers.RaisedTicket:
    draft = draft_of(tx, call.actor, to_builtins(call.body), call.rich_text)
    raised = raise_ticket(tx, call.actor, draft, call.at, call.desk.clock, call.desk.number_form)
    return rendering.raised_ticket(raised, call.desk.clock)


def index(tx: Tx, call: Call[requests.GroupsQuery, None]) -> Steps[answers.TicketsAnswer]:
    query = call.query
    numbers = (query.open_page, query.active_page, query.closed_page)
    found = yield from list_groups(tx, call.actor, page_of(query, DEFAULT_LIMIT), numbers)
    tickets = yield from call.shown(tx, found, rendering.LISTED)
    return answers.TicketsAnswer(answers.Tickets(tickets))


def show(tx: Tx, call: Call[None, None]) -> Steps[answers.OneTicketAnswer]:
    found = find_ticket(tx, call.actor, call.ticket)
    [ticket] = yield from call.shown(tx, [found], rendering.DETAIL)
    return answers.OneTicketAnswer(answers.OneTicket(ticket))


def by_type(tx: Tx, call: Call[ListQuery, requests.TicketsByType]) -> Steps[answers.CountedTicketsAnswer]:
    wanted = call.body.ticket
    page = page_of(call.query, DEFAULT_LIMIT)
    found = yield from list_by_type(tx, call.actor, wanted.type, wanted.status, page)
    tickets = yield from call.shown(tx, found, rendering.LISTED)
    return answers.CountedTicketsAnswer(answers.CountedTickets(len(tickets), tickets))


def by_category(tx: Tx, call: Call[requests.CategoryQuery, None]) -> Steps[answers.CategoryTicketsAnswer]:
    found = yield from list_by_category(tx, call.actor, call.query.category, page_of(call.query, DEFAULT_LIMIT))
    tickets = yield from call.shown(tx, found, rendering.OF_CATEGORY)
    return answers.CategoryTicketsAnswer(answers.CategoryTickets(tickets))


def of_customer(tx: Tx, call: Call[requests.CustomerQuery, None]) -> Steps[answers.CustomerTicketsAnswer]:
    query = call.query
    status = None if query.status is None else status_filter(query.status)
    page = page_of(query, DEFAULT_LIMIT)
    found = yield from list_of_customer(tx, call.actor, query.customer_id, status, page)
    tickets = yield from call.shown(tx, found, rendering.OF_CUSTOMER)
    return answers.CustomerTicketsAnswer(answers.CustomerTickets(tickets))


def for_bot(tx: Tx, call: Call[requests.BotQuery, None]) -> answers.BotTicketAnswer:
    ticket = find_for_bot(tx, call.actor, call.ticket, call.query.customer_id)
    return answers.BotTicketAnswer(answers.OneBotTicket(rendering.bot_ticket(ticket)))


def update_status(tx: Tx, call: Call[None, requests.ChangeStatus]) -> answers.Message:
    wanted = call.body.ticket
    change_status(tx, call.actor, call.ticket, wanted.status, wanted.closed_date, call.at, call.desk.clock)
    return answers.Message("Ticket status changed successfully")


def assign(tx: Tx, call: Call[None, requests.AssignTicket]) -> answers.Message:
    assign_ticket(tx, call.actor, call.ticket, call.body.ticket.assigned_to_id, call.at)
    return answers.Message("Ticket assigned successfully")


def check_new(tx: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the good part of a body that was read with faults."""
    return all_faults(tx, actor, values, faults, requests.FAULT_PATHS)
