"""What a picture costs: CPU and memory of the child process, by kind and size.

    env PYTHONPATH=tests/support .venv/bin/python -m bench.pictures

Each in a process of its own, with its beginning; CPU and the most resident memory as the system accounts for them.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from PIL import Image

from pictures import encoded, preparing

SIZES: Final = {12: (4000, 3000), 50: (8660, 5773)}
"""By megapixels."""
TURNED: Final = 6
"""Orientation of a telephone that was held upright."""


def photograph(width: int, height: int) -> Image.Image:
    """Soft colours under some noise: of about the bytes that a telephone's has."""
    bands = [
        Image.effect_noise((width // 16, height // 16), 60 + 20 * band).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        for band in range(3)
    ]
    grain = Image.effect_noise((width, height), 12)
    return Image.blend(Image.merge("RGB", bands), Image.merge("RGB", [grain] * 3), 0.15)


def samples(width: int, height: int) -> Iterator[tuple[str, bytes]]:
    image, exif = photograph(width, height), Image.Exif()
    exif[0x0112] = TURNED
    yield "JPEG", encoded(image, "JPEG", quality=90)
    yield "JPEG, to be turned", encoded(image, "JPEG", quality=90, exif=exif)
    yield "JPEG, progressive", encoded(image, "JPEG", quality=90, progressive=True)
    yield "PNG", encoded(image.quantize(64).convert("RGB"), "PNG", compress_level=1)
    yield "WebP", encoded(image, "WEBP", method=0)
    yield "AVIF", encoded(image, "AVIF", speed=10)
    yield "HEIC", encoded(image, "HEIF", quality=60)


class Cost(NamedTuple):
    seconds: float
    size: int
    """Of all forms, in bytes."""
    cpu: float
    """Of the process, in seconds."""
    peak: int
    """The most memory that it had, in bytes."""


def measured(content: bytes) -> Cost:
    with TemporaryDirectory() as folder, preparing(Path(folder), megapixels=max(SIZES), keep_data=True) as prepare:
        begun = time.perf_counter()
        forms = prepare(content).forms.values()
        seconds = time.perf_counter() - begun
        used = Path(f"/proc/{prepare.child}/stat").read_text("ascii").rpartition(")")[2].split()
        cpu = (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")  # proc_pid_stat(5): utime, stime
        return Cost(seconds, sum(form.size for form in forms), cpu, prepare.peak())


def main(arguments: list[str]) -> None:
    print(f"{'':34} {'sent':>8} {'kept':>8} {'took':>8} {'CPU':>8} {'memory':>8}")
    for megapixels in [int(argument) for argument in arguments] or SIZES:
        for name, content in samples(*SIZES[megapixels]):
            cost = measured(content)
            print(
                f"{megapixels:2} megapixels, {name:19} {len(content) / 1e6:5.1f} MB {cost.size / 1e6:5.1f} MB"
                f" {cost.seconds:6.2f} s {cost.cpu:6.2f} s {cost.peak / 1e6:5.0f} MB"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
