"""A folder of this machine, or one that is mounted: `<folder>/<desk>/<2 digits>/<place>/<form>`.

A file is written as a draft, brought onto the disk, and gets its name then, which replaces nothing. Beside them, below
`<folder>/<desk>`: `uploads/<2 digits>/<place>`, `bin/<day>/…` as without `bin`, `drafts`, and `desk`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from keesa.errors import Unavailable
from keesa.files.places import BIN, MARK, PIECE, UPLOADS, Stored, days_over, is_name, place_of, require_owner, today

_DRAFTS: Final = "drafts"
_TRIES: Final = 5
"""That a name's folder is made, which another process may clear away as an empty one."""
_SHARD: Final = 2
"""Digits."""
_PLACE: Final = 32
_MS_NS: Final = 1_000_000


class Folder:
    """The part of one desk."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._own = path / require_owner(owner)

    def describe(self) -> str:
        return str(self._path.absolute())

    def put(self, name: str, content: IO[bytes], size: int) -> None:
        to = self._at(name)
        with _told(), self._draft() as draft:
            with _new(draft) as file:
                _copy(content, file, size)
                file.flush()
                os.fsync(file.fileno())
            self._name(draft, to)

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        with _told():
            file = self._at(name).open("rb")
            try:
                file.seek(start)
                first = file.read(_piece(start, stop))
            except BaseException:
                file.close()
                raise
        return _rest(file, first, start, stop)

    def prove(self) -> None:
        with _told(), self._draft() as draft, _new(draft) as file:
            file.write(b"\n")

    def size(self, name: str) -> int:
        with _told():
            return self._at(name).stat().st_size

    def all(self, after: str = "") -> Iterator[Stored]:
        """A folder of two digits at a time is listed, which holds one in 256."""
        with _told():
            for shard in _entries(self._own):
                if len(shard.name) == _SHARD and shard.name >= after[:_SHARD]:
                    yield from _places(shard.path, after)
            for shard in _entries(self._own / UPLOADS):
                yield from _listed(shard.path, UPLOADS, after)

    def throw(self, name: str) -> None:
        found = self._at(name)
        to = self._at(name, Path(BIN, today()))
        with _told():
            found.stat()
            for left in range(_TRIES, 0, -1):
                _make(to.parent)
                with _again(left):
                    found.rename(to)
                    break
            _keep(to.parent, found.parent)
            self._clear(found.parent)

    def fetch_back(self, name: str) -> None:
        to = self._at(name)
        with _told():
            for day in sorted(_names(self._own / BIN), reverse=True):
                found = self._at(name, Path(BIN, day))
                if found.exists():
                    self._name(found, to)
                    found.unlink()
                    self._clear(found.parent)
                    return
            raise FileNotFoundError(name)

    def empty(self, before: int, most: int) -> int:
        removed = 0
        with _told():
            for day in days_over(_names(self._own / BIN), before):
                removed += _remove(self._own / BIN / day, most - removed)
            for draft in _entries(self._own / _DRAFTS):
                if removed < most and draft.stat().st_mtime_ns // _MS_NS < before:
                    Path(draft.path).unlink(missing_ok=True)
                    removed += 1
        return removed

    def mark(self) -> str | None:
        with _told():
            path = self._own / MARK
            return path.read_text("ascii").strip() if path.exists() else None

    def put_mark(self, mark: str, *, anew: bool = False) -> None:
        with _told(), self._draft() as draft:
            with _new(draft) as file:
                file.write(f"{mark}\n".encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
            if anew:
                draft.rename(self._own / MARK)
            else:
                (self._own / MARK).hardlink_to(draft)
            _keep(self._own, self._path, self._path.parent)

    def _at(self, name: str, below: Path = Path()) -> Path:
        """Its path; that it stays below the desk's own, the form of a name sees to."""
        place = place_of(name)
        first = self._own / below
        return (first / UPLOADS if name.startswith(UPLOADS) else first) / place[:_SHARD] / name.removeprefix("uploads/")

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """A path for what is written; what is still there at the end goes."""
        drafts = self._own / _DRAFTS
        _make(drafts)
        draft = drafts / uuid4().hex
        try:
            yield draft
        finally:
            with suppress(OSError):  # it has another name, or is cleared away once it is old
                draft.unlink(missing_ok=True)

    def _name(self, made: Path, to: Path) -> None:
        """Give it that name too, for good."""
        for left in range(_TRIES, 0, -1):
            _make(to.parent)
            with _again(left):
                to.hardlink_to(made)
                break
        above = [to.parent, *to.parent.parents]
        _keep(*above[: above.index(self._path) + 2])

    def _clear(self, folder: Path) -> None:
        """The folder and those above it, as far as they are empty."""
        with suppress(OSError):
            while folder != self._own:
                folder.rmdir()
                folder = folder.parent


def _make(folder: Path) -> None:
    """With those above it, all for the owner alone."""
    if folder.is_dir():
        return
    _make(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)


def _keep(*folders: Path) -> None:
    """What names they have, on the disk."""
    for folder in folders:
        with suppress(FileNotFoundError):  # another process has cleared it away: nothing of it is needed
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def _again(left: int) -> Iterator[None]:
    """Let pass that the folder has gone meanwhile, as long as there are tries left."""
    try:
        yield
    except FileNotFoundError:
        if left <= 1:
            raise


def _new(path: Path) -> IO[bytes]:
    """For the owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _copy(content: IO[bytes], to: IO[bytes], size: int) -> None:
    left = size
    while left:
        piece = content.read(min(left, PIECE))
        if not piece:
            raise ValueError(f"{left} of {size} bytes are missing")
        to.write(piece)
        left -= len(piece)


def _piece(start: int, stop: int | None) -> int:
    return PIECE if stop is None else max(0, min(PIECE, stop - start))


def _rest(file: IO[bytes], piece: bytes, start: int, stop: int | None) -> Iterator[bytes]:
    with file:
        while piece:
            yield piece
            start += len(piece)
            with _told():
                piece = file.read(_piece(start, stop))


def _entries(folder: str | Path) -> "list[os.DirEntry[str]]":
    """In the order of their names; none of what is not there."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder)]


def _places(shard: str, after: str) -> Iterator[Stored]:
    for place in _entries(shard):
        if place.name >= after[:_PLACE]:
            yield from _listed(place.path, place.name, after)


def _listed(folder: str, prefix: str, after: str) -> Iterator[Stored]:
    for entry in _entries(folder):
        name = f"{prefix}/{entry.name}"
        if name > after and is_name(name):
            with suppress(FileNotFoundError):  # gone meanwhile
                told = entry.stat(follow_symlinks=False)
                yield Stored(name, told.st_size, told.st_mtime_ns // _MS_NS)


def _remove(folder: Path, most: int) -> int:
    """Up to so many files below it, and the folders that are empty then; how many files it were."""
    removed = 0
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            removed += _remove(Path(entry.path), most - removed)
        elif removed < most:
            Path(entry.path).unlink(missing_ok=True)
            removed += 1
    with suppress(OSError):  # something is left in it
        folder.rmdir()
    return removed


@contextmanager
def _told() -> Iterator[None]:
    """What the disk refuses, but for what each call tells of by itself."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable(f"Files cannot be kept or read now ({reason}), please try again later") from error
