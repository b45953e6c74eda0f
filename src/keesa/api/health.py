"""`GET /health` and `GET /ready`: for load balancers and people on call, outside the API and without a token."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final, NoReturn

import msgspec
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from keesa import maintenance
from keesa.db import Database, Tx
from keesa.db.migrate import check_schema
from keesa.errors import KeesaError, Unavailable
from keesa.readiness import prove_writing
from keesa.web.http_errors import require_reading

PATHS: Final = frozenset({"/health", "/ready"})
INTERVAL: Final = 5.0
"""Seconds for which the last try's outcome stands."""
PATIENCE: Final = 3.0
"""Seconds that a try may take: a load balancer is to have its answer before it gives up itself."""

_log = structlog.get_logger("keesa.health")


@dataclass(frozen=True, slots=True)
class _Tried:
    """When a write was tried last, on the monotonic clock, and what stood against it."""

    at: float
    failure: KeesaError | None

    @property
    def stands(self) -> bool:
        return time.monotonic() - self.at < INTERVAL


class Health:
    """`/health` says that the process answers, `/ready` that its database has the right schema and takes writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tried = _Tried(-INTERVAL, None)
        self._trying: asyncio.Task[bool] | None = None

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/health`, as an ASGI application."""
        require_reading(scope)
        await _json(200, {"status": "ok"})(scope, receive, send)

    async def ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/ready`, likewise."""
        require_reading(scope)
        await (await self._ready())(scope, receive, send)

    async def _ready(self) -> Response:
        """Who asks while another one does, hears the same."""
        if self._trying is None:
            self._trying = asyncio.ensure_future(self._try())
            self._trying.add_done_callback(self._forget)
        try:
            offline = await asyncio.shield(self._trying)
        except KeesaError as error:
            return _json(503, {"status": "unavailable", "error": str(error)}, {"Retry-After": "5"})
        return _json(200, {"status": "ready", "maintenance": offline})

    def _forget(self, _: object) -> None:
        self._trying = None

    async def _try(self) -> bool:
        """Whether maintenance is on; raises `KeesaError` where the database does not read and write."""
        if self._tried.failure and self._tried.stands:
            raise self._tried.failure
        try:
            async with asyncio.timeout(PATIENCE):
                offline = await self._database.aread(_look)
                if not self._tried.stands:
                    self._database.require_writable()
                    await self._database.awrite(prove_writing)
                    self._tried = _Tried(time.monotonic(), None)
        except TimeoutError:
            self._fail(Unavailable("The database does not answer in time"))
        except KeesaError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, a load balancer is to look elsewhere
            self._fail(Unavailable("The database cannot be used now: the log tells why"), error)
        return offline

    def _fail(self, failure: KeesaError, cause: Exception | None = None) -> NoReturn:
        self._tried = _Tried(time.monotonic(), failure)
        _log.warning("not ready", reason=str(failure), exc_info=cause)
        raise failure from cause


def _look(tx: Tx) -> bool:
    check_schema(tx)
    return maintenance.is_on(tx)


def _json(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    response = Response(msgspec.json.encode(body), status, headers, media_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
