"""`GET /metrics`: beside the API, for Prometheus."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from keesa.db.sqlite import SqliteDatabase
from keesa.jobs.kinds import Kinds
from keesa.metrics.access import Access
from keesa.metrics.exposition import Shown, encoded
from keesa.metrics.facts import Asking
from keesa.metrics.requests import RequestTable
from keesa.metrics.samples import Sampler
from keesa.web.http_errors import require_reading

if TYPE_CHECKING:
    from keesa.metrics.families import Engine

PATH: Final = "/metrics"


class Metrics:
    """An ASGI application. What it tells is of all workers, whichever of them is asked; `logins` are routes."""

    def __init__(
        self, access: Access, table: RequestTable, sampler: Sampler, *, logins: Collection[str], kinds: Kinds
    ) -> None:
        self._access = access
        self._table = table
        self._sampler = sampler
        self._logins = logins
        database = sampler.sources.database
        self._asking = Asking(database, kinds)
        self._engine: Engine = "sqlite" if isinstance(database, SqliteDatabase) else "postgres"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        require_reading(scope)
        await self._access.require(scope)
        facts = await self._asking.facts()
        self._sampler.sample()
        shown = Shown(self._sampler.slot.cells, self._table, self._engine, self._logins, facts)
        accept = Headers(scope=scope).get("accept", "")
        # 15 ms where each route was asked in each way: not on the loop, where all others would wait for them
        body, media_type = await asyncio.to_thread(encoded, shown.metrics(), accept)
        headers = {"Cache-Control": "no-store", "Content-Type": media_type, "Vary": "Accept, Authorization"}
        await Response(body, headers=headers)(scope, receive, send)
