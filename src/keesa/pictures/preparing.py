"""Makes a picture anew, as the child process does it: what is in the file is trusted in nothing."""

import errno
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from PIL import GifImagePlugin, Image, UnidentifiedImageError

from keesa.errors import KeesaError, TooLarge, Unavailable, WrongType
from keesa.pictures import kinds
from keesa.pictures.pixels import orientation_of, plain
from keesa.pictures.prepared import ORIGINAL, PreparedPicture
from keesa.pictures.taken import taken_of
from keesa.pictures.wholeness import FRAMES, TOO_MANY_FRAMES, broken, require_whole
from keesa.pictures.writing import Forms

QUALITY: Final = 90
"""Of a JPEG, at the most: one that came with less is kept with about as much as it came with."""
_LEAST_QUALITY: Final = 50
_LUMINANCE_SUM: Final = 3687
"""Of libjpeg's table for luminance at quality 50, by which that of a file is told."""
_MOVES: Final = {kinds.GIF: kinds.GIF, kinds.PNG: kinds.PNG, kinds.WEBP: kinds.WEBP, kinds.AVIF: kinds.WEBP}
"""The kinds whose frames are a moving picture, and how it is kept."""
_LONGEST_FRAME: Final = 60_000
"""In milliseconds."""
_LOSSLESS_WITHIN: Final = 65536
"""Where a WebP says so, behind a colour profile at the most."""
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


def set_up(megapixels: int) -> bool:
    """Once in a process. Whether HEIC can be read."""
    Image.MAX_IMAGE_PIXELS = megapixels * 1_000_000 // 2  # Pillow refuses twice as many, WebP's before it allocates
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    GifImagePlugin.LOADING_STRATEGY = GifImagePlugin.LoadingStrategy.RGB_ALWAYS
    from PIL import AvifImagePlugin  # noqa: PLC0415 - beside the other plugins, which Pillow loads by itself

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.init()
    try:
        import pi_heif  # noqa: PLC0415 - an extra
    except ImportError:
        return False
    pi_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    return True


def prepare(file: IO[bytes], into: Path, megapixels: int, *, keep_data: bool, heic: bool) -> PreparedPicture:
    """Raises `WrongType`, `TooLarge`, `Invalid`, and `Unavailable` where the disk is full; files are left then."""
    kind = kinds.kind_of(file.read(kinds.HEAD_BYTES))
    if kind == kinds.HEIF and not heic:
        raise WrongType(kinds.NO_HEIC)
    file.seek(0)
    try:
        return _Picture(kind, file, megapixels).prepare(into, keep_data=keep_data)
    except KeesaError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(megapixels) from error
    except MemoryError as error:
        raise TooLarge("The picture takes more memory than there is for it") from error
    except OSError as error:
        raise _of_the_disk(error) from error
    except Exception as error:  # a decoder meets what nobody has thought of
        raise broken() from error


def _of_the_disk(error: OSError) -> KeesaError:
    if error.errno == errno.EFBIG:
        return TooLarge("The picture takes more space than there is for it")
    if error.errno in _FULL:
        return Unavailable("There is no space for pictures, please try again later")
    return broken()


def _too_many_pixels(megapixels: int) -> TooLarge:
    return TooLarge(f"A picture has at most {megapixels} million pixels, all its frames together")


class _Picture:
    def __init__(self, kind: str, file: IO[bytes], megapixels: int) -> None:
        extent, head = require_whole(kind, file), file.read(_LOSSLESS_WITHIN)
        file.seek(0)
        try:
            self._image: Image.Image = Image.open(file, formats=(kind,))
        except UnidentifiedImageError as error:
            raise broken() from error
        self._kind = kind
        if extent is not None:
            width, height, frames = extent
        else:
            width, height = self._image.size
            frames = int(getattr(self._image, "n_frames", 1)) if kind in _MOVES else 1
        if frames > FRAMES:
            raise TooLarge(TOO_MANY_FRAMES)
        if width * height * frames > megapixels * 1_000_000:
            raise _too_many_pixels(megapixels)
        self._frames = frames
        self._lossless = b"VP8L" in head

    def prepare(self, into: Path, *, keep_data: bool) -> PreparedPicture:
        image = self._image
        image.load()
        taken, turn = taken_of(image) if keep_data else None, orientation_of(image)
        forms = Forms(into)
        if self._frames > 1:
            first = self._write_moving(forms, turn)
        else:
            quality = _quality_of(image) if self._kind == kinds.JPEG else QUALITY
            self._image = first = plain(image, turn)
            del image  # what is left of it is twice as much as the pixels
            forms.write(ORIGINAL, first, self._kept_as(first), **self._options(first, quality))
        forms.write_smaller(first, moves=self._frames > 1)
        return PreparedPicture(forms.written, taken)

    def _kept_as(self, image: Image.Image) -> str:
        if self._kind in {kinds.PNG, kinds.WEBP, kinds.GIF}:
            return self._kind
        return kinds.PNG if "A" in image.mode else kinds.JPEG

    def _options(self, image: Image.Image, quality: int) -> dict[str, Any]:
        """How the original is written: neither progressive nor with tables of its own, which take memory."""
        if self._kind == kinds.WEBP:
            return {"lossless": True} if self._lossless else {"quality": quality, "method": 2}
        return {"quality": quality} if self._kept_as(image) == kinds.JPEG else {}

    def _write_moving(self, forms: Forms, turn: Image.Transpose | None) -> Image.Image:
        """The first frame."""
        kind, info = _MOVES[self._kind], self._image.info
        options: dict[str, Any] = {"loop": int(info["loop"])} if "loop" in info else {}
        if kind == kinds.PNG:
            options["default_image"] = bool(info.get("default_image"))
        first, frames, durations = None, list[Image.Image](), list[int]()
        for frame, duration in self._each_frame(turn):
            first = first or frame
            frames.append(_with_palette(frame) if kind == kinds.GIF else frame)
            durations.append(duration)
        if kind == kinds.WEBP:
            options |= {"lossless": True} if self._lossless else {"quality": QUALITY}
        if kind == kinds.GIF and any("transparency" in frame.info for frame in frames):
            options["disposal"] = 2  # or what was there before shines through
        forms.write(ORIGINAL, frames[0], kind, save_all=True, append_images=frames[1:], duration=durations, **options)
        return first or frames[0]

    def _each_frame(self, turn: Image.Transpose | None) -> Iterator[tuple[Image.Image, int]]:
        """With how long it is shown, in milliseconds."""
        image = self._image
        for number in range(self._frames):
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


def _quality_of(image: Image.Image) -> int:
    """Of a JPEG, by its first table, as libjpeg would have made it (jpeg_quality_scaling)."""
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    scale = 100 * sum(tables.get(0, ())) / _LUMINANCE_SUM
    quality = 5000 / scale if scale > 100 else (200 - scale) / 2
    return min(max(round(quality), _LEAST_QUALITY), QUALITY)
