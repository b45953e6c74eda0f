"""A picture that was looked into: what of it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ORIGINAL: Final = "original"
SCREEN: Final = "screen"
SCREEN_WEBP: Final = "screen.webp"
THUMBNAIL: Final = "thumbnail"
THUMBNAIL_WEBP: Final = "thumbnail.webp"
NAMES: Final = (ORIGINAL, SCREEN, SCREEN_WEBP, THUMBNAIL, THUMBNAIL_WEBP)


@dataclass(frozen=True, slots=True)
class Form:
    """One size and format of it; `path` is gone with the folder that it was made in."""

    path: Path
    media_type: str
    size: int
    """In bytes."""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """By name, each form that differs; `original` is always there."""

    forms: Mapping[str, Form]
    taken: Mapping[str, Any] | None = None
    """When, where and with what it was taken, as JSON can hold it, where that is wanted and told."""
