"""Starting a limit's server as a process of its own, and ending it with whatever it has started."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.limits.memory import ANSWERS

_HOME: Final = Path(__file__).parents[2]
_PATIENCE: Final = 40
"""Seconds for a stop: longer than the server's own."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `pid` is the process that was started; its workers are its children."""

    url: str
    pid: int
    log: Path
    """What it writes to standard error; gone with it."""


@contextmanager
def serving_bare(data: Path, database_url: str | None, workers: int) -> Iterator[Running]:
    """The bare function on a database of Keesa's: see bare.py for its paths."""
    with _folder() as folder, _serving("bare", folder, _environment(data, database_url, workers)) as running:
        yield running


@contextmanager
def serving_memory(
    data: Path,
    database_url: str | None,
    workers: int,
    answers: Mapping[str, bytes],
    secret: str | None = None,
    *,
    sessions: bool = True,
) -> Iterator[Running]:
    """Keesa, or without `sessions` only what caches the token, that answers `GET /api/v1/memory/<name>`.

    `secret` is what the tokens are signed with, the one kept in `data` for None.
    """
    environment = _environment(data, database_url, workers) | ({} if secret is None else {"KEESA_SECRET": secret})
    with _folder() as folder:
        kept = folder / "answers"
        kept.mkdir()
        for name, answer in answers.items():
            (kept / name).write_bytes(answer)
        with _serving("memory" if sessions else "cached_token", folder, environment | {ANSWERS: str(kept)}) as running:
            yield running


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="keesa-limits-") as folder:
        yield Path(folder)


def _environment(data: Path, database_url: str | None, workers: int) -> dict[str, str]:
    """Ours, without the settings of a Keesa that the developer may run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEESA_")}
    settings = {"KEESA_DATA": str(data.resolve()), "KEESA_WORKERS": str(workers), "KEESA_PORT": "0"}
    return kept | settings | ({"KEESA_DATABASE_URL": database_url} if database_url else {})


@contextmanager
def _serving(kind: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Running]:
    log = folder / "serve.log"
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "bench.limits.serve", kind, str(os.getpid())],
            cwd=_HOME,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            start_new_session=True,
        )
    try:
        yield Running(_address(process, log), process.pid, log)
    finally:
        _end(process)


def _address(process: subprocess.Popen[str], log: Path) -> str:
    line = process.stdout.readline() if process.stdout else ""
    found = re.search(r"http://\S+", line)
    if found is None:
        raise RuntimeError(f"the server did not start: {line!r}\n{log.read_text('utf-8')}")
    return found[0]


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to end, and see that nothing of it stays."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
