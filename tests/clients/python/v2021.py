"""A program on the client that was generated from the 2021 document (python FILE BASE_URL USER PASSWORD)."""

import sys
from datetime import datetime

from keesa_client import AuthenticatedClient, Client
from keesa_client.api.sessions import post_auth
from keesa_client.api.tickets import get_tickets, get_tickets_tickets_by_type, post_tickets
from keesa_client.models import (
    CountedTicketsAnswer,
    Error,
    NewTicket,
    Order,
    RaisedTicketAnswer,
    RaiseTicket,
    Status,
    TicketsAnswer,
    Tokens,
)

url, user, password = sys.argv[1:]
with Client(f"{url}/api/v1", raise_on_unexpected_status=True) as anybody:
    refused = post_auth.sync(client=anybody, user=user, password="wrong")
    assert isinstance(refused, Error), refused
    tokens = post_auth.sync(client=anybody, user=user, password=password)
    assert isinstance(tokens, Tokens), tokens
    assert isinstance(tokens.access_expires_at, datetime)
    assert len(tokens.csrf) == 88

with AuthenticatedClient(f"{url}/api/v1", token=tokens.access, raise_on_unexpected_status=True) as client:
    ticket = NewTicket("No signal", "Since the storm", 3, "Ibrahim", 7771234, "fault", "eco_support")
    wrong = post_tickets.sync(client=client, body=RaiseTicket(ticket))
    assert isinstance(wrong, Error), wrong
    raised = post_tickets.sync(client=client, body=RaiseTicket(ticket, customer_id=20))
    assert isinstance(raised, RaisedTicketAnswer), raised
    mine = get_tickets.sync(client=client, limit=1, order=Order.DESC)
    assert isinstance(mine, TicketsAnswer), mine
    [shown] = mine.data.tickets
    assert str(shown.id) == raised.success.ticket_number
    assert shown.status is Status.OPEN
    assert shown.closed_date == "not closed"
    closed = get_tickets_tickets_by_type.sync(client=client, type_="roc_support", status=Status.CLOSED)
    assert isinstance(closed, CountedTicketsAnswer), closed
    assert closed.data.count == len(closed.data.tickets) > 0
    assert all(isinstance(ticket.closed_date, datetime) for ticket in closed.data.tickets)
