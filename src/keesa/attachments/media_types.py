"""What a file is, by what it holds: never by its name, nor by what who sent it says.

It is for download alone, so that little hangs on it; what browsers would run is told as bytes.
"""

import codecs
from typing import IO, Final

BYTES: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"
_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
)
_PIECE: Final = 256 * 1024
"""Bytes that are looked at together."""


def media_type_of(content: IO[bytes]) -> str:
    """Read from where it stands to its end, if need be: UTF-8 without control characters but blanks is text."""
    piece = content.read(_PIECE)
    for beginning, media_type in _BEGINNINGS:
        if piece.startswith(beginning):
            return media_type
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece:
            if not _is_text(decoder.decode(piece)):
                return BYTES
            piece = content.read(_PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return BYTES
    return TEXT


_CONTROLS: Final = frozenset(map(chr, (*range(9), *range(14, 27), *range(28, 32), 127)))
"""But tabs, ends of lines and of pages, and escapes, which logs have for their colours."""


def _is_text(decoded: str) -> bool:
    return _CONTROLS.isdisjoint(decoded)
