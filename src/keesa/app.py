"""The composition root: configuration to database to doors. No logic of its own."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.types import Receive, Scope, Send

from keesa.accounts.attempts import Limits
from keesa.accounts.session_cache import SessionCache
from keesa.accounts.tokens import Signer
from keesa.api.clients import Clients
from keesa.api.door import Door
from keesa.api.edge import Edge
from keesa.api.http import ApiVersion, Desk
from keesa.api.openapi import with_document
from keesa.api.operations import Operations
from keesa.api.rendered import Rendered
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.clock import Clock
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.logs import set_up_logs
from keesa.secret_key import load_secret

VERSIONS: Final[tuple[ApiVersion, ...]] = with_document((VERSION_2024, VERSION_2021))

App = Callable[[Scope, Receive, Send], Awaitable[None]]


def build_app(config: Config) -> App:
    """The ASGI application of one worker process, with a database of its own that its shutdown closes."""
    set_up_logs(config.log_format)
    return serve_from(open_database(config.data, config.database_url), config)


def serve_from(database: Database, config: Config, versions: Sequence[ApiVersion] = VERSIONS) -> App:
    """The same on a database that is open already; the application closes it."""
    clock = Clock(config.zone)
    desk = Desk(
        clock=clock,
        number_form=config.number_form,
        signer=Signer(load_secret(config.data, config.secret)),
        limits=Limits(
            config.login_failures_per_user_and_address,
            config.login_failures_per_user,
            config.login_failures_per_address,
        ),
        session_cache=SessionCache(),
        rendered=Rendered(clock, config.cache_mib * 1024 * 1024),
    )
    door = Door(database, desk, versions, body_limit=config.body_limit)
    clients = Clients(config.trusted_proxies, config.public_url)
    edge = Edge(door, Operations(database), config.cors_origins, clients)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            door.close()
            database.close()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await edge(scope, receive, send)

    return app
