"""Who calls: the token of a request, from its header or its cookie, and the session that it belongs to."""

from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request

from keesa import maintenance
from keesa.accounts import csrf, sessions
from keesa.accounts.session_cache import Caller as Known
from keesa.accounts.session_cache import SessionCache, SessionState
from keesa.accounts.tokens import Signer
from keesa.api.http import Caller
from keesa.api.signing_in import ACCESS_COOKIE, CSRF_HEADER, REFRESH_COOKIE
from keesa.db import Tx
from keesa.errors import Unauthorized

_SAFE_METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature is good; whether its session lives, the database knows."""

    uid: str
    caller: Caller
    in_cookie: bool
    csrf_token: str | None
    """What the request shows; needed where the token came in a cookie and the method changes things."""


def read_token(request: Request, caller: Caller, signer: Signer) -> Token | None:
    """The request's token, None where the route is for anyone; raises `Unauthorized`.

    The token is the last word of the header, so that `Bearer` may be missing. A bad header never falls back to
    the cookie.
    """
    if caller is Caller.ANYONE:
        return None
    refreshing = caller is Caller.WITH_REFRESH
    header = request.headers.get("x-refresh-token" if refreshing else "authorization")
    text = _cookie(request, REFRESH_COOKIE if refreshing else ACCESS_COOKIE) if header is None else _last(header)
    if not text:
        raise Unauthorized("Your token is missing: log in, and send it with each request")
    uid = signer.uid(text, expired_too=caller is Caller.WITH_ACCESS_EVER)
    needs_csrf = header is None and request.method not in _SAFE_METHODS
    shown = request.headers.get(CSRF_HEADER, "") if needs_csrf else None
    return Token(uid, caller, in_cookie=header is None, csrf_token=shown)


def find_caller(tx: Tx, token: Token | None, session_cache: SessionCache) -> SessionState:
    """How things stand for the request; nobody calls where there is no token. Raises `Unauthorized` where the session
    has ended, or the CSRF token is not its own, unless the API is offline for all.
    """
    if token is not None and token.caller is Caller.WITH_ACCESS:
        standing = session_cache.look(tx, token.uid)
    else:
        standing = SessionState(maintenance.is_on(tx), 0, None)
        if token is not None and not standing.offline:
            find = sessions.find_by_refresh if token.caller is Caller.WITH_REFRESH else sessions.find_by_access
            standing = replace(standing, caller=find(tx, token.uid))
    if token is not None and not standing.offline:
        _require_own(token, standing.caller)
    return standing


def _require_own(token: Token, caller: Known | None) -> None:
    if caller is None:
        raise Unauthorized(sessions.ENDED)
    if token.csrf_token is not None and not csrf.matches(token.csrf_token, caller[1].csrf_secret):
        raise Unauthorized(f"Your {CSRF_HEADER} is missing or wrong: a cookie alone is not enough to change things")


def _cookie(request: Request, name: str) -> str:
    """The first cookie of that name: browsers send the one of the longest path first (RFC 6265, section 5.4).

    A token needs none of the escapes that cookies may have; to read those takes some libraries quadratic time.
    """
    for pair in ";".join(request.headers.getlist("cookie")).split(";"):
        found, _, value = pair.partition("=")
        if found.strip() == name:
            return value.strip().removeprefix('"').removesuffix('"')
    return ""


def _last(header: str) -> str:
    words = header.split()
    return words[-1] if words else ""
