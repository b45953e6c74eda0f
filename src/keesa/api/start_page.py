"""`GET /`: what a person with the address alone needs to go on."""

from collections.abc import Sequence

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import keesa
from keesa.web.http_errors import require_reading
from keesa.web.trace import TRACE


def start_page(api: str, versions: Sequence[str]) -> ASGIApp:
    """The name, and the paths of the API, its documents and its health, below the client's prefix."""

    async def show(scope: Scope, receive: Receive, send: Send) -> None:
        require_reading(scope)
        prefix = scope[TRACE].client.prefix
        page = {
            "name": "Keesa",
            "version": keesa.__version__,
            "api": prefix + api,
            "openapi": {version: f"{prefix}{api}/openapi.json?version={version}" for version in versions},
            "health": f"{prefix}/health",
            "ready": f"{prefix}/ready",
        }
        body = msgspec.json.format(msgspec.json.encode(page), indent=2)
        await Response(body, media_type="application/json")(scope, receive, send)

    return show
