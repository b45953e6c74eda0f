"""Users listed, found and shown; and those to whom tickets may be assigned."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from keesa.accounts.finding_users import UserPage, Wanted, find_users
from keesa.accounts.permissions import TICKETS_WRITE, USERS_READ, require_desk
from keesa.accounts.users import find_user
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.v2024.users.shapes import (
    EXAMPLE,
    FullName,
    NickName,
    User,
    UserAnswer,
    UserPath,
    UserType,
    answer,
    shown,
)
from keesa.db import Steps, Tx
from keesa.names import LONGEST
from keesa.web.cursors import cursor_of, position_of
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()


class UsersQuery(CursorQuery, frozen=True, kw_only=True):
    name: (
        Annotated[
            str, Meta(max_length=LONGEST, description="Those in whose full or nick name this stands, in whatever case")
        ]
        | None
    ) = None
    email: (
        Annotated[str, Meta(max_length=LONGEST, description="Those in whose address this stands, likewise")] | None
    ) = None
    user_type: UserType | None = None
    role: Annotated[str, Meta(max_length=LONGEST, description="Those who have the role of this name")] | None = None
    customer_id: Annotated[Id, Meta(description="The users of this customer")] | None = None
    with_disabled: Annotated[bool, Meta(description="Whether those that are disabled are listed too")] = False


class Users(Struct):
    users: Annotated[list[User], Meta(description="The users of this page")]
    next: Next


class UsersAnswer(Struct):
    data: Users


@ROUTES.add(
    "GET",
    "/users",
    summary="List users, or find them by name, address, type, role or customer",
    permission=USERS_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"users": [EXAMPLE], "next": "Nw"}},
)
def index(tx: Tx, call: Call[UsersQuery, None]) -> Steps[Reply[UsersAnswer]]:
    """In the order of their ids. Where `name` or `email` is given, a page may hold fewer than `limit`, or none, and yet
    have a `next`: the search goes on there.
    """
    query = call.query
    wanted = Wanted(
        name=query.name,
        email=query.email,
        user_type=query.user_type,
        role=query.role,
        customer_id=query.customer_id,
        with_disabled=query.with_disabled,
    )
    page = yield from find_users(tx, wanted, query.page_size, _after(call))
    cursor = _cursor(call, page)
    return call.whole(
        UsersAnswer(Users([shown(call, user) for user in page.users], cursor)), next_link(call, "/users", cursor)
    )


@ROUTES.add(
    "GET",
    "/users/{user}",
    summary="Show a user",
    permission=USERS_READ,
    guard=require_desk,
    conditional=True,
    example={"data": {"user": EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], user: UserPath) -> Reply[UserAnswer]:
    """A disabled one too."""
    found = find_user(tx, user)
    call.conditions.require(call.etag_of(shown(call, found)))
    return answer(call, found)


class AssignableQuery(CursorQuery, frozen=True, kw_only=True):
    name: (
        Annotated[
            str, Meta(max_length=LONGEST, description="Those in whose full or nick name this stands, in whatever case")
        ]
        | None
    ) = None


class Assignable(Struct):
    id: Annotated[int, Meta(description="The user's id, as `assigned_to_id` of a ticket takes it")]
    full_name: FullName
    nick_name: NickName


class Assignables(Struct):
    users: Annotated[list[Assignable], Meta(description="The members of the desk of this page")]
    next: Next


class AssignablesAnswer(Struct):
    data: Assignables


@ROUTES.add(
    "GET",
    "/users/assignable",
    summary="List those to whom a ticket may be assigned",
    kept=True,
    permission=TICKETS_WRITE,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"users": [{"id": 7, "full_name": "Hassan Waheed", "nick_name": "Hassan"}], "next": None}},
)
def assignable(tx: Tx, call: Call[AssignableQuery, None]) -> Steps[Reply[AssignablesAnswer]]:
    """The members of the desk that are not disabled, in the order of their ids."""
    wanted = Wanted(name=call.query.name, assignable=True)
    page = yield from find_users(tx, wanted, call.query.page_size, _after(call))
    cursor = _cursor(call, page)
    actors = [user.actor for user in page.users]
    found = [Assignable(actor.id, actor.full_name, actor.nick_name) for actor in actors]
    return call.whole(AssignablesAnswer(Assignables(found, cursor)), next_link(call, "/users/assignable", cursor))


def _after(call: Call[Any, Any]) -> int | None:
    after = call.query.after
    return None if after is None else position_of(after, int, call.caller.epoch)


def _cursor(call: Call[Any, Any], page: UserPage) -> str | None:
    return None if page.next_after is None else cursor_of(page.next_after, call.caller.epoch)
