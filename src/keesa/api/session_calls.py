"""What both versions' session endpoints share: the steps of each call, and the cookies of the server's own pages."""

from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct

from keesa.accounts import csrf, sessions
from keesa.accounts.login import Credentials, log_in
from keesa.accounts.refreshing import refresh as refreshed
from keesa.accounts.sessions import ACCESS_LIFETIME, REFRESH_LIFETIME, Session, Version
from keesa.accounts.tokens import Issued, Payload, access_payload, cookie_payload
from keesa.api.authentication import ACCESS_COOKIE, CSRF_HEADER, REFRESH_COOKIE
from keesa.api.calls import Call
from keesa.api.credentials import read_credentials
from keesa.api.wording import FIELDS
from keesa.db import Database, Tx
from keesa.web.bodies import RawBody
from keesa.web.calls import Client
from keesa.web.input.fields import build, read_fields
from keesa.web.routes import Parameter

LOGINS: Final = ("/auth", "/auth/login")
"""The paths of logins, in either version."""
COOKIES_HEADER: Final = "Keesa-Cookies"
"""`true` asks for the tokens in cookies too."""
_PATHS: Final = {ACCESS_COOKIE: "", REFRESH_COOKIE: "/api/v1/auth"}
"""Below the path at which the client finds the server."""
FORMS: Final = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
LOGIN_LIMIT: Final = 16 * 1024
"""Bytes of a login's body."""
LOGIN_PARAMETERS: Final = (
    Parameter("user", "query", FIELDS["user"]["description"]),
    Parameter("password", "query", FIELDS["password"]["description"]),
    Parameter(COOKIES_HEADER, "header", "For browsers: the tokens in cookies too", "KeesaCookies", ["true"]),
)
SESSION_HEADERS: Final = (CSRF_HEADER, "Set-Cookie")
"""Of the answers to pages that have their tokens in cookies."""
LOGIN_EXAMPLE: Final = {"user": "mariyam@example.com", "password": "a long password"}
LOGIN_ERRORS: Final = {400: None, 401: "Invalid credentials", 415: None, 422: None, 429: None}


class Login(Struct, frozen=True):
    """The credentials, wherever they stood."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an answer of the session endpoints is made of; `refresh` is None where it stays as it is."""

    csrf: str
    access: Issued
    refresh: Issued | None
    headers: list[tuple[str, str]]


def open_with_password(database: Database, call: Call[None, RawBody], version: Version) -> Tokens:
    """Raises `Invalid` where user or password is missing, and as `log_in`."""
    given = read_credentials(call.raw_query, call.body.content, call.headers)
    login = build(Login, read_fields(Login, given))
    device = sessions.device_of(call.headers.get("user-agent", ""))
    credentials = Credentials(login.user, login.password, call.client.address, device, call.request_id)
    actor, session = log_in(database, credentials, version, call.services.logins, call.at, call.keep_done)
    payload = access_payload(actor, session, call.at + ACCESS_LIFETIME)
    return _tokens(call, payload, session, call.services.signer.refresh(actor, session))


def refresh(tx: Tx, call: Call[Any, Any]) -> Tokens:
    """The same access token for all that refresh within a minute."""
    return _tokens(call, refreshed(tx, call.actor, call.session, call.at), call.session, None)


def log_out(tx: Tx, call: Call[Any, Any]) -> list[tuple[str, str]]:
    """End the session; the headers that clear its cookies, if it had any."""
    sessions.end(tx, call.by, call.session)
    if not call.caller.in_cookie:
        return []
    return [_cookie(call.client, name, "", 0) for name in _PATHS]


def _tokens(call: Call[Any, Any], payload: Payload, session: Session, renewal: Issued | None) -> Tokens:
    signer = call.services.signer
    access = signer.sign(payload)
    mask = csrf.masked(session.csrf_secret)
    headers = []
    if call.headers.get(COOKIES_HEADER) == "true" or call.caller.in_cookie:
        small = signer.sign(cookie_payload(payload)).token
        headers = [(CSRF_HEADER, mask), _cookie(call.client, ACCESS_COOKIE, small, ACCESS_LIFETIME)]
        if renewal:
            headers.append(_cookie(call.client, REFRESH_COOKIE, renewal.token, REFRESH_LIFETIME))
    return Tokens(mask, access, renewal, headers)


def _cookie(client: Client, name: str, value: str, lifetime: int) -> tuple[str, str]:
    """A cookie that no script reads and no other site sends; `lifetime` in milliseconds."""
    secure = "; Secure" if client.secure else ""
    path = client.prefix + _PATHS[name] or "/"
    text = f"{name}={value}; Path={path}; Max-Age={lifetime // 1000}; HttpOnly; SameSite=Strict{secure}"
    return "Set-Cookie", text
