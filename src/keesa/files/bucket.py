"""A bucket of S3's: `<path>/<desk>/<place>/<form>`, and below `<path>/<desk>/bin/<day>` what was thrown away.

S3 has what it has acknowledged, and shows an object whole or not at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Final

from keesa.clock import milliseconds
from keesa.errors import Refused, Unavailable
from keesa.files.places import BIN, MARK, PIECE, Stored, days_over, is_name, place_of, require_owner, today
from keesa.s3 import Patience, obstore, open_bucket, told

if TYPE_CHECKING:
    from obstore import ObjectMeta

_PATIENCE: Final = Patience(timedelta(seconds=30), 3, timedelta(seconds=60))
"""Somebody waits for it."""
_RANGE: Final = 1024 * 1024
"""Bytes of a request: the next ones are asked for when they are wanted, so that no slow reader holds one open."""
_AT_A_TIME: Final = 16 * 1024 * 1024
"""Bytes up to which a file travels in one request, which S3 refuses by itself where the name is there."""
_PART: Final = 8 * 1024 * 1024
_PARTS: Final = 2
"""That are in memory."""
_PROOF: Final = "proof"
"""What is put there to see whether anything can be."""
_NO_END: Final = 2**63 - 1
_DELETED: Final = 500
"""At a time."""


class Bucket:
    """The part of one desk below `s3://bucket/path`."""

    def __init__(self, url: str, owner: str) -> None:
        self._url = url.rstrip("/")
        self._owner = require_owner(owner)
        with told(lambda reason: Refused(f"{self._url} cannot be used: {reason}")):
            self._store = open_bucket(self._url, _PATIENCE)

    def describe(self) -> str:
        return self._url

    def put(self, name: str, content: IO[bytes], size: int) -> None:
        key = self._key(name)
        if size > _AT_A_TIME:
            self._put_in_parts(key, content, size)
            return
        whole = content.read(size)
        if len(whole) < size:
            raise ValueError(f"{size - len(whole)} of {size} bytes are missing")
        self._create(key, whole)

    def _create(self, key: str, whole: bytes) -> None:
        """An answer may have been lost, and what was sent again finds itself there."""
        with _told():
            try:
                obstore.put(self._store, key, whole, mode="create", use_multipart=False)
            except obstore.exceptions.AlreadyExistsError:
                if bytes(obstore.get(self._store, key).bytes()) != whole:
                    raise FileExistsError(key) from None

    def _put_in_parts(self, key: str, content: IO[bytes], size: int) -> None:
        """It is there when all parts are."""
        with _told():
            if self._is_there(key):
                raise FileExistsError(key)
            sent = _Counted(content, size)
            obstore.put(self._store, key, iter(sent), chunk_size=_PART, max_concurrency=_PARTS)
        if sent.left:
            with _told():
                obstore.delete(self._store, key)
            raise ValueError(f"{sent.left} of {size} bytes are missing")

    def _is_there(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        key = self._key(name)
        size, first = self._first(key, start, _NO_END if stop is None else stop)
        return self._rest(key, first, start, size if stop is None else min(stop, size))

    def _first(self, key: str, start: int, stop: int) -> tuple[int, bytes]:
        """Its size and the first range, by one request; no range where it begins behind the end, which S3 refuses."""
        with _told():
            try:
                got = obstore.get(self._store, key, options={"range": (start, min(stop, start + _RANGE))})
                return got.meta["size"], bytes(got.bytes())
            except (obstore.exceptions.BaseError, ValueError):
                size: int = obstore.head(self._store, key)["size"]
                if start < min(stop, size):
                    raise
                return size, b""

    def _rest(self, key: str, piece: bytes, start: int, end: int) -> Iterator[bytes]:
        while piece:
            for place in range(0, len(piece), PIECE):
                yield piece[place : place + PIECE]
            start += len(piece)
            piece = self._range(key, start, end)

    def _range(self, key: str, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        with _told():
            return bytes(obstore.get_range(self._store, key, start=start, end=min(end, start + _RANGE)))

    def prove(self) -> None:
        with _told():
            obstore.put(self._store, f"{self._owner}/{_PROOF}", b"", use_multipart=False)

    def size(self, name: str) -> int:
        return self._size(self._key(name))

    def _size(self, key: str) -> int:
        with _told():
            return obstore.head(self._store, key)["size"]

    def all(self, after: str = "") -> Iterator[Stored]:
        """A page of keys at a time. The bin stands among them: it is passed over by asking anew behind it."""
        while True:
            for entry in self._listed(self._owner, f"{self._owner}/{after}" if after else None):
                name = entry["path"].removeprefix(f"{self._owner}/")
                if name.startswith(f"{BIN}/"):
                    after = f"{BIN}0"  # behind all that begins with bin/
                    break
                if is_name(name):
                    yield Stored(name, entry["size"], milliseconds(entry["last_modified"]))
            else:
                return

    def _listed(self, prefix: str, offset: str | None = None) -> "Iterator[ObjectMeta]":
        with _told():
            for entries in obstore.list(self._store, prefix, offset=offset, chunk_size=_DELETED):
                yield from entries

    def throw(self, name: str) -> None:
        self._move(self._key(name), f"{self._owner}/{BIN}/{today()}/{name}")

    def fetch_back(self, name: str) -> None:
        key = self._key(name)
        for day in sorted(self._days(), reverse=True):
            if self._is_in_bin(f"{self._owner}/{BIN}/{day}/{name}", key):
                return
        raise FileNotFoundError(name)

    def _is_in_bin(self, there: str, key: str) -> bool:
        try:
            self._move(there, key)
        except FileNotFoundError:
            return False
        return True

    def _move(self, found: str, to: str) -> None:
        with _told():
            obstore.copy(self._store, found, to)
            obstore.delete(self._store, found)

    def _days(self) -> list[str]:
        with _told():
            found = obstore.list_with_delimiter(self._store, f"{self._owner}/{BIN}")
        return [prefix.rpartition("/")[2] for prefix in found["common_prefixes"]]

    def empty(self, before: int, most: int) -> int:
        removed = 0
        for day in days_over(self._days(), before):
            keys: list[str] = []
            for entry in self._listed(f"{self._owner}/{BIN}/{day}"):
                if removed + len(keys) >= most:
                    break
                keys.append(entry["path"])
            for first in range(0, len(keys), _DELETED):
                with _told():
                    obstore.delete(self._store, keys[first : first + _DELETED])
            removed += len(keys)
        return removed

    def mark(self) -> str | None:
        try:
            with _told():
                return bytes(obstore.get(self._store, f"{self._owner}/{MARK}").bytes()).decode("ascii").strip()
        except FileNotFoundError:
            return None

    def put_mark(self, mark: str, *, anew: bool = False) -> None:
        key, content = f"{self._owner}/{MARK}", f"{mark}\n".encode("ascii")
        if not anew:
            self._create(key, content)
            return
        with _told():
            obstore.put(self._store, key, content, use_multipart=False)

    def _key(self, name: str) -> str:
        place_of(name)
        return f"{self._owner}/{name}"


class _Counted:
    """So many bytes of a file, in pieces, and how many of them are left."""

    def __init__(self, content: IO[bytes], size: int) -> None:
        self._content = content
        self.left = size

    def __iter__(self) -> Iterator[bytes]:
        while self.left and (piece := self._content.read(min(self.left, PIECE))):
            self.left -= len(piece)
            yield piece


@contextmanager
def _told() -> Iterator[None]:
    with told(lambda reason: Unavailable(f"Files cannot be kept or read now ({reason}), please try again later")):
        yield
