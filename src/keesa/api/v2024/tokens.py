"""API tokens: with which programs act as a user, without a login. Keesa's own addition to the 2024 document."""

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from keesa.accounts import api_token_changes as changes
from keesa.accounts import api_tokens
from keesa.accounts.actors import Actor
from keesa.accounts.api_token_changes import ApiTokenChanges, IssuedApiToken, NewApiToken
from keesa.accounts.permissions import require_session
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.v2024.fields import Time
from keesa.api.vocabulary import DIGITS, TokenVersion
from keesa.db import Tx
from keesa.errors import Faults, Invalid
from keesa.tickets.numbers import parse_number
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Partial, Routes

ROUTES = Routes()

TokenPath = Annotated[
    int | None,
    PathParameter(parse_number, "The token's id", {**DIGITS, "examples": ["7"]}, api_tokens.NOT_FOUND),
]
MOST_PERMISSIONS: Final = 1_000
"""Words that a token is made with."""
Name = Annotated[str, Meta(description="What it is for, at most 255 characters")]
Permissions = Annotated[
    list[Annotated[str, Meta(max_length=511)]],
    Meta(max_length=MOST_PERMISSIONS, description="What it may do at the most: words such as `tickets:read`"),
]
ExpiresAt = Annotated[
    str,
    Meta(
        description="When it expires, at most two years from now. A day alone means its beginning in the desk's zone",
        examples=["2027-03-01T00:00:00.000+05:00"],
        extra_json_schema={"format": "date-time"},
    ),
]

_EXAMPLE: Final = {
    "id": 7,
    "name": "Router alarms",
    "user_id": 5,
    "user": "Desk Bot",
    "permissions": ["tickets:write"],
    "version": "2024",
    "created_at": "2026-03-01T09:00:00.000+05:00",
    "expires_at": "2027-03-01T00:00:00.000+05:00",
    "ended_at": None,
    "last_used_at": "2026-03-04T10:05:00.000+05:00",
}
_SECRET: Final = "keesa_" + 36 * "0"
_ISSUED: Final = _EXAMPLE | {"last_used_at": None, "secret": _SECRET}


class ApiToken(Struct):
    id: Annotated[int, Meta(description="The token's id, which never changes")]
    name: Name
    user_id: Annotated[int, Meta(description="The user who acts with it")]
    user: Annotated[str, Meta(description="Their full name")]
    permissions: Permissions
    version: TokenVersion
    created_at: Annotated[Time, Meta(description="When it was made")]
    expires_at: Annotated[Time, Meta(description="When it expires")]
    ended_at: Annotated[Time | None, Meta(description="When it was ended; null while it is not")]
    last_used_at: Annotated[
        Time | None, Meta(description="When it was last used, to within some minutes; null where it never was")
    ]


class IssuedToken(ApiToken):
    secret: Annotated[str, Meta(description="The token itself, which is shown this once")]


def _values(call: Call[Any, Any], token: api_tokens.ApiToken) -> dict[str, Any]:
    iso = call.services.clock.iso
    return {
        "id": token.id,
        "name": token.name,
        "user_id": token.user_id,
        "user": token.user,
        "permissions": token.words,
        "version": token.version,
        "created_at": iso(token.created_at),
        "expires_at": iso(token.expires_at),
        "ended_at": None if token.ended_at is None else iso(token.ended_at),
        "last_used_at": None if token.last_used_at is None else iso(token.last_used_at),
    }


def _shown(call: Call[Any, Any], token: api_tokens.ApiToken) -> ApiToken:
    return ApiToken(**_values(call, token))


def _time(call: Call[Any, Any], text: str) -> int:
    """Raises `Invalid`."""
    try:
        return call.services.clock.moment(text.strip())
    except (ValueError, OverflowError) as error:
        raise Invalid({"expires_at": ["must be a date like 2027-06-28, or a full time"]}) from error


class TokensQuery(CursorQuery, frozen=True, kw_only=True):
    user_id: Annotated[Id, Meta(description="Those of this user")] | None = None
    with_ended: Annotated[bool, Meta(description="Whether those that have been ended are listed too")] = False


class ApiTokens(Struct):
    tokens: Annotated[list[ApiToken], Meta(description="The tokens of this page")]
    next: Next


class TokensAnswer(Struct):
    data: ApiTokens


@ROUTES.add(
    "GET",
    "/tokens",
    summary="List API tokens",
    conditional=True,
    csv=True,
    headers=("Link",),
    errors={403: None},
    example={"data": {"tokens": [_EXAMPLE], "next": "Nw"}},
)
def index(tx: Tx, call: Call[TokensQuery, None]) -> Reply[TokensAnswer]:
    """Your own; those of all where you are staff and have the permission `tokens:read`. In the order of their ids. None
    of them shows its secret.
    """
    query = call.query
    after = None if query.after is None else position_of(query.after, int, call.caller.epoch)
    found = api_tokens.list_tokens(
        tx, call.actor, query.page_size, after, user_id=query.user_id, with_ended=query.with_ended
    )
    cursor = None if found.next_after is None else cursor_of(found.next_after, call.caller.epoch)
    answer = TokensAnswer(ApiTokens([_shown(call, token) for token in found.tokens], cursor))
    return call.whole(answer, next_link(call, "/tokens", cursor))


class OneToken(Struct):
    token: Annotated[ApiToken, Meta(description="The token, without its secret")]


class TokenAnswer(Struct):
    data: OneToken


