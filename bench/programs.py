"""Other people's programs: started so that none outlives this process, and never waited for without end."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PATIENCE: Final = 20
"""Seconds that a program has to end when told to."""


class Unavailable(RuntimeError):
    """Something that a program needs is not on this machine; the sentence says what, and how to get it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a program runs: its log, its user (ours, where None), its folder, and what it finds in the environment."""

    log: Path
    user: str | None = None
    folder: Path | None = None
    environment: Mapping[str, str] | None = None

    def command(self, command: Sequence[str], stop: signal.Signals = signal.SIGTERM) -> list[str]:
        """The command as that user; the kernel sends it `stop` when this process is no more."""
        if shutil.which("setpriv") is None:
            raise Unavailable("Programs are started with setpriv, which is not here: install util-linux")
        user = [f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"] if self.user else []
        return ["setpriv", f"--pdeathsig={stop.name.removeprefix('SIG')}", *user, "--", *command]

    def variables(self) -> dict[str, str]:
        ours = ("PYTHON", "VIRTUAL_ENV", "KEESA_")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return plain | dict(self.environment or {})


class Program:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    def require_alive(self) -> None:
        if self._process.poll() is not None:
            raise RuntimeError(f"process {self.pid} ended ({self._process.returncode}): {last_words(self._log)}")

    def stop(self, sign: signal.Signals) -> None:
        """Ask it to end; after `_PATIENCE` end it and all of its session."""
        self._process.send_signal(sign)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(_PATIENCE)


@contextmanager
def program(command: Sequence[str], around: Surroundings, stop: signal.Signals = signal.SIGTERM) -> Iterator[Program]:
    """A server, in a session of its own, that `stop` ends."""
    with around.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words
            around.command(command, stop),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=around.folder,
            env=around.variables(),
            start_new_session=True,
        )
    started = Program(process, around.log)
    try:
        yield started
    finally:
        started.stop(stop)


def finish(command: Sequence[str], around: Surroundings, seconds: float = 300) -> None:
    """Run a command to its end; raise RuntimeError with its last words where it fails or takes longer."""
    with around.log.open("ab") as log:
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                around.command(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=around.folder,
                env=around.variables(),
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise RuntimeError(f"{command[0]} took more than {seconds} seconds: {last_words(around.log)}") from late
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {last_words(around.log)}")


def last_words(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
