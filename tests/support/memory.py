"""Where the tests keep what needs no disk: in memory, where there is space. A flush to a disk takes milliseconds, and
SQLite waits for one with each write.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import postgres_guard
from postgres_guard import STOPPED

MEMORY: Final = Path("/dev/shm")  # noqa: S108, mkdtemp follows
SPACE: Final = 3 * 1024**3
"""Bytes that must be free there: each of the tests' workers has a server with some databases, and data folders."""
REMOVAL: Final = 300.0
"""Seconds for a folder to go that may hold some hundred thousand files, on a machine under load."""


def has_space() -> bool:
    if not os.access(MEMORY, os.W_OK):
        return False
    found = os.statvfs(MEMORY)
    return found.f_bavail * found.f_frsize >= SPACE


@contextmanager
def folder_in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory, or `otherwise` where there is no space. Nothing is left in memory at the end, even where the
    tests die of a SIGKILL.
    """
    if not has_space():
        yield otherwise
        return
    folder = Path(tempfile.mkdtemp(prefix="keesa-data-", dir=MEMORY))
    guard = start_guard(folder)
    try:
        yield folder
    finally:
        # A byte, not only the end: a forked child of the tests may hold the pipe open longer than they do.
        guard.communicate(STOPPED, timeout=REMOVAL)


@contextmanager
def folder_within(memory: Path) -> Iterator[Path]:
    """A folder of its own in that one, which goes as soon as nobody needs it."""
    folder = Path(tempfile.mkdtemp(dir=memory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def start_guard(folder: Path) -> subprocess.Popen[bytes]:
    """Removes the folder once it is told `STOPPED`, or once the tests are gone."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", postgres_guard.__file__, folder],
        cwd="/",
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
