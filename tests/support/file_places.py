"""Places of files: a folder of its own, or a bucket of a real S3 service."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch
from uuid import uuid4

from keesa.files.opening import open_place
from keesa.files.places import Place

DESK: Final = "00112233445566aa"
OTHER: Final = "00112233445566bb"


@contextmanager
def settings(variables: Mapping[str, str]) -> Iterator[None]:
    """The variables in this process, by which a bucket is found."""
    with patch.dict(os.environ, variables):
        yield


def opened_at(configured: str, owner: str = DESK) -> Place:
    return open_place(configured, Path("unused"), owner)


def put(place: Place, content: bytes = b"some bytes", form: str = "original", at: str | None = None) -> str:
    """A file of that content; its name."""
    name = f"{at or uuid4().hex}/{form}"
    place.put(name, io.BytesIO(content), len(content))
    return name


def content_of(place: Place, name: str, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(place.read(name, start, stop))


def names(place: Place, after: str = "") -> list[str]:
    return [stored.name for stored in place.all(after)]
