"""Getting the peers: from Debian with apt, from PyPI with pip into environments of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.programs import Surroundings, Unavailable, finish


def require_packages(names: Sequence[str], folder: Path) -> None:
    """Install what is missing of these Debian packages; raise Unavailable where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in names if not package_version(name)]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise Unavailable(f"This peer comes from Debian's packages ({', '.join(missing)}), and apt-get is not here")
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid():
        raise Unavailable(f"This peer's packages are not installed; only root may: `{' '.join(install)}`")
    around = Surroundings(folder / "apt.log", environment={"DEBIAN_FRONTEND": "noninteractive"})
    finish(["apt-get", "update"], around, seconds=300)
    finish(install, around, seconds=1200)


def package_version(name: str) -> str:
    """Of an installed Debian package, as its makers number it; empty where it is not installed."""
    if shutil.which("dpkg-query") is None:
        return ""
    asked = ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${source:Upstream-Version}", name]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own words
    return told.removeprefix("installed ").partition("+")[0] if told.startswith("installed ") else ""


def environment(folder: Path, requirements: Sequence[str]) -> Path:
    """A virtual environment with exactly these requirements asked for, made once; its folder of programs."""
    wanted, noted = "\n".join(requirements), folder / "requirements.txt"
    if not (noted.exists() and noted.read_text("utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        around = Surroundings(folder / "install.log")
        finish([sys.executable, "-m", "venv", str(folder)], around)
        finish([str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *requirements], around, seconds=600)
        noted.write_text(wanted, "utf-8")
    return folder / "bin"
