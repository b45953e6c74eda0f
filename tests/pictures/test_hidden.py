"""Nothing but pixels is left: no text that was put anywhere into a file, in any form of it.

What is left is read by libvips, which knows of EXIF, XMP, IPTC, comments and profiles, and by a search of the bytes.
"""

import struct
import zlib
from collections.abc import Callable

import pytest
import pyvips
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from pictures import (
    Preparing,
    chunk,
    drawn,
    encoded,
    moving,
    photographed,
    with_chunk,
    with_riff_chunk,
    with_segment,
)

SECRET = b"SECRET-5.8812N-73.1001E-imei-356938035643809"
TEXT = SECRET.decode()
TECHNICAL = {
    *("width", "height", "bands", "format", "coding", "interpretation", "xoffset", "yoffset", "xres", "yres"),
    *("filename", "vips-loader", "bits-per-sample", "palette", "interlaced", "vips-sequential"),
    *("jpeg-multiscan", "jpeg-chroma-subsample", "n-pages", "page-height", "loop", "delay", "background"),
    *("gif-palette", "gif-delay", "gif-loop"),
}
"""What libvips tells of any picture; a comment, EXIF, XMP, IPTC or a profile has another name."""


def _exif() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = TEXT
    exif[ExifTags.Base.ImageDescription] = TEXT
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + SECRET
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = SECRET
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSMapDatum] = TEXT
    return exif.tobytes()


def _exif_with_thumbnail() -> bytes:
    """A second directory (IFD1) that leads to a JPEG with a comment (EXIF 2.32, 4.5.1)."""
    thumbnail = encoded(drawn(16, 16), "JPEG", comment=SECRET)
    first = struct.pack("<HI", 0, 14)
    second = (
        struct.pack("<H", 2)
        + struct.pack("<HHII", 0x0201, 4, 1, 44)
        + struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail))
    )
    return b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + first + second + struct.pack("<I", 0) + thumbnail


def _iptc() -> bytes:
    caption = b"\x1c\x02\x78" + struct.pack(">H", len(SECRET)) + SECRET
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(caption)) + caption


