"""The API with routes of a test's own, served by the real HTTP server in this process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2

import cast
from http_serving import serving
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.app import serve_from
from keesa.config import Config
from keesa.db import Database
from keesa.web.mounts import Mount
from keesa.web.routes import Route
from logins import bearer


@asynccontextmanager
async def asking(
    database: Database,
    config: Config,
    routes: Sequence[Route],
    mounts: Sequence[Mount] = (),
    **limits: Any,  # noqa: ANN401
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of 2024 with these routes too, as an admin; `limits` are the HTTP server's."""
    version = replace(VERSION_2024, routes=[*VERSION_2024.routes, *routes])
    app = serve_from(database, config, (version, VERSION_2021), mounts)
    headers = bearer(cast.token(database, cast.ADMIN))
    async with (
        serving(app, **{"grace_seconds": 30.0, "idle_seconds": 30.0, "linger_seconds": 30.0, **limits}) as server,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=30) as client,
    ):
        yield client
