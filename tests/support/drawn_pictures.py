"""Small pictures of every kind, drawn here."""

import io
from functools import cache

from PIL import Image


@cache
def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), shade: int = 0) -> bytes:
    """A picture in that format of Pillow's; another shade is another picture."""
    drawn = Image.new("RGB", size, (shade % 256, 120, 200))
    drawn.putpixel((0, 0), (255, 255, 255))
    content = io.BytesIO()
    drawn.save(content, kind)
    return content.getvalue()
