"""The file of a back-up: a tar archive in zstd, and behind it a seal.

The seal is one of zstd's skippable frames (RFC 8878, section 3.1.2), which `tar --zstd` passes over: it holds the
manifest, and as its last 32 bytes the SHA-256 of all that comes before them. So a file that was cut off, or of which
one byte is another, is no back-up; and the manifest is found from the end, without reading the rest.
"""

import hashlib
import io
import os
import struct
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import msgspec
from backports import zstd

from keesa.backup.manifest import FORMAT, Manifest, Member
from keesa.errors import Refused

PIECE: Final = 1024 * 1024
"""Bytes that are read at a time."""
LARGEST_MANIFEST: Final = 64 * 1024 * 1024
FILES: Final = "files"
"""The folder of pictures and files: files/<place>/<form>."""
_LEVEL: Final = 3
_MAGIC: Final = 0x184D2A5B
"""Of the skippable frame."""
_HEAD: Final = struct.Struct("<II")
_NAME: Final = b"KEESABAK"
_SUM: Final = 32
"""Bytes of a SHA-256."""
_TAIL: Final = struct.Struct(f"<I{len(_NAME)}s{_SUM}s")
"""Bytes of the manifest before it, whose file it is, and the sum."""


class Readable(Protocol):
    """What can be read to its end; all at once, where no size is given."""

    def read(self, size: int = -1, /) -> bytes: ...


class FilesTold:
    """How many they are so far, and one sum over all."""

    def __init__(self) -> None:
        self.count = self.bytes = 0
        self._sha256 = hashlib.sha256()

    def add(self, name: str, size: int, sha256: str) -> None:
        self.count += 1
        self.bytes += size
        self._sha256.update(f"{sha256} {name}\n".encode())

    @property
    def sum(self) -> str:
        return self._sha256.hexdigest()


Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""


def silent(_done: int, _all: int) -> None:
    """Nobody is told."""


class Writer:
    """Writes one archive into `file`, member by member; without `seal` it is none."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = _Summed(file)
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: _LEVEL,
            zstd.CompressionParameter.checksum_flag: 1,
            zstd.CompressionParameter.nb_workers: 1,  # in a thread of its own, beside the reading
        }
        self._compressed = zstd.ZstdFile(self._file, "wb", options=options)
        self._tar = tarfile.TarFile.open(fileobj=self._compressed, mode="w|", format=tarfile.PAX_FORMAT)
        self.members: list[Member] = []
        self.files = FilesTold()

    def add(self, name: str, size: int, content: Readable, progress: Progress = silent) -> None:
        """A member of exactly so many bytes."""
        summed = _Summing(content, size, progress)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, summed)
        self.members.append(Member(name, size, summed.sha256.hexdigest()))

    def add_file(self, name: str, size: int, content: Readable) -> None:
        """One of many, behind all members, which the manifest tells together."""
        summed = _Summing(content, size, silent)
        info = tarfile.TarInfo(f"{FILES}/{name}")
        info.size, info.mode = size, 0o600
        self._tar.addfile(info, summed)
        self.files.add(name, size, summed.sha256.hexdigest())

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, len(content), io.BytesIO(content))

    def seal(self, manifest: Manifest) -> None:
        """The end: nothing can be added any more."""
        self._tar.close()
        self._compressed.close()
        told = msgspec.json.encode(manifest)
        if len(told) > LARGEST_MANIFEST:
            raise Refused("The back-up has too many parts: its manifest does not fit")
        self._file.write(_HEAD.pack(_MAGIC, len(told) + _TAIL.size) + told)
        self._file.write(_TAIL.pack(len(told), _NAME, b"")[:-_SUM])
        self._file.write(self._file.sha256.digest())


def read_manifest(path: Path) -> Manifest:
    """What the file tells of itself; raises `Refused` where it is no whole back-up. Whether a byte of it is another,
    `check` tells.
    """
    with path.open("rb") as file:
        return _sealed(path, file)[0]


def sum_of(path: Path) -> str:
    """What no other file has: the sum at its end, in hex. Whether it is that of the file, `check` tells."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _SUM))
        return file.read().hex()


def check(path: Path, progress: Progress = silent) -> Manifest:
    """Read all of it, the members too. Raises `Refused` where it is not, to the byte, what was written."""
    with path.open("rb") as file:
        manifest, _, size = _sealed(path, file)
        _require_sum(path, file, size)
    for _, content in read(path, progress):
        while content.read(PIECE):
            pass
    return manifest


