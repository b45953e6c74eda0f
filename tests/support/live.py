"""A real `keesa serve` in processes of its own, on a free port, which ends with the test."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from forked_keesa import Forked, fits, start

KEESA = (sys.executable, "-m", "keesa")
_forking = False


def fork_servers() -> None:
    """From now on, in this process: where nothing else is named as Keesa, a server does not load it once more."""
    global _forking  # noqa: PLW0603 - what is measured is started as an operator does
    _forking = True


UNMET = {f"KEESA_REQUESTS_PER_{kind}": "1000000000" for kind in ("USER", "TOKEN", "ADDRESS")}
"""Tests and benchmarks ask more often than people do: their requests are counted, and none is one too many. A program
of another age may not know these settings, and would refuse them.
"""


def environment() -> dict[str, str]:
    """The environment of the tests, without the settings of a Keesa that the developer may run."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEESA_")}


class LiveServer:
    """`keesa serve` with the given options; `url` is its address, `log` what it wrote to standard error."""

    def __init__(
        self, data: Path, database_url: str | None, *options: str, keesa: Sequence[str] = KEESA, **env: str
    ) -> None:
        self.data = data
        self.log = data / "serve.log"
        place = ["--data", str(data)] + (["--database-url", database_url] if database_url else [])
        self._keesa = keesa
        self._arguments = ["serve", "--port", "0", *place, *options]
        self._env = environment() | (UNMET if keesa is KEESA else {}) | env
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self._printed: IO[str] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        """Of the process that was started; the workers are its children, in one process group with it."""
        assert self._process is not None
        return self._process.pid

    def launch(self) -> None:
        """Start it, and do not wait until it answers."""
        reading, writing = os.pipe()
        self._printed = os.fdopen(reading)
        try:
            with self.log.open("a") as log:
                self._process = self._start(writing, log.fileno())
        finally:
            os.close(writing)

    def _start(self, out: int, err: int) -> "subprocess.Popen[bytes] | Forked":
        if _forking and self._keesa is KEESA and fits(self._env):
            return start(self._arguments, self._env, out=out, err=err)
        command = [*self._keesa, *self._arguments]
        return subprocess.Popen(command, stdout=out, stderr=err, env=self._env, start_new_session=True)

    def start(self) -> None:
        self.launch()
        assert self._printed is not None
        line = self._printed.readline()
        found = re.fullmatch(r"Keesa serves on (http://\S+)\n", line)
        if not found:
            self.kill()
            raise RuntimeError(f"keesa serve did not start: {line!r}\n{self.log.read_text()}")
        self.url = found[1]

    def stop(self) -> int:
        """Ask it to end, as an operator does; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Its exit status, once it has ended; its workers are not left behind."""
        assert self._process is not None
        try:
            return self._process.wait(timeout=60)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to it and its workers, at once."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
        if self._printed is not None:
            self._printed.close()
            self._printed = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()
