"""Users made, changed, disabled and enabled."""

from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts.changing_users import UserChanges, change_user, disable_user
from keesa.accounts.permissions import USERS_WRITE, require_desk
from keesa.accounts.users import NewUser, create_user, find_user, lock_user
from keesa.api.calls import Call
from keesa.api.v2024.users.shapes import (
    EXAMPLE,
    Disabled,
    Email,
    FullName,
    GivenCustomerId,
    NickName,
    RoleNames,
    User,
    UserAnswer,
    UserPath,
    UserType,
    answer,
    shown,
)
from keesa.db import Tx
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_LAST: Final = {409: None}
_NEW: Final = {
    "email": "hassan@example.com",
    "full_name": "Hassan Waheed",
    "nick_name": "Hassan",
    "user_type": "staff",
    "roles": ["engineer"],
}


class UserToMake(Struct, frozen=True):
    email: Email
    full_name: FullName
    nick_name: NickName
    user_type: UserType
    roles: RoleNames
    customer_id: GivenCustomerId = None


class MakeUser(Struct, frozen=True):
    user: Annotated[UserToMake, Meta(description="The new user")]


@ROUTES.add(
    "POST",
    "/users",
    status=201,
    summary="Make a user",
    permission=USERS_WRITE,
    guard=require_desk,
    headers=("ETag", "Location"),
    body_example={"user": _NEW},
    example=EXAMPLE | {"has_password": False, "sign_in_count": 0, "last_login_at": None},
)
def create(tx: Tx, call: Call[None, MakeUser]) -> Reply[User]:
    """Without a password: a link lets them set their own (`POST /users/<id>/password_link`), and who acts with API
    tokens alone needs none. 403 where they would be more than you are: only administrators make administrators, and
    nobody gives a permission, or a ticket type of a role, that they lack.
    """
    given = call.body.user
    new = NewUser(
        email=given.email,
        full_name=given.full_name,
        nick_name=given.nick_name,
        user_type=given.user_type,
        roles=given.roles,
        customer_id=given.customer_id,
    )
    made = shown(call, find_user(tx, create_user(tx, call.by, new)))
    return Reply(made, [call.location(f"/users/{made.id}")], etag=call.etag_of(made))


class UserPatch(Struct, frozen=True):
    email: Email | UnsetType = UNSET
    full_name: FullName | UnsetType = UNSET
    nick_name: NickName | UnsetType = UNSET
    user_type: UserType | UnsetType = UNSET
    customer_id: GivenCustomerId | UnsetType = UNSET
    roles: RoleNames | UnsetType = UNSET
    disabled: Disabled | UnsetType = UNSET


class ChangeUser(Struct, frozen=True):
    user: Annotated[UserPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/users/{user}",
    summary="Change a user, disable or enable them",
    permission=USERS_WRITE,
    guard=require_desk,
    conditional=True,
    errors=_LAST,
    body_example={"user": {"roles": ["engineer"], "disabled": False}},
    example={"data": {"user": EXAMPLE}},
)
def change(tx: Tx, call: Call[None, ChangeUser], user: UserPath) -> Reply[UserAnswer]:
    """It counts from their next request on; who is disabled is logged out. `customer_id` alone may be null. 403 as
    where users are made; an administrator is changed by administrators alone. 409 where nobody would be left who can
    log in and look after users and roles.
    """
    call.conditions.require(call.etag_of(shown(call, lock_user(tx, user))))
    given = call.body.user
    changes = UserChanges(
        email=given.email,
        full_name=given.full_name,
        nick_name=given.nick_name,
        user_type=given.user_type,
        customer_id=given.customer_id,
        roles=given.roles,
        disabled=given.disabled,
    )
    return answer(call, change_user(tx, call.by, user, changes))


@ROUTES.add(
    "DELETE",
    "/users/{user}",
    status=204,
    summary="Disable a user",
    permission=USERS_WRITE,
    guard=require_desk,
    conditional=True,
    errors=_LAST,
)
def disable(tx: Tx, call: Call[None, None], user: UserPath) -> None:
    """They are logged out everywhere and cannot log in; what they wrote stays. A second time changes nothing. `PATCH`
    with `"disabled": false` lets them in again. 403 and 409 as for `PATCH`.
    """
    call.conditions.require(call.etag_of(shown(call, lock_user(tx, user))))
    disable_user(tx, call.by, user)
