"""A server of one of the limits, started by running.py: it is `keesa serve`, but for the application in it.

    python -m bench.limits.serve {bare,memory,cached_token} PARENT

The configuration comes from the environment, as Keesa's does. It ends with the process PARENT.
"""

import os
import sys
from collections.abc import Callable
from typing import Final

from bench.limits.bare import build_bare
from bench.limits.memory import build_cached_token, build_memory
from keesa.app import App
from keesa.cli.serving import listening, prepare, serve_from
from keesa.config import Config, load_config
from keesa.logs import set_up_logs
from keesa.server.worker import end_with

BUILDERS: Final[dict[str, Callable[[Config], App]]] = {
    "bare": build_bare,
    "memory": build_memory,
    "cached_token": build_cached_token,
}


def main(kind: str, parent: int) -> int:
    end_with(parent)
    config = load_config(os.environ)
    set_up_logs(config.log_format)
    prepare(config)
    with listening(config) as listener:
        return serve_from(listener, config, lambda given, _slot: BUILDERS[kind](given))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
