"""Who calls: the token of a request, from its header or its cookie, and the session that it belongs to; or an API
token, which has none.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from keesa import maintenance
from keesa.accounts import api_token_form, csrf, sessions
from keesa.accounts.actors import Actor
from keesa.accounts.api_token_cache import INVALID, ApiTokenCache, ApiTokenState
from keesa.accounts.last_use import LastUse
from keesa.accounts.session_cache import SessionCache, SessionState
from keesa.accounts.sessions import Session
from keesa.accounts.tokens import Signer
from keesa.api.file_addresses import FileAddresses
from keesa.clock import now
from keesa.db import Tx
from keesa.errors import Unauthorized
from keesa.web.http_errors import HttpError
from keesa.web.rate_windows import Subject
from keesa.web.routes import Access

ACCESS_COOKIE: Final = "jwt_access"
REFRESH_COOKIE: Final = "jwt_refresh"
CSRF_HEADER: Final = "X-CSRF-Token"
MAINTENANCE: Final = "We're temporarily offline for maintenance. Please try again later."
MAINTENANCE_RETRY: Final = "120"
"""Seconds."""
_SAFE_METHODS: Final = ("GET", "HEAD")


@dataclass(slots=True, eq=False)
class AuthenticatedCaller:
    """Who sent a request; without an actor where a route is for anyone."""

    actor: Actor | None = None
    session: Session | None = None
    names_revision: int = 0
    """Moves when the name of any user or customer changes."""
    epoch: int = 0
    """Another one where the desk has begun anew from an older state: what clients keep of an answer has it."""
    in_cookie: bool = False
    """Whether the token came in a cookie."""
    user_id: int | None = None
    version: str | None = None
    token_id: int | None = None
    """Of the API token that was sent."""
    seen: str | None = None
    """For `Tx.state`; None where the database was not asked for it."""

    def answer_headers(self) -> list[tuple[str, str]]:
        """To a page that sent its token in a cookie: a new mask of the session's CSRF token."""
        if not self.in_cookie or self.session is None:
            return []
        return [(CSRF_HEADER, csrf.masked(self.session.csrf_secret))]


@dataclass(slots=True, eq=False)
class Token:
    """A token whose signature is good; whether its session lives, the database knows."""

    uid: str
    access: Access
    in_cookie: bool
    csrf_token: str | None
    """That of the request; needed where the token came in a cookie and the method changes things."""
    cached: AuthenticatedCaller | None
    """The caller of the last request with it, where that is cached, and the method changes things."""
    subject: Subject
    """The user's requests are counted together. What renews or ends a session is counted by itself: such a token may
    be good for no more than this, and long after its session has ended.
    """


@dataclass(slots=True, eq=False)
class SentApiToken:
    """An API token whose form is good; whether it lives, the database knows."""

    hash: str
    subject: Subject | None
    """None where no request with it was answered well: anybody makes texts of that form."""
    cached: AuthenticatedCaller | None
    """As that of `Token`."""


@dataclass(slots=True, eq=False)
class SentAddress:
    """An address that this server has signed, and that is good: nobody in particular has it."""

    subject: Subject
    """Of a kind that may ask without limit: many people have one network address, and a page many images."""
    cached: None = None


_OF_ADDRESSES: Final = Subject("file", "")
_Sent = Token | SentApiToken | SentAddress
"""What shows who may call."""


