"""What is too much, or broken: refused before it costs, and with what is wrong."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from bombs import boxes_of, gif_of, png_of, webp_of
from keesa.errors import Invalid, TooLarge, WrongType
from keesa.pictures import child_process
from pictures import KINDS, Preparing, drawn, encoded, moving, photographed, preparing, with_chunk

MIB = 1024 * 1024

BOMBS = {
    "png": lambda: png_of(50_000, 50_000, pixels=bytes(6251 * 5_000)),
    "png-little-more": lambda: png_of(2001, 1000, pixels=bytes(252 * 1000)),
    "webp": lambda: webp_of(16_383, 16_383),
    "avif": lambda: boxes_of("AVIF", 16_000, 16_000),
    "heic": lambda: boxes_of("HEIF", 16_000, 16_000),
    "gif": lambda: gif_of(1, reaching=65_535),
    "gif-moving": lambda: moving("GIF", 60, 200, 200),
    "gif-many-frames": lambda: gif_of(1_000_000),
    "png-moving": lambda: moving("PNG", 60, 200, 200),
    "png-many-frames": lambda: with_chunk(encoded(drawn(), "PNG"), b"acTL", struct.pack(">II", 4_000_000_000, 0)),
    "webp-moving": lambda: moving("WEBP", 60, 200, 200, quality=10, method=0),
    "webp-many-frames": lambda: moving("WEBP", 1100, 2, 2, lossless=True, minimize_size=False, kmin=1, kmax=1),
    "avif-moving": lambda: moving("AVIF", 60, 200, 200, speed=10),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_refused_before_they_are_decoded(tmp_path: Path, bomb: str) -> None:
    """However many pixels, in one frame or in all together, hardly any memory is taken."""
    content = BOMBS[bomb]()
    with preparing(tmp_path) as prepare:
        prepare(encoded(drawn(), "PNG"))
        before = prepare.peak()
        with pytest.raises(TooLarge, match="has at most"):
            prepare(content)
        assert prepare.peak() < before + 8 * MIB + 2 * len(content)


@pytest.mark.parametrize("megapixels", [1, 2])
def test_as_many_as_may_be_are_taken(tmp_path: Path, megapixels: int) -> None:
    """To the pixel."""
    with preparing(tmp_path, megapixels=megapixels) as prepare:
        prepare(png_of(megapixels * 1000, 1000, pixels=bytes((megapixels * 125 + 1) * 1000)))
        with pytest.raises(TooLarge, match=f"at most {megapixels} million pixels"):
            prepare(png_of(megapixels * 1000, 1001, pixels=bytes((megapixels * 125 + 1) * 1001)))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_texts_that_swell(tmp_path: Path, kind: bytes) -> None:
    """A text of a thousand times its bytes is not unpacked."""
    packed = zlib.compress(bytes(100 * MIB), 9)
    heads = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}
    with preparing(tmp_path) as prepare:
        prepare(encoded(drawn(), "PNG"))
        before = prepare.peak()
        with pytest.raises(Invalid):
            prepare(with_chunk(encoded(drawn(), "PNG"), kind, heads[kind] + packed))
        assert prepare.peak() < before + 16 * MIB


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_half_a_picture_is_none(prepare: Preparing, kind: str, share: float) -> None:
    """Whatever its decoder would make of it."""
    content = encoded(photographed(), kind)
    with pytest.raises((Invalid, WrongType)) as refused:
        prepare(content[: int(len(content) * share)])
    assert refused.type is Invalid or share < 0.1


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_half_a_moving_picture_is_none(prepare: Preparing, kind: str) -> None:
    """Cut between or within frames."""
    content = moving(kind, 9)
    for end in range(30, len(content) - 12, 37):
        with pytest.raises(Invalid):
            prepare(content[:end])


def test_what_takes_more_memory_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and the process goes on."""
    monkeypatch.setattr(child_process, "OWN_BYTES", 200 * MIB)
    monkeypatch.setattr(child_process, "BYTES_A_PIXEL", 0)
    with preparing(tmp_path, megapixels=60) as prepare:
        prepare(encoded(drawn(), "PNG"))
        child = prepare.child
        with pytest.raises(TooLarge, match="memory"):
            prepare(encoded(Image.new("RGB", (7000, 7000)), "PNG", compress_level=1))
        prepare(encoded(drawn(), "PNG"))
        assert prepare.child == child


def test_what_takes_more_space_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, and the process goes on."""
    monkeypatch.setattr(child_process, "FILE_BYTES", 20_000)
    with preparing(tmp_path) as prepare:
        with pytest.raises(TooLarge, match="space"):
            prepare(encoded(photographed(), "PNG"))
        prepare(encoded(drawn(), "PNG"))
