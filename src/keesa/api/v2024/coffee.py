"""The documents' 418: this server is a teapot (RFC 2324, the Hyper Text Coffee Pot Control Protocol)."""

from typing import NoReturn

from keesa.api.calls import Call
from keesa.db import Tx
from keesa.web.http_errors import HttpError
from keesa.web.routes import Access, Routes

ROUTES = Routes()


@ROUTES.add(
    "BREW", "/coffee", summary="Ask for coffee", documented=True, status=418, access=Access.ANYONE, in_openapi=False
)
@ROUTES.add("GET", "/coffee", summary="Ask for coffee", documented=True, status=418, access=Access.ANYONE)
def brew(_tx: Tx, _call: Call[None, None]) -> NoReturn:
    """Refused, always (RFC 2324). `BREW` is refused too."""
    raise HttpError(418, "I'm a teapot: the Keesa server refuses to brew coffee")
