"""Which pictures are taken: by what they hold."""

from pathlib import Path

import pytest
from PIL import Image

from keesa.errors import WrongType
from pictures import KINDS, drawn, encoded, prepare

KEPT = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/jpeg",
    "HEIF": "image/jpeg",
}


@pytest.mark.parametrize("kind", KINDS)
def test_six_kinds_are_taken(tmp_path: Path, kind: str) -> None:
    """Each is made anew, HEIC and AVIF as JPEG, which everybody can show."""
    prepared = prepare(encoded(drawn(), kind), tmp_path / "into")
    original = prepared.forms["original"]
    assert (original.media_type, original.width, original.height) == (KEPT[kind], 64, 48)
    assert original.size == original.path.stat().st_size
    with Image.open(original.path) as image:
        assert Image.MIME[image.format or ""] == original.media_type


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", id="svg"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", id="html"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="eps"),
        pytest.param(b"%PDF-1.7\n", id="pdf"),
        pytest.param(encoded(drawn(), "TIFF"), id="tiff"),
        pytest.param(encoded(drawn(), "BMP"), id="bmp"),
        pytest.param(encoded(drawn(), "ICO"), id="ico"),
        pytest.param(encoded(drawn(), "PPM"), id="ppm"),
        pytest.param(encoded(drawn(), "JPEG2000"), id="jpeg2000"),
        pytest.param(b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0" * 64, id="mp4"),
    ],
)
def test_others_are_not(tmp_path: Path, content: bytes) -> None:
    """Whatever else Pillow could read, or a browser would run."""
    with pytest.raises(WrongType, match="JPEG, PNG, WebP, GIF, HEIC or AVIF"):
        prepare(content, tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())
