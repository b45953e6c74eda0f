"""`keesa serve`."""

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from functools import partial
from http.client import HTTPConnection
from typing import Annotated, Final

import structlog
import typer
from granian.constants import Interfaces
from granian.server.mp import MPServer

from keesa.app import App, build_app
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
        port = reserved.getsockname()[1]
        threading.Thread(target=_announce, args=(config.host, port), daemon=True).start()
        _server(config, port).serve(target_loader=partial(_load, os.getpid(), config), wrap_loader=False)


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


def _server(config: Config, port: int) -> MPServer:
    return MPServer(
        "keesa",
        address=config.host,
        port=port,
        interface=Interfaces.ASGI,
        workers=config.workers,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_dictconfig={"version": 1, "disable_existing_loggers": False, "loggers": _GRANIAN_LOGGERS},
    )


_GRANIAN_LOGGERS: Final = {"_granian": {"level": "WARNING", "handlers": [], "propagate": True}}


def _load(parent: int, config: Config) -> App:
    """In a worker process: the application, which ends with the process that started it, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)  # it died before it could tell
    return build_app(config)


def _announce(host: str, port: int) -> None:
    """Print the address as soon as it answers."""
    within = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    shown = f"[{host}]" if ":" in host else host
    while True:
        try:
            connection = HTTPConnection(within, port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                break
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    print(f"Keesa serves on http://{shown}:{port}", flush=True)
