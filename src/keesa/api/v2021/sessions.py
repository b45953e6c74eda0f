"""Logging in and refreshing, as the 2021 document has them."""

from keesa.api import session_calls
from keesa.api.calls import Call
from keesa.api.v2021.answers import RenewedToken, Tokens
from keesa.db import Database, Tx
from keesa.web.bodies import RawBody
from keesa.web.replies import Reply


def log_in(database: Database, call: Call[None, RawBody]) -> Reply[Tokens]:
    """Opens a session whose calls are answered in the shape of 2021.

    `user` and `password` may stand in the query, in a form or in JSON; where several have one, the query counts.

    A wrong password, an unknown user and a disabled one are answered alike (401). Too many failures: 429.
    """
    tokens = session_calls.open_with_password(database, call, "2021")
    clock = call.services.clock
    assert tokens.refresh is not None  # noqa: S101 - a new session has one
    answer = Tokens(
        csrf=tokens.csrf,
        access=tokens.access.token,
        access_expires_at=clock.iso(tokens.access.expires_at),
        refresh=tokens.refresh.token,
        refresh_expires_at=clock.iso(tokens.refresh.expires_at),
    )
    return Reply(answer, tokens.headers)


def refresh(tx: Tx, call: Call[None, None]) -> Reply[RenewedToken]:
    """Another access token for the same session. The refresh token stays, and may be used again until it expires."""
    tokens = session_calls.refresh(tx, call)
    answer = RenewedToken(tokens.csrf, tokens.access.token, call.services.clock.iso(tokens.access.expires_at))
    return Reply(answer, tokens.headers)
