"""Every route of 2021, in one table. What is not here is answered by the current version."""

from typing import Final

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE
from keesa.api import session_calls
from keesa.api.v2021 import examples, notes, sessions, tickets
from keesa.web.routes import Access, Route

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path="/auth",
        endpoint=sessions.log_in,
        summary="Log in with an email address and a password",
        example=examples.TOKENS,
        access=Access.ANYONE,
        body_schema=session_calls.Login,
        body_example=session_calls.LOGIN_EXAMPLE,
        body_limit=session_calls.LOGIN_LIMIT,
        media_types=session_calls.FORMS,
        parameters=session_calls.LOGIN_PARAMETERS,
        headers=session_calls.SESSION_HEADERS,
        errors=session_calls.LOGIN_ERRORS,
    ),
    Route(
        method="POST",
        path="/auth/refresh_token",
        endpoint=sessions.refresh,
        summary="Get a new access token; the old one ends a minute later",
        example=examples.RENEWED_TOKEN,
        access=Access.REFRESH_TOKEN,
        headers=session_calls.SESSION_HEADERS,
    ),
    Route(
        method="POST",
        path="/tickets",
        endpoint=tickets.create,
        summary="Raise a ticket",
        example=examples.RAISED_TICKET,
        permission=TICKETS_WRITE,
        body_example=examples.RAISE_TICKET,
        check=tickets.check_new,
    ),
    Route(
        method="GET",
        path="/tickets",
        endpoint=tickets.index,
        summary="List the tickets that you raised or are assigned, and that are not closed",
        kept=True,
        example=examples.TICKETS,
        permission=TICKETS_READ,
    ),
    Route(
        method="GET",
        path="/tickets/tickets_by_type",
        endpoint=tickets.by_type,
        summary="List tickets of a type and a status",
        kept=True,
        example=examples.COUNTED_TICKETS,
        permission=TICKETS_READ,
        body_example=examples.TICKETS_BY_TYPE,
        body_from_query={"ticket.type": ("ticket[type]", "type"), "ticket.status": ("ticket[status]", "status")},
    ),
    Route(
        method="GET",
        path="/tickets/get_ticket_notes",
        endpoint=notes.index,
        summary="List a ticket's notes, oldest first",
        kept=True,
        example=examples.NOTES,
        permission=TICKETS_READ,
        body_example=examples.TICKET_NOTES,
        body_from_query={"ticket_number": ("ticket_number",)},
        errors={404: "Ticket not found"},
    ),
    Route(
        method="POST",
        path="/tickets/add_ticket_note",
        endpoint=notes.create,
        summary="Add a note to a ticket",
        example=examples.ADDED_NOTE,
        permission=TICKETS_WRITE,
        body_example=examples.ADD_NOTE,
        errors={404: "Ticket not found"},
    ),
    Route(
        method="GET",
        path="/tickets/{ticket}",
        endpoint=tickets.show,
        summary="Show a ticket with its notes, by its number",
        kept=True,
        example=examples.ONE_TICKET,
        permission=TICKETS_READ,
        conditional=True,
    ),
)
