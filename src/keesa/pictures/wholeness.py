"""Whether a file has all that it says it has, and how many frames, as its blocks tell; no pixel is decoded.

Decoders make a picture of what is there: HEIC and AVIF of half a file, GIF of the frames that came, PNG without its
end.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import IO, Final, NamedTuple

from keesa.errors import Invalid, TooLarge
from keesa.pictures import kinds

FRAMES: Final = 1000
"""More than these are not counted: each costs some time, however small it is."""
BLOCKS: Final = 100_000
"""Of a file, at the most."""
_NEEDED: Final = {b"ftyp", b"meta", b"moov", b"mdat"}
"""Boxes of which none may be incomplete."""
TOO_MANY_FRAMES: Final = f"A moving picture has at most {FRAMES:,} frames"


class Extent(NamedTuple):
    """How large it is, as far as its blocks tell."""

    width: int = 0
    height: int = 0
    frames: int = 1
    lossless: bool = False
    """Of a WebP."""


def broken() -> Invalid:
    return Invalid({"image": ["is broken or incomplete"]})


def require_whole(kind: str, file: IO[bytes]) -> Extent:
    """Raises `Invalid`, and `TooLarge` where there are more than `FRAMES` frames, or blocks without end. Of a GIF it
    tells the whole extent.
    """
    walk = _WALKS.get(kind)
    extent = walk(file, os.fstat(file.fileno()).st_size) if walk else Extent()
    file.seek(0)
    return extent


def _read(file: IO[bytes], size: int) -> bytes:
    got = file.read(size)
    if len(got) != size:
        raise broken()
    return got


def _walk_png(file: IO[bytes], size: int) -> Extent:
    """Chunks up to IEND: length, type, so many bytes, CRC (PNG 1.2, 3.2)."""
    at = 8
    for _ in range(BLOCKS):
        file.seek(at)
        head = _read(file, 8)
        length, name = int.from_bytes(head[:4]), head[4:]
        at += 12 + length
        if at > size:
            raise broken()
        if name == b"acTL" and int.from_bytes(_read(file, 4)) > FRAMES:
            raise TooLarge(TOO_MANY_FRAMES)
        if name == b"IEND":
            return Extent()
    raise TooLarge(TOO_MANY_FRAMES)


def _walk_gif(file: IO[bytes], size: int) -> Extent:
    """Extensions and frames up to the trailer (GIF 89a, appendix A). Frames may reach beyond what the head says."""
    file.seek(6)
    head = _read(file, 7)
    at, frames = 13 + _colours(head[4]), 0
    width, height = (int.from_bytes(head[start : start + 2], "little") for start in (0, 2))
    for _ in range(BLOCKS):
        file.seek(at)
        match _read(file, 1):
            case b"\x3b" if frames:
                return Extent(width, height, frames)
            case b"\x21":
                at = _after_pieces(file, at + 2, size)
            case b"\x2c" if frames < FRAMES:
                frames += 1
                place = _read(file, 9)
                left, top, wide, high = (int.from_bytes(place[start : start + 2], "little") for start in (0, 2, 4, 6))
                width, height = max(width, left + wide), max(height, top + high)
                at = _after_pieces(file, at + 11 + _colours(place[8]), size)
            case b"\x2c":
                raise TooLarge(TOO_MANY_FRAMES)
            case _:
                raise broken()
    raise TooLarge(TOO_MANY_FRAMES)


def _colours(flags: int) -> int:
    """The bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_pieces(file: IO[bytes], at: int, size: int) -> int:
    """Where a GIF goes on behind pieces of up to 255 bytes, the last of which is empty. Reads them a lot at a time."""
    file.seek(at)
    buffer, start = b"", at
    while at < size:
        if at - start >= len(buffer):
            start = at
            file.seek(at)
            buffer = file.read(65536)
        length = buffer[at - start]
        at += 1 + length
        if not length:
            return at
    raise broken()


def _walk_webp(file: IO[bytes], size: int) -> Extent:
    """Chunks up to the RIFF's end: name, length, so many bytes and one more where that is odd; a frame has its own."""
    file.seek(4)
    end, at, names = 8 + int.from_bytes(_read(file, 4), "little"), 12, Counter[bytes]()
    if end > size:
        raise broken()
    for _ in range(BLOCKS):
        if at + 8 > end:
            return Extent(lossless=names[b"VP8L"] > 0 and not names[b"VP8 "])
        file.seek(at)
        head = _read(file, 8)
        name, length = head[:4], int.from_bytes(head[4:], "little")
        names[name] += 1
        if names[b"ANMF"] > FRAMES:
            raise TooLarge(TOO_MANY_FRAMES)
        at += 24 if name == b"ANMF" else 8 + length + length % 2
    raise TooLarge(TOO_MANY_FRAMES)


def _walk_boxes(file: IO[bytes], size: int) -> Extent:
    """Boxes up to the end of the file: length, type (ISO/IEC 14496-12, 4.2). What follows all that a picture needs may
    be anything.
    """
    at, seen = 0, set[bytes]()
    for _ in range(BLOCKS):
        file.seek(at)
        head = file.read(16)
        length, name = int.from_bytes(head[:4]), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:])
        end = at + length if length else size
        if len(head) < 8 or end < at + 8 or end > size:
            break
        at = end
        seen.add(name)
    complete = seen >= {b"ftyp", b"mdat"} and seen & {b"meta", b"moov"}
    if not complete or name in _NEEDED:
        raise broken()
    return Extent()


_WALKS: Final[dict[str, Callable[[IO[bytes], int], Extent]]] = {
    kinds.PNG: _walk_png,
    kinds.GIF: _walk_gif,
    kinds.WEBP: _walk_webp,
    kinds.AVIF: _walk_boxes,
    kinds.HEIF: _walk_boxes,
}
