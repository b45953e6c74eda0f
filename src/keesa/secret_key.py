"""The key that tokens are signed with: made on the first start, kept beside the data, readable by its owner alone."""

import os
import secrets
from pathlib import Path
from typing import Final

from keesa.data_folder import is_there, require_own
from keesa.errors import Refused

FILE: Final = "secret.key"
LENGTH: Final = 64
"""Bytes of randomness: twice what HS256 needs."""


def load_secret(data: Path, given: str | None) -> bytes:
    """The configured secret, else the one kept in the folder `data`, made if there is none.

    Two processes that start at once end with the same one: a link is made whole or not at all.
    """
    if given is not None:
        return given.encode()
    require_own(data, ())
    path = data / FILE
    try:
        if not path.exists():
            _make(data, path)
    except OSError as error:
        raise Refused(f"Cannot keep a secret key in {path}: {error.strerror}") from error
    return _read(path)


def _make(data: Path, path: Path) -> None:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = data / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(LENGTH))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():  # to read a pipe would wait for who writes it
            raise Refused(f"{path} is no file")
        mode, key = path.stat().st_mode & 0o777, path.read_bytes().strip()
    except OSError as error:
        raise Refused(f"Cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        raise Refused(
            f"{path} may be read by others (mode {mode:o}): run `chmod 600 {path}`, and make a new key if it was"
        )
    if len(key) < LENGTH:
        raise Refused(f"{path} is damaged: restore it, or remove it (every session then ends)")
    return key


def files(data: Path) -> list[Path]:
    """Those in the folder that keep keys."""
    return [path for path in (data / FILE,) if is_there(path)]


def check_secret(data: Path, given: str | None) -> str:
    """Where the key comes from, for people; raises `Refused` where it is missing or unfit. Makes none."""
    if given is not None:
        return "from the configuration"
    require_own(data, ())
    path = data / FILE
    if not is_there(path):
        raise Refused(f"There is no {path}: `keesa serve` makes it on its first start")
    _read(path)
    return f"in {path}"
