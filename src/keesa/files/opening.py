"""From what an operator writes to a place."""

from importlib import import_module
from pathlib import Path
from typing import Final, TypeGuard

from keesa.db import Tx
from keesa.files.claims import owner
from keesa.files.folder import Folder
from keesa.files.places import Place

FOLDER: Final = "files"
"""In the folder of the data, where nothing else is configured."""
_S3: Final = "s3://"


def open_place(configured: str | None, data: Path, owner: str) -> Place:
    """The part of the desk whose folder is called so (`claims.owner`). Nothing is made, and nobody asked, before it is
    used. Raises `Refused` where it cannot be used.
    """
    if not is_bucket(configured):
        return Folder(data / FOLDER if configured is None else Path(configured), owner)
    from keesa.files.bucket import Bucket  # noqa: PLC0415 - it is there only where the extra is installed

    return Bucket(configured, owner)


def is_bucket(configured: str | None) -> TypeGuard[str]:
    return configured is not None and configured.startswith(_S3)


class Opening:
    """Finds a desk's place in any transaction, and opens it once."""

    def __init__(self, configured: str | None, data: Path) -> None:
        if is_bucket(configured):
            import_module("keesa.files.bucket")  # now, and not while somebody waits
        self._configured = configured
        self._data = data
        self._opened: dict[str, Place] = {}

    def __call__(self, tx: Tx) -> Place:
        """Raises `Refused` as `open_place` does."""
        name = owner(tx)
        if name not in self._opened:
            self._opened[name] = open_place(self._configured, self._data, name)
        return self._opened[name]
