"""The network between a machine with Keesa and the three databases, which can be cut."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from bench.programs import free_port
from deploy.fleet.trial.places import MACHINES, SHARED
from deploy.trial.processes import Process


class Network:
    """`values` are those of the databases; `addresses` is where the machine finds what stands behind it."""

    def __init__(self, values: Mapping[str, str], log: Path) -> None:
        names = [f"{name}{number}" for name in SHARED for number in MACHINES]
        self.addresses: Final = {name: f"127.0.0.1:{free_port()}" for name in names}
        pairs = [f"{here}={values[name]}" for name, here in self.addresses.items()]
        self._process = Process([sys.executable, "-m", "deploy.fleet.trial.link", *pairs], log)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()

    def cut(self) -> None:
        """From now on bytes are neither passed nor refused."""
        self._process.send(signal.SIGUSR1)

    def join(self) -> None:
        self._process.send(signal.SIGUSR2)
