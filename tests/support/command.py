"""`keesa` with a command, as an operator runs it: in this process, in a forked one, or in one that is started."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Final, NamedTuple

import pytest

from forked_keesa import start
from keesa.cli import run
from live import KEESA, environment
from places import Place

Argument = str | bytes

THEIR_OWN: Final = ("serve", "backup")
"""What they do to the process that runs them (signals, its priority) would stay with the tests."""


class Done(NamedTuple):
    """What a command left: its exit status, and what it printed."""

    status: int
    out: str
    err: str


def keesa(
    *arguments: Argument, place: Place | None = None, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> Done:
    """Run the command, with the place as its options and nothing else of Keesa's in the environment but `variables`: in
    this process, which has loaded all of it, or in a forked one.
    """
    if arguments[0] in THEIR_OWN:
        return _forked([*map(os.fsdecode, arguments), *options(place)], stdin, environment() | dict(variables or {}))
    with _started([*map(os.fsdecode, arguments), *options(place)], stdin, variables or {}) as (out, err):
        return Done(_status(), out.getvalue().decode(), err.getvalue().decode())


def keesa_process(
    *arguments: Argument, place: Place | None = None, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> Done:
    """The same in a process of its own: for what only such a one shows, as it takes half a second."""
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


def _forked(arguments: Sequence[str], stdin: bytes, env: Mapping[str, str]) -> Done:
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        process = start(arguments, env, out=out.fileno(), err=err.fileno(), stdin=given.fileno())
        try:
            status = process.wait(60)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        return Done(status, out.read().decode(), err.read().decode())


@contextmanager
def _started(
    arguments: Sequence[str], stdin: bytes, variables: Mapping[str, str]
) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    """The arguments, variables and input of a command; gives what it writes to output and error."""
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - environment().keys():
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["keesa", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8", write_through=True))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, "utf-8", "backslashreplace", write_through=True))
        yield out, err


def _status() -> int:
    """Of a command that `_started` has set up."""
    code: str | int | None = 0
    try:
        run()
    except SystemExit as ended:
        code = ended.code
    assert not isinstance(code, str), "a sentence is printed by `run` itself"
    return code or 0
