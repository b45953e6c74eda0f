"""A process that adds lines to a database from several threads, and prints each one that was acknowledged.

    python scribe.py FOLDER URL NAME     (an empty URL: SQLite)

It says `ready` and begins when a line comes on its input.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from keesa.db import open_database
from lines import adding

THREADS = 8
LINES = 25  # of each thread


def scribble(data: Path, url: str | None, name: str) -> None:
    database = open_database(data, url)

    def write(thread: int) -> None:
        for number in range(LINES):
            say(database.write(adding(f"{name} {thread} {number}")))

    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(write, range(THREADS)))
    database.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # in one piece: several threads write
    sys.stdout.flush()


if __name__ == "__main__":
    scribble(Path(sys.argv[1]), sys.argv[2] or None, sys.argv[3])
