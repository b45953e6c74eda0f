"""A file that has its name only when it is whole and on the disk; until then it lies in a folder of its own."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from keesa.errors import Refused

_SUFFIX: Final = ".part"


@contextmanager
def draft(to: Path) -> Iterator[Path]:
    """A folder for the files of the making, of which the one named as `to` gets that place at the end; the others go.
    Raises `Refused` where something is at that place.
    """
    with scratch(to) as folder:
        yield folder
        _publish(folder / to.name, to)


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A folder beside that place, for as long as it is needed. Raises `Refused` where another program uses it."""
    clear_away(beside.parent)
    folder = beside.with_name(f".{beside.name}{_SUFFIX}")
    descriptor = _own(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def clear_away(folder: Path) -> None:
    """What programs have left in the folder that were ended in the middle; nobody else's."""
    for left in folder.glob(f".keesa*{_SUFFIX}"):
        with suppress(OSError):  # it is somebody's, or gone
            descriptor = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(descriptor)


def _own(folder: Path) -> int:
    """Make it, and hold it as long as the descriptor is open. Raises `Refused` where another program has it."""
    with suppress(FileExistsError, FileNotFoundError):
        folder.mkdir(mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.exists() and os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
        os.close(descriptor)  # cleared away by who came between
    raise Refused(f"Another program is making {folder.name.removeprefix('.').removesuffix(_SUFFIX)} there")


def _publish(made: Path, to: Path) -> None:
    _keep(made)
    try:
        os.link(made, to)  # which replaces nothing
    except FileExistsError:
        raise Refused(f"{to} is there already: nothing was replaced") from None
    _keep(to.parent)


def _keep(path: Path) -> None:
    """On the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
