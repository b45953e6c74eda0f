"""A picture's pixels and nothing else of it: upright, in sRGB, eight bits a channel, as L, LA, RGB or RGBA."""

from contextlib import suppress
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms

PROFILE_BYTES: Final = 4 * 1024 * 1024
"""A larger colour profile is passed over, as a broken one is: the largest ones of printers have some two megabytes."""
_ORIENTATION: Final = 0x0112
_TRANSPOSED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation, what makes it upright (EXIF 2.32, tag 0x0112)."""
_SRGB: Final = ImageCms.createProfile("sRGB")


def orientation_of(image: Image.Image) -> Image.Transpose | None:
    """What makes it upright; nothing where its EXIF cannot be read. Of a loaded one: PNG may tell it at the end."""
    with suppress(Exception):  # whatever garbage does to what reads it
        return _TRANSPOSED.get(image.getexif().get(_ORIENTATION, 1))
    return None


def plain(image: Image.Image, turn: Image.Transpose | None) -> Image.Image:
    """The pixels of a loaded picture, which is not to be used any more."""
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    image = bare(image)
    if profile:
        image = _in_srgb(image, profile)
    if image.mode not in {"L", "LA", "RGB", "RGBA"}:
        image = image.convert("RGB")
    if "A" in image.mode:
        image = _without_unseen(image)
    if turn is not None:
        image = image.transpose(turn)
    return bare(image)


def bare(image: Image.Image) -> Image.Image:
    """The same pixels, not copied, in an image that has nothing else: no `info`, no EXIF, no palette.

    An image's copy takes over its `info`, and `frombytes(tobytes())` has the pixels three times for a moment.
    """
    return Image.Image()._new(image.im)  # noqa: SLF001 - what Pillow makes each of its images by; tests hold it


def _eight_bits(image: Image.Image) -> Image.Image:
    """Palettes are left too: their unused colours may be a text."""
    if image.mode.startswith("I"):
        return _from_sixteen(image)
    if image.mode in {"1", "F"}:
        return image.convert("L")
    if image.mode in {"P", "PA", "La", "RGBa"} or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _from_sixteen(image: Image.Image) -> Image.Image:
    """The upper of two bytes: a mere conversion takes everything above 255 for white."""
    wide = image if image.mode == "I" else image.convert("I")
    return wide.point(lambda value: value * (1 / 256) + 0).convert("L")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """As it is where the profile is broken, or another kind of picture's."""
    if len(profile) > PROFILE_BYTES:
        return image
    with suppress(Exception):  # lcms and what is around it raise many kinds, of what anybody may have written
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if image.mode in {"RGB", "RGBA"}:
            ImageCms.profileToProfile(image, source, _SRGB, inPlace=True)
        elif image.mode in {"CMYK", "L"}:
            return ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB") or image
    return image


def _without_unseen(image: Image.Image) -> Image.Image:
    """Without a colour where nothing is seen of it; without alpha where all is seen."""
    alpha = image.getchannel("A")
    lowest, _ = alpha.getextrema()
    if lowest == 255:
        return image.convert("RGB" if image.mode == "RGBA" else "L")
    if lowest == 0:
        image.paste((0,) * len(image.mode), mask=alpha.point([255] + [0] * 255))
    return image
