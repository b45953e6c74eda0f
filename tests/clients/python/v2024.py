"""A program on the client that was generated from the 2024 document (python FILE BASE_URL USER PASSWORD)."""

import sys
from datetime import datetime

from keesa_client import AuthenticatedClient, Client
from keesa_client.api.notes import post_tickets_add_ticket_note
from keesa_client.api.sessions import delete_auth_logout, post_auth_login
from keesa_client.api.tickets import (
    get_tickets_ticket,
    get_tickets_tickets_by_type,
    post_tickets,
    post_tickets_ticket_status_update,
)
from keesa_client.models import (
    AddedNoteAnswer,
    AddNote,
    ChangeStatus,
    CountedTicketsAnswer,
    Error,
    InvalidError,
    Login,
    Message,
    NewNote,
    NewTicket,
    OneTicketAnswer,
    RaisedTicket,
    RaiseTicket,
    Status,
    StatusChange,
    Tokens,
)

url, user, password = sys.argv[1:]
with Client(f"{url}/api/v1", raise_on_unexpected_status=True) as anybody:
    tokens = post_auth_login.sync(client=anybody, body=Login(user, password))
    assert isinstance(tokens, Tokens), tokens
    assert isinstance(tokens.refresh_expires_at, datetime)

with AuthenticatedClient(f"{url}/api/v1", token=tokens.access, raise_on_unexpected_status=True) as client:
    ticket = NewTicket("No signal", "Since the storm", 3, category="fault", ticket_type="eco_support")
    wrong = post_tickets.sync(client=client, body=RaiseTicket(ticket))
    assert isinstance(wrong, InvalidError), wrong
    assert wrong.errors.additional_properties.keys() == {"customer_id"}
    raised = post_tickets.sync(client=client, body=RaiseTicket(ticket, customer_id=20))
    assert isinstance(raised, RaisedTicket), raised
    assert isinstance(raised.created_at, datetime)
    change = ChangeStatus(StatusChange(Status.IN_PROGRESS))
    unassigned = post_tickets_ticket_status_update.sync(str(raised.id), client=client, body=change)
    assert isinstance(unassigned, InvalidError), unassigned
    note = AddNote(NewNote("Looked at it"), ticket_number=raised.ticket_number)
    assert isinstance(post_tickets_add_ticket_note.sync(client=client, body=note), AddedNoteAnswer)
    found = get_tickets_ticket.sync(str(raised.id), client=client)
    assert isinstance(found, OneTicketAnswer), found
    assert found.data.ticket.closed_date is None
    assert [entry.status for entry in found.data.ticket.ticket_statuses] == [Status.OPEN]
    listed = get_tickets_tickets_by_type.sync(client=client, type_="eco_support", status=Status.OPEN, limit=5)
    assert isinstance(listed, CountedTicketsAnswer), listed
    assert listed.data.tickets[0].id == raised.id
    assert isinstance(get_tickets_ticket.sync("1", client=client), Error)
    assert isinstance(delete_auth_logout.sync(client=client), Message)
