"""A server of one of the limits, started by running.py: it is `keesa serve`, but for the application in it.

    python -m bench.limits.serve {bare,memory,remembered} PARENT

The configuration comes from the environment, as Keesa's does. It ends with the process PARENT.
"""

import sys
from collections.abc import Callable
from functools import partial
from socket import socket
from typing import Final
from unittest.mock import patch

from bench.limits.bare import build_bare
from bench.limits.memory import build_memory, build_remembered
from keesa.app import App
from keesa.cli import serve as keesa_serve
from keesa.cli.serve import _end_with, _load, serve
from keesa.config import Config

BUILDERS: Final[dict[str, Callable[[Config], App]]] = {
    "bare": build_bare,
    "memory": build_memory,
    "remembered": build_remembered,
}


def main(kind: str, parent: int) -> None:
    _end_with(parent)
    with patch.object(keesa_serve, "_load", partial(_load_other, kind)):
        serve()


def _load_other(kind: str, parent: int, reserved: socket, config: Config) -> App:
    """In a worker process: as Keesa loads its own, another application."""
    with patch.object(keesa_serve, "build_app", BUILDERS[kind]):
        return _load(parent, reserved, config)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
