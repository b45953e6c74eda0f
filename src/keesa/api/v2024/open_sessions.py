"""Sessions as their users and administrators see and end them. Keesa's own addition to the 2024 document."""

import re
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from keesa.accounts import open_sessions
from keesa.accounts.open_sessions import OpenSession, Position
from keesa.accounts.permissions import (
    SESSIONS_READ,
    SESSIONS_WRITE,
    require_desk,
    require_desk_in_session,
    require_session,
)
from keesa.api.calls import Call
from keesa.api.cursor_pages import CursorQuery, Next, next_link
from keesa.api.v2024.fields import Time
from keesa.api.vocabulary import TokenVersion
from keesa.db import Tx
from keesa.web.cursors import cursor_of, position_of
from keesa.web.endpoints import PathParameter
from keesa.web.input.fields import Id
from keesa.web.replies import Reply
from keesa.web.routes import Routes

ROUTES = Routes()

_ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


def _read_id(text: str) -> str | None:
    return text if _ID.fullmatch(text) else None


SessionPath = Annotated[
    str | None,
    PathParameter(
        _read_id,
        "The session's id",
        {"type": "string", "pattern": "^[0-9a-f]{16}$", "examples": ["4f1c22d90b7ae3d5"]},
        open_sessions.NOT_FOUND,
    ),
]
_OWN: Final = {
    "id": "4f1c22d90b7ae3d5",
    "version": "2024",
    "device": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "address": "203.0.113.7",
    "created_at": "2026-03-04T09:00:00.000+05:00",
    "last_used_at": "2026-03-04T10:05:00.000+05:00",
    "expires_at": "2026-03-14T09:00:00.000+05:00",
    "current": True,
}
_SOMEBODYS: Final = _OWN | {"current": False, "user_id": 12, "user": "Hassan Waheed"}


class OwnSession(Struct):
    id: Annotated[str, Meta(description="The session's id, which stands in no token")]
    version: TokenVersion
    device: Annotated[str | None, Meta(description="What the client called itself at the login; null where it did not")]
    address: Annotated[str | None, Meta(description="From where the login came, as far as proxies can be believed")]
    created_at: Annotated[Time, Meta(description="When it was opened")]
    last_used_at: Annotated[
        Time | None, Meta(description="When it was last used, to within some minutes; null where that is not known")
    ]
    expires_at: Annotated[Time, Meta(description="When its refresh token expires")]
    current: Annotated[bool, Meta(description="Whether this request came in it")]


class SomebodysSession(OwnSession):
    user_id: Annotated[int, Meta(description="Whose it is")]
    user: Annotated[str, Meta(description="Their full name")]


def _values(call: Call[Any, Any], session: OpenSession) -> dict[str, Any]:
    iso = call.services.clock.iso
    return {
        "id": session.id,
        "version": session.version,
        "device": session.device,
        "address": session.address,
        "created_at": iso(session.created_at),
        "last_used_at": None if session.last_used_at is None else iso(session.last_used_at),
        "expires_at": iso(session.expires_at),
        "current": call.caller.session is not None and call.caller.session.refresh_uid == session.refresh_uid,
    }


def _after(call: Call[Any, Any], cursor: str | None) -> Position | None:
    return None if cursor is None else position_of(cursor, Position, call.caller.epoch)


def _cursor(call: Call[Any, Any], after: Position | None) -> str | None:
    return None if after is None else cursor_of(after, call.caller.epoch)


class OwnSessions(Struct):
    sessions: Annotated[list[OwnSession], Meta(description="The sessions of this page")]
    next: Next


class OwnSessionsAnswer(Struct):
    data: OwnSessions


@ROUTES.add(
    "GET",
    "/me/sessions",
    summary="List your sessions",
    guard=require_session,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"sessions": [_OWN], "next": None}},
)
def own(tx: Tx, call: Call[CursorQuery, None]) -> Reply[OwnSessionsAnswer]:
    """Where you are logged in, the newest first. A user has at most 50 sessions."""
    query = call.query
    after = _after(call, query.after)
    found = open_sessions.list_sessions(tx, call.at, query.page_size, after, user_id=call.actor.id)
    cursor = _cursor(call, found.next_after)
    answer = OwnSessionsAnswer(OwnSessions([OwnSession(**_values(call, each)) for each in found.sessions], cursor))
    return call.whole(answer, next_link(call, "/me/sessions", cursor))


@ROUTES.add("DELETE", "/me/sessions/{session}", status=204, summary="End one of your sessions", guard=require_session)
def end_own(tx: Tx, call: Call[None, None], session: SessionPath) -> None:
    """Its tokens are void from the next request on, as after a logout. It may be the current one."""
    open_sessions.end_session(tx, call.by, session, user_id=call.actor.id)


class SessionsQuery(CursorQuery, frozen=True, kw_only=True):
    user_id: Annotated[Id, Meta(description="Those of this user")] | None = None


class Sessions(Struct):
    sessions: Annotated[list[SomebodysSession], Meta(description="The sessions of this page")]
    next: Next


class SessionsAnswer(Struct):
    data: Sessions


@ROUTES.add(
    "GET",
    "/sessions",
    summary="List everybody's sessions",
    permission=SESSIONS_READ,
    guard=require_desk,
    conditional=True,
    csv=True,
    headers=("Link",),
    example={"data": {"sessions": [_SOMEBODYS], "next": "WzE3NzI2MDA0MDAwMDAsIjRmMWMyMmQ5MGI3YWUzZDUiXQ"}},
)
def index(tx: Tx, call: Call[SessionsQuery, None]) -> Reply[SessionsAnswer]:
    """The newest first."""
    query = call.query
    after = _after(call, query.after)
    found = open_sessions.list_sessions(tx, call.at, query.page_size, after, user_id=query.user_id)
    cursor = _cursor(call, found.next_after)
    shown = [SomebodysSession(user_id=each.user_id, user=each.user, **_values(call, each)) for each in found.sessions]
    return call.whole(SessionsAnswer(Sessions(shown, cursor)), next_link(call, "/sessions", cursor))


@ROUTES.add(
    "DELETE",
    "/sessions/{session}",
    status=204,
    summary="End a session of anybody's",
    permission=SESSIONS_WRITE,
    guard=require_desk_in_session,
)
def end(tx: Tx, call: Call[None, None], session: SessionPath) -> None:
    """Its tokens are void from the next request on. Only admins end the sessions of admins."""
    open_sessions.end_session(tx, call.by, session)
