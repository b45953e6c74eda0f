"""From what an operator writes to a place, and to a file in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from keesa.backup.places import Folder, Place
from keesa.errors import Refused

_S3: Final = "s3://"


def is_bucket(text: str) -> bool:
    return text.startswith(_S3)


def open_place(text: str, data: Path) -> Place:
    """The folder, or the bucket that `s3://bucket/path` names; what travels there is made beside `data`. Raises
    `Refused` where it cannot be used.
    """
    if not is_bucket(text):
        return Folder(Path(text))
    from keesa.backup.s3 import Bucket  # noqa: PLC0415 - it is there only where the extra is installed

    return Bucket(text, data)


@contextmanager
def fetched(text: str, data: Path) -> Iterator[Path]:
    """A back-up as a file of this machine, for as long as it is needed. Raises `Refused` where there is none."""
    if is_bucket(text):
        from keesa.backup.s3 import Bucket  # noqa: PLC0415 - the same

        url, _, name = text.rpartition("/")
        with Bucket(url, data).fetched(name) as path:
            yield path
        return
    if not Path(text).is_file():
        raise Refused(f"There is no file {text}")
    yield Path(text)
