"""Pictures of every kind, made for tests, and preparing one as a server does."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pillow_heif
from PIL import Image, ImageDraw

from keesa.pictures.decoding import Decoders
from keesa.pictures.prepared import PreparedPicture

pillow_heif.register_heif_opener()
KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
MEGAPIXELS: Final = 2


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Red above on the left, green above on the right, blue below on the left, white below on the right."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), "red")
    draw.rectangle((width // 2, 0, width, height // 2 - 1), (0, 255, 0))
    draw.rectangle((0, height // 2, width // 2 - 1, height), "blue")
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def prepare(content: bytes, into: Path, *, megapixels: int = MEGAPIXELS, keep_data: bool = False) -> PreparedPicture:
    """By a child process of its own. Raises what `Decoders.prepare` does."""
    into.mkdir(exist_ok=True)

    async def prepared() -> PreparedPicture:
        decoders = Decoders(into.parent / "scratch", megapixels, keep_data=keep_data)
        try:
            return await decoders.prepare(BytesIO(content), into)
        finally:
            decoders.close()

    return asyncio.run(prepared())
