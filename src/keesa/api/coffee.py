"""The documents' 418: this server is a teapot (RFC 2324, the Hyper Text Coffee Pot Control Protocol)."""

from typing import Any, Final, NoReturn

from keesa.api.http import Call, Caller, Route
from keesa.api.problems import Problem
from keesa.db import Tx


def brew(_tx: Tx, _call: Call[Any, Any]) -> NoReturn:
    """Refused, always (RFC 2324). `BREW` is refused too."""
    raise Problem(418, "I'm a teapot: the Keesa server refuses to brew coffee")


COFFEE: Final = tuple(
    Route(
        method=method,
        path="/coffee",
        endpoint=brew,
        summary="Ask for coffee",
        answer=None,
        status=418,
        caller=Caller.ANYONE,
        shown=method == "GET",  # OpenAPI knows no BREW
    )
    for method in ("BREW", "GET")
)
