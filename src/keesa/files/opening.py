"""From what an operator writes to a place."""

from pathlib import Path
from typing import Final

from keesa.files.folder import Folder
from keesa.files.places import Place

FOLDER: Final = "files"
"""In the folder of the data, where nothing else is configured."""
_S3: Final = "s3://"


def open_place(configured: str | None, data: Path, owner: str) -> Place:
    """The part of the desk whose folder is called so (`claims.owner`). Nothing is made, and nobody asked, before it is
    used. Raises `Refused` where it cannot be used.
    """
    if configured is None or not configured.startswith(_S3):
        return Folder(data / FOLDER if configured is None else Path(configured), owner)
    from keesa.files.bucket import Bucket  # noqa: PLC0415 - it is there only where the extra is installed

    return Bucket(configured, owner)
