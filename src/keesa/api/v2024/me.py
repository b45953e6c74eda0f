"""Who calls: what they are and may do, their names, and their password."""

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts import users
from keesa.accounts.own_account import OwnNames, OwnPassword, change_own_names, change_own_password, lock_self
from keesa.accounts.permissions import require_session
from keesa.accounts.users import find_user
from keesa.api.calls import Call
from keesa.api.v2024.users.shapes import EXAMPLE, CustomerId, Email, FullName, NickName, RoleNames, UserType
from keesa.db import Database, Tx
from keesa.directory.customers import find_customer
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_SHOWN: Final = ("id", "email", "full_name", "nick_name", "user_type", "customer_id", "roles")
_EXAMPLE: Final = {
    **{key: EXAMPLE[key] for key in _SHOWN},
    "customer": None,
    "permissions": {"tickets": ["read", "write"], "customers": ["read"]},
    "ticket_types": ["eco_support"],
    "via": "session",
}


class Me(Struct):
    id: Annotated[int, Meta(description="Your id, which never changes")]
    email: Email
    full_name: FullName
    nick_name: NickName
    user_type: UserType
    customer_id: CustomerId
    roles: RoleNames
    customer: Annotated[str | None, Meta(description="The name of the customer whose user you are")]
    permissions: Annotated[dict[str, list[str]], Meta(description="What you may do: resource to actions")]
    ticket_types: Annotated[list[str], Meta(description="The ticket types that your roles work on")]
    via: Annotated[
        Literal["session", "token"],
        Meta(title="Via", description="By what you call", extra_json_schema={"type": "string"}),
    ]


class OneMe(Struct):
    user: Annotated[Me, Meta(description="You")]


class MeAnswer(Struct):
    data: OneMe


def _shown(tx: Tx, call: Call[Any, Any], user: users.User) -> Me:
    """The permissions are those of this call: of an API token they may be fewer than the user's."""
    actor = user.actor
    customer = None if actor.customer_id is None else find_customer(tx, actor, actor.customer_id)
    return Me(
        id=actor.id,
        email=actor.email,
        full_name=actor.full_name,
        nick_name=actor.nick_name,
        user_type=actor.user_type,
        customer_id=actor.customer_id,
        roles=list(actor.roles),
        customer=customer.name if customer else None,
        permissions=call.actor.permissions,
        ticket_types=list(actor.ticket_types),
        via="session" if call.actor.token_id is None else "token",
    )


def _answer(call: Call[Any, Any], shown: Me) -> Reply[MeAnswer]:
    return Reply(MeAnswer(OneMe(shown)), etag=call.etag_of(shown))


@ROUTES.add(
    "GET", "/me", summary="Show who calls, and what they may do", conditional=True, example={"data": {"user": _EXAMPLE}}
)
def show(tx: Tx, call: Call[None, None]) -> Reply[MeAnswer]:
    """For everybody who has logged in, and for API tokens, which may do less than their user."""
    shown = _shown(tx, call, find_user(tx, call.actor.id))
    call.conditions.require(call.etag_of(shown))
    return _answer(call, shown)


class MePatch(Struct, frozen=True):
    full_name: FullName | UnsetType = UNSET
    nick_name: NickName | UnsetType = UNSET


class ChangeMe(Struct, frozen=True):
    user: Annotated[MePatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/me",
    summary="Change one's own names",
    conditional=True,
    guard=require_session,
    body_example={"user": {"nick_name": "Hassan"}},
    example={"data": {"user": _EXAMPLE}},
)
def change(tx: Tx, call: Call[None, ChangeMe]) -> Reply[MeAnswer]:
    """Tickets and notes show them at once. Whatever else you are is for administrators. Not for API tokens."""
    call.conditions.require(call.etag_of(_shown(tx, call, lock_self(tx, call.by))))
    given = call.body.user
    changed = change_own_names(tx, call.by, OwnNames(full_name=given.full_name, nick_name=given.nick_name))
    return _answer(call, _shown(tx, call, changed))


class ChangePassword(Struct, frozen=True):
    current: Annotated[str, Meta(description="Your password", extra_json_schema={"format": "password"})]
    password: Annotated[str, Meta(description="The new one", extra_json_schema={"format": "password"})]


@ROUTES.add(
    "PUT",
    "/me/password",
    status=204,
    summary="Change one's own password",
    guard=require_session,
    errors={429: None},
    body_example={"current": "a long password", "password": "an even longer password"},
)
def change_password(database: Database, call: Call[None, ChangePassword]) -> None:
    """Every other session of yours ends, and this one goes on. A wrong `current` (422) counts like a login that failed.
    What is guessed early is no password (422). Not for API tokens.
    """
    given = OwnPassword(call.body.current, call.body.password)
    change_own_password(database, call.by, given, call.session, call.services.logins, call.keep_done)
