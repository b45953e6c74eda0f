"""Back-ups in a bucket of S3's."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from keesa.backup.drafts import scratch
from keesa.backup.manifest import Manifest
from keesa.backup.places import Kept, Make, is_name
from keesa.errors import Refused
from keesa.s3 import Patience, obstore, open_bucket, told

_PIECE: Final = 8 * 1024 * 1024
"""Bytes that travel at a time."""
_AT_ONCE: Final = 2
_STAGE: Final = "keesa-s3"
"""The folder beside the data in which a back-up is made before it travels."""
_PATIENCE: Final = Patience(timedelta(seconds=60), 5, timedelta(minutes=5))


class Bucket:
    """Its part below `s3://bucket/path`. What is sent is made and read again in a folder beside the data first."""

    def __init__(self, url: str, data: Path) -> None:
        self._url = url.rstrip("/")
        self._data = data
        with _told(self._url):
            self._store = open_bucket(self._url, _PATIENCE)

    def describe(self) -> str:
        return self._url

    def put(self, name: str, make: Make) -> tuple[Manifest, int]:
        """It has its name there when all of it has come; and then it is fetched and compared."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with scratch(self._data / _STAGE) as folder:
            made = make(folder / name)
            with _told(self._url):
                obstore.put(self._store, name, folder / name, chunk_size=_PIECE, max_concurrency=_AT_ONCE)
            if self._sum(name) != _sum_of(folder / name):
                self.remove(name)
                raise Refused(f"{self._url}/{name} is not what was sent: it was removed")
            return made, (folder / name).stat().st_size

    def all(self) -> Iterable[Kept]:
        with _told(self._url):
            listed = [entry for entries in obstore.list(self._store) for entry in entries]
        return [Kept(entry["path"], entry["size"]) for entry in listed if is_name(entry["path"])]

    def remove(self, name: str) -> None:
        with _told(self._url):
            obstore.delete(self._store, name)

    @contextmanager
    def fetched(self, name: str) -> Iterator[Path]:
        """As a file beside the data, for as long as it is needed."""
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with scratch(self._data / _STAGE) as folder:
            with (folder / name).open("xb") as file:
                for piece in self._pieces(name):
                    file.write(piece)
            yield folder / name

    def _sum(self, name: str) -> bytes:
        found = hashlib.sha256()
        for piece in self._pieces(name):
            found.update(piece)
        return found.digest()

    def _pieces(self, name: str) -> Iterator[bytes]:
        with _told(self._url):
            for piece in obstore.get(self._store, name).stream(min_chunk_size=_PIECE):
                yield bytes(piece)


def _sum_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        with told(lambda reason: Refused(f"{url} does not do it: {reason}")):
            yield
    except FileNotFoundError as error:
        raise Refused(f"{url} has no such file") from error
