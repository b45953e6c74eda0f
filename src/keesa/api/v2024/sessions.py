"""Logging in, refreshing and logging out, as the 2024 document has them."""

from typing import Final

from msgspec import Struct

from keesa.api import session_calls
from keesa.api.calls import Call
from keesa.api.v2024.fields import Message, Time
from keesa.db import Database, Tx
from keesa.web.bodies import RawBody
from keesa.web.replies import Reply
from keesa.web.routes import Access, Routes

ROUTES = Routes()

_TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.e30.signature"  # noqa: S105 - no token at all


class Tokens(Struct):
    access: str
    access_expires_at: Time
    refresh: str
    refresh_expires_at: Time


class RenewedToken(Struct):
    access: str
    access_expires_at: Time


@ROUTES.add(
    "POST",
    "/auth/login",
    summary="Log in with an email address and a password",
    documented=True,
    access=Access.ANYONE,
    body_schema=session_calls.Login,
    body_example=session_calls.LOGIN_EXAMPLE,
    body_limit=session_calls.LOGIN_LIMIT,
    media_types=session_calls.FORMS,
    parameters=session_calls.LOGIN_PARAMETERS,
    headers=session_calls.SESSION_HEADERS,
    errors=session_calls.LOGIN_ERRORS,
    secret=True,
    example={
        "access": _TOKEN,
        "access_expires_at": "2025-03-04T10:00:00.000+05:00",
        "refresh": _TOKEN,
        "refresh_expires_at": "2025-03-14T09:00:00.000+05:00",
    },
)
def log_in(database: Database, call: Call[None, RawBody]) -> Reply[Tokens]:
    """Opens a session whose calls are answered in the shape of 2024.

    `user` and `password` may stand in the query, in a form or in JSON; where several have one, the query counts.

    A wrong password, an unknown user and a disabled one are answered alike (401). Too many failures: 429.
    """
    tokens = session_calls.open_with_password(database, call, "2024")
    clock = call.services.clock
    assert tokens.refresh is not None  # noqa: S101 - a new session has one
    answer = Tokens(
        access=tokens.access.token,
        access_expires_at=clock.iso(tokens.access.expires_at),
        refresh=tokens.refresh.token,
        refresh_expires_at=clock.iso(tokens.refresh.expires_at),
    )
    return Reply(answer, tokens.headers)


@ROUTES.add(
    "POST",
    "/auth/refresh",
    summary="Get a new access token; the old one ends a minute later",
    documented=True,
    access=Access.REFRESH_TOKEN,
    headers=session_calls.SESSION_HEADERS,
    secret=True,
    example={"access": _TOKEN, "access_expires_at": "2025-03-04T11:00:00.000+05:00"},
)
def refresh(tx: Tx, call: Call[None, None]) -> Reply[RenewedToken]:
    """Another access token for the same session. The refresh token stays, and may be used again until it expires."""
    tokens = session_calls.refresh(tx, call)
    answer = RenewedToken(tokens.access.token, call.services.clock.iso(tokens.access.expires_at))
    return Reply(answer, tokens.headers)


@ROUTES.add(
    "DELETE",
    "/auth/logout",
    summary="End the session of an access token, expired or not",
    documented=True,
    access=Access.EXPIRED_ACCESS_TOKEN,
    headers=session_calls.SESSION_HEADERS,
    example={"message": "Successfully logged out"},
)
@ROUTES.add(
    "DELETE",
    "/auth/logout_by_refresh",
    summary="End the session of a refresh token",
    documented=True,
    access=Access.REFRESH_TOKEN,
    headers=session_calls.SESSION_HEADERS,
    example={"message": "Successfully logged out"},
)
def log_out(tx: Tx, call: Call[None, None]) -> Reply[Message]:
    """Ends the whole session at once, its access and its refresh token. A second time is 401."""
    return Reply(Message("Successfully logged out"), session_calls.log_out(tx, call))
