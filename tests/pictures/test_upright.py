"""Pictures stand upright, in the colours that were meant."""

from io import BytesIO

import pytest
from PIL import Image, ImageCms
from PIL.Image import Transpose

from pictures import Preparing, drawn, encoded, photographed, pixel

STORED = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
"""By orientation, how a camera has stored what is upright when it is shown."""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_each_orientation(prepare: Preparing, kind: str, orientation: int) -> None:
    """All forms stand as the camera was held, and say nothing of it any more."""
    turned, exif = STORED[orientation], Image.Exif()
    exif[0x0112] = orientation
    image = photographed()
    prepared = prepare(encoded(image if turned is None else image.transpose(turned), kind, exif=exif.tobytes()))
    assert {"original", "thumbnail"} <= prepared.forms.keys()
    for form in prepared.forms.values():
        with Image.open(form.path) as kept:
            assert kept.size == (form.width, form.height)
            assert kept.width > kept.height
            assert kept.getexif().get(0x0112, 1) == 1
            corners = [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)]
            shown = [pixel(kept, x * form.width, y * form.height)[:3] for x, y in corners]
        wanted = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
        assert all(
            abs(is_ - should) < 40
            for pixel, colour in zip(shown, wanted, strict=True)
            for is_, should in zip(pixel, colour, strict=True)
        ), shown


def test_colours_of_a_profile(prepare: Preparing) -> None:
    """What a profile means is what is shown without one; here one whose red and blue are exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red], profile[blue] = profile[blue], profile[red]
    for kind in ("PNG", "WEBP", "JPEG"):
        prepared = prepare(encoded(Image.new("RGB", (40, 40), (255, 0, 0)), kind, icc_profile=bytes(profile)))
        with Image.open(prepared.forms["original"].path) as kept:
            assert "icc_profile" not in kept.info
            red_, _, blue_, _ = pixel(kept, 9, 9)
            assert red_ < 60
            assert blue_ > 200


@pytest.mark.parametrize("profile", [b"", b"\0" * 128, b"A" * 5_000_000, bytes(range(256)) * 9])
def test_a_broken_profile(prepare: Preparing, profile: bytes) -> None:
    """It is passed over, as a giant one is."""
    prepared = prepare(encoded(drawn(), "JPEG", icc_profile=profile))
    with Image.open(BytesIO(prepared.forms["original"].path.read_bytes())) as kept:
        assert pixel(kept, 5, 5)[0] > 240
        assert "icc_profile" not in kept.info
