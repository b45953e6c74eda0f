"""What `keesa serve` does: the database is made ready, a socket listens, and workers answer."""

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, NoReturn

import structlog

from keesa.accounts.audit.desk_acts import record_migrations
from keesa.accounts.audit.recording import keesa_itself
from keesa.api.health import PATHS
from keesa.app import App, build_app
from keesa.cli.full_backup import make_before_an_upgrade
from keesa.cli.greeting import demo_people, greeting
from keesa.cli.snapshots import LONGEST, require_place
from keesa.clock import Clock, now
from keesa.config import Config
from keesa.db import Database, open_database
from keesa.db.migrate import applying
from keesa.db.migration_files import version_of
from keesa.db.migration_plan import plan
from keesa.demo.people import Person
from keesa.demo.world import fill_if_empty, has_published_passwords
from keesa.errors import KeesaError, Refused
from keesa.files.claims import claim, owner
from keesa.files.opening import open_place
from keesa.logs import set_up_logs
from keesa.metrics.cells import Cells, Slot
from keesa.reports.recounting import other_zone
from keesa.secret_key import load_secret
from keesa.server.chores import Chore
from keesa.server.limits import Limits
from keesa.server.supervisor import Supervisor
from keesa.server.worker import work
from keesa.visible import visible

STOP_SECONDS: Final = 30
"""How long a stop waits for the answers under way."""
FILES_BESIDE: Final = 192
"""Files that a worker opens beside its connections: the database, threads' connections to it, the log."""
BACKUP_LOOK_SECONDS: Final = 600
"""Between two looks whether a back-up is due."""
BACKUP_SECONDS: Final = 2 * 3600
"""That one may take."""
SNAPSHOTS_SECONDS: Final = 60
"""After which what takes snapshots is begun anew where it has ended."""
SNAPSHOTS_LONGEST: Final = LONGEST + BACKUP_SECONDS
"""Seconds that it may go on."""
_IGNORED: Final = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What log rotation and the like may send: the log goes to standard error, there is nothing to open anew."""

_log = structlog.get_logger("keesa.serve")


def serve_as(config: Config) -> NoReturn:
    """Until a signal stops it."""
    set_up_logs(config.log_format)
    for number in _IGNORED:  # a migration may take long: they shall not end that either
        signal.signal(number, signal.SIG_IGN)
    prepare(config)
    with listening(config) as listener:
        sys.exit(serve_from(listener, config, build_app))


def serve_from(listener: socket.socket, config: Config, build: Callable[[Config, Slot], App]) -> int:
    """Serve what `build` makes in each worker, which counts in a slot of its own, until a signal stops it; the exit
    status.
    """
    limits, cells = limits_of(config), Cells(config.workers)

    def run(worker: int, heartbeat: int) -> None:
        _work(parent, partial(build, config, Slot(cells, worker)), listener, limits, heartbeat)

    parent = os.getpid()
    announce = partial(_announce, config.host, listener.getsockname()[1], demo_people(config))
    return Supervisor(run, config.workers, listener, announce, cells.end, STOP_SECONDS, chores_of(config)).serve()


def chores_of(config: Config) -> list[Chore]:
    """A back-up where the last one is older than the configuration asks for, whichever node has made it; and what takes
    snapshots, in one process, as the start of one each minute would cost more than they do. Raises `Refused` where the
    configuration does not say where to.
    """
    chores = []
    if config.backup_every:
        if config.backup_to is None:
            raise Refused("KEESA_BACKUP_EVERY is set: say where to with KEESA_BACKUP_TO")
        command = _backup(config, "--if-older-than", config.backup_every)
        chores.append(Chore("back-up", *command, BACKUP_LOOK_SECONDS, BACKUP_SECONDS))
    if config.snapshot_every:
        if config.backup_to is None:
            raise Refused("KEESA_SNAPSHOT_EVERY is set: say where to with KEESA_BACKUP_TO")
        require_place(config)
        command = _backup(config, "--changes", "--every-minutes", config.snapshot_every)
        chores.append(Chore("snapshots", *command, SNAPSHOTS_SECONDS, SNAPSHOTS_LONGEST))
    return chores


def _backup(config: Config, *arguments: object) -> tuple[Sequence[str], Mapping[str, str]]:
    """The command, and its environment."""
    own = {"KEESA_DATA": str(config.data)}
    if config.database_url:  # not among the arguments, which everybody sees
        own["KEESA_DATABASE_URL"] = config.database_url
    environ = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in own} | own
    return [sys.executable, "-m", "keesa", "backup", *map(str, arguments)], environ


def limits_of(config: Config) -> Limits:
    """Raises `Refused` where the system lets a process open too few files for any service."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    affordable = hard - FILES_BESIDE - Limits.overflow if hard != resource.RLIM_INFINITY else config.connections
    if affordable < 64:
        raise Refused(f"A process may open {hard} files here, which is too few: raise the limit (`ulimit -n`)")
    return Limits(
        connections=min(config.connections, affordable),
        urgent=PATHS,
        head_seconds=config.header_seconds,
        idle_seconds=config.idle_seconds,
        least_rate=config.least_rate,
        bodies_bytes=config.bodies_mib * 1024 * 1024,
        answers_bytes=config.answers_mib * 1024 * 1024,
    )


