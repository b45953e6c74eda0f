"""A real Prometheus that scrapes what a test serves, on a free port, gone with the test; and promtool.

The programs are the machine's own, or those that `install_clients` has unpacked.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from install_clients import PROMETHEUS
from listening import free_port, is_listening
from waiting import wait_until

PATIENCE: Final = 30.0


class Prometheus:
    """With that configuration, and a folder of its own."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()
        (folder / "prometheus.yml").write_text(configuration)

    def __enter__(self) -> Self:
        """Raises RuntimeError with its own words when it does not come up."""
        log = self._folder / "log"
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    _program("prometheus"),
                    f"--config.file={self._folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self._folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        if not is_listening(self._process, self._port, PATIENCE):
            raise RuntimeError(f"Prometheus does not start:\n{log.read_text()}")
        wait_until(self._is_ready)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(PATIENCE)

    def ask(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """The series that the expression gives now: their labels, and their values. Empty before the first scrape."""
        found = self.get("query", query=expression)
        return [(series["metric"], float(series["value"][1])) for series in found["result"]]

    def _is_ready(self) -> bool:
        """It listens before it can be asked."""
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=PATIENCE):
                return True
        except HTTPError:
            return False

    def get(self, what: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """Of its API."""
        url = f"http://127.0.0.1:{self._port}/api/v1/{what}?{urlencode(query)}"
        with urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]


def promtool(*arguments: str | Path, given: bytes = b"") -> str:
    """What it says of what it is given; raises AssertionError where it finds a fault."""
    command = [_program("promtool"), *arguments]
    done = subprocess.run(command, input=given, capture_output=True, timeout=PATIENCE, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def _program(name: str) -> str:
    return shutil.which(name) or str(PROMETHEUS / "usr" / "bin" / name)
