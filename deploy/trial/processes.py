"""The fleet's programs: each in a session of its own, ended at the latest with the program that started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bench.programs import Surroundings, last_words

PATIENCE: Final = 90.0
"""Seconds for anything that a machine under load does late."""


class Process:
    """One program, which may be killed, stopped and started again; its log goes on."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._around = Surroundings(log, user=user, environment=environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def variables(self) -> dict[str, str]:
        """What it finds in its environment; our Python finds these modules there, and Debian's does not."""
        if self._command[0] != sys.executable:
            return self._around.variables()
        paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        return self._around.variables() | {"PYTHONPATH": os.pathsep.join(paths)}

    def start(self) -> None:
        with self._around.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words
                self._around.command(self._command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.variables(),
                cwd="/",
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """As its service manager would: ask it to end, and kill it where it does not."""
        self.send(number)
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to all of its session. Again is no error."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def require_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"{self._command[0]} has ended: {last_words(self._around.log)}")


def children(process: int) -> list[int]:
    """The process ids of what it has started and what still runs."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


def command_of(process: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""


def kill_all(processes: Sequence[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def wait_until(what: str, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Raises TimeoutError with what was waited for."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} seconds")
        time.sleep(0.1)
