"""The form `original`: as large as what was sent, and of its kind where that is one that everybody can show.

A WebP of more than `LARGE_PIXELS` is kept as JPEG or PNG: to write it as WebP takes up to 30 bytes a pixel.
"""

from collections.abc import Iterator
from typing import Any, Final

from PIL import Image

from keesa.pictures import kinds
from keesa.pictures.pixels import plain
from keesa.pictures.prepared import ORIGINAL
from keesa.pictures.wholeness import Extent
from keesa.pictures.writing import Forms

LARGE_PIXELS: Final = 16_000_000
QUALITY: Final = 90
"""Of a JPEG or WebP, at the most: a JPEG that came with less is kept with about as much as it came with."""
_LEAST_QUALITY: Final = 50
_PNG_LEVEL: Final = 4
"""6, as usual, takes twice as long for a photograph, and saves nothing."""
_LUMINANCE_SUM: Final = 3687
"""Of libjpeg's table for luminance at quality 50, by which that of a file is told."""
_LONGEST_FRAME: Final = 60_000
"""In milliseconds."""


def write_original(
    forms: Forms, kind: str, shown: list[Image.Image], extent: Extent, turn: Image.Transpose | None
) -> Image.Image:
    """Of the loaded image of that kind in `shown`, which is taken out. The pixels of the form; a moving one's first."""
    image = shown.pop()
    quality, lossless = _quality_of(image), extent.lossless
    if extent.frames > 1:
        return _write_moving(forms, kind, image, extent, turn)
    first = plain(image, turn)
    del image
    match _kept_as(kind, first):
        case kinds.JPEG:
            few = first.width * first.height <= LARGE_PIXELS  # it takes a byte a pixel
            forms.write(ORIGINAL, first, kinds.JPEG, quality=quality, optimize=few)
        case kinds.WEBP:
            forms.write(ORIGINAL, first, kinds.WEBP, **_webp_options(lossless=lossless))
        case kinds.GIF:
            forms.write(ORIGINAL, _with_palette(first), kinds.GIF)
        case _:
            forms.write(ORIGINAL, first, kinds.PNG, compress_level=_PNG_LEVEL)
    return first


def _kept_as(kind: str, image: Image.Image) -> str:
    if kind in {kinds.PNG, kinds.GIF} or (kind == kinds.WEBP and image.width * image.height <= LARGE_PIXELS):
        return kind
    return kinds.PNG if "A" in image.mode else kinds.JPEG


def _quality_of(image: Image.Image) -> int:
    """Of a JPEG, by its first table, as libjpeg would have made it (jpeg_quality_scaling)."""
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    scale = 100 * sum(tables.get(0, ())) / _LUMINANCE_SUM
    quality = 5000 / scale if scale > 100 else (200 - scale) / 2
    return min(max(round(quality), _LEAST_QUALITY), QUALITY)


def _webp_options(*, lossless: bool) -> dict[str, Any]:
    return {"lossless": True, "method": 2} if lossless else {"quality": QUALITY, "method": 2}


def _write_moving(
    forms: Forms, kind: str, image: Image.Image, extent: Extent, turn: Image.Transpose | None
) -> Image.Image:
    info = image.info
    options: dict[str, Any] = {"loop": int(info["loop"])} if "loop" in info else {}
    still_first = bool(info.get("default_image"))  # an APNG's, for who shows none
    first, frames, durations = None, list[Image.Image](), list[int]()
    for frame, duration in _each_frame(image, extent.frames, turn):
        first = first or frame
        frames.append(_with_palette(frame) if kind == kinds.GIF else frame)
        durations.append(duration)
    match kind:
        case kinds.PNG:
            options |= {"default_image": still_first, "compress_level": _PNG_LEVEL}
        case kinds.GIF if any("transparency" in frame.info for frame in frames):
            options["disposal"] = 2  # or what was there before shines through
        case kinds.WEBP | kinds.AVIF:
            kind, options = kinds.WEBP, options | _webp_options(lossless=extent.lossless)
    options["duration"] = durations[1:] if still_first else durations
    forms.write(ORIGINAL, frames[0], kind, save_all=True, append_images=frames[1:], **options)
    return first or frames[0]


def _each_frame(image: Image.Image, count: int, turn: Image.Transpose | None) -> Iterator[tuple[Image.Image, int]]:
    """With how long it is shown, in milliseconds."""
    for number in range(count):
        image.seek(number)
        image.load()
        duration = min(max(round(image.info.get("duration") or 0), 0), _LONGEST_FRAME)
        yield plain(image.copy(), turn), duration  # the next frame is painted over this one


def _with_palette(image: Image.Image) -> Image.Image:
    """As GIF has it, by which Pillow would lose colours where there is alpha."""
    if "A" not in image.mode:
        return image.convert("RGB").quantize(256)
    unseen = image.getchannel("A").point([255] * 128 + [0] * 128)
    colours = image.convert("RGB").quantize(255)
    colours.paste(255, mask=unseen)
    colours.info["transparency"] = 255
    return colours
