"""What is done from time to time while the server runs: a command in a process of its own."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

_log = structlog.get_logger("keesa.server")


@dataclass(slots=True)
class Chore:
    """Begun every `every` seconds, the first time at once, unless it is still under way; ended after `longest`. The
    command decides whether there is anything to do.
    """

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    every: float
    longest: float
    _process: "subprocess.Popen[str] | None" = None
    _begun: float = field(default=float("-inf"))

    def look(self, now: float) -> None:
        """Called again and again, and returns at once; `now` is of a clock that only goes on."""
        if self._process is not None:
            if self._process.poll() is not None:
                self._tell(self._process)
                self._process = None
            elif now - self._begun > self.longest:
                self._process.kill()
        if self._process is None and now - self._begun >= self.every:
            self._begun = now
            self._start()

    def stop(self) -> None:
        """It is asked to end, and killed where it does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._tell(self._process)
        self._process = None

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a command of ours
                self.command,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # a few lines, which are read when it has ended
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            _log.error("could not be begun", chore=self.name, error=str(error))

    def _tell(self, process: "subprocess.Popen[str]") -> None:
        said, _ = process.communicate()
        last = said.strip().rpartition("\n")[2]
        told = _log.info if process.returncode == 0 else _log.error
        told("done" if process.returncode == 0 else "failed", chore=self.name, status=process.returncode, said=last)
