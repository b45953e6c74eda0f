"""Pictures that say they have far more pixels, or frames, than they have bytes for."""

import struct
import zlib
from typing import Final

from pictures import chunk, drawn, encoded

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def png_of(width: int, height: int, *more: bytes, pixels: bytes = b"") -> bytes:
    """That says it has so many pixels, of one bit each."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return SIGNATURE + head + b"".join(more) + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    """An extended head that says so, before a picture that has fewer."""
    inner = encoded(drawn(), "WEBP")[12:]
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    whole = b"WEBPVP8X" + struct.pack("<II", 10, 0) + sides + inner
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def boxes_of(kind: str, width: int, height: int) -> bytes:
    """An AVIF or HEIC whose `ispe` says so."""
    content = encoded(drawn(64, 64), kind)
    place = content.index(b"ispe") + 8
    return content[:place] + struct.pack(">II", width, height) + content[place + 8 :]


def gif_of(frames: int, *, reaching: int = 1) -> bytes:
    """Of frames of one pixel, the last of which reaches so far to the right and down."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    last = b"\x2c" + struct.pack("<HHHHB", 0, 0, reaching, reaching, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + frame * (frames - 1) + last + b"\x3b"
