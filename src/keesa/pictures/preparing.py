"""Looks into a picture and makes it anew, as the child process does it: nothing that the file says is trusted."""

import errno
import fcntl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from PIL import GifImagePlugin, Image, UnidentifiedImageError

from keesa.errors import KeesaError, TooLarge, Unavailable, WrongType
from keesa.pictures import kinds
from keesa.pictures.originals import LARGE_PIXELS, write_original
from keesa.pictures.pixels import orientation_of
from keesa.pictures.prepared import PreparedPicture
from keesa.pictures.taken import taken_of
from keesa.pictures.wholeness import FRAMES, TOO_MANY_FRAMES, Extent, broken, require_whole
from keesa.pictures.writing import Forms

LARGE: Final = "large"
"""The file in `scratch` that is locked while a picture of more than `LARGE_PIXELS` is looked into."""
_MOVING: Final = {kinds.GIF, kinds.PNG, kinds.WEBP, kinds.AVIF}
"""The kinds whose frames are one moving picture. A JPEG's and a HEIC's are pictures beside the one that is shown."""
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


def prepare(
    file: IO[bytes], into: Path, scratch: Path, megapixels: int, *, keep_data: bool, heic: bool
) -> PreparedPicture:
    """Raises `WrongType`, `TooLarge`, `Invalid`, and `Unavailable` where the disk is full; files are left then."""
    kind = kinds.kind_of(file.read(kinds.HEAD_BYTES))
    if kind == kinds.HEIF and not heic:
        raise WrongType(kinds.NO_HEIC)
    file.seek(0)
    try:
        image, extent = _opened(kind, file, megapixels)
        with _alone(scratch, image.width * image.height):
            image.load()
            taken, turn = taken_of(image) if keep_data else None, orientation_of(image)
            forms, shown = Forms(into), [image]
            del image  # `write_original` takes it out of the list: with what decodes it, it takes more than its pixels
            first = write_original(forms, kind, shown, extent, turn)
            forms.write_smaller(first, moves=extent.frames > 1)
            return PreparedPicture(forms.written, taken)
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


def _opened(kind: str, file: IO[bytes], megapixels: int) -> tuple[Image.Image, Extent]:
    """No pixel is decoded yet."""
    extent = require_whole(kind, file)
    try:
        image: Image.Image = Image.open(file, formats=(kind,))
    except UnidentifiedImageError as error:
        raise broken() from error
    if kind != kinds.GIF:  # of which Pillow would have to go through all frames, however many
        frames = int(getattr(image, "n_frames", 1)) if kind in _MOVING else 1
        extent = extent._replace(width=image.width, height=image.height, frames=frames)
    if extent.frames > FRAMES:
        raise TooLarge(TOO_MANY_FRAMES)
    pixels = extent.width * extent.height
    if pixels * extent.frames > megapixels * 1_000_000:
        raise _too_many_pixels(megapixels)
    if extent.frames > 1 and pixels > LARGE_PIXELS:
        raise TooLarge(f"A moving picture has at most {LARGE_PIXELS // 1_000_000} million pixels a frame")
    return image, extent


@contextmanager
def _alone(scratch: Path, pixels: int) -> Iterator[None]:
    """Large pictures take their turns among all processes of a machine that share `scratch`."""
    if pixels <= LARGE_PIXELS:
        yield
        return
    with (scratch / LARGE).open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go with the file; who waits too long for it is ended
        yield
