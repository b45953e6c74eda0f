"""`make container`: the image of deploy/Containerfile, built and run as docs/operations.md says.

Needs root and Debian 12, whose packages it installs (and starts none); no registry of images: what it builds on is
Debian's own Python, from the machine's package sources. It takes some minutes. Ends with status 1 where anything is
not as the page says.
"""

import argparse
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.container.guide import ROOT, build_lines, start_lines
from deploy.container.podman import Podman, output_of, require_unified_cgroups
from deploy.trial.asking import status_of
from deploy.trial.packages import install, versions
from deploy.trial.processes import wait_until
from deploy.trial.starting import in_a_folder

PACKAGES: Final = ("podman", "crun", "mmdebstrap")
BASE: Final = "localhost/python"
_SOURCES: Final = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
_PASSWORD: Final = "Jetty-camera-41"  # noqa: S105 - of a desk that is gone a minute later


def main() -> None:
    parser = argparse.ArgumentParser(prog="container", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the image and its store")
    options = parser.parse_args()
    require_unified_cgroups()
    told, findings = in_a_folder("container", _try, keep=options.keep)
    print(told)
    print("\n".join(f"{'ok' if true else 'NOT SO'}: {sentence}" for sentence, true in findings.items()))
    if not all(findings.values()):
        sys.exit(1)


def _try(folder: Path) -> tuple[str, Mapping[str, bool]]:
    install(PACKAGES, folder / "packages")
    podman = Podman(folder)
    _make_base(podman, folder)
    _tell("the base is made")
    lines = build_lines(podman.words, BASE, _wheels(folder))
    output_of(["sh", "-eu"], 900, text=lines, folder=ROOT)
    _tell("the image is built")
    port = _free_port()
    try:
        output_of(["sh", "-eu"], 300, text=start_lines(podman.words, port), folder=ROOT)
        findings = _look(podman, f"127.0.0.1:{port}")
    finally:
        podman.succeeds("rm", "--force", "--all")
    size = podman.run("image", "inspect", "keesa", "--format", "{{.Size}}").strip()
    base = podman.run("image", "inspect", BASE, "--format", "{{.Size}}").strip()
    return f"{versions(PACKAGES)}. {int(size) / 1e6:.0f} MB, of which the base {int(base) / 1e6:.0f} MB.", findings


def _look(podman: Podman, address: str) -> dict[str, bool]:
    wait_until("Keesa answers", lambda: status_of(address, "/health") == 200)
    found = {"its health check holds": podman.succeeds("healthcheck", "run", "keesa")}
    found["nobody in it is root"] = podman.run("exec", "keesa", "id", "-u").strip() == "900"
    found["it writes nowhere but to its volumes"] = not podman.succeeds("exec", "keesa", "touch", "/opt/keesa/x")
    user = ("user", "add", "you@example.com", "--name", "You", "--type", "admin", "--password-stdin")
    output_of([*podman.words, "exec", "--interactive", "keesa", "keesa", *user], 60, text=f"{_PASSWORD}\n")
    podman.run("exec", "keesa", "keesa", "backup", "--to", "/var/backups/keesa")
    podman.run("stop", "keesa")
    ended = podman.run("inspect", "keesa", "--format", "{{.State.ExitCode}}").strip()
    found["a stop is a SIGTERM, after which it ends with status 0"] = ended == "0"
    podman.run("start", "keesa")
    wait_until("Keesa answers again", lambda: status_of(address, "/ready") == 200)
    found["data stays over a stop"] = "you@example.com" in podman.run("exec", "keesa", "keesa", "user", "list")
    podman.run("rm", "--force", "keesa")
    volumes = podman.run("volume", "ls", "--quiet").split()
    found["data and back-ups are in volumes that outlive it"] = {"keesa-data", "keesa-backups"} <= set(volumes)
    return found


def _make_base(podman: Podman, folder: Path) -> None:
    """An image of a minimal Debian with Python, from where the machine has its own packages."""
    sources = [str(path) for path in _SOURCES if path.exists()]
    packages = "--include=python3,python3-venv,ca-certificates"
    root = folder / "base.tar"
    output_of(["mmdebstrap", "--variant=minbase", packages, "bookworm", str(root), *sources], 900)
    podman.run("import", str(root), BASE)
    root.unlink()


def _wheels(folder: Path) -> Path:
    """The lock's packages for the base's Python, and a setting that makes pip take them."""
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--only-binary=:all:"]
    lock = str(ROOT / "requirements.lock")
    output_of([*pip, "--python-version=3.11", "--require-hashes", "--requirement", lock, "--dest", str(wheels)], 600)
    (wheels / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    return wheels


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
