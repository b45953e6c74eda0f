"""The file of SQLite's data from outside: the lock between processes, whether it is still the file that was opened, and
how long its log has become (docs/decisions/0003-sqlite-writes.md, 0018-sqlite-checkpoints.md). What the log on the disk
tells of the file is in `sqlite_log.py`.

Formats: https://www.sqlite.org/fileformat2.html (the header) and https://www.sqlite.org/walformat.html (the index of
the write-ahead log). POSIX locks belong to a process and a file: to close any descriptor of it lets go of all that
SQLite holds. So a descriptor is opened once a file, shared, and closed behind the last connection.
"""

import fcntl
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from keesa.db.sqlite_log import FRAME, HEADER, LOG_HEADER, RECORD, SALTS_AT, belongs, record, salts_of
from keesa.errors import Refused, Unavailable

MARKS: Final = 2**31
"""Marks (SQLite's `user_version`) count modulo this."""
LEAST_FREE: Final = 1024 * 1024
"""Bytes that must be free on the disk for a write to be expected to work."""
_MAGIC: Final = b"SQLite format 3\0"
_INDEX: Final = struct.Struct("=IIIBBHII2I8s")
_WRITTEN_BACK: Final = struct.Struct("=I")
"""How many pages of the log have been written back: behind the two copies of the index's header."""
_WRITTEN_BACK_AT: Final = 96
_WAL: Final = 1
_SHM: Final = 2
"""Of the files that are open, beside the data file itself."""
_POLL: Final = 0.02
"""Seconds between two tries for the lock, where the kernel is not to wait for it."""

Identity = tuple[int, int]
"""A file's device and inode."""


class Log(NamedTuple):
    """The write-ahead log, as its index tells of it."""

    change: int
    """Another one after each commit that wrote something."""
    frames: int
    """Pages in it."""
    page: int
    """Bytes of a page."""
    sums: tuple[int, int]
    """Over all of it."""
    salts: bytes
    """Others each time that it begins anew."""


