"""When, where and with what a picture was taken, as its EXIF tells: texts of anybody, bounded and cleaned."""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from PIL import ExifTags, Image

TEXT_CHARACTERS: Final = 100
"""Of a make, a model, a lens."""
_TIME: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d")
_UNSEEN: Final = re.compile(r"[^\w \-.,:;/()+'&#*]+")


def taken_of(image: Image.Image) -> dict[str, Any] | None:
    """`at` (ISO 8601, without a zone where the camera knew none), `latitude` and `longitude` in degrees, `altitude` in
    metres, `direction` in degrees from north, `make`, `model`, `lens`: each where it is told.
    """
    with suppress(Exception):  # whatever garbage does to what reads it
        exif = image.getexif()
        return _told(exif, exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)) or None
    return None


def _told(main: Mapping[int, Any], detail: Mapping[int, Any], gps: Mapping[int, Any]) -> dict[str, Any]:
    told = {
        "at": _at(detail),
        "latitude": _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, 90),
        "longitude": _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, 180),
        "altitude": _altitude(gps),
        "direction": _number(gps.get(ExifTags.GPS.GPSImgDirection), 0, 360, 1),
        "make": _text(main.get(ExifTags.Base.Make)),
        "model": _text(main.get(ExifTags.Base.Model)),
        "lens": _text(detail.get(ExifTags.Base.LensModel)),
    }
    return {name: value for name, value in told.items() if value is not None}


def _at(detail: Mapping[int, Any]) -> str | None:
    told = _TIME.fullmatch(str(detail.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 "))
    if told is None:
        return None
    year, month, day, hour, minute, second = told.groups()
    offset = str(detail.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    zone = offset if _OFFSET.fullmatch(offset) else ""
    with suppress(ValueError):  # the 32nd of a month
        return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}").isoformat()
    return None


def _degrees(gps: Mapping[int, Any], tag: int, side_tag: int, most: int) -> float | None:
    """From degrees, minutes and seconds; south and west are below zero. Seven digits are a centimetre."""
    parts = gps.get(tag)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    numbers = [_number(part, 0, bound, 9) for part, bound in zip(parts, (most, 60, 60), strict=True)]
    if None in numbers:
        return None
    degrees, minutes, seconds = (number or 0.0 for number in numbers)
    sign = -1 if str(gps.get(side_tag, "")).strip("\0 ").upper() in {"S", "W"} else 1
    return _number(sign * (degrees + minutes / 60 + seconds / 3600), -most, most, 7)


def _altitude(gps: Mapping[int, Any]) -> float | None:
    altitude = _number(gps.get(ExifTags.GPS.GPSAltitude), 0, 100_000, 1)
    below = gps.get(ExifTags.GPS.GPSAltitudeRef) in {1, b"\x01"}
    return -altitude if below and altitude is not None else altitude


def _text(value: object) -> str | None:
    """Its letters, digits and a few signs, of which neither HTML nor a control character can be made."""
    if not isinstance(value, str):
        return None
    return _UNSEEN.sub(" ", value[: TEXT_CHARACTERS * 4]).strip()[:TEXT_CHARACTERS].strip() or None


def _number(value: Any, least: float, most: float, digits: int) -> float | None:  # noqa: ANN401 - whatever was written
    with suppress(TypeError, ValueError, ZeroDivisionError, OverflowError):
        number = float(value)
        return round(number, digits) if math.isfinite(number) and least <= number <= most else None
    return None
