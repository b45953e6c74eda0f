"""Files that live no longer than the call which needs them, in a folder beside the data: `/tmp` may be memory."""

import errno
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from keesa.errors import Unavailable

NAME: Final = "incoming"
"""Of the folder, in that of the data."""
OLD_SECONDS: Final = 3600
"""After which nobody needs what is left of a process that was ended: no call takes so long."""
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)


class Scratch:
    """The folder is its owner's alone, and made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self) -> IO[bytes]:
        """A file without a name: whatever ends the process, nothing is left of it. Blocks; raises `Unavailable`."""
        with space_needed():
            try:
                return TemporaryFile(dir=self.folder)
            except FileNotFoundError:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                return TemporaryFile(dir=self.folder)

    def sweep(self) -> None:
        """Remove what was left behind; other processes may be using the folder at this moment."""
        oldest = time.time() - OLD_SECONDS
        with suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                with suppress(OSError):
                    if path.lstat().st_mtime < oldest:
                        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


@contextmanager
def space_needed() -> Iterator[None]:
    """Raises `Unavailable` where the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
        raise Unavailable("There is no space for files at this moment, please try again later") from error
