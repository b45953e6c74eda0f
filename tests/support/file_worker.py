"""A process that puts, attaches, detaches and sweeps files without a rest, to be killed.

    python file_worker.py FOLDER URL PLACE     (an empty URL: SQLite)

It says so each time that it has done something, and takes it to be in two days when it sweeps: nothing is young then.
So there is one at a time. Once anything is attached, something always is.
"""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from file_places import put
from file_rows import detach, later, picture, sweep
from keesa.db import Database, Tx, open_database
from keesa.errors import Unavailable
from keesa.files import claims, sweeping
from keesa.files.opening import open_place
from keesa.files.places import Place as Kept
from live import environment
from places import Place

MOST: Final = 12
"""Attachments that it lets come to be."""


class FileWorker:
    """A process of this file's own program; variables of a bucket are the test's own."""

    def __init__(self, place: Place, configured: str) -> None:
        program = [sys.executable, __file__, str(place.data), place.url or "", configured]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(program, stdout=pipe, stderr=pipe, env=environment(), text=True)

    def wait(self, acts: int) -> None:
        """Until it has done so much, however long that takes a busy machine."""
        assert self._process.stdout is not None
        for _ in range(acts):
            if self._process.stdout.readline() != "done\n":
                self.kill()

    def kill(self) -> None:
        """SIGKILL, whatever it is at; raises where it had ended by itself."""
        self._process.kill()
        _, error = self._process.communicate()
        if self._process.returncode != -signal.SIGKILL:
            raise AssertionError(error)


def act(database: Database, place: Kept, chance: Random) -> None:
    attached = database.read(_attached)
    wanted = chance.random()
    if not attached or (wanted < 0.3 and len(attached) < MOST):
        picture(database, place)
    elif wanted < 0.5 and len(attached) > 1:
        database.write(lambda tx: detach(tx, chance.choice(attached)))
    elif wanted < 0.7:
        put(place)
    else:
        sweep(database, place)


def _attached(tx: Tx) -> list[int]:
    return [row["id"] for row in tx.all("SELECT id FROM attachments ORDER BY id")]


def main(data: Path, url: str | None, configured: str) -> None:
    sweeping.now = lambda: later(2)  # type: ignore[attr-defined]
    sweeping.THROWN, sweeping.LISTED = 3, 7  # type: ignore[misc]  # so that there is much between
    database, chance = open_database(data, url), Random()  # noqa: S311 - no secret
    place = open_place(configured, data, database.read(claims.owner))
    while True:
        with suppress(Unavailable):  # a busy machine's S3 does not always answer: the next act comes all the same
            act(database, place, chance)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None, sys.argv[3])
