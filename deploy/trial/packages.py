"""Debian's packages that a trial is made of, installed as root, none of them started."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.peers.installing import package_version, require_packages
from bench.programs import Unavailable

POLICY: Final = Path("/usr/sbin/policy-rc.d")
"""What Debian's packages ask before they start a service."""


def install(names: Sequence[str], folder: Path) -> None:
    """Raises Unavailable where this user or this machine cannot."""
    if os.geteuid():
        raise Unavailable("A trial runs its programs as the users of their packages: only root can do that")
    with _nothing_starts():
        require_packages(names, folder)


def versions(names: Sequence[str]) -> str:
    """Of what is installed, and the processors that they share."""
    named = ", ".join(f"{name.removesuffix('-server')} {package_version(name)}" for name in names)
    return f"{named}; {os.cpu_count()} processors for all of it"


@contextmanager
def _nothing_starts() -> Iterator[None]:
    if POLICY.exists():  # the machine's own word on it
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def output_of(command: list[str]) -> str:
    """Raises RuntimeError with what a command wrote where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stdout}{done.stderr}")
    return done.stdout
