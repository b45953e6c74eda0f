"""What the operating system has written down of a server: the CPU time and the memory of all its processes."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """A process and all that came from it: the workers of a server, the backends of a database."""
    found, parents = [root], _children()
    for process in found:  # grows while it is walked
        found.extend(parents.get(process, ()))
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of the processes' trees, with those of their children that have ended."""
    return sum(_cpu_ticks(process) for root in roots for process in tree(root)) / _TICKS


def memory_mib(process: int) -> float:
    """What the process holds: its own memory, and its share of what it shares (PSS)."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the kernel tells no memory of process {process}")


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            found.setdefault(int(fields[1]), []).append(int(folder.name))
    return found


def _cpu_ticks(process: int) -> int:
    fields = _stat(process)
    return sum(int(ticks) for ticks in fields[11:15])  # utime, stime, cutime, cstime


def _stat(process: int) -> list[str]:
    """The fields of /proc/N/stat after the name (from the state on); none where the process has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
