"""Two processes that write one database at once."""

import subprocess
import sys

import scribe
from keesa.db import Database
from lines import read_lines
from live import environment
from places import Place


def test_two_processes_lose_nothing(lines_database: Database, empty_place: Place) -> None:
    """Each of two busy processes has every line acknowledged, without an error, and all lines are there."""
    writers = [start(empty_place, name) for name in ("left", "right")]
    acknowledged: list[str] = []
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        printed, complaints = writer.communicate(timeout=60)
        assert (writer.returncode, complaints) == (0, "")
        acknowledged += printed.splitlines()
    assert len(acknowledged) == 2 * scribe.THREADS * scribe.LINES
    assert sorted(lines_database.read(read_lines)) == sorted(acknowledged)


def start(place: Place, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, scribe.__file__, place.data, place.url or "", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    )