def _profile() -> bytes:
    """A good one of sRGB, with a text behind its tags."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET


XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:li>" + SECRET + b"</rdf:li></x:xmpmeta>"
HTML = b"<html><script>" + SECRET + b"</script></html>"
PHOTO = photographed()


def _texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", TEXT)
    texts.add_text("Author", TEXT, zip=True)
    texts.add_itxt("Title", TEXT, "en", TEXT, zip=True)
    return texts


def _palette(kind: str) -> bytes:
    """Colours that no pixel has."""
    image = Image.new("P", (64, 48), 1)
    image.putpixel((3, 3), 255)
    image.putpalette(bytes(range(60)) + SECRET + bytes(768 - 60 - len(SECRET)))
    return encoded(image, kind, optimize=False)


def _unseen() -> bytes:
    """Colours of pixels that are not seen."""
    image = Image.new("RGBA", (64, 48), (9, 9, 9, 255))
    for place, letter in enumerate(SECRET):
        image.putpixel((place, 0), (letter, letter, letter, 0))
    return encoded(image, "PNG")


CARRIERS: dict[str, Callable[[], bytes]] = {
    "jpeg-comment": lambda: encoded(PHOTO, "JPEG", comment=SECRET),
    "jpeg-exif": lambda: encoded(PHOTO, "JPEG", exif=_exif()),
    "jpeg-exif-thumbnail": lambda: encoded(PHOTO, "JPEG", exif=_exif_with_thumbnail()),
    "jpeg-exif-garbage": lambda: encoded(PHOTO, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + SECRET * 9),
    "jpeg-xmp": lambda: encoded(PHOTO, "JPEG", xmp=XMP),
    "jpeg-iptc": lambda: with_segment(encoded(PHOTO, "JPEG"), 0xED, _iptc()),
    "jpeg-profile": lambda: encoded(PHOTO, "JPEG", icc_profile=_profile()),
    "jpeg-unknown-segment": lambda: with_segment(encoded(PHOTO, "JPEG"), 0xEB, SECRET),
    "jpeg-tables": lambda: encoded(PHOTO, "JPEG", qtables=[list((SECRET + SECRET)[:64])] * 2),
    "jpeg-second-picture": lambda: encoded(
        PHOTO, "MPO", save_all=True, append_images=[drawn(64, 64)], exif=_exif(), comment=SECRET
    ),
    "jpeg-tail": lambda: encoded(PHOTO, "JPEG") + HTML,
    "png-texts": lambda: encoded(PHOTO, "PNG", pnginfo=_texts()),
    "png-exif": lambda: encoded(PHOTO, "PNG", exif=_exif()),
    "png-profile": lambda: encoded(PHOTO, "PNG", icc_profile=_profile()),
    "png-unknown-chunk": lambda: with_chunk(encoded(PHOTO, "PNG"), b"prVt", SECRET),
    "png-palette": lambda: _palette("PNG"),
    "png-unseen": _unseen,
    "png-moving": lambda: with_chunk(moving("PNG", 3), b"tEXt", b"Comment\0" + SECRET),
    "png-tail": lambda: encoded(PHOTO, "PNG") + HTML + chunk(b"tEXt", b"Comment\0" + zlib.compress(SECRET)),
    "webp-exif": lambda: encoded(PHOTO, "WEBP", exif=_exif()),
    "webp-xmp": lambda: encoded(PHOTO, "WEBP", xmp=XMP),
    "webp-profile": lambda: encoded(PHOTO, "WEBP", icc_profile=_profile()),
    "webp-unknown-chunk": lambda: with_riff_chunk(encoded(PHOTO, "WEBP", xmp=XMP), b"PRVT", SECRET),
    "webp-moving": lambda: moving("WEBP", 3, exif=_exif(), xmp=XMP),
    "webp-tail": lambda: encoded(PHOTO, "WEBP") + HTML,
    "gif-comment": lambda: encoded(drawn(), "GIF", comment=SECRET),
    "gif-moving": lambda: moving("GIF", 3, comment=SECRET),
    "gif-palette": lambda: _palette("GIF"),
    "gif-tail": lambda: encoded(drawn(), "GIF") + HTML,
    "gif-is-javascript": lambda: encoded(drawn(), "GIF").replace(b"GIF87a", b"GIF89a") + b"=1;//" + SECRET,
    "avif-exif": lambda: encoded(PHOTO, "AVIF", exif=_exif(), xmp=XMP),
    "avif-tail": lambda: encoded(PHOTO, "AVIF") + HTML,
    "heic-exif": lambda: encoded(PHOTO, "HEIF", exif=_exif(), xmp=XMP),
    "heic-tail": lambda: encoded(PHOTO, "HEIF") + HTML,
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_nothing_hidden_is_left(prepare: Preparing, carrier: str) -> None:
    """It is taken, and comes out clean: in comments, EXIF with its thumbnail, XMP, IPTC, profiles, palettes, tails."""
    forms = prepare(CARRIERS[carrier]()).forms
    for form in forms.values():
        content = form.path.read_bytes()
        assert SECRET[:12] not in content
        assert b"html" not in content
        read = pyvips.Image.new_from_file(str(form.path))
        assert set(read.get_fields()) <= TECHNICAL
        pixels = bytes(read.write_to_memory())
        assert SECRET[:12] not in pixels
        if read.bands == 4:  # a text in colours that are not seen
            assert all(SECRET[:6] not in pixels[band::4] for band in range(4))
        if carrier == "jpeg-tables":
            with Image.open(form.path) as image:
                tables = getattr(image, "quantization", {})
            assert all(bytes(table[:12]) != SECRET[:12] for table in tables.values())


@pytest.mark.parametrize(
    "carrier", [name for name in CARRIERS if name.endswith(("-exif", "-xmp", "-texts", "-profile"))]
)
def test_the_reader_sees_what_is_hidden(carrier: str) -> None:
    """Libvips finds it in what was sent, so that its silence about what is kept means something."""
    read = pyvips.Image.new_from_buffer(CARRIERS[carrier](), "")
    assert set(read.get_fields()) - TECHNICAL


@pytest.mark.parametrize("carrier", ["png-palette", "gif-palette"])
def test_palettes_hold_what_is_seen_alone(carrier: str, prepare: Preparing) -> None:
    """The text in the palette is there before, and no colour is kept that no pixel has."""
    content = CARRIERS[carrier]()
    assert SECRET in content
    with Image.open(prepare(content).forms["original"].path) as image:
        colours = {pixel for _, pixel in image.convert("RGB").getcolors() or []}
        if image.palette is not None:
            assert set(image.palette.colors) <= colours | {(0, 0, 0)}
