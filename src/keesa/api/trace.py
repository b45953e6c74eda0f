"""What is noted of a request on its way, for its log line and its headers."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from keesa.accounts.sessions import Version
from keesa.api.clients import End
from keesa.api.http import Route

REQUEST_ID: Final = "X-Request-Id"
_SAFE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Trace:
    request_id: str
    end: End
    """The client's, as far as proxies can be believed."""
    version: Version = "2024"
    """The version that answers, as far as it is known."""
    route: Route | None = None
    """That version's route, likewise."""
    user_id: int | None = None
    csrf_secret: str | None = None
    """Of the session whose token came in a cookie: each answer to it brings a token that its page may use."""
    failure: BaseException | None = None
    """What the server itself failed at; it is logged, and the answer tells nothing of it."""


def begin(asked: str | None, end: End) -> Trace:
    """A trace with the id that the client or its proxy gave, where it is a safe one, else a new one."""
    return Trace(asked if asked and _SAFE.fullmatch(asked) else uuid4().hex, end)
