"""`/password`: the page behind a link with which a user sets a password. It stands without a script, on any phone.

Opening it asks nothing of the database, so that what looks into mails uses no link up and learns nothing. Whose
password it is stands on the page alone that says it is set.
"""

import base64
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from keesa import maintenance
from keesa.accounts.actors import Actor
from keesa.accounts.attempts import Limits, network_of
from keesa.accounts.password_links import UsedLink, use_link
from keesa.accounts.passwords import LONGEST, SHORTEST
from keesa.api.authentication import MAINTENANCE, MAINTENANCE_RETRY
from keesa.clock import now
from keesa.db import Database
from keesa.errors import Invalid, KeesaError
from keesa.web import calls
from keesa.web.fair_queue import FairQueue
from keesa.web.http_errors import HttpError, describe
from keesa.web.receiving import read_within
from keesa.web.trace import TRACE, Trace

PATH: Final = "/password"
_LARGEST: Final = 16 * 1024
"""Bytes of the form."""
_SECONDS: Final = 60
"""In which it must have arrived."""
_FIELDS: Final = 10
_DIFFERENT: Final = "The two are not the same: write your password twice"
_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;padding:1rem;color:#111;background:#fff}"
    "main{max-width:24rem;margin:0 auto}h1{font-size:1.5rem}"
    "label{display:block;margin-top:1rem}"
    "input,button{box-sizing:border-box;width:100%;min-height:3rem;font:inherit;margin-top:.25rem;padding:0 .75rem}"
    "button{margin-top:1.5rem;color:#fff;background:#0b4f8a;border:0}[role=alert]{color:#a00000}"
)
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def link_to(public_url: str | None, call: calls.Call[Any, Any], token: str) -> str:
    """The page's address for whom the link is; by the request that asks for it where no public one is configured."""
    base = public_url or f"{'https' if call.client.secure else 'http'}://{call.headers['host']}{call.client.prefix}"
    return f"{base.rstrip('/')}{PATH}?{urlencode({'token': token})}"


class PasswordPage:
    """The ASGI application at that path; passwords are hashed in the threads in which logins are."""

    def __init__(self, database: Database, limits: Limits, threads: FairQueue) -> None:
        self._database = database
        self._limits = limits
        self._threads = threads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        match scope["method"]:
            case "GET" | "HEAD":
                page = _form(request.query_params.get("token", ""))
            case "POST":
                page = await self._set(request)
            case method:
                raise HttpError(405, f"This path knows GET, HEAD and POST, not {method}", {"Allow": "GET, HEAD, POST"})
        await page(scope, receive, send)

    async def _set(self, request: Request) -> Response:
        """The page that answers the form."""
        fields = _fields(await read_within(request, _LARGEST, _SECONDS))
        token, password = fields.get("token", ""), fields.get("password", "")
        if password != fields.get("again"):
            return _form(token, _DIFFERENT)
        if await self._database.aread(maintenance.is_on):
            return _message(503, "Not now", MAINTENANCE, {"Retry-After": MAINTENANCE_RETRY})
        try:
            actor = await self._use(request.scope[TRACE], token, password)
        except Invalid as error:
            return _form(token, "; ".join(f"Your password {fault}" for fault in error.faults["password"]))
        except (KeesaError, HttpError) as error:
            told = describe(error)
            return _message(told.status, "Your password is not set", told.sentence, told.headers)
        return _message(200, "Your password is set", f"{actor.nick_name}, you can log in with it now.", {})

    async def _use(self, trace: Trace, token: str, password: str) -> Actor:
        used = UsedLink(token, password, trace.client.address, trace.request_id)
        network, limits = network_of(used.address), self._limits
        return await self._threads.run(network, lambda: use_link(self._database, used, limits, now()))


def _fields(body: bytes) -> dict[str, str]:
    """Of the form; none of one that is unreadable."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS))
    except ValueError:
        return {}


def _form(token: str, fault: str = "") -> Response:
    said = f'<p role="alert">{escape(fault)}</p>' if fault else ""
    attributes = f'type="password" autocomplete="new-password" minlength="{SHORTEST}" maxlength="{LONGEST}" required'
    form = f"""{said}
<form method="post">
<input type="hidden" name="token" value="{escape(token)}">
<label for="password">New password, of at least {SHORTEST} characters</label>
<input id="password" name="password" {attributes}>
<label for="again">The same again</label>
<input id="again" name="again" {attributes}>
<button type="submit">Set the password</button>
</form>"""
    return _page(422 if fault else 200, "Set your password", form, {})


def _message(status: int, heading: str, sentence: str, headers: Mapping[str, str]) -> Response:
    return _page(status, heading, f'<p role="status"><bdi>{escape(sentence)}</bdi></p>', headers)


def _page(status: int, heading: str, content: str, headers: Mapping[str, str]) -> Response:
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(heading)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(heading)}</h1>
{content}
</main>
</body>
</html>
"""
    return Response(text, status, {**_HEADERS, **headers}, media_type="text/html")
