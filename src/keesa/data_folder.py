"""The folder of the data: its owner's alone, and used by nobody else, whose files the owner could then not open."""

import os
import pwd
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from keesa.errors import Refused

CONFIG_FILE: Final = "keesa.toml"
"""The configuration file, where it lies with the data; a desk is restored beside it."""
_MENDED: Final = stat.S_IRWXO | stat.S_IWGRP
"""What is taken from others at a file; a group that may read it is the operator's choice."""


def require_own(folder: Path, files: Iterable[str]) -> None:
    """Raise `Refused`, with what to do, where the folder or one of the files is somebody else's, or everybody may write
    it. What everybody may only read, such as a back-up copied to its place, is made the owner's alone.
    """
    try:
        _require_own(folder, files)
    except OSError as error:
        raise Refused(f"Cannot look at {error.filename or folder}: {error.strerror}") from error


def is_there(path: Path) -> bool:
    """Whether there is such a file; raises `Refused` where its folder does not let anybody know."""
    try:
        return path.exists()
    except OSError as error:
        raise Refused(f"Cannot look at {path}: {error.strerror}") from error


def _require_own(folder: Path, files: Iterable[str]) -> None:
    if not folder.exists():
        return
    _require_owner(folder, root_too=True)
    if _mode(folder) & stat.S_IWOTH:
        raise Refused(f"{folder} can be written by everybody (mode {_mode(folder):o}): run `chmod 700 {folder}`")
    for path in (folder / name for name in files):
        if not path.exists():
            continue
        if not path.is_file():
            raise Refused(f"{path} is no file")
        _require_owner(path, root_too=False)
        if _mode(path) & stat.S_IWOTH:
            raise Refused(f"{path} can be written by everybody (mode {_mode(path):o}): run `chmod 600 {path}`")
        if _mode(path) & _MENDED:
            path.chmod(_mode(path) & ~_MENDED)


def _require_owner(path: Path, *, root_too: bool) -> None:
    """Root may open everything, and what it makes its owner cannot: so root too has to be the owner."""
    owner, user = path.stat().st_uid, os.geteuid()
    if owner == user or (root_too and owner == 0):
        return
    raise Refused(
        f"{path} belongs to {_name(owner)}, and this runs as {_name(user)}: run it as {_name(owner)}"
        f" (`sudo -u {_name(owner)} keesa …`), or give the folder with all its files to {_name(user)}"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
