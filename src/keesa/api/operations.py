"""`GET /health` and `GET /ready`: for load balancers and people on call, outside the API and without a token."""

import msgspec
import structlog
from starlette.responses import Response

from keesa import maintenance
from keesa.db import Database, Tx
from keesa.db.migrate import check_schema
from keesa.errors import KeesaError

_log = structlog.get_logger("keesa.operations")


class Operations:
    """`/health` says that the process answers, `/ready` that its database does too and has the right schema."""

    paths = frozenset({"/health", "/ready"})

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer(self, path: str) -> Response:
        return _json(200, {"status": "ok"}) if path == "/health" else await self._ready()

    async def _ready(self) -> Response:
        def look(tx: Tx) -> bool:
            check_schema(tx)
            return maintenance.is_on(tx)

        try:
            offline = await self._database.aread(look)
        except KeesaError as error:
            _log.warning("not ready", reason=str(error))
            return _json(503, {"status": "unavailable", "error": str(error)}, {"Retry-After": "5"})
        return _json(200, {"status": "ready", "maintenance": offline})


def _json(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> Response:
    response = Response(msgspec.json.encode(body), status, headers, media_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