class Authentication:
    """By the tokens that `signer` has signed, and the sessions and the API tokens in the database."""

    def __init__(
        self,
        signer: Signer,
        session_cache: SessionCache,
        api_tokens: ApiTokenCache,
        last_use: LastUse,
        addresses: FileAddresses,
    ) -> None:
        self._signer = signer
        self._sessions = session_cache
        self._api_tokens = api_tokens
        self._last_use = last_use
        self._addresses = addresses

    def read_token(self, request: Request, access: Access) -> _Sent | None:
        """The request's token, None where the route is for anyone, or its address is none; raises `Unauthorized`.

        The token is the last word of the header, so that `Bearer` may be missing. A bad header never falls back to
        the cookie. An API token is one in the header alone, and where no session is needed to refresh or to end.
        """
        if access is Access.ANYONE:
            return None
        if access is Access.SIGNED_ADDRESS:
            found = self._addresses.read(request.scope["path"].rstrip("/").rpartition("/")[2], now())
            return None if found is None else SentAddress(_OF_ADDRESSES)
        refreshing = access is Access.REFRESH_TOKEN
        header = request.headers.get("x-refresh-token" if refreshing else "authorization")
        text = _cookie(request, REFRESH_COOKIE if refreshing else ACCESS_COOKIE) if header is None else _last(header)
        if not text:
            raise Unauthorized("Your token is missing: log in, and send it with each request")
        if header is not None and access is Access.ACCESS_TOKEN and text.startswith(api_token_form.PREFIX):
            return self._read_api_token(request, text)
        claims = self._signer.claims(text, expired_too=access is Access.EXPIRED_ACCESS_TOKEN)
        uid = claims.uid
        changes = request.method not in _SAFE_METHODS
        needs_csrf = header is None and changes
        csrf_token = request.headers.get(CSRF_HEADER, "") if needs_csrf else None
        cached = None
        if access is Access.ACCESS_TOKEN and changes:
            known = self._sessions.cached(uid)
            cached = known and _authenticated(SessionState(caller=known), in_cookie=header is None)
        user_id = claims.user_id if access is Access.ACCESS_TOKEN else None
        subject = Subject("session", uid) if user_id is None else Subject("user", user_id)
        return Token(uid, access, header is None, csrf_token, cached, subject)

    def _read_api_token(self, request: Request, text: str) -> SentApiToken:
        """What is misspelt is looked for nowhere."""
        token_hash = self._api_tokens.hash_of(text)
        if token_hash is None:
            raise Unauthorized(INVALID)
        known = None if request.method in _SAFE_METHODS else self._api_tokens.cached(token_hash)
        token_id = self._api_tokens.id_of(token_hash)
        subject = None if token_id is None else Subject("token", token_id)
        return SentApiToken(token_hash, subject, _by_api_token(known) if known else None)

    def find_caller(self, tx: Tx, token: _Sent | Unauthorized | None) -> AuthenticatedCaller:
        """Raises `HttpError` (503) while the API is offline, before anything is said of the token; and `Unauthorized`
        where the token is none, the session has ended, or the CSRF token is not its own.
        """
        if isinstance(token, SentApiToken):
            return self._find_by_api_token(tx, token)
        state = self._state(tx, token) if isinstance(token, Token) else _of_nobody(tx)
        if state.offline:
            raise _offline()
        if token is None or isinstance(token, SentAddress):
            return AuthenticatedCaller(seen=state.seen)
        if isinstance(token, Unauthorized):
            raise token
        if state.caller is None:
            raise Unauthorized(sessions.ENDED)
        if token.csrf_token is not None and not csrf.matches(token.csrf_token, state.caller[1].csrf_secret):
            sentence = f"Your {CSRF_HEADER} is missing or wrong: a cookie alone is not enough to change things"
            raise Unauthorized(sentence)
        self._last_use.note(state.caller[1].refresh_uid, now())
        return _authenticated(state, in_cookie=token.in_cookie)

    def _find_by_api_token(self, tx: Tx, token: SentApiToken) -> AuthenticatedCaller:
        state = self._api_tokens.look(tx, token.hash)
        if state.offline:
            raise _offline()
        caller = _by_api_token(state)
        assert caller.token_id is not None  # noqa: S101 - its actor has one
        self._last_use.note(caller.token_id, now())
        return caller

    def _state(self, tx: Tx, token: Token) -> SessionState:
        if token.access is Access.ACCESS_TOKEN:
            return self._sessions.look(tx, token.uid)
        if maintenance.is_on(tx):
            return SessionState(offline=True)
        find = sessions.find_by_refresh if token.access is Access.REFRESH_TOKEN else sessions.find_by_access
        return SessionState(caller=find(tx, token.uid))


def _of_nobody(tx: Tx) -> SessionState:
    """Without a session to look for."""
    offline, seen = maintenance.look(tx)
    return SessionState(offline=offline, seen=seen)


def _authenticated(state: SessionState, *, in_cookie: bool) -> AuthenticatedCaller:
    assert state.caller is not None  # noqa: S101 - whoever calls this has checked
    actor, session = state.caller
    return AuthenticatedCaller(
        actor, session, state.names, state.epoch, in_cookie, actor.id, session.version, None, state.seen
    )


def _by_api_token(state: ApiTokenState) -> AuthenticatedCaller:
    actor = state.actor
    assert actor is not None  # noqa: S101 - whoever calls this is not offline
    return AuthenticatedCaller(
        actor,
        names_revision=state.names,
        epoch=state.epoch,
        user_id=actor.id,
        version=state.version,
        token_id=actor.token_id,
        seen=state.seen,
    )


def _offline() -> HttpError:
    return HttpError(503, MAINTENANCE, {"Retry-After": MAINTENANCE_RETRY})


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
    """The last word: a token may be as long as its roles give permissions, and is not looked through for blanks."""
    last = header.rstrip().rpartition(" ")[2]
    return last.rpartition("\t")[2]
