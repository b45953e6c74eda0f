"""The bytes of an upload as they arrive: put where files are kept, and only then counted as there."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from io import BytesIO
from typing import IO, Final, NamedTuple, Protocol

from keesa.accounts.actors import Actor
from keesa.clock import now
from keesa.db import Database
from keesa.errors import Damaged, TooLarge, Unavailable
from keesa.files.places import UPLOADS, Place
from keesa.uploads.uploads import Piece, Upload, extend

LARGEST_PIECE: Final = 1024 * 1024
"""Bytes of an upload that are held in memory, and are put together."""
PUT_SECONDS: Final = 60
"""In which a piece must be where files are kept."""
ALGORITHMS: Final = ("sha256", "sha1", "md5")
"""Of checksums."""
_BEYOND: Final = "The body has more bytes than the upload has left"


class Checksum(NamedTuple):
    """What a client says of the bytes that it sends."""

    algorithm: str
    digest: bytes


class Scratch(Protocol):
    def file(self) -> IO[bytes]:
        """A file without a name. Blocks; raises `Unavailable`."""


class Receiver:
    """Of one process. `scratch` is where a checksum is waited for."""

    def __init__(self, database: Database, scratch: Scratch) -> None:
        self._database = database
        self._scratch = scratch

    async def collect(
        self, place: Place, length: int, chunks: AsyncIterator[bytes], checksum: Checksum | None
    ) -> list[Piece]:
        """What comes with the call that makes an upload of that length: put, and to be counted by who makes it."""
        pieces: list[Piece] = []

        async def keep(more: list[Piece]) -> None:
            pieces.extend(more)

        await self._receive(place, length, chunks, checksum, keep)
        return pieces

    async def go_on(
        self, place: Place, actor: Actor, upload: Upload, chunks: AsyncIterator[bytes], checksum: Checksum | None
    ) -> Upload:
        """As it is then. Of what is broken off all that came is kept, unless there is a checksum. Raises what the
        chunks raise; `Damaged`; `TooLarge`; and what `extend` does: some of it may have been kept all the same.
        """

        async def keep(more: list[Piece]) -> None:
            nonlocal upload
            before = upload
            upload = await self._database.awrite(lambda tx: extend(tx, actor, before, more, now()))

        await self._receive(place, upload.length - upload.received, chunks, checksum, keep)
        return upload

    async def _receive(
        self,
        place: Place,
        most: int,
        chunks: AsyncIterator[bytes],
        checksum: Checksum | None,
        keep: "Keep",
    ) -> None:
        if checksum is not None:
            await self._receive_whole(place, most, chunks, checksum, keep)
            return
        gathered = bytearray()
        while True:
            try:
                chunk = await anext(chunks, b"")
            except Exception:
                await self._put_all(place, gathered, keep)
                raise
            if not chunk:
                break
            most -= len(chunk)
            if most < 0:
                raise TooLarge(_BEYOND)
            gathered += chunk
            if len(gathered) >= LARGEST_PIECE:
                await self._put_all(place, gathered, keep)
        await self._put_all(place, gathered, keep)

    async def _put_all(self, place: Place, gathered: bytearray, keep: "Keep") -> None:
        """In pieces, each counted before the next one is put."""
        while gathered:
            content = bytes(gathered[:LARGEST_PIECE])
            del gathered[:LARGEST_PIECE]
            await keep([await _put(place, BytesIO(content), len(content))])

    async def _receive_whole(
        self, place: Place, most: int, chunks: AsyncIterator[bytes], checksum: Checksum, keep: "Keep"
    ) -> None:
        """Into a file, until it is known whether it is what was sent."""
        file = await asyncio.to_thread(self._scratch.file)
        try:
            size = await _fill(file, most, chunks, checksum)
            file.seek(0)
            starts = range(0, size, LARGEST_PIECE)
            pieces = [await _put(place, file, min(LARGEST_PIECE, size - start)) for start in starts]
            if pieces:
                await keep(pieces)
        finally:
            file.close()


class Keep(Protocol):
    async def __call__(self, more: list[Piece], /) -> None: ...


async def _fill(file: IO[bytes], most: int, chunks: AsyncIterator[bytes], checksum: Checksum) -> int:
    """How many bytes it has. Raises `Damaged` where they are not those of the checksum."""
    digest, size = hashlib.new(checksum.algorithm, usedforsecurity=False), 0

    def add(content: bytes) -> None:
        digest.update(content)
        file.write(content)

    async for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise TooLarge(_BEYOND)
        await asyncio.to_thread(add, chunk)
    if digest.digest() != checksum.digest:
        raise Damaged("What has arrived does not have the checksum that was sent: send it again")
    return size


async def _put(place: Place, content: IO[bytes], size: int) -> Piece:
    piece = Piece(secrets.token_hex(16), size)
    try:
        async with asyncio.timeout(PUT_SECONDS):
            await asyncio.to_thread(place.put, f"{UPLOADS}/{piece.place}", content, size)
    except TimeoutError as error:
        raise Unavailable("Files cannot be kept at this moment, please try again later") from error
    return piece
