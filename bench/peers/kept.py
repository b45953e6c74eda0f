"""What a folder was loaded with and nobody has written to since, so that a later run need not load it again."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

_FILE: Final = "loaded"


def name_of(*parts: object) -> str:
    """Of what is loaded: another one, where one of the parts is another."""
    return sha256(repr(parts).encode()).hexdigest()


def load_once(folder: Path, name: str, load: Callable[[], None]) -> None:
    """Unless what has this name was loaded there, and nobody has called `forget` since."""
    if not is_kept(folder, name):
        forget(folder)
        load()
        keep(folder, name)


def is_kept(folder: Path, name: str) -> bool:
    file = folder / _FILE
    return file.exists() and file.read_text("ascii") == name


def keep(folder: Path, name: str) -> None:
    """To be called when all of it is there."""
    (folder / _FILE).write_text(name, "ascii")


def forget(folder: Path) -> None:
    """To be called before anything there changes."""
    (folder / _FILE).unlink(missing_ok=True)