def _answer(call: Call[Any, Any], token: api_tokens.ApiToken) -> Reply[TokenAnswer]:
    shown = _shown(call, token)
    return Reply(TokenAnswer(OneToken(shown)), etag=call.etag_of(shown))


def _require_seen(tx: Tx, call: Call[Any, Any], token_id: int | None) -> None:
    """The client knows it as it is, and nobody changes it meanwhile."""
    call.conditions.require(call.etag_of(_shown(call, api_tokens.lock_token(tx, call.actor, token_id))))


@ROUTES.add(
    "GET", "/tokens/{token}", summary="Show an API token", conditional=True, example={"data": {"token": _EXAMPLE}}
)
def show(tx: Tx, call: Call[None, None], token: TokenPath) -> Reply[TokenAnswer]:
    """One that has been ended too. Another's is 404, unless you see all."""
    answer = _answer(call, api_tokens.find_token(tx, call.actor, token))
    call.conditions.require(answer.etag or "")
    return answer


class TokenToMake(Struct, frozen=True):
    name: Name
    expires_at: ExpiresAt
    user_id: Annotated[Id, Meta(description="Who is to act with it; you yourself unless it is given")] | None = None
    permissions: Annotated[
        Permissions | None,
        Meta(description="Some of those that the user has; without it all that they have now, and none that they get"),
    ] = None
    version: TokenVersion = "2024"


class MakeToken(Struct, frozen=True):
    token: Annotated[TokenToMake, Meta(description="The new token")]


def check_new(_: Tx, actor: Actor, values: Partial, faults: Faults) -> Faults:
    """Whom the requester may make none for is told before what else is wrong; raises `Forbidden`."""
    user_id = values.get("token", {}).get("user_id")
    if user_id is not None:
        changes.require_making_for(actor, user_id)
    return faults


@ROUTES.add(
    "POST",
    "/tokens",
    status=201,
    summary="Make an API token",
    guard=require_session,
    check=check_new,
    secret=True,
    headers=("ETag", "Location"),
    body_example={
        "token": {
            "name": "Router alarms",
            "user_id": 5,
            "permissions": ["tickets:write"],
            "expires_at": "2027-03-01T00:00:00.000+05:00",
        }
    },
    example=_ISSUED,
)
def create(tx: Tx, call: Call[None, MakeToken]) -> Reply[IssuedToken]:
    """`secret` is the token: it is shown here and never again. Send it as `Authorization: Bearer keesa_…`. Whatever it
    does, its user does, who has to be able to do it at that time.

    For yourself, with any role; for others as an admin with the permission `tokens:write`. Nobody gives a permission
    that they lack. A user has at most 50 tokens.
    """
    given = call.body.token
    new = NewApiToken(
        name=given.name,
        expires_at=_time(call, given.expires_at),
        user_id=given.user_id,
        permissions=given.permissions,
        version=given.version,
    )
    issued = changes.create_token(tx, call.by, new)
    headers = [call.location(f"/tokens/{issued.token.id}")]
    return Reply(_issued(call, issued), headers, etag=call.etag_of(_shown(call, issued.token)))


def _issued(call: Call[Any, Any], issued: IssuedApiToken) -> IssuedToken:
    return IssuedToken(**_values(call, issued.token), secret=issued.secret)


class TokenPatch(Struct, frozen=True):
    name: Name | UnsetType = UNSET
    permissions: Annotated[Permissions | UnsetType, Meta(description="Some of those that it has")] = UNSET
    expires_at: ExpiresAt | UnsetType = UNSET


class ChangeToken(Struct, frozen=True):
    token: Annotated[TokenPatch, Meta(description="The change: what is left out stays as it is")]


@ROUTES.add(
    "PATCH",
    "/tokens/{token}",
    summary="Change an API token",
    guard=require_session,
    conditional=True,
    body_example={"token": {"permissions": []}},
    example={"data": {"token": _EXAMPLE | {"permissions": []}}},
)
def change(tx: Tx, call: Call[None, ChangeToken], token: TokenPath) -> Reply[TokenAnswer]:
    """Its permissions can only become fewer. A token of another takes an admin with the permission `tokens:write`. One
    that has ended or expired is 422.
    """
    _require_seen(tx, call, token)
    given = call.body.token
    wanted = ApiTokenChanges(
        name=given.name,
        permissions=given.permissions,
        expires_at=UNSET if given.expires_at is UNSET else _time(call, given.expires_at),
    )
    return _answer(call, changes.change_token(tx, call.by, token, wanted))


@ROUTES.add(
    "POST",
    "/tokens/{token}/renew",
    summary="Give an API token a new secret",
    guard=require_session,
    errors={422: "token has ended, and is good for nothing any more: make another one"},
    secret=True,
    example=_ISSUED,
)
def renew(tx: Tx, call: Call[None, None], token: TokenPath) -> Reply[IssuedToken]:
    """The old secret is void at once. All else stays as it is."""
    return Reply(_issued(call, changes.renew_token(tx, call.by, token)))


@ROUTES.add(
    "DELETE", "/tokens/{token}", status=204, summary="End an API token", guard=require_session, conditional=True
)
def end(tx: Tx, call: Call[None, None], token: TokenPath) -> None:
    """It is void from the next request on, everywhere. A second time changes nothing. A token of another takes the
    permission `tokens:write`, that of an admin an admin.
    """
    _require_seen(tx, call, token)
    changes.end_token(tx, call.by, token)
