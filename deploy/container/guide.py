"""The lines of docs/operations.md, as a machine without a registry and without a network for containers runs them."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/operations.md"
BUILD: Final = "# build the image"
START: Final = "# start a container"
_PUBLISH: Final = re.compile(r"--publish \S+ ")


def block(first_line: str) -> str:
    [found] = re.findall(
        rf"^```sh\n{re.escape(first_line)}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return str(found)


def build_lines(podman: Sequence[str], base: str, wheels: Path) -> str:
    """From that image, with packages from that folder, whose hashes are those of the lock."""
    volumes = [f"--volume={wheels}:/wheels:ro", f"--volume={wheels}/pip.conf:/etc/pip.conf:ro"]
    return _put(
        block(BUILD), podman, {"build": ["--isolation=chroot", "--layers=false", f"--build-arg=BASE={base}", *volumes]}
    )


def start_lines(podman: Sequence[str], port: int) -> str:
    """On the machine's own loopback."""
    files = ["--ulimit=nofile=20000:20000", "--ulimit=nproc=1000:1000"]
    place = ["--network=host", "--cgroups=disabled", "--env=KEESA_HOST=127.0.0.1", f"--env=KEESA_PORT={port}"]
    return _put(_PUBLISH.sub("", block(START)), podman, {"run": [*place, *files]})


def _put(lines: str, podman: Sequence[str], options: Mapping[str, Sequence[str]]) -> str:
    for command, more in options.items():
        assert f"podman {command} " in lines, command
        lines = lines.replace(f"podman {command} ", f"podman {command} {shlex.join(more)} ")
    return re.sub(r"^podman ", lambda _: f"{shlex.join(podman)} ", lines, flags=re.MULTILINE)
