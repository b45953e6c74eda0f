"""Changing a ticket: its status, and who has it."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import TICKETS_WRITE, require_desk
from keesa.api.calls import Call
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.fields import Message
from keesa.api.vocabulary import StatusName, TicketPath
from keesa.db import Tx
from keesa.tickets.assigning import assign as assign_ticket
from keesa.tickets.closing import close_with_children
from keesa.tickets.finding import lock_ticket
from keesa.tickets.status import change_status_of
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

DayOrTime = Annotated[
    str,
    Meta(
        extra_json_schema={"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]},
        examples=["2024-06-28", "2024-06-28T10:15:30.000+05:00"],
    ),
]


class StatusChange(Struct, frozen=True):
    status: StatusName
    closed_date: DayOrTime | None = None
    close_children: Annotated[
        bool, Meta(description="Beside `closed`: whether its children are closed too, on the same day")
    ] = False
    held_until: DayOrTime | UnsetType | None = UNSET


class ChangeStatus(Struct, frozen=True):
    ticket: StatusChange


class LeftChild(Struct):
    ticket_number: str
    reason: Annotated[str, Meta(description="Why it was not closed")]


class StatusAnswer(Struct):
    """What `close_children` adds is there only where that was asked for."""

    message: str
    closed_children: Annotated[
        list[str] | UnsetType, Meta(description="The numbers of the children that were closed with it")
    ] = UNSET
    children_left: Annotated[list[LeftChild] | UnsetType, Meta(description="The children that were not closed")] = UNSET
    children_unseen: Annotated[
        int | UnsetType, Meta(description="How many more children are not closed, which you do not see")
    ] = UNSET


def children_of(answer: StatusAnswer) -> list[int]:
    """Those that the answer tells of."""
    return [
        *map(int, answer.closed_children or ()),
        *(int(child.ticket_number) for child in answer.children_left or ()),
    ]


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/status_update",
    summary="Change a ticket's status",
    documented=True,
    permission=TICKETS_WRITE,
    guard=require_desk,
    conditional=True,
    outdated=CHANGED_SINCE,
    body_example={"ticket": {"status": "closed", "closed_date": "2025-03-05", "close_children": True}},
    example={
        "message": "Ticket status changed successfully",
        "closed_children": ["2025018"],
        "children_left": [],
        "children_unseen": 0,
    },
    shows=children_of,
)
def update_status(tx: Tx, call: Call[None, ChangeStatus], ticket: TicketPath) -> Reply[StatusAnswer]:
    """Moves a ticket that somebody is assigned to, with an entry in its history; 422 while nobody is.

    `closed` needs `closed_date`: a day not before that of raising and not after today, in the desk's zone. Another
    status takes the date away. The status that the ticket has already makes no second entry; another day corrects it.

    `on_hold` may come with `held_until`: a day from today on, at most 366 days ahead. Another day, or null, corrects
    that of a ticket on hold; left out, it stays as it is. Another status takes it away.

    `close_children` closes the children that you see and that somebody is assigned to, at the same time; the answer
    then tells of each.
    """
    wanted, condition, done = call.body.ticket, call.condition(tx), "Ticket status changed successfully"
    days = wanted.closed_date, call.at, call.services.clock, wanted.held_until
    if not wanted.close_children:
        change_status_of(tx, call.actor, lock_ticket(tx, call.actor, ticket, condition), wanted.status, *days)
        return condition.reply(StatusAnswer(done))
    children = close_with_children(tx, call.actor, ticket, wanted.status, *days, condition)
    left = [LeftChild(str(child.id), child.reason) for child in children.left]
    closed = [str(child) for child in children.closed]
    return condition.reply(StatusAnswer(done, closed, left, children.unseen))


class Assignment(Struct, frozen=True):
    assigned_to_id: Id | None


class AssignTicket(Struct, frozen=True):
    ticket: Assignment


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/assign",
    summary="Assign a ticket to a member of staff, or take it away while it is open",
    permission=TICKETS_WRITE,
    guard=require_desk,
    conditional=True,
    outdated=CHANGED_SINCE,
    body_example={"ticket": {"assigned_to_id": 7}},
    example={"message": "Ticket assigned successfully"},
)
def assign(tx: Tx, call: Call[None, AssignTicket], ticket: TicketPath) -> Reply[Message]:
    """To an enabled user of the type `admin` or `staff`, with an entry in its history. Null takes the ticket away from
    who has it, while it is `open`. Keesa's own addition to the 2024 document.
    """
    condition = call.condition(tx)
    assign_ticket(tx, call.actor, ticket, call.body.ticket.assigned_to_id, call.at, condition)
    return condition.reply(Message("Ticket assigned successfully"))
