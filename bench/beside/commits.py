"""A commit in a folder of its own, installed there as its own Makefile installs it."""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.programs import Surroundings, finish
from keesa.errors import Refused

NEEDED: Final = ("Makefile", "requirements.lock", "bench/dataset/__main__.py")
"""What a commit must have to be set up and to make a desk: the oldest that has it is the oldest there is to compare."""
_INSTALLING: Final = 1200
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    told: str
    """For people: the short hash and the first line of its message."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A commit that can be run."""

    commit: Commit
    tree: Path
    """Its files."""
    folder: Path
    """Where it lies, with what belongs to it: its log, its data sets."""

    @property
    def python(self) -> Path:
        return self.tree / ".venv/bin/python"

    @property
    def keesa(self) -> Path:
        return self.tree / ".venv/bin/keesa"


def repository_of(folder: Path) -> Path:
    """The top of the working tree there, in which nothing is uncommitted."""
    if shutil.which("git") is None:
        raise Refused("Commits are found with git, which is not here: install it with `apt-get install git`")
    asked = _git(folder, "rev-parse", "--show-toplevel")
    if asked.returncode:
        raise Refused(f"An older commit is found in a git repository, and there is none here: {asked.stderr.strip()}")
    top = Path(asked.stdout.rstrip("\n"))
    if changed := _git(top, "status", "--porcelain").stdout.splitlines():
        raise Refused(
            "What is measured is what is committed, and this is not: "
            f"{', '.join(line[3:] for line in changed[:5])}{', …' if len(changed) > 5 else ''}; commit or stash it"
        )
    return top


def find_commit(repository: Path, rev: str) -> Commit:
    """By any name that git knows. Raises `Refused` where there is none, or where it cannot be set up."""
    found = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if found.returncode:
        raise Refused(f"{rev!r} is no commit of this repository")
    sha = found.stdout.strip()
    told = _git(repository, "log", "-1", "--format=%h %s", sha).stdout.strip()
    kept = {*_git(repository, "ls-tree", "-r", "--name-only", sha, *NEEDED).stdout.splitlines()}
    if missing := [name for name in NEEDED if name not in kept]:
        raise Refused(f"{told!r} is too old to be measured: it has no {' and no '.join(missing)} to make a desk with")
    return Commit(sha, told)


def set_up(repository: Path, commit: Commit, folder: Path) -> SetUp:
    """In `folder`/<its hash>, once: what is complete there is used again, what is not is made anew."""
    found = SetUp(commit, folder / commit.sha / "tree", folder / commit.sha)
    ready = found.folder / "ready"
    if ready.exists() and ready.read_text("utf-8") == platform.python_version() and _runs(found.python):
        return found
    shutil.rmtree(found.folder, ignore_errors=True)
    found.tree.mkdir(parents=True)
    around = Surroundings(
        found.folder / "set-up.log", environment=dict.fromkeys(("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ARGS"), "")
    )
    if shutil.which("make") is None:
        raise Refused("A commit is installed by its own Makefile, and make is not here: `apt-get install make`")
    packed = found.folder / "tree.tar"
    finish(["git", "-C", str(repository), "archive", "--format=tar", f"--output={packed}", commit.sha], around)
    finish(["tar", "--extract", f"--file={packed}", f"--directory={found.tree}"], around)
    packed.unlink()
    # with the Python of this benchmark, so that it is Keesa alone in which the two differ
    finish(["make", "--directory", str(found.tree), "setup", f"PYTHON={_own_python()}"], around, seconds=_INSTALLING)
    ready.write_text(platform.python_version(), "utf-8")
    return found


def _own_python() -> Path:
    """That this environment was made from."""
    named = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    return named if named.exists() else Path(sys.executable)


def _runs(python: Path) -> bool:
    """Whatever became of the Python that it was made from."""
    return python.exists() and not subprocess.run([python, "-c", ""], check=False).returncode  # noqa: S603 - ours


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In that folder, whatever repository a hook may have named in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, env=kept, check=False)  # noqa: S603 - our own words
