"""What is noted of a request on its way, for its log line and its headers."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.types import Scope

from keesa.web.calls import Client
from keesa.web.clients import Clients
from keesa.web.request_headers import RequestHeaders

if TYPE_CHECKING:
    from keesa.web.application import Caller
    from keesa.web.routes import Route

REQUEST_ID: Final = "X-Request-Id"
TRACE: Final = "keesa.trace"
"""In a scope: the request's `Trace`."""
_SAFE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Trace:
    request_id: str
    client: Client
    mount: str = ""
    """The path of the application that answers; "" where there is none."""
    version: str = ""
    """The version that answers, as far as it is known."""
    route: "Route | None" = None
    """That version's route, likewise."""
    path: str | None = None
    """What the log has in place of the path, where that is a secret."""
    caller: "Caller | None" = None
    """Once the database has told."""
    rate_headers: Sequence[tuple[bytes, bytes]] = ()
    """What the answer tells of the caller's rate, once that has been counted."""
    waited: float = 0.0
    """Seconds for which it waited for something to tell, with nothing done for it."""
    failure: BaseException | None = None
    """What the server itself failed at; it is logged, and the answer tells nothing of it."""


def begin(scope: Scope, headers: RequestHeaders, clients: Clients) -> Trace:
    """A trace with the id that the client or its proxy gave, where it is a safe one, else a new one."""
    asked = headers.get(REQUEST_ID)
    return Trace(asked if asked and _SAFE.fullmatch(asked) else os.urandom(16).hex(), clients.client_of(scope, headers))
