"""Who may read the metrics: who has the token, and who asks from a network that the operator has named; else nobody.

They tell no person's name or address, and still how busy a desk is, and what it is made of.
"""

from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from keesa.config import Network
from keesa.web.clients import Clients
from keesa.web.http_errors import HttpError

CLOSED: Final = (
    "Nobody may read the metrics yet: KEESA_METRICS_TOKEN sets a token for it, KEESA_METRICS_FROM the networks that"
    " need none"
)
ELSEWHERE: Final = "The metrics may be read from the networks of KEESA_METRICS_FROM alone, without a proxy between"
UNKNOWN: Final = "The metrics need the token of KEESA_METRICS_TOKEN: Authorization: Bearer …"


class Access:
    def __init__(self, token: str | None, networks: Sequence[Network], clients: Clients) -> None:
        self._token = None if token is None else token.encode()
        self._networks = networks
        self._clients = clients

    def require(self, scope: Scope) -> None:
        """Raise `HttpError` (401, 403) for whom the metrics are not: the one place that decides it."""
        headers = Headers(scope=scope)
        if self._has_token(headers) or self._is_near(scope, headers):
            return
        if self._token is not None:
            raise HttpError(401, UNKNOWN, {"WWW-Authenticate": 'Bearer realm="metrics"'})
        raise HttpError(403, ELSEWHERE if self._networks else CLOSED)

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        token = self._token or b""
        is_it = compare_digest(given.strip().encode("latin-1"), token)  # in the same time, wherever they differ
        return bool(token) and scheme.lower() == "bearer" and is_it

    def _is_near(self, scope: Scope, headers: Headers) -> bool:
        """A page in a browser that happens to be near is somebody else's: it tells its origin."""
        if not self._networks or "origin" in headers:
            return False
        address = self._clients.certain_address(scope, headers)
        return address is not None and any(address in network for network in self._networks)
