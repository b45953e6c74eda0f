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
    """The ticket is `open`, and yours. `customer_id` or `eco_id` is needed, beside `ticket` or inside it.

    A customer's user raises tickets for their own customer alone, and need not name it; another one is 403. Without
    contact fields the customer's own contact is used.
    """
    draft = draft_of(tx, call.actor, to_builtins(call.body), call.rich_text)
    raised = raise_ticket(tx, call.actor, draft, call.at, call.desk.clock, call.desk.number_form)
    return rendering.raised_ticket(raised, call.desk.clock)


def index(tx: Tx, call: Call[requests.GroupsQuery, None]) -> Steps[answers.TicketsAnswer]:
    """Of the tickets that you see, a page of the open, one of the active (`in_progress`, `on_hold`) and one of the
    closed ones, each newest first unless `order` says otherwise.

    `limit` (20 unless given) counts for each of the three groups, so that an answer holds three times as many tickets
    at most. Each group has a page of its own; `page` counts for those that are not named.
    """
    query = call.query
    numbers = (query.open_page, query.active_page, query.closed_page)
    found = yield from list_groups(tx, call.actor, page_of(query, DEFAULT_LIMIT), numbers)
    tickets = yield from call.shown(tx, found, rendering.LISTED)
    return answers.TicketsAnswer(answers.Tickets(tickets))


def show(tx: Tx, call: Call[None, None]) -> Steps[answers.OneTicketAnswer]:
    """By its id or number, with its notes, its statuses and its assignments. It is in your sight or 404."""
    found = find_ticket(tx, call.actor, call.ticket)
    [ticket] = yield from call.shown(tx, [found], rendering.DETAIL)
    return answers.OneTicketAnswer(answers.OneTicket(ticket))


def by_type(tx: Tx, call: Call[ListQuery, requests.TicketsByType]) -> Steps[answers.CountedTicketsAnswer]:
    """Those that you see, of one ticket type and one status, newest first unless `order` says otherwise. 20 a page
    unless `limit` says otherwise. An unknown type or status is 422.

    Type and status may stand in the query, as `ticket[type]` and `ticket[status]` or as `type` and `status`, or in the
    body: browsers and proxies drop the body of a GET.
    """
    wanted = call.body.ticket
    page = page_of(call.query, DEFAULT_LIMIT)
    found = yield from list_by_type(tx, call.actor, wanted.type, wanted.status, page)
    tickets = yield from call.shown(tx, found, rendering.LISTED)
    return answers.CountedTicketsAnswer(answers.CountedTickets(len(tickets), tickets))


def by_category(tx: Tx, call: Call[requests.CategoryQuery, None]) -> Steps[answers.CategoryTicketsAnswer]:
    """Those that you see, of one category, newest first unless `order` says otherwise. 20 a page unless `limit` says
    otherwise. An unknown category is 422.
    """
    found = yield from list_by_category(tx, call.actor, call.query.category, page_of(call.query, DEFAULT_LIMIT))
    tickets = yield from call.shown(tx, found, rendering.OF_CATEGORY)
    return answers.CategoryTicketsAnswer(answers.CategoryTickets(tickets))


def of_customer(tx: Tx, call: Call[requests.CustomerQuery, None]) -> Steps[answers.CustomerTicketsAnswer]:
    """Those that you see, of one customer and, where one is given, of one status, newest first unless `order` says
    otherwise. 20 a page unless `limit` says otherwise.

    A customer with whom you have nothing to do is 403: a customer's users see their own, staff those of whom they see a
    ticket, bots none. To an admin an unknown one is 404.
    """
    query = call.query
    status = None if query.status is None else status_filter(query.status)
    page = page_of(query, DEFAULT_LIMIT)
    found = yield from list_of_customer(tx, call.actor, query.customer_id, status, page)
    tickets = yield from call.shown(tx, found, rendering.OF_CUSTOMER)
    return answers.CustomerTicketsAnswer(answers.CustomerTickets(tickets))


def for_bot(tx: Tx, call: Call[requests.BotQuery, None]) -> answers.BotTicketAnswer:
    """Answers a ticket only where it is that customer's; 404 otherwise."""
    ticket = find_for_bot(tx, call.actor, call.ticket, call.query.customer_id)
    return answers.BotTicketAnswer(answers.OneBotTicket(rendering.bot_ticket(ticket)))


def update_status(tx: Tx, call: Call[None, requests.ChangeStatus]) -> answers.Message:
    """Moves a ticket that somebody is assigned to, with an entry in its history; 422 while nobody is.

    `closed` needs `closed_date`: a day not before that of raising and not after today, in the desk's zone. Another
    status takes the date away. The status that the ticket has already makes no second entry; another day corrects it.
    """
    wanted = call.body.ticket
    change_status(tx, call.actor, call.ticket, wanted.status, wanted.closed_date, call.at, call.desk.clock)
    return answers.Message("Ticket status changed successfully")


def assign(tx: Tx, call: Call[None, requests.AssignTicket]) -> answers.Message:
    """To an enabled user of the type `admin` or `staff`, with an entry in its history. Null takes the ticket away from
    who has it, while it is `open`. Keesa's own addition to the 2024 document.
    """
    assign_ticket(tx, call.actor, call.ticket, call.body.ticket.assigned_to_id, call.at)
    return answers.Message("Ticket assigned successfully")


def check_new(tx: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """What the domain finds wrong with the good part of a body that was read with faults."""
    return all_faults(tx, actor, values, faults, requests.FAULT_PATHS)
