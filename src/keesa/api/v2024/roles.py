"""Roles, as administrators look after them, and the permissions that they give."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts import roles
from keesa.accounts.changing_roles import RoleChanges, change_role, retire_role
from keesa.accounts.permissions import ROLES_READ, ROLES_WRITE, require_desk
from keesa.accounts.roles import NewRole
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.vocabulary import DIGITS
from keesa.db import Tx
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

RolePath = Annotated[
    int | None, PathParameter(parse_number, "The role's id", {**DIGITS, "examples": ["3"]}, roles.NOT_FOUND)
]
RoleName = Annotated[str, Meta(description="The role's name, at most 255 characters, which no other role has")]
GivenPermissions = Annotated[
    dict[str, list[str]],
    Meta(description="Resource to actions: Keesa's words, or those of other systems that read its tokens"),
]
MOST_TYPES: Final = 500
"""Ticket types of one role."""
TicketTypes = Annotated[list[str], Meta(description="The ticket types that its members work on", max_length=MOST_TYPES)]
Retired = Annotated[bool, Meta(description="Whether nobody is given it any more")]

_GIVEN: Final = {"name": "north_crew", "permissions": {"tickets": ["read", "write"]}, "ticket_types": ["eco_support"]}
_EXAMPLE: Final = {"id": 6, **_GIVEN, "retired": False, "members": 2}


class Role(Struct):
    id: Annotated[int, Meta(description="The role's id, which never changes")]
    name: RoleName
    permissions: GivenPermissions
    ticket_types: TicketTypes
    retired: Retired
    members: Annotated[int, Meta(description="How many users have it, disabled ones among them")]


def _shown(role: roles.Role) -> Role:
    return Role(role.id, role.name, role.permissions, list(role.ticket_types), role.retired, role.members)


class RolesQuery(CursorQuery, frozen=True, kw_only=True):
    with_retired: Annotated[bool, Meta(description="Whether those that are retired are listed too")] = False


class Roles(Struct):
    roles: Annotated[list[Role], Meta(description="The roles of this page")]
    next: Next


class RolesAnswer(Struct):
    data: Roles


@ROUTES.add(
    "GET",
    "/roles",
    summary="List roles",
    permission=ROLES_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"roles": [_EXAMPLE], "next": None}},
)
def index(tx: Tx, call: Call[RolesQuery, None]) -> Reply[RolesAnswer]:
    """In the order of their ids."""
    query = call.query
    after = None if query.after is None else position_of(query.after, int, call.caller.epoch)
    page = roles.page_of_roles(tx, query.page_size, after, with_retired=query.with_retired)
    cursor = None if page.next_after is None else cursor_of(page.next_after, call.caller.epoch)
    return call.whole(RolesAnswer(Roles([*map(_shown, page.roles)], cursor)), next_link(call, "/roles", cursor))


class OneRole(Struct):
    role: Annotated[Role, Meta(description="The role")]


class RoleAnswer(Struct):
    data: OneRole


def _answer(call: Call[Any, Any], role: roles.Role) -> Reply[RoleAnswer]:
    shown = _shown(role)
    return Reply(RoleAnswer(OneRole(shown)), etag=call.etag_of(shown))


@ROUTES.add(
    "GET",
    "/roles/{role}",
    summary="Show a role",
    permission=ROLES_READ,
    guard=require_desk,
    conditional=True,
    example={"data": {"role": _EXAMPLE}},
)
def show(tx: Tx, call: Call[None, None], role: RolePath) -> Reply[RoleAnswer]:
    """A retired one too."""
    found = roles.role_by_id(tx, role)
    call.conditions.require(call.etag_of(_shown(found)))
    return _answer(call, found)


class RoleToMake(Struct, frozen=True):
    name: RoleName
    permissions: GivenPermissions
    ticket_types: TicketTypes = []


class MakeRole(Struct, frozen=True):
    role: Annotated[RoleToMake, Meta(description="The new role")]


@ROUTES.add(
    "POST",
    "/roles",
    status=201,
    summary="Make a role",
    permission=ROLES_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"role": _GIVEN},
    example=_EXAMPLE | {"members": 0},
)
def create(tx: Tx, call: Call[None, MakeRole]) -> Reply[Role]:
    """403 where it gives more than you have."""
    given = call.body.role
    new = NewRole(given.name, given.permissions, given.ticket_types)
    made = _shown(roles.role_by_id(tx, roles.create_role(tx, call.by, new)))
    return Reply(made, [call.location(f"/roles/{made.id}")], etag=call.etag_of(made))


class RolePatch(Struct, frozen=True):
    name: RoleName | UnsetType = UNSET
    permissions: GivenPermissions | UnsetType = UNSET
    ticket_types: TicketTypes | UnsetType = UNSET
    retired: Retired | UnsetType = UNSET


class ChangeRole(Struct, frozen=True):
    role: Annotated[RolePatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/roles/{role}",
    summary="Rename a role, or change what it gives",
    permission=ROLES_WRITE,
    guard=require_desk,
    conditional=True,
    errors={409: None},
    body_example={"role": {"permissions": {"tickets": ["read"]}}},
    example={"data": {"role": _EXAMPLE | {"permissions": {"tickets": ["read"]}}}},
)
def change(tx: Tx, call: Call[None, ChangeRole], role: RolePath) -> Reply[RoleAnswer]:
    """It counts from its members' next request on. `permissions` and `ticket_types` are all that it is to give. 403
    where that is more than you have, and where an administrator has the role and you are none; 409 where nobody would
    be left who can log in and look after users and roles, and where it is to retire while somebody has it.
    """
    call.conditions.require(call.etag_of(_shown(roles.lock_role(tx, role))))
    given = call.body.role
    changes = RoleChanges(
        name=given.name, permissions=given.permissions, ticket_types=given.ticket_types, retired=given.retired
    )
    return _answer(call, change_role(tx, call.by, role, changes))


@ROUTES.add(
    "DELETE",
    "/roles/{role}",
    status=204,
    summary="Retire a role",
    permission=ROLES_WRITE,
    guard=require_desk,
    conditional=True,
    errors={409: None},
)
def retire(tx: Tx, call: Call[None, None], role: RolePath) -> None:
    """Nobody is given it any more; 409 while somebody has it. A second time changes nothing. `PATCH` with
    `"retired": false` brings it back.
    """
    call.conditions.require(call.etag_of(_shown(roles.lock_role(tx, role))))
    retire_role(tx, call.by, role)
