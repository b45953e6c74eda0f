"""`keesa serve`."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import Annotated, Any, Final

import structlog
import typer
from granian import _signals
from granian._granian import WorkerSignal
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from keesa.app import App, build_app
from keesa.cli.greeting import greeting
from keesa.cli.options import Data, DatabaseUrl
from keesa.config import Config, load_config
from keesa.db import open_database
from keesa.db.migrate import migrate
from keesa.demo.world import fill_if_empty
from keesa.errors import Refused
from keesa.logs import set_up_logs
from keesa.secret_key import load_secret

STOP_SECONDS: Final = 30
"""How long a stop waits for the answers under way."""
_PR_SET_PDEATHSIG: Final = 1

_log = structlog.get_logger("keesa.serve")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8000")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer.", show_default="1")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    demo: Annotated[
        bool | None, typer.Option("--demo", help="Fill an empty database with the documented world.")
    ] = None,
) -> None:
    """Serve the API. Each option may come as KEESA_NAME in the environment too; stops cleanly on SIGTERM."""
    config = load_config(
        os.environ, host=host, port=port, workers=workers, data=data, database_url=database_url, demo=demo
    )
    set_up_logs(config.log_format)
    _prepare(config)
    with _reserved(config) as reserved:
        server = _Server(config, *reserved.getsockname()[:2])
        try:
            server.serve(target_loader=partial(_load, os.getpid(), reserved, config), wrap_loader=False)
        except SystemExit:
            if not server.interrupt_signal:  # else a worker heard of the stop first, and was taken for a failed one
                raise


def _prepare(config: Config) -> None:
    """Schema, secret and demo, before any worker starts."""
    database = open_database(config.data, config.database_url)
    try:
        for name in migrate(database):
            _log.info("applied migration", migration=name)
        load_secret(config.data, config.secret)
        if config.demo and fill_if_empty(database, config.zone):
            _log.info("filled the empty database with the documented world")
        _log.info("database is ready", database=database.describe())
    finally:
        database.close()


def _reserved(config: Config) -> socket.socket:
    """A socket that holds the port, without listening, while the workers share it.

    They bind with SO_REUSEPORT, which a second server could too, and take half of the requests: so the first bind
    here is an exclusive one, and a port in use is refused.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        with socket.socket(family) as exclusive:
            exclusive.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            exclusive.bind((config.host, config.port))
            port = exclusive.getsockname()[1]
        shared = socket.socket(family)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind((config.host, port))
    except OSError as error:
        raise Refused(f"Cannot listen on {config.host}:{config.port}: {error.strerror}") from error
    return shared


class _Server(MPServer):
    """granian's server of worker processes; it says where it serves, and stops workers that are still loading too."""

    def __init__(self, config: Config, address: str, port: int) -> None:
        super().__init__(
            "keesa",
            address=address,
            port=port,
            interface=Interfaces.ASGI,
            workers=config.workers,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_SECONDS,
            log_level=LogLevels.warning,
            log_dictconfig={"version": 1, "disable_existing_loggers": False, "loggers": _GRANIAN_LOGGERS},
        )
        self._config = config

    def startup(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - granian's own, passed on
        super().startup(*args, **kwargs)  # type: ignore[no-untyped-call]  # granian's have no types
        # after the workers were forked: none shall inherit a lock that this thread holds
        threading.Thread(target=_announce, args=(self._config, self.bind_addr, self.bind_port), daemon=True).start()

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as above
        if os.getpid() != self.pid:
            os._exit(0)  # a worker inherits this handler until it serves: nothing is under way in it
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]  # as above


_GRANIAN_LOGGERS: Final = {"_granian": {"handlers": [], "propagate": True}}


def _load(parent: int, reserved: socket.socket, config: Config) -> App:
    """In a worker process: the application."""
    reserved.close()  # the port is held by the parent alone, so that it is free as soon as that ends
    _give_memory_back()
    _signals.set_loop_signals = _stop_once
    _end_with(parent)
    return build_app(config)


def _give_memory_back() -> None:
    """Have the C library return large pieces (a password check's 19 MiB, a long list) to the system at once, and share
    its pools among threads: left to itself it keeps some hundred megabytes more after a busy hour.
    """
    with suppress(OSError, AttributeError):  # not glibc
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in _MALLOC.items():
            mallopt(parameter, value)


_MALLOC: Final = {
    -1: 4 * 1024 * 1024,  # M_TRIM_THRESHOLD, bytes
    -3: 1024 * 1024,  # M_MMAP_THRESHOLD, bytes
    -8: 2,  # M_ARENA_MAX
}
"""Parameters of mallopt(3)."""


def _stop_once(loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """In place of granian's own: the signal that a worker stops at, set on SIGTERM or SIGINT, and only once.

    Setting granian's again, as a second SIGTERM does, blocks the event loop for good while an answer is under way; and
    a signal that comes before the loop runs would be lost. Until then the parent's handler is in place.
    """
    told = WorkerSignal()
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        if not asked:
            asked = True
            signal.alarm(STOP_SECONDS + 1)  # the parent, if it is still there, is faster
            told.set()

    def listen() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)

    loop.call_soon(listen)
    return told


def _end_with(parent: int) -> None:
    """Have this process get a SIGTERM when the parent ends, however it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)  # it died before it could tell


def _announce(config: Config, address: str, port: int) -> None:
    """Print the address as soon as it answers, and what the demo's visitors need."""
    host = config.host
    within = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 - compared, not bound
    while not _answers(within, port):
        time.sleep(0.02)
    shown = f"[{host}]" if ":" in host else host
    print(f"Keesa serves on http://{shown}:{port}", flush=True)
    print(greeting(config, f"http://{shown}:{port}"), end="", flush=True)


def _answers(address: str, port: int) -> bool:
    connection = HTTPConnection(address, port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
