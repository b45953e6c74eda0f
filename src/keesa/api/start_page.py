"""`GET /`: what a person with the address alone needs to go on."""

import msgspec
from starlette.responses import Response

import keesa
from keesa.api.openapi import PREFIX
from keesa.api.table import NEWEST_FIRST


def start_page(prefix: str) -> Response:
    """The name, and the paths of the API, its documents and its health, below `prefix`."""
    api = prefix + PREFIX
    page = {
        "name": "Keesa",
        "version": keesa.__version__,
        "api": api,
        "openapi": {version: f"{api}/openapi.json?version={version}" for version in NEWEST_FIRST},
        "health": f"{prefix}/health",
        "ready": f"{prefix}/ready",
    }
    return Response(msgspec.json.format(msgspec.json.encode(page), indent=2), media_type="application/json")
