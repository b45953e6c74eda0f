"""`GET /metrics`: beside the API, for Prometheus."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from keesa.db.sqlite import SqliteDatabase
from keesa.metrics.access import Access
from keesa.metrics.cells import Slot
from keesa.metrics.exposition import Shown, encoded
from keesa.metrics.facts import Asking
from keesa.metrics.requests import RequestTable
from keesa.metrics.samples import Sampler
from keesa.web.http_errors import require_reading

PATH: Final = "/metrics"


@dataclass(frozen=True, slots=True)
class Metrics:
    """An ASGI application. What it tells is of all workers, whichever of them is asked."""

    access: Access
    slot: Slot
    table: RequestTable
    sampler: Sampler
    asking: Asking
    logins: frozenset[str]
    """The routes of logins."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        require_reading(scope)
        self.access.require(scope)
        facts = await self.asking.facts()
        self.sampler.sample()
        is_file = isinstance(self.sampler.sources.database, SqliteDatabase)
        shown = Shown(self.slot.cells, self.table, "sqlite" if is_file else "postgres", self.logins, facts)
        body, media_type = encoded(shown.metrics(), Headers(scope=scope).get("accept", ""))
        headers = {"Cache-Control": "no-store", "Content-Type": media_type, "Vary": "Accept, Authorization"}
        await Response(body, headers=headers)(scope, receive, send)
