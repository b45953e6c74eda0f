"""What a newcomer meets: a greeting, `make` that takes its servers along, and a sentence where Keesa cannot run."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import metadata
from pathlib import Path
from typing import IO, Final

import httpx2 as httpx
import pytest

from keesa.cli.greeting import demo_people, greeting
from keesa.config import Config
from keesa.demo.people import PASSWORD, PEOPLE
from live import environment
from places import Place
from workers import PATIENCE, wait_until_gone

CHECKOUT: Final = Path(__file__).parents[1]


def test_only_the_demo_greets(place: Place, config: Config) -> None:
    """Not a desk that never asked for it, nor one whose own people were there already."""
    for desk in (config, replace(config, demo=True), Config(data=place.data / "nowhere", demo=True)):
        assert demo_people(desk) == []
    assert not greeting([], "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("bound", "called"), [("http://0.0.0.0:80", "http://127.0.0.1:80/"), ("http://[::]:80", "http://[::1]:80/")]
)
def test_the_greeting_s_addresses_can_be_called(bound: str, called: str) -> None:
    """Also where the server listens on all of the machine's."""
    said = greeting(PEOPLE, bound)
    assert said.count(called) == 3
    assert bound not in said


@contextmanager
def making(*arguments: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """`make` as a newcomer starts it, but for the packages, which are the tests'; nobody of it is left afterwards."""
    make = shutil.which("make")
    assert make
    running = subprocess.Popen(
        [make, "-o", "setup", f"BIN={Path(sys.executable).parent}", *arguments],
        cwd=CHECKOUT,
        env=environment() | {"PYTHONPATH": str(CHECKOUT / "src")} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert running.stdout
    try:
        yield running, running.stdout
    finally:
        end({running.pid, *descendants(running.pid)})
        running.wait()
        running.stdout.close()


def end(processes: set[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def descendants(process: int) -> set[int]:
    try:
        children = {int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()}
    except FileNotFoundError:
        return set()
    return children.union(*map(descendants, children))


@pytest.mark.parametrize(("sent", "to"), [(signal.SIGTERM, "make"), (signal.SIGINT, "all")])
def test_make_takes_its_servers_along(tmp_path: Path, sent: int, to: str) -> None:
    """`make demo` greets with logins and calls that work, in text; and a SIGTERM to `make` alone ends the server, as
    Ctrl-C does, which goes to all.
    """
    with making("demo", f"DEMO={tmp_path / 'demo'}", KEESA_PORT="0") as (running, out):
        said = said_until(out, "Ctrl-C stops it.\n")
        greets_well(said)
        processes = {running.pid, *descendants(running.pid)}
        assert len(processes) >= 3  # make, the server and its worker
        (os.killpg if to == "all" else os.kill)(running.pid, sent)
        out.read()
        running.wait(PATIENCE)
        wait_until_gone(processes)


@pytest.mark.parametrize("target", ["demo", "test", "bench"])
def test_make_puts_no_shell_between(target: str) -> None:
    """It passes a SIGTERM to its child alone: a shell there would die, and what it has started would go on."""
    planned = subprocess.run(
        ["make", "--dry-run", "-o", "setup", "-o", ".venv/.test", target],
        cwd=CHECKOUT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for line in planned.stdout.splitlines():
        assert not re.search(r"[;&|<>$`(]|^\s*\w+=", line), line


def said_until(out: IO[str], last: str) -> str:
    said = ""
    for line in out:
        said += line
        if line == last:
            return said
    raise AssertionError(said)


def greets_well(said: str) -> None:
    found = re.search(r"^Keesa serves on (http://127\.0\.0\.1:\d+)$", said, re.MULTILINE)
    assert found
    assert not [line for line in said.splitlines() if line.startswith("{")]
    assert f"has the password {PASSWORD}:" in said
    assert [person.email in said for person in PEOPLE] == [True] * len(PEOPLE)
    [curl] = re.findall(r"^  (curl .+ \\\n.+)$", said, re.MULTILINE)
    done = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, timeout=60, check=True)
    assert '"access":' in done.stdout
    addresses = re.findall(r"^  (http\S+)$", said, re.MULTILINE)
    assert [httpx.get(address, trust_env=False).status_code for address in addresses] == [200, 200]
    assert all(address.startswith(found[1]) for address in addresses)


def test_sigterm_ends_the_tests_with_all_that_they_have_started(tmp_path: Path) -> None:
    """To pytest, as `make test` passes it on: workers, and servers in sessions of their own, are among it."""
    (tmp_path / "test_waiting.py").write_text(WAITING.format(pids=tmp_path / "pids"))
    apart = ("--rootdir", tmp_path, "--confcutdir", tmp_path, "-p", "conftest", "-p", "no:cacheprovider")
    running = subprocess.Popen(
        [sys.executable, "-m", "pytest", "--quiet", "--numprocesses", "2", *apart, tmp_path],
        env=environment()
        | {"PYTHONPATH": f"{CHECKOUT / 'src'}:{CHECKOUT / 'tests'}:{CHECKOUT / 'tests' / 'support'}:{CHECKOUT}"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    processes = {running.pid}
    try:
        deadline = time.monotonic() + 2 * PATIENCE
        while not (tmp_path / "pids").exists():
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        processes |= {int(pid) for pid in (tmp_path / "pids").read_text().split()} | descendants(running.pid)
        assert len(processes) >= 5  # pytest, two of its workers, the server and its worker
        running.send_signal(signal.SIGTERM)
        running.wait(PATIENCE)
        wait_until_gone(processes)
    finally:
        end(processes)


WAITING: Final = """
import time
from pathlib import Path
from live import LiveServer
from workers import workers

def test_waiting(tmp_path):
    with LiveServer(tmp_path, None) as server:
        draft = Path("{pids}.draft")
        draft.write_text(" ".join(map(str, [server.pid, *workers(server)])))
        draft.rename("{pids}")
        time.sleep(600)
"""


@pytest.mark.parametrize(
    ("disguise", "sentence"),
    [
        ("os.name = 'nt'", "On Windows it runs in WSL or in a container."),
        ("sys.version_info = (3, 10, 13)", "Keesa needs Python 3.11 or later"),
    ],
)
def test_where_it_cannot_run_it_says_so(disguise: str, sentence: str) -> None:
    """In one sentence, before anything that is missing there is imported."""
    program = f"import os, sys; {disguise}; from keesa.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("keesa: Keesa needs Python 3.11 or later")
    assert sentence in done.stderr


def test_where_it_runs_is_said_before_it_is_installed() -> None:
    """In the README, and in what package indexes and pip read."""
    assert "It runs on Linux, with Python 3.11 or later." in (CHECKOUT / "README.md").read_text("utf-8")
    told = metadata("keesa")
    assert told["Requires-Python"] == ">=3.11"
    systems = [line for line in told.get_all("Classifier", []) if line.startswith("Operating System ::")]
    assert systems == ["Operating System :: POSIX :: Linux"]


def test_the_build_names_the_python_that_it_needs() -> None:
    """To an older one, before pip can name a dependency's version instead."""
    program = (
        "import sys; from hatch_build import PythonVersion; sys.version_info = (3, 10, 13)\n"
        "PythonVersion('', {}).update({})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Keesa needs Python 3.11 or later, and this is Python 3.10.13: install with another one\n"
