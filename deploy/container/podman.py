"""Podman with a store of the trial's own, on machines that are containers themselves."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_CGROUPS: Final = Path("/sys/fs/cgroup")
_UNIFIED: Final = _CGROUPS / "cgroup.controllers"
_RUN_UNIFIED: Final = f'umount -R {_CGROUPS} && mount -t cgroup2 none {_CGROUPS} && exec "$@"'


def require_unified_cgroups() -> None:
    """What runs containers takes no machine with the older groups: there this program begins anew where it sees the
    newer ones alone. Nobody else sees that.
    """
    if _UNIFIED.exists():
        return
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _RUN_UNIFIED, "sh"]
    os.execvp(apart[0], [*apart, sys.executable, "-m", "deploy.container", *sys.argv[1:]])  # noqa: S606 - our own words


class Podman:
    """Its images, containers and volumes are in the folder, and nowhere else."""

    def __init__(self, folder: Path) -> None:
        places = ["--root", str(folder / "store"), "--runroot", str(folder / "run")]
        self.words = ["podman", *places, "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]
        self.words += ["--events-backend", "file"]

    def run(self, *arguments: str, seconds: float = 300) -> str:
        """What it prints. Raises RuntimeError with its complaint where it fails."""
        return output_of([*self.words, *arguments], seconds)

    def succeeds(self, *arguments: str) -> bool:
        done = subprocess.run([*self.words, *arguments], capture_output=True, timeout=60, check=False)  # noqa: S603 - our own words
        return done.returncode == 0


def output_of(command: Sequence[str], seconds: float, *, text: str | None = None, folder: Path | None = None) -> str:
    """Of a command, with that on its standard input. Nothing that it has begun goes on after it, whatever comes."""
    process = subprocess.Popen(  # noqa: S603 - our own words
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        text=True,
        start_new_session=True,
    )
    try:
        out, complaint = process.communicate(text, seconds)
    except BaseException:
        _end(process)
        raise
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed ({process.returncode}): {out[-2000:]}{complaint[-2000:]}")
    return out


def _end(process: subprocess.Popen[str]) -> None:
    """All of its session: asked first, since some of them clear away what they have mounted."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=20)
