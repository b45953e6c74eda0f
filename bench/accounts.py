"""What the operating system has written down of a server: the CPU time and the memory of all its processes."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CLOCK_OF_PROCESS: Final = 2
"""CPUCLOCK_SCHED, in the lowest three bits of the number of a process's clock: see clock_getcpuclockid(3)."""


def tree(root: int) -> list[int]:
    """A process and all that came from it: the workers of a server, the backends of a database."""
    found, parents = [root], _children()
    for process in found:  # grows while it is walked
        found.extend(parents.get(process, ()))
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of the processes' trees, with those of their children that have ended."""
    return sum(_cpu_seconds(process) for root in roots for process in tree(root))


def busy_seconds() -> float:
    """What all processors together have worked so far, whoever for."""
    user, nice, system, _idle, _waiting, *interrupts = map(int, Path("/proc/stat").read_text("ascii").split()[1:8])
    return (user + nice + system + sum(interrupts)) / _TICKS


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


def _cpu_seconds(process: int) -> float:
    """Its own by its clock, in nanoseconds: /proc tells hundredths of a second, and does for ended children alone."""
    found = sum(int(ticks) for ticks in _stat(process)[13:15]) / _TICKS  # cutime, cstime
    with suppress(OSError):  # it has ended meanwhile
        found += time.clock_gettime(~process << 3 | _CLOCK_OF_PROCESS)
    return found


def _stat(process: int) -> list[str]:
    """The fields of /proc/N/stat after the name (from the state on); none where the process has ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
