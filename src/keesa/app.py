"""The composition root: configuration to database to the ASGI application. No logic of its own."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.types import Receive, Scope, Send

from keesa.accounts.api_token_cache import ApiTokenCache
from keesa.accounts.attempts import Limits, network_of
from keesa.accounts.last_use import LastUse
from keesa.accounts.session_cache import SessionCache
from keesa.accounts.tokens import Signer
from keesa.api import PREFIX
from keesa.api.application import Api
from keesa.api.health import Health
from keesa.api.last_use_writer import LastUseWriter
from keesa.api.openapi import WORDING
from keesa.api.services import Services
from keesa.api.start_page import start_page
from keesa.api.ticket_cache import TicketCache
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.clock import Clock
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.key_watch import open_keys
from keesa.logs import set_up_logs
from keesa.web.clients import Clients
from keesa.web.dispatcher import Dispatcher
from keesa.web.middleware import Middleware
from keesa.web.mounts import Mount, Mounts
from keesa.web.openapi.document import with_document
from keesa.web.routes import ApiVersion

VERSIONS: Final[tuple[ApiVersion, ...]] = with_document((VERSION_2024, VERSION_2021), WORDING)
"""The newest first."""

App = Callable[[Scope, Receive, Send], Awaitable[None]]


def build_app(config: Config) -> App:
    """The ASGI application of one worker process, with a database of its own that its shutdown closes."""
    set_up_logs(config.log_format)
    return serve_from(open_database(config.data, config.database_url, config.database_connections), config)


def serve_from(
    database: Database, config: Config, versions: Sequence[ApiVersion] = VERSIONS, mounts: Sequence[Mount] = ()
) -> App:
    """The same on a database that is open already, with further mounts; the application closes the database."""
    services = services_of(config)
    api = Api(services)
    dispatcher = Dispatcher(database, api, versions, body_limit=config.body_limit, network_of=network_of)
    health = Health(database)
    mounted = Mounts(
        [
            Mount(PREFIX, dispatcher),
            Mount("/health", health.health, alone=True),
            Mount("/ready", health.ready, alone=True),
            Mount("", start_page(PREFIX, [version.name for version in versions]), alone=True),
            *mounts,
        ]
    )
    clients = Clients(config.trusted_proxies, config.public_url)
    middleware = Middleware(mounted, config.cors_origins, clients)
    last_use = LastUseWriter(database, services.last_use)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            last_use.start()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            dispatcher.close()
            await last_use.stop()
            await database.aclose()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await middleware(scope, receive, send)

    return app


def services_of(config: Config) -> Services:
    clock = Clock(config.zone)
    return Services(
        clock=clock,
        number_form=config.number_form,
        signer=Signer(open_keys(config.data, config.secret, config.secret_previous)),
        limits=Limits(
            config.login_failures_per_user_and_address,
            config.login_failures_per_user,
            config.login_failures_per_address,
        ),
        sessions=SessionCache(),
        api_tokens=ApiTokenCache(),
        last_use=LastUse(),
        tickets=TicketCache(clock, config.cache_mib * 1024 * 1024),
    )
