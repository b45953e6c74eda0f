"""Who watches a ticket. Keesa's own addition to the 2024 document."""

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE, require_desk
from keesa.accounts.users import NOT_FOUND
from keesa.api.calls import Call
from keesa.api.ticket_states import CHANGED_SINCE
from keesa.api.v2024.users.shapes import UserPath
from keesa.api.vocabulary import TicketPath
from keesa.db import Tx
from keesa.errors import NotFound
from keesa.tickets import watching
from keesa.tickets.finding import find_ticket
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_EXAMPLE: Final = {"user_id": 7, "user": "Hassan Waheed"}


class Watcher(Struct):
    user_id: Annotated[int, Meta(description="The user who watches the ticket")]
    user: Annotated[str, Meta(description="Their full name")]


class Watchers(Struct):
    watchers: Annotated[list[Watcher], Meta(description="All who watch the ticket, at most 100")]


class WatchersAnswer(Struct):
    data: Watchers


@ROUTES.add(
    "GET",
    "/tickets/{ticket}/watchers",
    summary="List who watches a ticket",
    permission=TICKETS_READ,
    conditional=True,
    guard=require_desk,
    example={"data": {"watchers": [_EXAMPLE]}},
)
def index(tx: Tx, call: Call[None, None], ticket: TicketPath) -> Reply[WatchersAnswer]:
    """By the users' ids, all of them. Who cannot see the ticket any more stays in the list, and sees nothing of it."""
    found = watching.watchers_of(tx, find_ticket(tx, call.actor, ticket))
    etag = call.etag_of_content("watchers", found)
    return Reply(WatchersAnswer(Watchers([_shown(watcher) for watcher in found])), etag=etag)


def _shown(watcher: watching.Watcher) -> Watcher:
    return Watcher(watcher.user_id, watcher.full_name)


class NewWatcher(Struct, frozen=True):
    user_id: Annotated[Id | None, Meta(description="The user who is to watch it; you, unless it is given")] = None


class AddWatcher(Struct, frozen=True):
    watcher: Annotated[NewWatcher | UnsetType, Meta(description="Who is to watch the ticket")] = UNSET


@ROUTES.add(
    "POST",
    "/tickets/{ticket}/watchers",
    status=201,
    summary="Watch a ticket, or have somebody watch it",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    guard=require_desk,
    body_example={"watcher": {"user_id": 7}},
    example=_EXAMPLE,
)
def create(tx: Tx, call: Call[None, AddWatcher], ticket: TicketPath) -> Reply[Watcher]:
    """Without a body it is yourself. Another must be an enabled user of the desk who sees the ticket; of whoever is
    not, 422 says the same. Who watches it already goes on. A ticket has at most 100 watchers; a user watches at most
    5,000.
    """
    given = call.body.watcher
    user_id = None if isinstance(given, UnsetType) else given.user_id
    condition = call.condition(tx)
    return condition.reply(_shown(watching.start_watching(tx, call.actor, ticket, user_id, call.at, condition)))


@ROUTES.add(
    "DELETE",
    "/tickets/{ticket}/watchers/{user}",
    status=204,
    summary="Stop watching a ticket, or have somebody stop",
    permission=TICKETS_WRITE,
    conditional=True,
    outdated=CHANGED_SINCE,
    headers=("ETag",),
    guard=require_desk,
)
def remove(tx: Tx, call: Call[None, None], ticket: TicketPath, user: UserPath) -> Reply[None]:
    """Yourself or anybody else. Who does not watch it changes nothing."""
    if user is None:
        raise NotFound(NOT_FOUND)
    condition = call.condition(tx)
    watching.stop_watching(tx, call.actor, ticket, user, call.at, condition)
    return condition.reply(None)
