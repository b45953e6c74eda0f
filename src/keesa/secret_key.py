"""The keys that tokens are signed with: the first is made on the first start; all are kept beside the data, readable by
their owner alone.

`secret.key` holds the one that signs, and nothing else; `secret.key.previous` those that signed before it, a line each.
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from keesa.accounts.keys import KEPT, MOST_FORMER, FormerKey, KeyRing
from keesa.clock import Clock, now
from keesa.data_folder import is_there, require_own
from keesa.errors import Refused

FILE: Final = "secret.key"
FORMER_FILE: Final = "secret.key.previous"
LENGTH: Final = 64
"""Bytes of randomness: twice what HS256 needs."""
LOCK_SECONDS: Final = 10.0
"""That a command waits for another one which changes the keys."""
_POLL: Final = 0.02
_IN_UTC: Final = Clock(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A key of the files; times are milliseconds since 1970."""

    key: bytes = field(repr=False)
    made_at: int
    """As the time of its file has it: a copy has that of the copy."""
    retired_at: int | None = None

    @property
    def until(self) -> int | None:
        """When it is forgotten."""
        return None if self.retired_at is None else self.retired_at + KEPT


def files(data: Path) -> list[Path]:
    """The files of keys that there are in the folder."""
    return [path for path in (data / FILE, data / FORMER_FILE) if is_there(path)]


def load_secret(data: Path, given: str | None) -> bytes:
    """The key that signs: the configured secret, else the one kept in the folder `data`, made if there is none.

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
    return _read_signing(path).key


def require_key(data: Path) -> None:
    """Raise `Refused` where the folder is somebody else's, or has no key."""
    require_own(data, ())
    if not is_there(data / FILE):
        raise Refused(f"There is no {data / FILE}: `keesa serve` makes it on its first start")


def read_kept(data: Path) -> list[KeptKey]:
    """The keys of the files, the one that signs first and those that are forgotten by now too; raises `Refused` where
    it is missing or one of them is unfit.
    """
    require_key(data)
    # the one that signs first: before another one takes its place it is written into the other file
    signing = _read_signing(data / FILE)
    return [signing, *(each for each in _read_former(data / FORMER_FILE) if each.key != signing.key)]


def ring_of(kept: Sequence[KeptKey]) -> KeyRing:
    return KeyRing(kept[0].key, tuple(FormerKey(each.key, each.until) for each in kept[1:]))


def check_secret(data: Path, given: str | None, former: Sequence[str] = (), clock: Clock = _IN_UTC) -> str:
    """Where the keys come from, for people; raises `Refused` where one is missing or unfit. Makes none."""
    told = f", {_counted(len(former))} from the configuration" if former else ""
    if given is not None:
        return f"from the configuration{told}"
    ends = [each.until for each in read_kept(data) if each.until is not None and each.until > now()]
    if ends:
        told = f", {_counted(len(ends))} until {clock.iso(max(ends))}{told}"
    return f"in {data / FILE}{told}"


def _counted(number: int) -> str:
    return f"{number} former one{'s' if number > 1 else ''}"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """The keys of the folder are changed by nobody else meanwhile. It is the key's file that is locked: whoever has
    waited for one that is replaced by then waits for the new one.
    """
    path, deadline = data / FILE, time.monotonic() + LOCK_SECONDS
    while True:
        file = _opened(path)
        try:
            if _holds(file, path):
                yield
                return
        finally:
            os.close(file)
        if time.monotonic() > deadline:
            raise Refused(f"Another command changes the keys in {data}: try again")
        time.sleep(_POLL)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)  # without which NFS has no lock
    except PermissionError:
        return os.open(path, os.O_RDONLY)


def _holds(file: int, path: Path) -> bool:
    """Whether the lock is ours, and that of the file which has the name."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.path.samestat(os.fstat(file), path.stat())


def write_draft(data: Path, text: str) -> Path:
    """A file of the folder that has its last name not yet, whole and on the disk."""
    draft = data / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def keep_names(data: Path) -> None:
    """What was made, renamed or removed in the folder is so after a crash too."""
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _make(data: Path, path: Path) -> None:
    """Who has removed the key wants every session to end: what signed before it goes too."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = write_draft(data, secrets.token_hex(LENGTH))
    try:
        if not path.exists():
            (data / FORMER_FILE).unlink(missing_ok=True)
            os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read_signing(path: Path) -> KeptKey:
    text, made_at = _read(path)
    key = text.strip()
    if len(key) < LENGTH:
        raise Refused(f"{path} is damaged: restore it, or remove it (every session then ends)")
    return KeptKey(key, made_at)


def _read_former(path: Path) -> list[KeptKey]:
    try:
        lines = [line.split() for line in _read(path)[0].decode().splitlines()]
        former = [KeptKey(bytes.fromhex(key), int(made), int(retired)) for key, made, retired in lines]
    except Refused:
        if is_there(path):
            raise
        return []
    except ValueError:
        former = []
    if not 0 < len(former) <= MOST_FORMER or any(len(each.key) < LENGTH for each in former):
        raise Refused(f"{path} is damaged: restore it, or remove it (sessions of before the last rotation then end)")
    return former


def _read(path: Path) -> tuple[bytes, int]:
    """The text of a file, and when it was written, in milliseconds since 1970."""
    try:
        if not path.is_file():  # to read a pipe would wait for who writes it
            raise Refused(f"{path} is no file")
        with path.open("rb") as file:
            status, text = os.fstat(file.fileno()), file.read()
    except OSError as error:
        raise Refused(f"Cannot read {path}: {error.strerror}") from error
    mode = status.st_mode & 0o777
    if mode & 0o077:
        raise Refused(
            f"{path} may be read by others (mode {mode:o}): run `chmod 600 {path}`,"
            " and `keesa secret rotate --leaked` if it was"
        )
    return text, status.st_mtime_ns // 1_000_000
