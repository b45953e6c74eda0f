"""The units of deploy/systemd: as systemd reads them, as the document shows them, and Keesa under what they forbid."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx2 as httpx
import pytest

import cast
from confined import allowed
from keesa.cli.serving import FILES_BESIDE, STOP_SECONDS
from keesa.config import Config, load_config
from keesa.server.limits import Limits
from keesa.server.supervisor import LOOK_SECONDS
from live import KEESA, LiveServer
from operations_document import BACK_UP, BIN, block, run
from places import Place
from waiting import wait_until

FOLDER: Final = Path(__file__).parents[1] / "deploy" / "systemd"
UNIT: Final = FOLDER / "keesa.service"
CONFINED: Final = Path(__file__).parent / "support" / "confined.py"
MOST_EXPOSED: Final = 16
"""Tenths, of the 100 of a service without any protection."""


def test_the_document_shows_the_unit() -> None:
    """As it stands in deploy/systemd."""
    assert block("ini", "[Unit]") == UNIT.read_text("utf-8")


def in_unit(name: str, unit: Path = UNIT) -> list[str]:
    """The values of the unit's lines of that name, those that are to be uncommented too."""
    return re.findall(rf"^#?{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration file, written by the document's lines; the test's user stands for root and for the service."""
    etc = tmp_path_factory.mktemp("machine") / "etc"
    owner = f"{os.geteuid()}:{os.getegid()}"
    replacements = {"/etc/keesa": str(etc), "root:keesa": owner, "/opt/keesa/bin": str(BIN)}
    run("# write the settings", replacements, os.environ["PATH"])
    return etc / "keesa.toml"


def environment_in(unit: Path, written: Path) -> dict[str, str]:
    """What the unit's lines set, with that file in the place of its own."""
    given = {name: value for name, _, value in (line.partition("=") for line in in_unit("Environment", unit))}
    assert given["KEESA_CONFIG"] == "/etc/keesa/keesa.toml"
    return given | {"KEESA_CONFIG": str(written)}


def test_the_settings_are_the_service_s(written: Path) -> None:
    """Root's file, which the service's group may read: its folder, and the proxy on the same machine; nothing else."""
    text = written.read_text("utf-8")
    assert re.findall(r"^\w.*$", text, re.MULTILINE) == [
        'data = "/var/lib/keesa"',
        'trusted_proxies = ["127.0.0.1/32"]',
    ]
    assert written.stat().st_mode & 0o777 == 0o640


def test_the_unit_s_settings_are_keesa_s(written: Path, tmp_path: Path) -> None:
    """Secrets come from the files that systemd hands on; the data lies in the folder that it makes."""
    given = environment_in(UNIT, written)
    handed_on = {line.partition(":")[0] for line in in_unit("LoadCredential")}
    files = {value.removeprefix("%d/") for name, value in given.items() if name.endswith("_FILE")}
    assert handed_on == files == {"database-url", "secret"}
    (tmp_path / "database-url").write_text("postgresql://keesa@db.example/keesa\n")
    (tmp_path / "secret").write_text("a secret for tests, of 32 characters\n")
    config = load_config({name: value.replace("%d", str(tmp_path)) for name, value in given.items()})
    assert config.secret
    assert config.database_url
    assert in_unit("StateDirectory") == [config.data.name]
    assert config.data.parent == Path("/var/lib")
    assert in_unit("StateDirectoryMode") == ["0700"]
    assert in_unit("UMask") == ["0077"]


def test_the_unit_gives_what_keesa_takes() -> None:
    """A start as long as its migrations, more time for a stop than it may need, and files for all its connections."""
    assert (in_unit("Type"), in_unit("TimeoutStartSec")) == (["notify"], ["infinity"])
    assert int(in_unit("TimeoutStopSec")[0]) > STOP_SECONDS + 2
    assert int(in_unit("WatchdogSec")[0]) > 10 * LOOK_SECONDS
    assert int(in_unit("LimitNOFILE")[0]) >= Config().connections + FILES_BESIDE + Limits.overflow
    assert in_unit("KillMode") == ["mixed"]


def test_the_unit_starts_what_was_installed() -> None:
    """As the user who was made, whose folder the back-ups go to."""
    lines = block("sh", "# install Keesa")
    [program] = in_unit("ExecStart")
    assert f"python3.11 -m venv {Path(program.split()[0]).parent.parent}\n" in lines
    [user] = in_unit("User")
    assert re.search(rf"^useradd .* {user}$", lines, re.MULTILINE)
    assert f"install -d -o {user} -g {user} -m 0700 /var/backups/keesa\n" in lines
    assert in_unit("ReadWritePaths") == ["-/var/backups/keesa"]
    assert "deploy/systemd/keesa.service" in block("sh", "# start the service")


def test_the_timer_runs_what_was_installed(written: Path) -> None:
    """As the service's user, into the folder that was made for it, with settings that Keesa reads."""
    unit = FOLDER / "keesa-backup.service"
    assert in_unit("User", unit) + in_unit("Group", unit) == in_unit("User") + in_unit("Group")
    assert in_unit("ExecStart", unit) == [f"{in_unit('ExecStart')[0].split()[0]} backup"]
    given = environment_in(unit, written)
    config = load_config({name: value for name, value in given.items() if not name.endswith("_FILE")})
    assert (config.data, config.backup_to) == (Path("/var/lib/keesa"), "/var/backups/keesa")
    assert in_unit("ReadWritePaths", unit) == [f"{config.data} {config.backup_to}"]
    lines = block("sh", "# back up each night", BACK_UP)
    assert all(f"deploy/systemd/{path.name}" in lines for path in FOLDER.glob("keesa-backup.*"))


@pytest.mark.parametrize("name", ["keesa.service", "keesa-backup.service"])
def test_systemd_takes_the_unit_and_finds_it_well_protected(name: str, tmp_path: Path) -> None:
    """It knows every line, and counts little that the service is exposed to."""
    unit = tmp_path / name
    unit.write_text((FOLDER / name).read_text("utf-8").replace("/opt/keesa/bin/keesa", sys.executable))
    verified = analysed("verify", "--man=no", unit)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if name in line]) == (0, [])
    judged = analysed("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)
    assert judged.returncode == 0, judged.stdout


def analysed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_the_filter_is_narrower_than_systemd_s_own() -> None:
    """What serves mounts nothing, changes no owner and no user."""
    calls = allowed(UNIT)
    assert {"accept4", "fsync", "futex", "setpriority"} <= calls
    assert calls.isdisjoint({"mount", "ptrace", "chown", "setuid", "bpf", "reboot", "mlock", "keyctl"})


def test_what_the_unit_forbids_is_refused() -> None:
    """To a program that is started as the next test starts Keesa."""
    program = (
        "import mmap, os\n"
        "for call in (lambda: mmap.mmap(-1, 4096, prot=7), lambda: os.chown('/', 0, 0), lambda: os.setuid(0)):\n"
        "    try: call(); print('done')\n"
        "    except PermissionError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, CONFINED, UNIT, sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["refused"] * 3


def test_keesa_lives_with_what_the_unit_forbids_and_tells_how_it_is(place: Place, tmp_path: Path) -> None:
    """It logs somebody in and makes a back-up by itself; systemd hears when it serves, that it lives, when it stops."""
    file, back_ups = tmp_path / "keesa.toml", tmp_path / "back-ups"
    file.touch(0o600)
    file.write_text(f'backup_to = "{back_ups}"\nbackup_every = 24\nsecret = "{cast.SECRET}"\n')
    confined = (sys.executable, str(CONFINED), str(UNIT), *KEESA)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000", "KEESA_CONFIG": str(file)}
        with LiveServer(place.data, place.url, keesa=confined, **told) as server:
            assert set(until(manager, "READY=1")) <= {"WATCHDOG=1", "READY=1"}
            assert until(manager, "WATCHDOG=1")
            login = {"user": cast.ADMIN.email, "password": cast.PASSWORD}
            answer = httpx.post(f"{server.url}/api/v1/auth/login", json=login, trust_env=False)
            assert answer.status_code == 200
            wait_until(lambda: back_ups.exists() and any(back_ups.glob("*.keesa")))
            assert server.stop() == 0
        assert set(until(manager, "STOPPING=1")) <= {"WATCHDOG=1", "STOPPING=1"}


def until(manager: socket.socket, state: str) -> list[str]:
    """What was heard up to that."""
    heard = [manager.recv(256).decode()]
    while heard[-1] != state:
        heard.append(manager.recv(256).decode())
    return heard
