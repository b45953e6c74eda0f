"""What kind of picture bytes are, by what they begin with: neither a name nor a media type has a say."""

from typing import Final

from keesa.errors import WrongType

JPEG: Final = "JPEG"
PNG: Final = "PNG"
WEBP: Final = "WEBP"
GIF: Final = "GIF"
AVIF: Final = "AVIF"
HEIF: Final = "HEIF"
MEDIA_TYPES: Final = {JPEG: "image/jpeg", PNG: "image/png", WEBP: "image/webp", GIF: "image/gif"}
"""Of the kinds that pictures are kept in; the names are Pillow's."""
HEAD_BYTES: Final = 256
"""So many tell the kind."""
TAKEN: Final = "Pictures are taken as JPEG, PNG, WebP, GIF, HEIC or AVIF"
NO_HEIC: Final = (
    "HEIC pictures are not taken here, send it as JPEG: whoever runs this server can install Keesa's extra `heic`"
)
_AVIF_BRANDS: Final = {b"avif", b"avis"}
_HEIF_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_GENERAL_BRANDS: Final = {b"mif1", b"mif2", b"msf1"}
"""Of either: the brands that the file is compatible with tell which (ISO/IEC 23008-12, 10)."""


def kind_of(head: bytes) -> str:
    """From a file's first `HEAD_BYTES`. Raises `WrongType`."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and (kind := _by_brand(head)):
        return kind
    raise WrongType(TAKEN)


def _by_brand(head: bytes) -> str | None:
    major, end = head[8:12], int.from_bytes(head[:4])
    compatible = {head[start : start + 4] for start in range(16, min(end, len(head)), 4)}
    brands = compatible if major in _GENERAL_BRANDS else {major}
    if brands & _AVIF_BRANDS:
        return AVIF
    return HEIF if brands & _HEIF_BRANDS else None