class DataFile:
    """Opened beside the connections: `opened` after the first of them, `close` after the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside = [path.with_name(f"{path.name}-{name}") for name in ("wal", "shm")]
        self._all = (path, *self._beside, path.with_suffix(".lock"))
        self._lock = _open_lock(self._all[-1])
        self._held: list[tuple[Identity, int]] = []
        self._identities: list[Identity] = []
        self._header = b""
        self._size = 0
        self._recorded = b""

    def require_own_log(self) -> None:
        """Raise `Refused` where the log beside the file was written for another one, such as that which was here before
        a back-up was copied over it: SQLite would bring its rows into this one. Before a connection opens it, and under
        the lock.
        """
        identity, descriptor = _hold(self.path)
        try:
            header = os.pread(descriptor, HEADER, 0)
        finally:
            _release(identity)
        if not belongs(self._beside[0], header, os.pread(self._lock, RECORD, 0)):
            names = " and ".join(path.name for path in self._beside)
            raise Refused(
                f"{self.path} is not the file that {self._beside[0].name} was written for: another one was put in its"
                f" place. To go on with it, move {names} away; docs/operations.md tells how to restore a back-up"
            )

    def opened(self) -> None:
        """Remember which files they are: a connection has them open."""
        self._held = [_hold(path) for path in (self.path, *self._beside)]
        self._identities = [_identity(path) for path in self._all]
        self._header = self._read_header()
        self._size = self.path.stat().st_size

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all that write this file, as soon as the kernel says so, however long that takes."""
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    @contextmanager
    def locked_within(self, seconds: float) -> Iterator[None]:
        """The same, but raises `Unavailable` at the deadline."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"Another program holds {self.path.with_suffix('.lock').name}: nothing can be written"
                    ) from None
                time.sleep(_POLL)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def require_here(self) -> int:
        """Raise `Unavailable` where other files have the names of those that are open; the data file's size."""
        try:
            found = [os.stat(path) for path in self._all]  # noqa: PTH116 - half the price of Path's
        except OSError:
            raise Unavailable(f"The data file, its log or its lock was removed while it was open: {_MEND}") from None
        if [(each.st_dev, each.st_ino) for each in found] != self._identities:
            raise Unavailable(f"The data file, its log or its lock was replaced while it was open: {_MEND}")
        return found[0].st_size

    def require_same(self, newest_mark: Callable[[], int]) -> None:
        """Raise `Unavailable` where the file is not the one that was opened, or was written by who may not: all that
        changes its header is a checkpoint, and Keesa's own leave a newer mark (`newest_mark`: of the whole database).
        """
        size = self.require_here()
        self._require_log()
        header = self._read_header()
        cut = self._is_cut(size, header)
        if header == self._header and not cut:
            self._size = size
            return
        if len(header) < HEADER or not header.startswith(_MAGIC) or cut:
            raise Unavailable(f"The data file was overwritten while it was open: {_MEND}")
        moved = (_mark(header) - _mark(self._header)) % MARKS
        if moved > (newest_mark() - _mark(self._header)) % MARKS or (not moved and not _mark(header)):
            raise Unavailable(f"The data file was overwritten while it was open: {_MEND}")
        self._header, self._size = header, size

    def _is_cut(self, size: int, header: bytes) -> bool:
        """Shorter than it was, and than its header tells. A checkpoint that was killed has written the header first;
        where the file had given pages back before (`vacuum.py`), the log alone tells that from a file that was cut.
        """
        told = bytes_told(header)
        return size < min(self._size, told) and (header == self._header or not self._has_in_log(size, told))

    def _has_in_log(self, first: int, end: int) -> bool:
        """Whether the pages between these places of the file stand in the log, and are still to be written back."""
        log = self.log()
        written_back = self._written_back()
        if log.frames == written_back:
            return False
        pages = range(first // log.page + 1, end // log.page + 1)
        if len(pages) > log.frames - written_back:
            return False
        frame = FRAME.size + log.page
        places = (LOG_HEADER.size + number * frame for number in range(written_back, log.frames))
        return {FRAME.unpack(self._read(_WAL, FRAME.size, place))[0] for place in places}.issuperset(pages)

    def require_writable(self) -> None:
        """Raise `Unavailable` where the files' modes, the mount or a full disk stand against writing."""
        for path in (self.path.parent, self.path, *(path for path in self._beside if path.exists())):
            if not os.access(path, os.W_OK):
                raise Unavailable(f"{path.name} cannot be written: look at its owner, its mode, and its disk")
        disk = os.statvfs(self.path)
        if disk.f_bavail * disk.f_frsize < LEAST_FREE:
            raise Unavailable("The disk of the data file is full")

    def record_log(self, log: Log) -> None:
        """Keep in the lock file which file a log was begun for, after its first commit. The lock is held. Where it
        cannot be kept, `require_own_log` will say nothing.
        """
        if log.salts != self._recorded and log.frames:
            self._recorded = log.salts
            with suppress(OSError):
                if salts_of(os.pread(self._lock, RECORD, 0)) != log.salts:
                    os.pwrite(self._lock, record(log.salts, self._read_header()), 0)

    def log(self) -> Log:
        found = self._read(_SHM, _INDEX.size, 0)
        if len(found) < _INDEX.size:
            raise Unavailable(f"The index of the data file's log was overwritten while it was open: {_MEND}")
        _, _, change, _, _, page, frames, _, *sums, salts = _INDEX.unpack(found)
        return Log(change, frames, _page(page), (sums[0], sums[1]), salts)

    def is_written_back(self) -> bool:
        """Whether the file has all that stands in the log. The lock is held."""
        return self.log().frames == self._written_back()

    def content(self, size: int, place: int) -> bytes:
        """Of the file itself, past SQLite; fewer bytes only at its end."""
        return self._read(0, size, place)

    def _written_back(self) -> int:
        [found] = _WRITTEN_BACK.unpack(self._read(_SHM, _WRITTEN_BACK.size, _WRITTEN_BACK_AT))
        return int(found)

    def _require_log(self) -> None:
        """Raise `Unavailable` where the log does not begin or end as its index tells: a commit behind it would be lost
        with the next restart. A log that is to begin anew may hold anything.
        """
        log = self.log()
        if not log.frames:
            return
        size = FRAME.size + log.page
        last = self._read(_WAL, size, LOG_HEADER.size + (log.frames - 1) * size)
        begun = self._read(_WAL, len(log.salts), SALTS_AT) == log.salts
        if not begun or len(last) < size or FRAME.unpack_from(last)[2:] != (log.salts, *log.sums):
            raise Unavailable(f"The data file's log was overwritten while it was open: {_MEND}")

    def close(self) -> None:
        for identity, _ in self._held:
            _release(identity)
        self._held = []
        os.close(self._lock)

    def _read_header(self) -> bytes:
        return self._read(0, HEADER, 0)

    def _read(self, which: int, size: int, place: int) -> bytes:
        return os.pread(self._held[which][1], size, place)


_MEND: Final = "nothing is written any more, put the right one there and restart Keesa"


def _open_lock(path: Path) -> int:
    """The owner's alone, as who holds it stops all writes; that of an older Keesa is mended. One that only may be
    read still locks.
    """
    if path.is_symlink():  # what it leads to is not ours to lock, or to take from others
        raise Refused(f"{path} is a link, where Keesa makes a file of its own: delete it")
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with suppress(PermissionError):
        if os.fstat(lock).st_mode & 0o077:
            os.fchmod(lock, 0o600)
    return lock


def _identity(path: Path) -> Identity:
    found = path.stat()
    return found.st_dev, found.st_ino


def _mark(header: bytes) -> int:
    return int.from_bytes(header[60:64], "big") % MARKS


def bytes_told(header: bytes) -> int:
    """Of the whole file, as its header tells."""
    return int.from_bytes(header[28:32], "big") * _page(int.from_bytes(header[16:18], "big"))


def _page(told: int) -> int:
    """Bytes of a page: 65,536 do not fit where the size is told."""
    return 65_536 if told == 1 else told


_descriptors: Final[dict[Identity, list[int]]] = {}
"""A file's descriptor, and how many use it."""
_descriptors_lock: Final = threading.Lock()


def _hold(path: Path) -> tuple[Identity, int]:
    with _descriptors_lock:
        identity = _identity(path)
        if identity not in _descriptors:
            _descriptors[identity] = [os.open(path, os.O_RDONLY | os.O_CLOEXEC), 0]
        entry = _descriptors[identity]
        entry[1] += 1
        return identity, entry[0]


def _release(identity: Identity) -> None:
    with _descriptors_lock:
        entry = _descriptors[identity]
        entry[1] -= 1
        if not entry[1]:
            del _descriptors[identity]
            os.close(entry[0])
