"""Who may read the metrics: who has the token of the configuration, or an API token with the permission for it, and who
asks from a network that the operator has named; else nobody.

They tell no person's name or address, and still how busy a desk is, and what it is made of.
"""

from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from keesa.accounts.api_token_cache import api_token_actor
from keesa.accounts.api_token_form import hash_of
from keesa.accounts.permissions import METRICS_READ, lacking
from keesa.config import Network
from keesa.db import Database
from keesa.web.clients import Clients
from keesa.web.http_errors import HttpError

CLOSED: Final = (
    f"The metrics need an API token with the permission {METRICS_READ}; or KEESA_METRICS_TOKEN sets a token for them,"
    " KEESA_METRICS_FROM the networks that need none"
)
ELSEWHERE: Final = "The metrics may be read from the networks of KEESA_METRICS_FROM alone, without a proxy between"
UNKNOWN: Final = (
    f"The metrics need the token of KEESA_METRICS_TOKEN, or an API token with the permission {METRICS_READ}:"
    " Authorization: Bearer …"
)
ENDED: Final = "Your API token is invalid, or good no more"
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="metrics"'}


class Access:
    def __init__(self, token: str | None, networks: Sequence[Network], clients: Clients, database: Database) -> None:
        self._database = database
        self._token = None if token is None else token.encode()
        self._networks = networks
        self._clients = clients

    async def require(self, scope: Scope) -> None:
        """Raise `HttpError` (401, 403) for whom the metrics are not: the one place that decides it. An API token alone
        needs the database; raises `Unavailable` where that does not answer.
        """
        headers = Headers(scope=scope)
        sent = _bearer(headers)
        if self._is_the_token(sent) or self._is_near(scope, headers):
            return
        if hash_of(sent) is not None:
            await self._require_permission(sent)
            return
        if self._token is not None:
            raise HttpError(401, UNKNOWN, _CHALLENGE)
        raise HttpError(403, ELSEWHERE if self._networks else CLOSED)

    async def _require_permission(self, sent: str) -> None:
        actor = await self._database.aread(lambda tx: api_token_actor(tx, sent))
        if actor is None:
            raise HttpError(401, ENDED, _CHALLENGE)
        if not actor.may(*METRICS_READ):
            raise HttpError(403, str(lacking(METRICS_READ)))

    def _is_the_token(self, sent: str) -> bool:
        token = self._token or b""
        is_it = compare_digest(sent.encode("latin-1"), token)  # in the same time, wherever they differ
        return bool(token) and is_it

    def _is_near(self, scope: Scope, headers: Headers) -> bool:
        """A page in a browser that happens to be near is somebody else's: it tells its origin."""
        if not self._networks or "origin" in headers:
            return False
        address = self._clients.certain_address(scope, headers)
        return address is not None and any(address in network for network in self._networks)


def _bearer(headers: Headers) -> str:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""
