"""A snapshot of SQLite's data: what differs from a full back-up, its base, which lies beside it.

It is made of the data file while that is frozen, without a copy of it: all of the file is read and compared, and what
has changed is written (docs/decisions/0035-snapshots.md).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Final, NamedTuple

import msgspec

import keesa
from keesa.backup import archive
from keesa.backup.archive import Writer
from keesa.backup.blocks import BLOCK, packed, put_over, sums_of_file, whole, write_changed
from keesa.backup.drafts import draft
from keesa.backup.files import Source, last_of, source, write_files
from keesa.backup.making import SUMS, Settings, Steps, named, quietly
from keesa.backup.manifest import Changes, Manifest
from keesa.clock import now
from keesa.db.sqlite import SqliteDatabase
from keesa.errors import Refused
from keesa.files.places import Place

SHARE: Final = 3
"""A snapshot has at most one of so many blocks of the data: with more a full back-up is due, as every further one would
be as large.
"""
SMALL: Final = 4096
"""Blocks that it may have in any case."""
_NUMBERS: Final = "changes/numbers"
"""The member with the blocks' numbers, 4 bytes each, little-endian; it comes before the blocks."""
_BLOCKS: Final = "changes/blocks"
_IN_MEMORY: Final = 16 * 1024 * 1024
"""Bytes of changed blocks that are kept in memory until they are packed."""


@dataclass(frozen=True, slots=True)
class Base:
    """A full back-up on which snapshots can stand."""

    name: str
    sum: str
    """Its last bytes, which no other file has, in hex."""
    made_at: int
    sums: bytes
    """Of the blocks of its data."""
    files: int | None
    """The largest id of `stored_files` in it; None where it has no pictures and files, and so no snapshot has."""


def read_base(path: Path) -> Base | None:
    """None where it was made without what a snapshot needs. Raises `Refused` where it is no whole back-up."""
    manifest = archive.read_manifest(path)
    if not any(member.name == SUMS for member in manifest.members):
        return None
    sums = next(content.read() for member, content in archive.read(path) if member.name == SUMS)
    files = None if manifest.files is None else manifest.files.last
    return Base(path.name, archive.sum_of(path), manifest.made_at, sums, files)


def take(
    database: SqliteDatabase,
    settings: Settings,
    base: Base,
    to: Path,
    steps: Steps = quietly,
    place: Place | None = None,
) -> Manifest:
    """The desk as it is now, in the new file `to` beside its base, with the pictures and files that have come since.
    Nothing is missing that was acknowledged before. Raises `TooManyError` where a full back-up is due, and
    `Unavailable` where the data file cannot be frozen.
    """
    at = now()
    with draft(to) as folder, source(database, None if base.files is None else place) as files:
        with SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)) as blocks:
            steps("comparing the data")
            with database.frozen() as frozen:
                (schema, desk), last = named(frozen.tx), last_of(frozen.tx)
                most = max(SMALL, frozen.size // BLOCK // SHARE)
                numbers, sums = write_changed(frozen.pieces(), base.sums, blocks, most)
            changes = Changes(base.name, base.sum, frozen.size, len(numbers), whole(sums))
            told = Manifest(
                made_at=at,
                keesa=keesa.__version__,
                engine="sqlite",
                schema=schema,
                desk=desk,
                zone=settings.zone,
                number_form=settings.number_form,
                tables={},
                members=(),
                changes=changes,
            )
            _pack(folder / to.name, told, numbers, blocks, _Files(files, base.files or 0, last))
        return archive.check(folder / to.name, steps("reading it again"))


class _Files(NamedTuple):
    source: Source | None
    after: int
    last: int


def _pack(made: Path, told: Manifest, numbers: list[int], blocks: "SpooledTemporaryFile[bytes]", files: _Files) -> None:
    size = blocks.tell()
    blocks.seek(0)
    with made.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        writer = Writer(file)
        writer.add_bytes(_NUMBERS, packed(numbers))
        writer.add(_BLOCKS, size, blocks)
        new = files.source and write_files(files.source, writer, files.after, files.last, made.parent)
        writer.seal(msgspec.structs.replace(told, members=writer.members, files=new))


def require_base(path: Path, changes: Changes, steps: Steps = quietly) -> Path:
    """The base of a snapshot, beside it, read from beginning to end. Raises `Refused` where it is not there, is another
    one, or is not what was written.
    """
    base = path.with_name(Path(changes.base).name)
    if not base.is_file():
        raise Refused(f"{path} tells what has changed since {changes.base}, which must lie beside it: it is not there")
    archive.read_manifest(base)
    if archive.sum_of(base) != changes.base_sum:
        raise Refused(f"{base} is not the back-up that {path.name} was made to: put the right one there")
    archive.check(base, steps("reading the back-up that it stands on"))
    return base


def put_changes(path: Path, changes: Changes, data: Path) -> None:
    """Make of the base's data what it was when the snapshot was taken. Raises `Refused` where it does not come out."""
    numbers = b""
    for member, content in archive.read(path):
        if member.name == _NUMBERS:
            numbers = content.read()
        if member.name == _BLOCKS:
            put_over(data, numbers, content, changes.size)
    if whole(sums_of_file(data)) != changes.sum:
        raise Refused(f"{path} and {changes.base} do not give the data that it tells of: take another one")
