"""Pictures of every kind, made for tests, and preparing them as a server does."""

import asyncio
import os
import signal
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any, Final

import pillow_heif
from PIL import Image, ImageDraw

from keesa.pictures.decoding import Decoders
from keesa.pictures.prepared import PreparedPicture

pillow_heif.register_heif_opener()
KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF")
MEGAPIXELS: Final = 2


class Preparing:
    """A `Decoders` in an event loop of its own, in which tests prepare one picture after another."""

    def __init__(self, folder: Path, *, megapixels: int = MEGAPIXELS, keep_data: bool = False) -> None:
        self.scratch = folder / "scratch"
        self.decoders = Decoders(self.scratch, megapixels, keep_data=keep_data)
        self.runner = asyncio.Runner()
        self._folders = (folder / f"into{number}" for number in count())

    def __call__(self, content: bytes) -> PreparedPicture:
        """Raises what `Decoders.prepare` does, after a look at whether it has left something behind."""
        into = next(self._folders)
        into.mkdir()
        try:
            return self.runner.run(self.decoders.prepare(BytesIO(content), into))
        except BaseException:
            assert not list(into.iterdir())
            raise

    @property
    def child(self) -> int | None:
        """The process, where there is one."""
        child = self.decoders._child  # noqa: SLF001 - nobody else is to know it
        return None if child is None else child.pid

    def peak(self) -> int:
        """The most memory that the process has had, in bytes."""
        status = Path(f"/proc/{self.child}/status").read_text("ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024

    def send(self, *numbers: signal.Signals) -> None:
        """Signals, to the process."""
        for number in numbers:
            assert self.child is not None
            os.kill(self.child, number)


@contextmanager
def preparing(folder: Path, **options: Any) -> Iterator[Preparing]:  # noqa: ANN401 - those of `Preparing`
    prepare = Preparing(folder, **options)
    with prepare.runner:
        try:
            yield prepare
        finally:
            prepare.decoders.close()


def is_alive(pid: int) -> bool:
    """A process that has ended is none, also where nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Red above on the left, green above on the right, blue below on the left, white below on the right."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), "red")
    draw.rectangle((width // 2, 0, width, height // 2 - 1), (0, 255, 0))
    draw.rectangle((0, height // 2, width // 2 - 1, height), "blue")
    return image.convert(mode)


def see_through(width: int = 64, height: int = 48) -> Image.Image:
    """The same, of which the lower half is not seen."""
    image = drawn(width, height, "RGBA")
    image.paste((0, 0, 0, 0), (0, height // 2, width, height))
    return image


def photographed(width: int = 480, height: int = 360) -> Image.Image:
    """`drawn`, with a little noise, so that it takes some bytes."""
    return Image.blend(drawn(width, height), Image.effect_noise((width, height), 60).convert("RGB"), 0.06)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def colour_of(number: int) -> tuple[int, int, int]:
    """Of a frame of `moving`, far from that of the next one."""
    return number * 73 % 256, number * 151 % 256, number // 256


def moving(kind: str, frames: int, width: int = 16, height: int = 12, **options: Any) -> bytes:  # noqa: ANN401
    """No two frames alike."""
    images = [Image.new("RGB", (width, height), colour_of(number)) for number in range(frames)]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], duration=50, loop=0, **options)


def pixel(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """As red, green, blue and alpha."""
    found = image.convert("RGBA").getpixel((int(x), int(y)))
    assert isinstance(found, tuple)
    return found


def chunk(name: bytes, content: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """Behind the PNG's head."""
    return png[:33] + chunk(name, content) + png[33:]


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """Behind the beginning of the JPEG."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


def with_riff_chunk(webp: bytes, name: bytes, content: bytes) -> bytes:
    """At the end of the WebP."""
    content += b"\0" * (len(content) % 2)
    whole = webp[8:] + name + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(whole)) + whole