def prepare(config: Config) -> None:
    """Schema, secret, the place of files, and demo, before any worker starts."""
    database = open_database(config.data, config.database_url)
    try:
        if _log_plan(database):
            _log.info("backed up before the upgrade", made=make_before_an_upgrade(database, config))
        applied: list[int] = []
        for name in applying(database, _log.info):
            applied.append(version_of(name))
            _log.info("applied migration", migration=name)
        if applied:
            database.write(lambda tx: record_migrations(tx, keesa_itself(now()), applied))
        load_secret(config.data, config.secret)
        place = open_place(config.files, config.data, database.read(owner))
        claim(database, place)
        _log.info("files are kept", place=place.describe())
        if config.demo and fill_if_empty(database, config.zone, place):
            _log.info("filled the empty database with the documented world")
        if not config.may_show_demo and has_published_passwords(database):
            raise Refused(
                "The database holds the demo's users with their published passwords: host must be a loopback address,"
                " or KEESA_DEMO_ON_NETWORK yes, or give them other passwords"
            )
        if (sentence := database.read(lambda tx: other_zone(tx, Clock(config.zone)))) is not None:
            _log.warning("reports are refused", reason=sentence)
        _log.info("database is ready", database=database.describe())
    finally:
        database.close()


def _log_plan(database: Database) -> bool:
    """Of a database that is in use: who makes a new one knows. Whether there is anything to do with it."""
    planned = plan(database)
    if planned.state.version:
        for each in planned.migrations:
            _log.info(
                "migration is planned",
                migration=each.name,
                what=each.what,
                seconds=round(each.seconds),
                waiting=each.waiting,
                compatible=each.compatible,
            )
    return bool(planned.state.version and planned.migrations)


@contextmanager
def listening(config: Config) -> Iterator[socket.socket]:
    """A socket that listens, for all workers to accept from; a port in use is refused."""
    place = f"{config.host}:{config.port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family)
    except OSError as error:
        raise Refused(f"Cannot listen on {place}: {error.strerror}") from error
    except UnicodeError as error:
        raise Refused(f"Cannot listen on {place}: it is no host") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(Limits.backlog)
        except OSError as error:
            raise Refused(f"Cannot listen on {place}: {error.strerror}") from error
        yield listener


def _work(parent: int, build: Callable[[], App], listener: socket.socket, limits: Limits, heartbeat: int) -> None:
    """In a worker process."""
    try:
        work(parent, build, listener, limits, heartbeat, STOP_SECONDS)
    except KeesaError as error:
        print(visible(f"keesa: {error}"), file=sys.stderr)
        sys.exit(1)


def _announce(host: str, port: int, people: Sequence[Person]) -> None:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    with suppress(OSError):  # whoever has read enough may have closed it
        print(f"Keesa serves on {address}\n{greeting(people, address)}", end="", flush=True)
