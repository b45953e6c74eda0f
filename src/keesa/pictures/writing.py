"""The forms in which a picture is kept, written into a folder.

`original` is always there: JPEG for what was JPEG, and for HEIC and AVIF without alpha; PNG for PNG, and for HEIC and
AVIF with alpha; WebP and GIF stay what they are. What moves goes on moving (AVIF as WebP).
`screen` (`SCREEN_PIXELS` at the longest side) and `thumbnail` (`THUMBNAIL_PIXELS`) are JPEG, or PNG where there is
alpha. They are there where they are smaller than the form before them, in pixels and in bytes; `screen` not where the
picture moves, because it would stand still. `screen.webp` and `thumbnail.webp` are there where they have fewer bytes
than what is shown otherwise in that size. So whoever looks for a form takes the first that is there of: itself as WebP
(where that is wanted), itself, the next larger one as WebP, that one, and so on up to `original`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from keesa.pictures import kinds
from keesa.pictures.prepared import ORIGINAL, SCREEN, SCREEN_WEBP, THUMBNAIL, THUMBNAIL_WEBP, Form

SCREEN_PIXELS: Final = 2048
THUMBNAIL_PIXELS: Final = 320
_SMALL: Final[Mapping[str, Mapping[str, Any]]] = {
    kinds.JPEG: {"quality": 82, "optimize": True, "progressive": True},
    kinds.PNG: {},
    kinds.WEBP: {"quality": 78, "method": 4},
}
"""How the smaller forms are written."""


class Forms:
    """What was written into a folder so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.written: dict[str, Form] = {}

    def write(self, name: str, image: Image.Image, kind: str, fewer_than: int | None = None, **options: Any) -> None:  # noqa: ANN401 - Pillow's
        """Leave it out again where it does not have fewer bytes than that."""
        path = self._folder / name
        image.save(path, kind, **options)
        size = path.stat().st_size
        if fewer_than is None or size < fewer_than:
            self.written[name] = Form(path, kinds.MEDIA_TYPES[kind], size, *image.size)
        else:
            path.unlink()

    def write_smaller(self, image: Image.Image, *, moves: bool) -> None:
        """The forms after `original`, of its pixels, or of its first frame's; the image is not to be used any more."""
        if not moves:
            image = self._write_at(SCREEN, SCREEN_WEBP, image, SCREEN_PIXELS, ORIGINAL)
        self._write_at(THUMBNAIL, THUMBNAIL_WEBP, image, THUMBNAIL_PIXELS, SCREEN)

    def _write_at(self, name: str, webp: str, image: Image.Image, longest: int, larger: str) -> Image.Image:
        """The image in that size."""
        before = self.written.get(larger) or self.written[ORIGINAL]
        if max(image.size) > longest:
            image = reduced(image, longest)
            kind = kinds.PNG if "A" in image.mode else kinds.JPEG
            self.write(name, image, kind, before.size, **_SMALL[kind])
        elif name == THUMBNAIL:
            return image
        shown = self.written.get(name) or before
        if shown.media_type != kinds.MEDIA_TYPES[kinds.WEBP]:
            self.write(webp, image, kinds.WEBP, shown.size, **_SMALL[kinds.WEBP])
        return image


def reduced(image: Image.Image, longest: int) -> Image.Image:
    """With that many pixels at its longest side; at least one at the other."""
    scale = longest / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2)
