"""The composition root: configuration to database to the ASGI application. No logic of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.types import Receive, Scope, Send

from keesa.accounts import attempts
from keesa.accounts.api_token_cache import ApiTokenCache
from keesa.accounts.attempts import network_of
from keesa.accounts.audit.unknown_logins import UnknownLogins
from keesa.accounts.last_use import LastUse
from keesa.accounts.login import Guard
from keesa.accounts.name_hashes import NameHashes
from keesa.accounts.request_hashes import RequestHashes
from keesa.accounts.session_cache import SessionCache
from keesa.accounts.tokens import Signer
from keesa.api import PREFIX, password_page
from keesa.api.application import Api
from keesa.api.feed_cursors import FeedCursors
from keesa.api.feed_watch import FeedWatch
from keesa.api.file_addresses import FileAddresses
from keesa.api.gathered_logins import GatheredLogins
from keesa.api.health import Health
from keesa.api.last_use_writer import LastUseWriter
from keesa.api.openapi import WORDING
from keesa.api.password_page import PasswordPage
from keesa.api.replays import Replays
from keesa.api.request_shares import RequestShares
from keesa.api.services import Services
from keesa.api.session_calls import LOGINS
from keesa.api.start_page import start_page
from keesa.api.ticket_cache import TicketCache
from keesa.api.v2021 import VERSION_2021
from keesa.api.v2024 import VERSION_2024
from keesa.attachments.made import Limits
from keesa.attachments.receiving import Receiving
from keesa.clock import Clock
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.files.opening import Opening
from keesa.housekeeping import kinds_of
from keesa.jobs.kinds import Kinds
from keesa.jobs.worker import Worker
from keesa.key_watch import open_keys
from keesa.logs import set_up_logs
from keesa.metrics.access import Access
from keesa.metrics.cells import Slot, only_slot
from keesa.metrics.endpoint import PATH, Metrics
from keesa.metrics.requests import RequestCounts, RequestTable
from keesa.metrics.samples import Sampler, Sources
from keesa.pictures.decoding import Decoders
from keesa.server.connections import CONNECTIONS
from keesa.uploads.receiving import Receiver
from keesa.web.answer_cache import AnswerCache
from keesa.web.bodies import Bodies
from keesa.web.clients import Clients
from keesa.web.compression import Compressing
from keesa.web.dispatcher import Dispatcher
from keesa.web.fair_queue import FairQueue
from keesa.web.form_bodies import FormBodies
from keesa.web.forms import MIB, FormLimits
from keesa.web.middleware import Middleware
from keesa.web.mounts import Mount, Mounts
from keesa.web.openapi.document import with_document
from keesa.web.rates import Rates
from keesa.web.routes import ApiVersion
from keesa.web.scratch import NAME, Scratch

VERSIONS: Final[tuple[ApiVersion, ...]] = with_document((VERSION_2024, VERSION_2021), WORDING)
"""The newest first."""

ANSWERS_SHARE: Final = 4
"""Of what a worker keeps, one in so many bytes is of whole answers, the others of tickets."""

App = Callable[[Scope, Receive, Send], Awaitable[None]]


def build_app(config: Config, slot: Slot | None = None) -> App:
    """The ASGI application of one worker process, with a database of its own that its shutdown closes; it counts in
    that slot.
    """
    set_up_logs(config.log_format)
    database = open_database(config.data, config.database_url, config.database_connections)
    return serve_from(database, config, slot=slot)


def serve_from(
    database: Database,
    config: Config,
    versions: Sequence[ApiVersion] = VERSIONS,
    mounts: Sequence[Mount] = (),
    slot: Slot | None = None,
) -> App:
    """The same on a database that is open already, with further mounts; the application closes the database."""
    scratch, limits = Scratch(config.data / NAME), FormLimits(config.file_mib * MIB, config.files_per_call)
    services, threads = services_of(config, database, scratch), FairQueue()
    writers = LastUseWriter(database, services.last_use), GatheredLogins(database, services.logins.unknown)
    rates = Rates(rates_of(config), network_of, RequestShares(database))
    dispatcher = Dispatcher(
        database,
        Api(services),
        versions,
        bodies=Bodies(config.body_limit, FormBodies(scratch, limits)),
        network_of=network_of,
        threads=threads,
        rates=rates,
        answers=AnswerCache(config.cache_mib * 1024 * 1024 // ANSWERS_SHARE),
    )
    health, clients, slot = Health(database), Clients(config.trusted_proxies, config.public_url), slot or only_slot()
    counted = [
        Mount(PREFIX, dispatcher),
        Mount("/health", health.health, alone=True),
        Mount("/ready", health.ready, alone=True),
        Mount(password_page.PATH, Compressing(PasswordPage(database, services.logins.limits, threads)), alone=True),
        Mount("", start_page(PREFIX, [version.name for version in versions]), alone=True),
        *mounts,
    ]
    table = RequestTable(PREFIX, versions, [PATH, *(mount.path for mount in counted)])
    counts = RequestCounts(table, slot)
    sampler = Sampler(_sources(database, counts, services, dispatcher), slot)
    kinds = Kinds(kinds_of(services.clock, services.receiving.place))
    jobs = Worker(database, kinds, services.clock)
    sampler.sources.jobs = jobs.tally
    access = Access(config.metrics_token, config.metrics_from, clients, database)
    metrics = Metrics(access, table, sampler, logins=[PREFIX + path for path in LOGINS], kinds=kinds)
    mounted = Mounts([Mount(PATH, Compressing(metrics), alone=True), *counted])
    middleware = Middleware(mounted, config.cors_origins, clients, counts)
    slot.begin()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            connections = sampler.sources.connections = scope.get("extensions", {}).get(CONNECTIONS)
            if connections is not None:
                connections.when_stopping(services.feed_watch.stop)
            sampler.start()
            await asyncio.to_thread(scratch.sweep)
            for writer in writers:
                writer.start()
            if config.jobs:
                jobs.start()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            sampler.stop()
            dispatcher.close()
            services.receiving.close()
            await asyncio.gather(jobs.stop(), *(writer.stop() for writer in writers))
            await database.aclose()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await middleware(scope, receive, send)

    return app


def _sources(database: Database, counts: RequestCounts, services: Services, dispatcher: Dispatcher) -> Sources:
    return Sources(
        database,
        counts,
        services.sessions,
        services.tickets,
        dispatcher.threads,
        dispatcher.conversions,
        dispatcher.rates,
        dispatcher.answers,
    )


def rates_of(config: Config) -> dict[str, int]:
    """Requests a minute, by kind of subject."""
    return {
        "user": config.requests_per_user,
        "session": config.requests_per_user,
        "token": config.requests_per_token,
        "address": config.requests_per_address,
    }


def services_of(config: Config, database: Database, scratch: Scratch) -> Services:
    clock = Clock(config.zone)
    keys = open_keys(config.data, config.secret, config.secret_previous)
    limits = attempts.Limits(
        config.login_failures_per_user_and_address,
        config.login_failures_per_user,
        config.login_failures_per_address,
    )
    return Services(
        clock=clock,
        number_form=config.number_form,
        reopening=config.reopen_on_answer,
        signer=Signer(keys),
        logins=Guard(limits, NameHashes(keys), UnknownLogins()),
        sessions=SessionCache(),
        public_url=config.public_url,
        api_tokens=ApiTokenCache(),
        last_use=LastUse(),
        replays=Replays(RequestHashes(keys)),
        file_addresses=FileAddresses(keys),
        feed_cursors=FeedCursors(keys),
        feed_watch=FeedWatch(database),
        receiving=_receiving(config),
        uploads=Receiver(database, scratch),
        tickets=TicketCache(clock, config.cache_mib * 1024 * 1024 * (ANSWERS_SHARE - 1) // ANSWERS_SHARE),
    )


def _receiving(config: Config) -> Receiving:
    scratch = config.data / NAME
    return Receiving(
        Opening(config.files, config.data),
        Decoders(scratch, config.picture_megapixels, keep_data=config.keep_picture_data),
        scratch,
        Limits(config.files_per_call, config.files_per_ticket, config.file_mib * MIB),
    )