def read(path: Path, progress: Progress = silent) -> Iterator[tuple[Member, Readable]]:
    """The members one after the other, in the order in which they were written, each to be read before the next, and
    then pictures and files, whose sums are told together; of a file that `check` has found good. Raises `Refused` where
    one is not what the manifest tells.
    """
    with path.open("rb") as file:
        manifest, end, _ = _sealed(path, file)
        file.seek(0)
        try:
            yield from _members(path, manifest, _Beginning(file, end, progress))
        except (zstd.ZstdError, tarfile.TarError, EOFError) as error:
            raise _damaged(path) from error


def _members(path: Path, manifest: Manifest, raw: "_Beginning") -> Iterator[tuple[Member, Readable]]:
    with zstd.ZstdFile(raw, "rb") as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
        for member in manifest.members:
            info = tar.next()
            content = None if info is None else tar.extractfile(info)
            if info is None or content is None or (info.name, info.size) != (member.name, member.size):
                raise _damaged(path)
            summed = _Summing(content, member.size, silent)
            yield member, summed
            while summed.read(PIECE):  # what was not asked for
                pass
            if summed.sha256.hexdigest() != member.sha256:
                raise _damaged(path)
        yield from _files(path, manifest, tar)


def _files(path: Path, manifest: Manifest, tar: tarfile.TarFile) -> Iterator[tuple[Member, Readable]]:
    found = FilesTold()
    while (info := tar.next()) is not None:
        content, (folder, _, name) = tar.extractfile(info), info.name.partition("/")
        if content is None or folder != FILES:
            raise _damaged(path)
        summed = _Summing(content, info.size, silent)
        yield Member(info.name, info.size, ""), summed
        while summed.read(PIECE):  # what was not asked for
            pass
        found.add(name, info.size, summed.sha256.hexdigest())
    told = manifest.files
    if (found.count, found.sum) != (0 if told is None else told.count, FilesTold().sum if told is None else told.sum):
        raise _damaged(path)


def _require_sum(path: Path, file: BinaryIO, size: int) -> None:
    sha256, left = hashlib.sha256(), size - _SUM
    file.seek(0)
    while left and (data := file.read(min(PIECE, left))):
        sha256.update(data)
        left -= len(data)
    if sha256.digest() != file.read():
        raise _damaged(path)


def _damaged(path: Path) -> Refused:
    return Refused(f"{path} is damaged: it is not what was written, take another back-up")


def _sealed(path: Path, file: BinaryIO) -> tuple[Manifest, int, int]:
    """The manifest, where the archive before it ends, and the size of all."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL.size))
    tail = file.read(_TAIL.size)
    if len(tail) < _TAIL.size or _TAIL.unpack(tail)[1] != _NAME:
        raise Refused(f"{path} is no whole back-up of Keesa's: it was cut off, or is another file")
    length = _TAIL.unpack(tail)[0]
    begin = size - _TAIL.size - length
    if length > LARGEST_MANIFEST or begin < _HEAD.size:
        raise _damaged(path)
    file.seek(begin - _HEAD.size)
    head, told = file.read(_HEAD.size), file.read(length)
    if _HEAD.unpack(head) != (_MAGIC, length + _TAIL.size):
        raise _damaged(path)
    try:
        if msgspec.json.decode(told, type=_Format).format > FORMAT:
            raise Refused(f"{path} was made by a newer Keesa: restore it with that version")
        return msgspec.json.decode(told, type=Manifest), begin - _HEAD.size, size
    except (msgspec.DecodeError, ValueError) as error:
        raise _damaged(path) from error


class _Format(msgspec.Struct):
    format: int


class _Summed:
    """A file that is written, and the sum of what was."""

    def __init__(self, file: BinaryIO) -> None:
        self.sha256 = hashlib.sha256()
        self._file = file

    def write(self, data: "bytes | memoryview", /) -> int:
        self.sha256.update(data)
        return self._file.write(data)

    def close(self) -> None:
        """The file stays open: a seal comes behind the archive."""


class _Summing:
    """What is read of a member, its sum, and how much it was."""

    def __init__(self, content: Readable, size: int, progress: Progress) -> None:
        self.sha256 = hashlib.sha256()
        self._content = content
        self._size = size
        self._progress = progress
        self._done = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._content.read(size)
        self.sha256.update(data)
        self._done += len(data)
        self._progress(self._done, self._size)
        return data


class _Beginning(io.RawIOBase):
    """The file as far as its archive goes."""

    def __init__(self, file: BinaryIO, end: int, progress: Progress) -> None:
        self._file = file
        self._end = end
        self._left = end
        self._progress = progress

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self._progress(self._end - self._left, self._end)
        return data
