"""Lists of tickets."""

from typing import Any, Final

from msgspec import Struct

from keesa.accounts.permissions import TICKETS_READ
from keesa.api.calls import Call
from keesa.api.list_queries import PageNumber, page_of
from keesa.api.v2024.tickets.examples import EXAMPLE, EXAMPLE_OF_CATEGORY, EXAMPLE_OF_CUSTOMER
from keesa.api.v2024.tickets.formats import LISTED, OF_CATEGORY, OF_CUSTOMER, CategoryTicket, CustomerTicket, Ticket
from keesa.api.v2024.tickets.row_queries import ChangedListQuery, read_since
from keesa.api.vocabulary import StatusFilter
from keesa.db import Steps, Tx
from keesa.tickets.lists import list_by_category, list_by_type, list_groups, list_of_customer
from keesa.tickets.statuses import status_filter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

DEFAULT_LIMIT: Final = 20


class GroupsQuery(ChangedListQuery, frozen=True, kw_only=True):
    """`limit` counts for each of the three groups, and `page` for those without a page of their own."""

    open_page: PageNumber | None = None
    active_page: PageNumber | None = None
    closed_page: PageNumber | None = None


def _since(call: Call[Any, Any]) -> int | None:
    """Milliseconds since 1970; raises `Invalid`."""
    return read_since(call.query, call.services.clock)


class Tickets(Struct):
    tickets: list[Ticket]


class TicketsAnswer(Struct):
    data: Tickets


@ROUTES.add(
    "GET",
    "/tickets",
    summary="List the tickets that you see: open, then active, then closed ones, each group paged by itself",
    documented=True,
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"tickets": [EXAMPLE]}},
)
def index(tx: Tx, call: Call[GroupsQuery, None]) -> Steps[Reply[TicketsAnswer]]:
    """Of the tickets that you see, a page of the open, one of the active (`in_progress`, `on_hold`) and one of the
    closed ones, each newest first unless `order` says otherwise.

    `limit` (20 unless given) counts for each of the three groups, so that an answer holds three times as many tickets
    at most. Each group has a page of its own; `page` counts for those that are not named.
    """
    query = call.query
    numbers = (query.open_page, query.active_page, query.closed_page)
    found = [*(yield from list_groups(tx, call.actor, page_of(query, DEFAULT_LIMIT), numbers, _since(call)))]
    etag = call.etag_of_tickets(found, LISTED)
    tickets = yield from call.tickets(tx, found, LISTED)
    return Reply(TicketsAnswer(Tickets(tickets)), etag=etag)


class TypeFilter(Struct, frozen=True):
    type: str
    status: StatusFilter


class TicketsByType(Struct, frozen=True):
    ticket: TypeFilter


class CountedTickets(Struct):
    count: int
    tickets: list[Ticket]


class CountedTicketsAnswer(Struct):
    data: CountedTickets


@ROUTES.add(
    "GET",
    "/tickets/tickets_by_type",
    summary="List tickets of a type and a status",
    documented=True,
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    body_example={"ticket": {"type": "customer_support", "status": "in_progress"}},
    body_from_query={"ticket.type": ("ticket[type]", "type"), "ticket.status": ("ticket[status]", "status")},
    example={"data": {"count": 1, "tickets": [EXAMPLE]}},
)
def by_type(tx: Tx, call: Call[ChangedListQuery, TicketsByType]) -> Steps[Reply[CountedTicketsAnswer]]:
    """Those that you see, of one ticket type and one status, newest first unless `order` says otherwise. 20 a page
    unless `limit` says otherwise. An unknown type or status is 422.

    Type and status may stand in the query, as `ticket[type]` and `ticket[status]` or as `type` and `status`, or in the
    body: browsers and proxies drop the body of a GET.
    """
    wanted = call.body.ticket
    page = page_of(call.query, DEFAULT_LIMIT)
    found = [*(yield from list_by_type(tx, call.actor, wanted.type, wanted.status, page, _since(call)))]
    etag = call.etag_of_tickets(found, LISTED)
    tickets = yield from call.tickets(tx, found, LISTED)
    return Reply(CountedTicketsAnswer(CountedTickets(len(tickets), tickets)), etag=etag)


class CategoryQuery(ChangedListQuery, frozen=True, kw_only=True):
    category: str


class CategoryTickets(Struct):
    tickets: list[CategoryTicket]


class CategoryTicketsAnswer(Struct):
    data: CategoryTickets


@ROUTES.add(
    "GET",
    "/tickets/tickets_by_category",
    summary="List tickets of a category",
    documented=True,
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    example={"data": {"tickets": [EXAMPLE_OF_CATEGORY]}},
)
def by_category(tx: Tx, call: Call[CategoryQuery, None]) -> Steps[Reply[CategoryTicketsAnswer]]:
    """Those that you see, of one category, newest first unless `order` says otherwise. 20 a page unless `limit` says
    otherwise. An unknown category is 422.
    """
    page = page_of(call.query, DEFAULT_LIMIT)
    found = [*(yield from list_by_category(tx, call.actor, call.query.category, page, _since(call)))]
    etag = call.etag_of_tickets(found, OF_CATEGORY)
    tickets = yield from call.tickets(tx, found, OF_CATEGORY)
    return Reply(CategoryTicketsAnswer(CategoryTickets(tickets)), etag=etag)


class CustomerQuery(ChangedListQuery, frozen=True, kw_only=True):
    customer_id: Id
    status: StatusFilter | None = None


class CustomerTickets(Struct):
    tickets: list[CustomerTicket]


class CustomerTicketsAnswer(Struct):
    data: CustomerTickets


@ROUTES.add(
    "GET",
    "/tickets/tickets_of_customer",
    summary="List a customer's tickets",
    documented=True,
    kept=True,
    permission=TICKETS_READ,
    conditional=True,
    errors={404: "Customer not found"},
    example={"data": {"tickets": [EXAMPLE_OF_CUSTOMER]}},
)
def of_customer(tx: Tx, call: Call[CustomerQuery, None]) -> Steps[Reply[CustomerTicketsAnswer]]:
    """Those that you see, of one customer and, where one is given, of one status, newest first unless `order` says
    otherwise. 20 a page unless `limit` says otherwise.

    A customer with whom you have nothing to do is 403: a customer's users see their own, staff those of whom they see a
    ticket, bots none. To an admin an unknown one is 404.
    """
    query = call.query
    status = None if query.status is None else status_filter(query.status)
    page = page_of(query, DEFAULT_LIMIT)
    found = [*(yield from list_of_customer(tx, call.actor, query.customer_id, status, page, _since(call)))]
    etag = call.etag_of_tickets(found, OF_CUSTOMER)
    tickets = yield from call.tickets(tx, found, OF_CUSTOMER)
    return Reply(CustomerTicketsAnswer(CustomerTickets(tickets)), etag=etag)
