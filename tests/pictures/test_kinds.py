"""Which pictures are taken: by what they hold."""

import os
from pathlib import Path

import pytest
from PIL import Image

from keesa.errors import WrongType
from pictures import KINDS, Preparing, colour_of, drawn, encoded, moving, pixel, preparing, see_through

KEPT = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/jpeg",
    "HEIF": "image/jpeg",
}


@pytest.mark.parametrize("kind", KINDS)
def test_six_kinds_are_taken(prepare: Preparing, kind: str) -> None:
    """Each is made anew, HEIC and AVIF as JPEG, which everybody can show."""
    prepared = prepare(encoded(drawn(), kind))
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
def test_others_are_not(prepare: Preparing, content: bytes) -> None:
    """Whatever else Pillow could read, or a browser would run."""
    with pytest.raises(WrongType, match="JPEG, PNG, WebP, GIF, HEIC or AVIF"):
        prepare(content)


@pytest.mark.parametrize(
    ("kind", "kept"), [("PNG", "PNG"), ("WEBP", "WEBP"), ("GIF", "GIF"), ("AVIF", "PNG"), ("HEIF", "PNG")]
)
def test_what_is_seen_through_stays_so(prepare: Preparing, kind: str, kept: str) -> None:
    """HEIC and AVIF with alpha are kept as PNG, in all forms."""
    prepared = prepare(encoded(see_through(700, 400), kind))
    assert prepared.forms["original"].media_type == Image.MIME[kept]
    for form in prepared.forms.values():
        with Image.open(form.path) as image:
            alpha = image.convert("RGBA").getchannel("A")
            assert alpha.getpixel((form.width // 2, form.height // 4)) == 255
            assert alpha.getpixel((form.width // 2, form.height * 3 // 4)) == 0


@pytest.mark.parametrize(("kind", "kept"), [("PNG", "PNG"), ("WEBP", "WEBP"), ("GIF", "GIF"), ("AVIF", "WEBP")])
def test_what_moves_goes_on_moving(prepare: Preparing, kind: str, kept: str) -> None:
    """All frames are kept, each as long, and shown again as often."""
    prepared = prepare(moving(kind, 7))
    original = prepared.forms["original"]
    assert original.media_type == Image.MIME[kept]
    with Image.open(original.path) as image:
        assert getattr(image, "n_frames", 1) == 7
        image.seek(6)
        image.load()
        assert image.info["duration"] == 50
        shown = pixel(image, 3, 3)[:3]
        assert all(abs(is_ - should) < 12 for is_, should in zip(shown, colour_of(6), strict=True))


def test_colours_that_a_gif_has_it_keeps(prepare: Preparing) -> None:
    """Its few colours are not made others, with and without what is seen through."""
    for image in (drawn(), see_through()):
        prepared = prepare(encoded(image, "GIF"))
        with Image.open(prepared.forms["original"].path) as kept:
            assert kept.convert("RGBA").getpixel((5, 5)) == (255, 0, 0, 255)
            assert kept.convert("RGBA").getpixel((60, 5)) == (0, 255, 0, 255)


def test_names_do_not_count(prepare: Preparing) -> None:
    """There is none to count: what is a PNG is kept as one, however it was called."""
    assert prepare(encoded(drawn(), "PNG")).forms["original"].media_type == "image/png"


def test_heic_without_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused with what the operator can do."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "pi_heif.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", f"{hidden}:{os.environ.get('PYTHONPATH', '')}")
    with preparing(tmp_path) as prepare, pytest.raises(WrongType, match="extra `heic`"):
        prepare(encoded(drawn(), "HEIF"))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA", "CMYK"])
def test_every_sort_of_pixel(prepare: Preparing, mode: str) -> None:
    """One bit or sixteen, grey, of a palette or of four inks: what is light stays light, what is dark dark."""
    image = Image.new("L", (40, 40), 0)
    image.paste(255, (0, 0, 40, 20))
    if mode == "I;16":
        image = image.convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        image = image.convert(mode) if mode in {"1", "L", "P", "RGB"} else image.convert("RGB").convert(mode)
    prepared = prepare(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    with Image.open(prepared.forms["original"].path) as kept:
        assert kept.mode in {"L", "LA", "RGB", "RGBA"}
        assert min(pixel(kept, 20, 5)) > 240
        assert max(pixel(kept, 20, 35)[:3]) < 15
