"""`keesa` with a command, as an operator runs it: in a process of its own."""

import subprocess
from collections.abc import Mapping
from typing import NamedTuple

from live import KEESA, environment
from places import Place

Argument = str | bytes


class Done(NamedTuple):
    """What a command left: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def keesa(
    *arguments: Argument, place: Place | None = None, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> Done:
    """Run the command, with the place as its options and nothing else of Keesa's in the environment but `variables`."""
    done = subprocess.run(
        [*KEESA, *arguments, *options(place)],
        input=stdin,
        env=environment() | dict(variables or {}),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def options(place: Place | None) -> list[str]:
    if place is None:
        return []
    return ["--data", str(place.data), *(["--database-url", place.url] if place.url else [])]
