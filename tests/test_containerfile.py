"""deploy/Containerfile against the checkout, the program and the document; `make container` builds and runs it."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.container.guide import BUILD, ROOT, START, block, build_lines, start_lines
from keesa.cli.serving import STOP_SECONDS
from keesa.config import Config, load_config
from live import LiveServer, environment
from operations_document import block as block_of_the_document

LINES: Final = (ROOT / "deploy" / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()


def instructions(name: str) -> list[str]:
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


def words(name: str) -> list[str]:
    """Of the one instruction of that name that is written as a program's words, without a shell around it."""
    [text] = instructions(name)
    found = json.loads(text[text.index("[") :])
    assert all(isinstance(word, str) for word in found)
    return list(found)


def test_it_copies_what_is_there() -> None:
    """From the checkout, all that an installation reads; from the first image what was installed in it."""
    copied = [line.split() for line in instructions("COPY")]
    from_checkout = [name for line in copied if not line[0].startswith("--") for name in line[:-1]]
    assert all((ROOT / name).exists() for name in from_checkout)
    assert {"requirements.lock", "pyproject.toml", "hatch_build.py", "README.md", "src"} == set(from_checkout)
    assert [line for line in copied if line[0].startswith("--")] == [["--from=build", "/opt/keesa", "/opt/keesa"]]


def test_it_installs_as_the_document_does() -> None:
    """With the same Python, from the lock, by its hashes, to the same place."""
    on_a_machine = block_of_the_document("sh", "# install Keesa").splitlines()
    in_the_image = [part.strip() for line in instructions("RUN") for part in line.split("&&")]
    wanted = [line for line in on_a_machine if "/opt/keesa" in line]
    assert [line.replace("--no-cache-dir ", "") for line in in_the_image if "/opt/keesa" in line] == wanted
    [base] = instructions("ARG")
    [python] = {found for line in wanted for found in re.findall(r"^python(3\.\d+)", line)}
    assert re.search(rf"/python:{re.escape(python)}-slim-", base)
    assert f'requires-python = ">={python}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_nobody_in_it_is_root() -> None:
    """Its user is a number, that of the user who was made, whom the volumes belong to."""
    [user] = instructions("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    [made] = [line for line in instructions("RUN") if "useradd" in line]
    assert f" --uid {user.partition(':')[0]} " in made
    assert f"install -d -o keesa -g keesa -m 0700 {' '.join(words('VOLUME'))}" in made


def test_its_settings_are_keesa_s() -> None:
    """Its data is a volume, and it listens where the image says, on more than loopback."""
    given = dict(line.split("=", 1) for line in instructions("ENV"))
    config = load_config({name: value for name, value in given.items() if name.startswith("KEESA_")})
    assert [str(config.data), "/var/backups/keesa"] == words("VOLUME")
    assert instructions("WORKDIR")[-1] == str(config.data)
    assert (config.host, instructions("EXPOSE")) == ("0.0.0.0", [str(Config().port)])  # noqa: S104 - read, not bound
    assert given["PATH"].split(":")[0] == str(Path(words("ENTRYPOINT")[0]).parent)


def test_a_stop_reaches_keesa_and_waits_for_it() -> None:
    """It is the container's first process, without a shell before it."""
    assert (words("ENTRYPOINT"), words("CMD")) == (["/opt/keesa/bin/keesa"], ["serve"])
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    [patience] = re.findall(r"--stop-timeout (\d+)", block(START))
    assert int(patience) > STOP_SECONDS + 2


def test_the_health_check_tells_a_server_that_answers_from_none(demo_server: LiveServer) -> None:
    """By its own words, on the port that the container has."""
    command = words("HEALTHCHECK")
    assert command[0] == "/opt/keesa/bin/python"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        ports = {demo_server.url.rpartition(":")[2]: True, str(nobody.getsockname()[1]): False}
        for port, well in ports.items():
            done = subprocess.run(
                [sys.executable, *command[1:]],
                env=environment() | {"KEESA_PORT": port},
                capture_output=True,
                timeout=30,
                check=False,
            )
            assert (done.returncode == 0) == well


def test_the_trial_runs_the_document_s_lines(tmp_path: Path) -> None:
    """With a store, a base and a network of its own, and no other word of them changed."""
    for lines, theirs in (
        (build_lines(["podman", "--root", str(tmp_path)], "localhost/base", tmp_path), block(BUILD)),
        (start_lines(["podman", "--root", str(tmp_path)], 8123), block(START)),
    ):
        subprocess.run(["sh", "-n"], input=lines, text=True, check=True, env=os.environ)
        ours = lines.split()
        assert [word for word in theirs.split() if word not in ours and "8000" not in word] in ([], ["--publish"])
        assert "--network=host" in ours or "--isolation=chroot" in ours
